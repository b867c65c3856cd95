from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.pieces import WORD, pieces, worded_pieces


@given(st.text(alphabet="ab \n", max_size=200), st.integers(2, 40))
def test_pieces_are_the_text(text: str, size: int) -> None:
    found = list(pieces(text, size))
    assert "".join(piece for _, piece in found) == text
    assert all(text[start : start + len(piece)] == piece and len(piece) <= size for start, piece in found)


def test_pieces_end_at_a_line_end_before_a_space_before_anything_else() -> None:
    assert [p.text for p in pieces("one two\nthree four", 10)] == ["one two\n", "three four"]
    assert [p.text for p in pieces("one two three", 10)] == ["one two ", "three"]
    assert [p.text for p in pieces("abcdefgh", 4)] == ["abcd", "efgh"]


@given(st.lists(st.sampled_from(["Anna", "e-mail", ",", "x_y", "ö"]), max_size=120), st.integers(4, 20))
def test_every_run_of_shared_words_is_whole_in_a_piece(words: list[str], most: int) -> None:
    text = "  ".join(words)
    shared = most // 3
    found = list(worded_pieces(text, most, shared))
    for start, piece in found:
        assert text[start : start + len(piece)] == piece
        assert len(WORD.findall(piece)) <= most
    spans = [match.span() for match in WORD.finditer(text)]
    for first in range(len(spans) - shared + 1) if shared else ():
        begin, end = spans[first][0], spans[first + shared - 1][1]
        assert any(start <= begin and end <= start + len(piece) for start, piece in found)
    covered = {at for start, piece in found for at in range(start, start + len(piece))}
    assert all(at in covered for begin, end in spans for at in range(begin, end))


def test_a_text_without_words_has_no_pieces() -> None:
    assert list(worded_pieces(" \n ", 8, 2)) == []
    assert list(pieces("", 8)) == []
