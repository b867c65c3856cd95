from __future__ import annotations

import pytest
import re2

from strongroom.classify.engine_automaton import Matcher, Memory
from strongroom.classify.engine_program import PROGRAM_MAX, Program, TooLargeError
from strongroom.classify.engine_syntax import parsed
from strongroom.errors import PolicyInvalidError


@pytest.mark.parametrize(
    ("regex", "why"),
    [
        ("(", r"missing \)"),
        ("a)", r"unexpected \) at character 2"),
        ("[a", r"missing \]"),
        ("[", r"missing \]"),
        ("[b-a]", "invalid range"),
        (r"[a-\d]", "invalid range"),
        ("[[:letter:]]", "no class"),
        ("*a", "nothing to repeat"),
        ("a**", "repetition of a repetition"),
        ("a{2}{3}", "repetition of a repetition"),
        ("a{1001}", "invalid repetition"),
        ("a{3,2}", "invalid repetition"),
        ("(?=a)", r"invalid perl operator \(\?="),
        ("(?<!a)b", r"invalid perl operator \(\?<"),
        (r"(a)\1", r"escape \\1"),
        ("a\\", "trailing backslash"),
        (r"\x{110000}", "no such character"),
        (r"\k", r"escape \\k"),
    ],
)
def test_what_re2_refuses_is_refused_with_the_reason(regex: str, why: str) -> None:
    with pytest.raises(PolicyInvalidError, match=why):
        parsed(regex)
    options = re2.Options()
    options.log_errors = False
    with pytest.raises(re2.error):
        re2.compile(regex, options)


@pytest.mark.parametrize("regex", [r"\pL", r"\p{Greek}", r"\Qa.b\E", r"\C"])
def test_what_is_not_read_here_is_refused_by_name(regex: str) -> None:
    with pytest.raises(PolicyInvalidError, match="cannot be used here at character 2"):
        parsed(regex)


@pytest.mark.parametrize(
    ("regex", "text", "place"),
    [
        ("a|ab", "xab", (1, 2)),
        ("(?:a|ab)c", "abc", (0, 3)),
        ("a+?b", "caab", (1, 4)),
        (r"(?P<n>\d+)x", "12x", (0, 2)),
        ("(?U)a+", "aaa", (0, 1)),
        ("(?m)^b$", "a\nb\nc", (2, 3)),
        ("(?i:s)t", "\u017ft", (0, 3)),
        ("a(?i)b(?-i)c", "aBc", (0, 3)),
        ("(?i)\\W", "\u212a-", (3, 4)),
        ("x{0}y", "xy", (1, 2)),
        ("{", "{", (0, 1)),
        ("a{,2}", "a{,2}", (0, 5)),
        ("((a)|c)+", "ca", (1, 2)),
        (r"\0\x41\101", "\0AA", (0, 3)),
    ],
)
def test_the_first_match_and_its_value(regex: str, text: str, place: tuple[int, int]) -> None:
    matcher, data = Matcher(parsed(regex, multiline=True), Memory()), text.encode()
    first, last, _ = matcher.first(data, 0, len(data))
    assert matcher.value(data, first, last) == place


def test_a_pattern_that_may_not_cross_lines_does_not() -> None:
    data = b"a\nb"
    assert Matcher(parsed(r"a\sb"), Memory()).first(data, 0, 3)[0] == -1
    assert Matcher(parsed(r"a\sb", multiline=True), Memory()).first(data, 0, 3)[:2] == (0, 3)


def test_an_expression_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(TooLargeError):
        Program(parsed("(?:a{200}){200}b"))
    assert len(Program(parsed("a{1000}")).ops) < PROGRAM_MAX


def test_memory_stays_within_its_bound() -> None:
    memory = Memory(500)
    matcher = Matcher(parsed(r"[ab]*a[ab]{8}c"), memory)
    text = b"".join(f"{number:012b}".replace("0", "a").replace("1", "b").encode() for number in range(600))
    assert matcher.first(text, 0, len(text))[0] == -1
    assert 0 < memory.used <= 500
