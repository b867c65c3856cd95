"""The text form of surrogates: taking apart, building, finding."""

import pytest

from strongroom.errors import FormatError
from strongroom.formats import surrogate
from strongroom.formats.surrogate import ALPHABET, KIND_LEN_MAX, RUN_LEN_MAX, SURROGATE_LEN_MAX


def test_parse_takes_kind_data_and_check_apart() -> None:
    parts = surrogate.parse("CUSTOMER_ID_7KQ2M9X")
    assert (parts.kind, parts.data, parts.check) == ("CUSTOMER_ID", "7KQ2M", "9X")
    assert str(parts) == "CUSTOMER_ID_7KQ2M9X"


def test_the_longest_surrogate_parses_and_one_longer_does_not() -> None:
    longest = "K" * KIND_LEN_MAX + "_7KQ2M9X7KQ2M1"
    assert len(longest) == SURROGATE_LEN_MAX
    assert str(surrogate.parse(longest)) == longest
    with pytest.raises(FormatError, match="surrogate"):
        surrogate.parse("K" + longest)
    with pytest.raises(FormatError, match="surrogate"):
        surrogate.parse("K" * (KIND_LEN_MAX + 1) + "_7KQ2M9X")


@pytest.mark.parametrize(
    "text", ["", "_", "EMAIL_", "_7KQ2M9X", "EMAIL_7KQ2M9X ", " EMAIL_7KQ2M9X", "EMAIL__7KQ2M9X", "E\\_7KQ2M9X"]
)
def test_parse_refuses_everything_else(text: str) -> None:
    with pytest.raises(FormatError, match="form"):
        surrogate.parse(text)


@pytest.mark.parametrize("kind", ["A", "EMAIL", "STEUER_ID", "A1", "K" * KIND_LEN_MAX])
def test_kinds_that_surrogates_carry(kind: str) -> None:
    assert surrogate.require_kind(kind) == kind


@pytest.mark.parametrize("kind", ["", "email", "1A", "A__B", "_A", "A_", "Ä", "K" * (KIND_LEN_MAX + 1)])
def test_kinds_that_they_do_not(kind: str) -> None:
    with pytest.raises(FormatError, match="kind"):
        surrogate.require_kind(kind)


@pytest.mark.parametrize(
    ("code", "legal"),
    [("7KQ2M9X", True), ("7KQ2M9X7KQ2M1", True), ("ADDRESS", False), ("1234567", False), ("7KQ2M9", False)],
)
def test_codes(code: str, legal: bool) -> None:  # noqa: FBT001 - a table
    assert surrogate.is_code(code) is legal


def test_code_characters_are_the_bits_most_significant_first() -> None:
    assert surrogate.code_characters(bytes([0b00001_000, 0b10_00011_0, 0b0100_0000]), 4) == "1234"
    assert surrogate.code_characters(b"\xff" * 4, 6) == "ZZZZZZ"
    assert surrogate.code_characters(b"", 0) == ""
    with pytest.raises(FormatError, match="bits"):
        surrogate.code_characters(b"\x00", 2)


def test_the_alphabet_has_no_letters_that_are_mistaken() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_a_hit_says_where_the_gap_and_the_code_are() -> None:
    text = "x EMAIL\\_7KQ2M9X y"
    (hit,) = surrogate.find(text)
    assert text[hit.start : hit.end] == "EMAIL\\_7KQ2M9X"
    assert text[hit.gap_start : hit.code_start] == "\\_"
    assert text[hit.code_start : hit.end] == "7KQ2M9X"


def test_no_run_longer_than_the_limit_is_found() -> None:
    widest = "\\_" * 3 + "\\_".join("A" * 16) + "B" + "\\_" * 8 + "7KQ2M9X7KQ2M1" + "\\_" * 3
    assert len(widest) <= RUN_LEN_MAX
    assert [hit.marks for hit in surrogate.find(widest)] == [7]


@pytest.mark.parametrize("unit", ["A", "A_", "_", "\\_", "A\\_", "_A1A1A1A", "_A1A1A1A\\", "A1"])
def test_hostile_text_of_a_megabyte_is_no_work(unit: str) -> None:
    # quadratic time would take hours here and run into the test's timeout
    text = unit * (1_000_000 // len(unit))
    assert list(surrogate.find(text)) == []
