from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.errors import FormatError, IntegrityError, LimitExceededError
from strongroom.formats import backup as backup_format
from strongroom.formats.backup import DATA, Manifest, Stored
from strongroom.primitives.signing import SigningKey

KEY = SigningKey.from_seed(bytes(32))
MANIFEST = Manifest(
    DATA, "20261120T120000.000Z-01020304", "00" * 10, 1, 2, 3, (Stored("audit/a-b/checkpoint", 4, "ab" * 32),)
)


def test_it_is_parsed_back_and_verifies() -> None:
    signed = MANIFEST.signed(KEY)
    again = Manifest.parse(signed.to_bytes())
    assert again == signed
    assert again.length == 4
    again.verify()
    again.verify(KEY.public)
    with pytest.raises(IntegrityError):
        again.verify(SigningKey.from_seed(bytes([1]) * 32).public)


@pytest.mark.parametrize(
    "change",
    [
        {"part": "keys"}, {"id": "20261120T120000.000Z-01020305"}, {"store_id": "01" * 10}, {"taken_at": 9},
        {"key_versions": 9}, {"key_changes": 9}, {"files": ()},
        {"public": SigningKey.from_seed(b"x" * 32).public.hex()},
    ],
    ids=str,
)  # fmt: skip
def test_every_field_is_signed(change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        replace(MANIFEST.signed(KEY), **change).verify()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["../up", "a/../b", "/root", "a//b", "", ".hidden", "a\\b/../c", "a/.", "manifest.json", "a\n"]
)
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        Manifest.parse(replace(MANIFEST, files=(Stored(name, 1, ""),)).to_bytes())


@pytest.mark.parametrize(
    "change",
    [
        {"part": "both"}, {"id": "../../x"}, {"store_id": "zz"}, {"taken_at": -1}, {"taken_at": True},
        {"public": "0"}, {"signature": "xy"}, {"files": (Stored("a", -1, ""),)}, {"files": (Stored("a", 1, "Z"),)},
        {"files": (Stored("a", 1, ""), Stored("a", 1, ""))},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_parts_are_refused(change: dict[str, object]) -> None:
    given = orjson.loads(MANIFEST.to_bytes()) | {
        name: [[f.name, f.length, f.digest] for f in value] if isinstance(value, tuple) else value
        for name, value in change.items()
    }
    with pytest.raises(FormatError):
        Manifest.parse(orjson.dumps(given))


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        Manifest.parse(raw)


def test_a_manifest_has_a_largest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_format, "MANIFEST_BYTES_MAX", 10)
    with pytest.raises(LimitExceededError):
        Manifest.parse(bytes(11))
