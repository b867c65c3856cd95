"""Unsealing by this machine's TPM 2.0: a protector that the TPM gives out only in the boot state it was sealed in.

A 32-byte secret is sealed in the TPM under a policy over platform configuration registers (PCRs, SHA-256 bank). On
another machine, or after another boot loader, the TPM refuses. The registers' values at sealing stand in the wrap,
so that a refusal can name the one that differs.

    head = version(1) = 1 | PCR mask(3) | digest(32) * PCRs | length(2) public | length(2) private
    wrap = head | the root as a sealed field under HKDF-Expand-SHA-512(secret, "strongroom/root-tpm/1" || head, 32)

The session with the TPM is salted and encrypts the secret on the bus. Nothing stays in the TPM.

Must never: leave an object in the TPM's few slots, or unseal by anything but the policy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from tpm2_pytss import (
    ESAPI,
    TCTILdr,
    TSS2_Exception,
)
from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_RC, TPM2_SE, TPMA_OBJECT, TPMA_SESSION
from tpm2_pytss.types import (
    TPM2B_PRIVATE,
    TPM2B_PUBLIC,
    TPM2B_SENSITIVE_CREATE,
    TPM2B_SENSITIVE_DATA,
    TPML_PCR_SELECTION,
    TPMS_SENSITIVE_CREATE,
    TPMT_PUBLIC,
    TPMT_SYM_DEF,
)

from strongroom.clock import Entropy, system_entropy
from strongroom.errors import (
    DecryptionError,
    ForeignRootError,
    FormatError,
    PcrMismatchError,
    RootError,
    TokenMissingError,
)
from strongroom.keys.wrapping import KEY_LEN, unwrap_root, wrap_root
from strongroom.primitives.kdf import expand

RESOURCE_MANAGER = "device:/dev/tpmrm0"
"""The kernel's resource manager; without one, other users of the TPM run out of slots."""

BOOT_POLICY = (7,)
"""The register that says whose signatures the firmware accepts (TCG PC Client Platform Firmware Profile)."""

PCRS_MAX = 24
DIGEST_LEN = 32

_VERSION = 1
_INFO = b"strongroom/root-tpm/1"
_LENGTH = struct.Struct(">H")
_STORAGE = (
    TPMA_OBJECT.RESTRICTED | TPMA_OBJECT.DECRYPT | TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT
    | TPMA_OBJECT.SENSITIVEDATAORIGIN | TPMA_OBJECT.USERWITHAUTH | TPMA_OBJECT.NODA
)  # fmt: skip
_SEALED = TPMA_OBJECT.FIXEDTPM | TPMA_OBJECT.FIXEDPARENT | TPMA_OBJECT.NODA


class TpmRoot:
    """The `RootProvider` port over one TPM. `tcti` says how it is reached, such as ``device:/dev/tpmrm0``."""

    def __init__(
        self, *, store_id: str, tcti: str = RESOURCE_MANAGER, pcrs: Sequence[int] = BOOT_POLICY,
        scheme: str = "tpm", entropy: Entropy = system_entropy,
    ) -> None:  # fmt: skip
        self.scheme = scheme
        self._store_id = store_id
        self._tcti = tcti
        self._pcrs = tuple(sorted(set(pcrs)))
        self._entropy = entropy
        if not self._pcrs or not all(0 <= pcr < PCRS_MAX for pcr in self._pcrs):
            msg = f"a TPM policy names one or more registers from 0 to {PCRS_MAX - 1}"
            raise RootError(msg)

    def wrap(self, root: bytes) -> bytes:
        """`root` under a secret that is sealed to the registers' values now."""
        secret = self._entropy(KEY_LEN)
        with self._connected() as tpm, ExitStack() as objects:
            digests = _read(tpm, self._pcrs)
            primary = _primary(tpm, objects)
            session = _session(tpm, objects, primary, TPM2_SE.HMAC, TPMA_SESSION.DECRYPT)
            private, public, *_ = tpm.create(
                primary,
                TPM2B_SENSITIVE_CREATE(TPMS_SENSITIVE_CREATE(data=TPM2B_SENSITIVE_DATA(secret))),
                _sealed_public(self._policy(tpm, objects)),
                session1=session,
            )
        mask = sum(1 << pcr for pcr in self._pcrs).to_bytes(3, "big")
        head = (
            bytes([_VERSION]) + mask + b"".join(digests) + _counted(public.marshal()) + _counted(private.marshal())
        )
        return head + wrap_root(
            protector=_protector(secret, head), store_id=self._store_id, scheme=self.scheme, root=root,
            entropy=self._entropy,
        )  # fmt: skip

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root.

        Raises `PcrMismatchError` naming the registers that differ, `ForeignRootError` for another TPM or store,
        `TokenMissingError` without one, `RootError` for a damaged wrap.
        """
        pcrs, digests, public, private, sealed = _parse(wrapped)
        with self._connected() as tpm, ExitStack() as objects:
            primary = _primary(tpm, objects)
            item = self._load(tpm, primary, public, private)
            objects.callback(tpm.flush_context, item)
            session = _session(tpm, objects, primary, TPM2_SE.POLICY, TPMA_SESSION.ENCRYPT)
            tpm.policy_pcr(session, b"", _selection(pcrs))
            try:
                secret = bytes(tpm.unseal(item, session1=session))
            except TSS2_Exception as error:
                if error.error != TPM2_RC.POLICY_FAIL:
                    raise
                raise PcrMismatchError(_differing(pcrs, digests, _read(tpm, pcrs))) from error
        try:
            return unwrap_root(
                protector=_protector(secret, wrapped[: -len(sealed)]), store_id=self._store_id, scheme=self.scheme,
                wrapped=sealed,
            )  # fmt: skip
        except DecryptionError as error:
            msg = "the TPM's wrap is another store's, or it is damaged"
            raise ForeignRootError(msg) from error
        except FormatError as error:
            raise RootError(_DAMAGED) from error

    def describe(self) -> str:
        """Which TPM, and the registers a new wrap is sealed to."""
        return f"TPM at {self._tcti}, PCR {', '.join(map(str, self._pcrs))}"

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        name, _, configuration = self._tcti.partition(":")
        try:
            tcti = TCTILdr(name, configuration or None)
        except (TSS2_Exception, RuntimeError) as error:
            msg = f"there is no TPM at {self._tcti}"
            raise TokenMissingError(msg) from error
        with tcti:
            try:
                with ESAPI(tcti) as tpm:
                    yield tpm
            except TSS2_Exception as error:
                raise _meaning(error, self._tcti) from error

    def _policy(self, tpm: Any, objects: ExitStack) -> bytes:
        trial = _start(tpm, objects, ESYS_TR.NONE, TPM2_SE.TRIAL)
        tpm.policy_pcr(trial, b"", _selection(self._pcrs))
        return bytes(tpm.policy_get_digest(trial))

    def _load(self, tpm: Any, primary: Any, public: bytes, private: bytes) -> Any:
        try:
            parts = TPM2B_PRIVATE.unmarshal(private)[0], TPM2B_PUBLIC.unmarshal(public)[0]
        except (TSS2_Exception, ValueError, TypeError) as error:
            raise RootError(_DAMAGED) from error
        try:
            return tpm.load(primary, *parts)
        except TSS2_Exception as error:
            if error.error in _NO_ROOM or _is_unreachable(error):
                raise
            msg = "the wrap was sealed by another TPM, or this one was cleared, or the wrap is damaged"
            raise ForeignRootError(msg) from error


_DAMAGED = "the stored wrap of the root is damaged"
_NO_AUTHORITY = frozenset({TPM2_RC.BAD_AUTH, TPM2_RC.AUTH_FAIL})
_NO_ROOM = frozenset({TPM2_RC.OBJECT_MEMORY, TPM2_RC.SESSION_MEMORY, TPM2_RC.MEMORY, TPM2_RC.OBJECT_HANDLES})
_LAYER = 0xFF0000
_TRANSPORT = 0x0A0000
"""Which layer of the software stack failed, in the upper bits of its response code; 0 is the TPM itself."""


def _is_unreachable(error: TSS2_Exception) -> bool:
    return int(error.rc) & _LAYER == _TRANSPORT


def _meaning(error: TSS2_Exception, tcti: str) -> RootError:
    if error.error in _NO_AUTHORITY:
        return RootError("the TPM's owner hierarchy has a password, which Strongroom does not use")
    if error.error in _NO_ROOM:
        return RootError(f"the TPM has no free slot: reach it by a resource manager ({RESOURCE_MANAGER})")
    if _is_unreachable(error):
        return TokenMissingError(f"the TPM at {tcti} does not answer")
    return RootError(f"the TPM refused (response code {int(error.rc):#x})")


def _differing(pcrs: Sequence[int], before: Sequence[bytes], now: Sequence[bytes]) -> str:
    changed = [str(pcr) for pcr, old, new in zip(pcrs, before, now, strict=True) if old != new]
    named = ", ".join(changed) or "the policy itself"
    return f"the TPM refuses: this machine booted into another state (PCR {named} differs)"


def _protector(secret: bytes, head: bytes) -> bytes:
    """The key of the wrap; the head goes in, so that nobody can change what a refusal would say."""
    return expand(key=secret, info=_INFO + head, length=KEY_LEN)


def _primary(tpm: Any, objects: ExitStack) -> Any:
    """The storage key that the TPM derives from its seed: the same every time, until it is cleared."""
    template = TPM2B_PUBLIC.parse("ecc256:aes128cfb", objectAttributes=_STORAGE)
    handle, *_ = tpm.create_primary(None, template, ESYS_TR.OWNER)
    objects.callback(tpm.flush_context, handle)
    return handle


def _session(tpm: Any, objects: ExitStack, primary: Any, kind: TPM2_SE, encrypts: TPMA_SESSION) -> Any:
    session = _start(tpm, objects, primary, kind)
    tpm.trsess_set_attributes(session, encrypts | TPMA_SESSION.CONTINUESESSION)
    return session


def _start(tpm: Any, objects: ExitStack, salt_key: Any, kind: TPM2_SE) -> Any:
    cipher = TPMT_SYM_DEF.parse("aes128cfb")
    session = tpm.start_auth_session(salt_key, ESYS_TR.NONE, kind, cipher, TPM2_ALG.SHA256)
    objects.callback(tpm.flush_context, session)
    return session


def _sealed_public(policy: bytes) -> TPM2B_PUBLIC:
    area = TPMT_PUBLIC(
        type=TPM2_ALG.KEYEDHASH, nameAlg=TPM2_ALG.SHA256, objectAttributes=_SEALED, authPolicy=policy
    )
    area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG.NULL
    return TPM2B_PUBLIC(publicArea=area)


def _selection(pcrs: Sequence[int]) -> TPML_PCR_SELECTION:
    return TPML_PCR_SELECTION.parse("sha256:" + ",".join(map(str, pcrs)))


def _read(tpm: Any, pcrs: Sequence[int]) -> list[bytes]:
    """The registers' values, one by one: a TPM may answer for fewer than it was asked for."""
    return [bytes(tpm.pcr_read(_selection([pcr]))[2][0]) for pcr in pcrs]


def _counted(part: bytes) -> bytes:
    return _LENGTH.pack(len(part)) + part


def _parse(wrapped: bytes) -> tuple[tuple[int, ...], list[bytes], bytes, bytes, bytes]:
    if len(wrapped) < 4 or wrapped[0] != _VERSION:  # noqa: PLR2004 - version and mask
        raise RootError(_DAMAGED)
    mask = int.from_bytes(wrapped[1:4], "big")
    pcrs = tuple(pcr for pcr in range(PCRS_MAX) if mask >> pcr & 1)
    rest = wrapped[4:]
    if not pcrs or len(rest) < len(pcrs) * DIGEST_LEN:
        raise RootError(_DAMAGED)
    digests = [rest[index * DIGEST_LEN : (index + 1) * DIGEST_LEN] for index in range(len(pcrs))]
    rest = rest[len(pcrs) * DIGEST_LEN :]
    parts: list[bytes] = []
    for _ in range(2):
        length = int.from_bytes(rest[: _LENGTH.size], "big")
        parts.append(rest[_LENGTH.size : _LENGTH.size + length])
        if len(rest) < _LENGTH.size or len(parts[-1]) != length:
            raise RootError(_DAMAGED)
        rest = rest[_LENGTH.size + length :]
    if not rest:
        raise RootError(_DAMAGED)
    return pcrs, digests, parts[0], parts[1], rest
