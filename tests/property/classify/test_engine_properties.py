"""The automaton of our own against RE2, on expressions and texts that nobody wrote."""

from __future__ import annotations

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.classify.engine import Expression, RE2Finder
from strongroom.classify.engine_automaton import Matcher, Memory
from strongroom.classify.engine_literals import longest, required
from strongroom.classify.engine_stdlib import StdlibEngine
from strongroom.classify.engine_syntax import parsed

TEXT = st.text(st.sampled_from("aAbBkKsS01 -_.@\n\tß\u1e9e\u212a\u017f€𝄞"), max_size=40)
ATOM = st.sampled_from(
    [
        "a", "B", "k", "s", "0", "-", "@", " ", "ß",
        r"\d", r"\w", r"\s", r"\S", r"\W", r"\D", ".", "[a-k]", "[^a]",
        "[^0-9s]", "[]a]", r"[\d_]", "[[:alpha:]0]", "[[:^word:]]", r"\x41", r"\x{20ac}", r"\.", r"\t", r"\b",
        r"\B", "^", "$", r"\A", r"\z", "(?i:k)", "(?i:S1)", "(?s:.)", r"[\x{c0}-\x{24f}]", "ab", "01",
    ]
)  # fmt: skip
REPEAT = st.sampled_from(["", "", "", "+", "*", "?", "{2}", "{1,3}", "{2,}", "+?", "*?", "??", "{0,2}?"])
REGEX = st.recursive(
    st.builds(lambda atom, times: atom if atom[-1] in "bBAz^$" else f"(?:{atom}){times}", ATOM, REPEAT),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})x?"),
        st.builds("(?i:{}){}".format, inner, st.sampled_from(["", "?"])),
    ),
    max_leaves=8,
)
MANY = settings(deadline=None, max_examples=300)


def ours(regex: str, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    matcher = Matcher(parsed(regex), Memory())
    found = []
    at = start
    while at <= end:
        first, last, _ = matcher.first(data, at, end)
        if first < 0:
            break
        if first < last:
            found.append(matcher.value(data, first, last))
        at = last if last > first else last + 1
    return found


def theirs(regex: str, data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    finder, found = RE2Finder(Expression(regex)), []
    for place in finder.values(data, start, end):
        if place not in found:
            found.append(place)
    return found


@MANY
@given(regex=REGEX, text=TEXT, cut=st.tuples(st.integers(0, 20), st.integers(0, 8)))
def test_the_same_matches_at_the_same_places(regex: str, text: str, cut: tuple[int, int]) -> None:
    data = text.encode()
    start, end = min(cut[0], len(data)), max(min(cut[0], len(data)), len(data) - cut[1])
    mine = [place for place in ours(regex, data, start, end) if place[0] < place[1]]
    assert mine == [place for place in theirs(regex, data, start, end) if place[0] < place[1]]


@MANY
@given(regex=REGEX, text=TEXT)
def test_what_is_said_about_every_match_is_true_of_each(regex: str, text: str) -> None:
    tree = parsed(regex)
    literals, bound = required(tree), longest(tree)
    opening = Matcher(tree, Memory()).opening
    for match in re2.finditer(regex, text.encode()):
        found = match.group()
        if b"\n" in found:  # engines do not let a match cross lines, RE2 by itself does
            continue
        assert literals is None or any(literal in found.lower() for literal in literals)
        assert bound is None or len(found) <= bound
        assert all(byte in place for byte, place in zip(found, opening, strict=False))
        assert len(opening) <= len(found)


@settings(deadline=None, max_examples=60)
@given(regex=REGEX, text=TEXT)
def test_memory_that_is_used_up_changes_nothing(regex: str, text: str) -> None:
    data = text.encode()
    small, large = (Matcher(parsed(regex), memory) for memory in (Memory(3), Memory()))
    assert small.first(data, 0, len(data)) == large.first(data, 0, len(data))


@settings(deadline=None, max_examples=100)
@given(regex=REGEX, pieces=st.lists(TEXT, max_size=6))
def test_the_whole_engine_finds_what_re2_finds_in_the_text(regex: str, pieces: list[str]) -> None:
    text = "a".join(pieces)
    data = text.encode()
    found = {(c.start, c.end) for c in StdlibEngine([Expression(regex)]).candidates(text)}
    expected = {
        (len(data[:start].decode()), len(data[:end].decode()))
        for start, end in theirs(regex, data, 0, len(data))
        if start < end
    }
    assert found == expected
