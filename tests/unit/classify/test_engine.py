from __future__ import annotations

import pytest
import re2

from strongroom.classify import Classifier, RE2Engine, engine_port, windows
from strongroom.classify.engine import Candidate, Expression, RE2Gates
from strongroom.errors import LimitExceededError, PolicyInvalidError


def test_offsets_are_in_characters() -> None:
    found = RE2Engine([Expression(r"\d{3}")]).candidates("ä€𝄞123 ß456")
    assert found == [Candidate(3, 6, 0), Candidate(8, 11, 0)]


def test_a_group_that_takes_part_is_the_value() -> None:
    found = RE2Engine([Expression(r"a=(?:'(\d+)'|(\d+))")]).candidates("a='1' a=22")
    assert found == [Candidate(3, 4, 0), Candidate(8, 10, 0)]


def test_a_lone_surrogate_is_text_like_any_other() -> None:
    assert RE2Engine([Expression(r"\d{3}")]).candidates("\ud800 123\udfff") == [Candidate(2, 5, 0)]


def test_text_beyond_the_limit_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_port, "TEXT_CHARS_MAX", 8)
    small = RE2Engine([Expression("x")])
    assert small.candidates("x" * 8)
    with pytest.raises(LimitExceededError, match="9 characters"):
        small.candidates("x" * 9)


@pytest.mark.parametrize("bad", [Expression("("), Expression("x", gate="(?=x)")])
def test_an_expression_re2_cannot_hold_is_refused(bad: Expression) -> None:
    with pytest.raises(PolicyInvalidError, match="refused by RE2"):
        RE2Engine([bad])


def test_no_expressions_find_nothing() -> None:
    assert RE2Engine([]).candidates("text") == []


def test_an_automaton_without_memory_looks_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    made = RE2Engine([Expression(r"\d{3}", gate="[0-9]"), Expression("zzz")])

    class Exhausted:
        def Match(self, _: bytes) -> None:  # noqa: N802 - RE2's name
            return None

    assert isinstance(made._gates, RE2Gates)
    for _, gate in made._gates._sets:
        monkeypatch.setattr(gate, "_set", Exhausted())
    assert made.candidates("a 123") == [Candidate(2, 5, 0)]


def test_a_gate_keeps_its_expression_from_running() -> None:
    gated = RE2Engine([Expression(r"\d{3}", gate="key")])
    assert gated.candidates("123 " * 10) == []
    assert gated.scanned_bytes == 40


def test_a_near_expression_counts_only_around_its_word() -> None:
    near = RE2Engine([Expression(r"\d{5}", gate="key", near=48)])
    far = "." * (engine_port.CHAR_BYTES * 48 + engine_port.AFTER_BYTES)
    assert near.candidates("12345 " + far + "key 23456 " + far + " 34567") == [
        Candidate(len(far) + 10, len(far) + 15, 0)
    ]
    beyond_window = "key" + " " * (windows.WINDOW_BYTES - 5) + "\n12345"
    assert near.candidates(beyond_window) == []
    next_window = "w " * (windows.WINDOW_BYTES // 2 - 4) + "key:\n12345"
    assert len(near.candidates(next_window)) == 1


def test_what_is_near_a_word_is_not_cut_in_two() -> None:
    near = RE2Engine([Expression(r"\b\w{300,}\d\b", gate="key", near=8)])
    text = "key " + "v" * 900 + "1 end"
    assert near.candidates(text) == [Candidate(4, 905, 0)]


def test_neighbourhoods_that_touch_are_run_once() -> None:
    near = RE2Engine([Expression(r"\d{5}", gate="key", near=48)])
    assert near.candidates("key 12345 " * 40) == [Candidate(10 * n + 4, 10 * n + 9, 0) for n in range(40)]
    assert near.scanned_bytes == 2 * 400


def test_only_a_multiline_expression_crosses_lines() -> None:
    long = "a" + "\n" * 4000 + "b"
    across = RE2Engine([Expression(r"a\s+b", gate="a", multiline=True), Expression(r"a\s+b")])
    assert across.candidates(long) == [Candidate(0, len(long), 0)]


def test_a_value_is_found_wherever_a_window_ends(classifier: Classifier) -> None:
    iban = "DE89 3704 0044 0532 0130 00"
    for before in range(windows.WINDOW_BYTES - len(iban) - 4, windows.WINDOW_BYTES + 8):
        text = "w " * (before // 2) + "w" * (before % 2) + " " + iban + " und mehr" * 300
        spans = classifier.spans(text)
        assert [(s.kind, text[s.start : s.end]) for s in spans] == [("IBAN", iban)], before


def test_a_key_longer_than_a_window_is_found_whole(classifier: Classifier) -> None:
    header, body = "eyJhbGciOiJIUzI1NiJ9", "eyJ" + "aB3" * 2000
    text = "token " + f"{header}.{body}.{'c' * 43}" + " end"
    assert [(s.kind, s.start, s.end) for s in classifier.spans(text)] == [("JWT", 6, len(text) - 4)]


def test_the_same_text_gives_the_same_answer_from_a_used_engine(classifier: Classifier) -> None:
    text = "card 4111 1111 1111 1111, mail a.b@example.org, DE89370400440532013000"
    first = classifier.spans(text)
    for junk in ("0123456789" * 500, "key=" * 500, "a.b@c." * 500):
        classifier.spans(junk)
    assert classifier.spans(text) == first
    assert len(first) == 3


def test_gates_match_wherever_their_expression_does(classifier: Classifier) -> None:
    for entity in classifier.catalogue.types.values():
        for rule in entity.patterns:
            if not rule.gate:
                continue
            gate, regex = re2.compile(rule.gate), re2.compile(rule.regex)
            for example in entity.examples:
                if (found := regex.search(example)) is not None:
                    assert gate.search(found.group()), (entity.kind, example)


def test_with_digits_asked_for_a_match_without_any_does_not_count() -> None:
    asked = RE2Engine([Expression(r"\b\w{4}\b", digits=True)])
    assert asked.candidates("word w0rd " * 2) == [Candidate(5, 9, 0), Candidate(15, 19, 0)]
    before = asked.scanned_bytes
    assert asked.candidates("words without any number") == []
    assert asked.scanned_bytes == before + len("words without any number")
