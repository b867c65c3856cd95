"""A TPM 2.0 as an unseal path, on swtpm: sealed to registers, to one TPM and to one store."""

from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.errors import ConfigurationError, ForeignRootError, PcrMismatchError, RootError, TokenMissingError

pytest.importorskip("tpm2_pytss", reason="the extra strongroom[tpm] is not installed")

from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_CAP, TPM2_HC
from tpm2_pytss.types import TPML_DIGEST_VALUES, TPMT_HA, TPMU_HA

from strongroom.adapters.root_tpm import TpmRoot

ROOT = bytes(range(32))
DEBUG, APPLICATION = 16, 23
"""Registers that a program may extend and reset."""


def provider(tcti: str, *, store_id: str = "store-1", pcrs: tuple[int, ...] = (7, DEBUG)) -> TpmRoot:
    return TpmRoot(store_id=store_id, tcti=tcti, pcrs=pcrs)


def extend(tcti: str, register: int) -> None:
    measured = TPMT_HA(hashAlg=TPM2_ALG.SHA256, digest=TPMU_HA(sha256=b"another boot loader".ljust(32)))
    with provider(tcti)._connected() as tpm:
        tpm.pcr_extend(ESYS_TR(register), TPML_DIGEST_VALUES([measured]))


@pytest.fixture
def tcti(tpms: tuple[str, str]):
    yield tpms[0]
    with provider(tpms[0])._connected() as tpm:
        tpm.pcr_reset(ESYS_TR(DEBUG))
        tpm.pcr_reset(ESYS_TR(APPLICATION))


def test_what_was_sealed_here_unseals_here(tcti: str) -> None:
    wrapped = provider(tcti).wrap(ROOT)
    assert provider(tcti, pcrs=(1,)).unwrap(wrapped) == ROOT, "the wrap says which registers, not the reader"
    assert ROOT not in wrapped


def test_another_boot_state_is_named_by_its_register(tcti: str) -> None:
    wrapped = provider(tcti, pcrs=(7, DEBUG, APPLICATION)).wrap(ROOT)
    extend(tcti, DEBUG)
    with pytest.raises(PcrMismatchError, match=r"PCR 16 differs") as refusal:
        provider(tcti).unwrap(wrapped)
    assert "After a wanted update" in refusal.value.diagnostics()
    extend(tcti, APPLICATION)
    with pytest.raises(PcrMismatchError, match=r"PCR 16, 23 differs"):
        provider(tcti).unwrap(wrapped)
    renewed = provider(tcti).wrap(ROOT)
    assert provider(tcti).unwrap(renewed) == ROOT


def test_another_machine_does_not_unseal(tpms: tuple[str, str]) -> None:
    wrapped = provider(tpms[0]).wrap(ROOT)
    with pytest.raises(ForeignRootError, match="sealed by another TPM"):
        provider(tpms[1]).unwrap(wrapped)


def test_a_cleared_tpm_does_not_unseal(tpms: tuple[str, str]) -> None:
    wrapped = provider(tpms[1]).wrap(ROOT)
    assert provider(tpms[1]).unwrap(wrapped) == ROOT
    with provider(tpms[1])._connected() as tpm:
        tpm.clear(ESYS_TR.LOCKOUT)
    with pytest.raises(ForeignRootError, match="or this one was cleared"):
        provider(tpms[1]).unwrap(wrapped)


def test_another_store_is_refused(tcti: str) -> None:
    wrapped = provider(tcti).wrap(ROOT)
    with pytest.raises(ForeignRootError, match="another store's"):
        provider(tcti, store_id="store-2").unwrap(wrapped)


def test_the_registers_in_the_wrap_cannot_be_edited(tcti: str) -> None:
    wrapped = bytearray(provider(tcti).wrap(ROOT))
    wrapped[10] ^= 1  # a digest that only a refusal would show
    with pytest.raises(ForeignRootError, match="damaged"):
        provider(tcti).unwrap(bytes(wrapped))


@pytest.mark.parametrize("where", ["swtpm:host=127.0.0.1,port=9", "device:/nonexistent/tpm", "nonsense:x"])
def test_without_a_tpm(tcti: str, where: str) -> None:
    wrapped = provider(tcti).wrap(ROOT)
    with pytest.raises(TokenMissingError, match="there is no TPM at"):
        provider(where).unwrap(wrapped)


def test_nothing_stays_in_the_tpm(tcti: str) -> None:
    for _ in range(5):  # a TPM without a resource manager has room for three objects
        wrapped = provider(tcti).wrap(ROOT)
        with pytest.raises(ForeignRootError):
            provider(tcti, store_id="store-2").unwrap(wrapped)
    with provider(tcti)._connected() as tpm:
        for kind in (TPM2_HC.TRANSIENT_FIRST, TPM2_HC.LOADED_SESSION_FIRST, TPM2_HC.PERSISTENT_FIRST):
            _, found = tpm.get_capability(TPM2_CAP.HANDLES, kind, 16)
            assert len(found.data.handles) == 0


def test_an_owner_password_is_said_to_be_in_the_way(tcti: str) -> None:
    wrapped = provider(tcti).wrap(ROOT)
    with provider(tcti)._connected() as tpm:
        tpm.hierarchy_change_auth(ESYS_TR.OWNER, b"owner")
    try:
        with pytest.raises(RootError, match="owner hierarchy has a password"):
            provider(tcti).unwrap(wrapped)
    finally:
        with provider(tcti)._connected() as tpm:
            tpm.tr_set_auth(ESYS_TR.OWNER, b"owner")
            tpm.hierarchy_change_auth(ESYS_TR.OWNER, b"")


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"\x01\x00\x00\x00" + bytes(99), b"\x02" + bytes(300)])
def test_what_is_no_wrap_never_reaches_the_tpm(wrapped: bytes) -> None:
    with pytest.raises(RootError, match="damaged"):
        provider("nonsense:").unwrap(wrapped)


@pytest.mark.parametrize("pcrs", [(), (24,), (-1,)])
def test_impossible_registers(pcrs: tuple[int, ...]) -> None:
    with pytest.raises(RootError, match="from 0 to 23"):
        provider("nonsense:", pcrs=pcrs)


def test_a_room_is_unsealed_by_the_tpm(tcti: str, tmp_path: Path) -> None:
    uri = f"tpm:?tcti={tcti}&pcrs=7,{DEBUG}"
    with Strongroom.open(home=tmp_path / "home", root=uri, create=True) as room:
        share = room.recovery_share
        assert room.unseal.list() == ("recovery", "tpm")
    extend(tcti, DEBUG)
    with pytest.raises(PcrMismatchError):
        Strongroom.open(home=tmp_path / "home", root=uri)
    with Strongroom.open(home=tmp_path / "home", recovery=share) as room:
        room.unseal.add(uri, replace=True)
    Strongroom.open(home=tmp_path / "home", root=uri).close()


@pytest.mark.parametrize("uri", ["tpm:0", "tpm:?pcrs=", "tpm:?pcrs=7,x", "tpm:?pcr=7"])
def test_a_uri_that_says_nothing_the_scheme_knows(room: Any, uri: str) -> None:
    with pytest.raises(ConfigurationError):
        room.unseal.add(uri)
