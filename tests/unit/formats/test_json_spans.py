"""Byte-faithful JSON: what is found, what is refused, and that nothing else changes."""

import pytest

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import DEPTH_MAX, escape, literal_edits, parse, scan, splice


def test_literals_come_in_document_order_with_path_and_bytes() -> None:
    raw = '{"a": "é\\n", "b": [1, {"c": "x"}, true, "y"], "d": null}'.encode()
    found = [(item.path, item.value, item.kind) for item in scan(raw)]
    assert found == [
        (("a",), "a", "key"), (("a",), "é\n", "string"),
        (("b",), "b", "key"), (("b", 1, "c"), "c", "key"), (("b", 1, "c"), "x", "string"),
        (("b", 3), "y", "string"), (("d",), "d", "key"),
    ]  # fmt: skip
    assert [raw[item.start : item.end].decode() for item in scan(raw) if not item.is_key] == ["é\\n", "x", "y"]


def test_numbers_are_given_with_their_spelling_when_asked_for() -> None:
    raw = b'{"n": 1.10, "big": 12345678901234567890123, "s": "7 \\" 8", "l": [-0, 1e5, true, false, null]}'
    found = {item.path: item for item in scan(raw, numbers=True) if item.kind == "number"}
    assert {path: item.value for path, item in found.items()} == {
        ("n",): "1.10", ("big",): "12345678901234567890123", ("l", 0): "-0", ("l", 1): "1e5",
    }  # fmt: skip
    assert all(raw[item.start : item.end].decode() == item.value for item in found.values())


@pytest.mark.parametrize("raw", [b'"top"', b"7", b"[]", b"{}", b'  "x"  '])
def test_any_value_may_be_the_root(raw: bytes) -> None:
    assert [item.value for item in scan(raw, numbers=True)] == [raw.decode().strip(' "')] * (
        b"[" not in raw and b"{" not in raw
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": 1, "a": "SECRET"}', "duplicated key"),
        (b'{"a": 1, "\\u0061": "SECRET"}', "duplicated key"),
        (b'\xef\xbb\xbf{"a": "SECRET"}', "byte order mark"),
        ('{"a": "SECRET"}'.encode("utf-16"), "UTF-16"),
        ('{"a": "SECRET"}'.encode("utf-16-le"), "UTF-16"),
        ('{"a": "SECRET"}'.encode("utf-32-be"), "UTF-32"),
        (b'{"SECRET": NaN}', "byte 11"),
        (b'{"SECRET": "\xff"}', "invalid UTF-8 at byte 12"),
        ('{"é": SECRET}'.encode(), "byte 7"),
        (b'{"a": "SECRET \\ud800"}', "surrogate"),
        (b'{"a": "SECRET"', "byte 14"),
        (b'{"a": "SECRET"} SECRET', "byte 16"),
        (b"", "empty"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused_without_content(raw: bytes, message: str) -> None:
    with pytest.raises(FormatError) as refused:
        scan(raw)
    assert message in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_depth_and_size_have_limits() -> None:
    nested = b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1)
    assert scan(nested[1:-1]) == []
    with pytest.raises(LimitExceededError, match=f"deeper than {DEPTH_MAX}"):
        scan(b"[" + nested + b"]")
    with pytest.raises(LimitExceededError, match="too deeply"):
        scan(b"[" * 5000 + b"]" * 5000)
    with pytest.raises(LimitExceededError, match="the limit is 4"):
        scan(b"[1,2]", bytes_max=4)


def test_a_change_touches_only_its_slice_of_an_escaped_literal() -> None:
    raw = b'{"t": "a\\u00e9\\ud83d\\ude00 \\/ \xc3\xa9 card 42\\n"}'
    literal = scan(raw)[1]
    at = literal.value.index("42")
    edits = literal_edits(raw, literal.start, literal.end, literal.value, [(at, at + 2, 'C"1')])
    assert splice(raw, edits) == b'{"t": "a\\u00e9\\ud83d\\ude00 \\/ \xc3\xa9 card C\\"1\\n"}'


def test_an_edit_out_of_order_or_range_is_refused() -> None:
    for edits in ([(2, 1, b"")], [(0, 9, b"")], [(1, 2, b""), (1, 2, b"")]):
        with pytest.raises(FormatError, match="out of order or range"):
            splice(b"abc", edits)
    for change in [(0, 4, ""), (-1, 1, ""), (2, 1, "")]:
        with pytest.raises(FormatError, match="outside the literal"):
            literal_edits(b'"abc"', 1, 4, "abc", [change])
    with pytest.raises(FormatError, match="not the literal"):
        literal_edits(b'"abc"', 1, 4, "ab", [(0, 1, "x")])


def test_nothing_to_change_is_the_very_same_bytes() -> None:
    raw = b'{"a" : 1.10}'
    assert splice(raw, []) is raw


def test_a_walk_that_met_another_number_of_literals_is_refused() -> None:
    parsed = parse(b'{"a": "b"}')
    parsed.require_count(2)
    with pytest.raises(FormatError, match="duplicated key"):
        parsed.require_count(1)


def test_text_without_a_utf8_form_cannot_be_escaped() -> None:
    assert escape('a"\\\n\u2028é') == b'a\\"\\\\\\n\xe2\x80\xa8\xc3\xa9'
    with pytest.raises(FormatError, match="not valid Unicode"):
        escape("\ud800")
