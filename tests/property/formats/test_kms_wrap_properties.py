"""kms-wrap/1 under any bytes: packing and parsing are inverse, and parsing raises nothing but `FormatError`."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.errors import FormatError
from strongroom.formats.kms_wrap import pack_header, parse

NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=80)


@given(NAMES, st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=200))
def test_what_is_packed_is_parsed(key: str, ciphertext: bytes, field: bytes) -> None:
    wrap = parse(pack_header(key, ciphertext) + field)
    assert (wrap.key, wrap.ciphertext, wrap.field) == (key, ciphertext, field)


@given(st.binary(max_size=64) | st.binary(max_size=64).map(lambda rest: b"\x01\x00\x03abc\x00\x04" + rest))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        wrap = parse(raw)
    except FormatError:
        return
    assert pack_header(wrap.key, wrap.ciphertext) + wrap.field == raw
