"""What is undone, one disguise at a time; what is left alone; and what is reported as not inspected."""

from __future__ import annotations

import base64

import pytest

from strongroom.classify import Classifier, KnownValues
from strongroom.classify.engine_port import TEXT_CHARS_MAX
from strongroom.classify.plain import Reason, plain_form, readings
from strongroom.errors import LimitExceededError

MAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
ARABIC = "\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661"
DASHED = CARD.replace(" ", "\u2013")
WRAPPED = base64.b64encode(MAIL.encode()).decode()
FOLDED = base64.encodebytes(b"x" * 50 + f" {MAIL} ".encode() + b"y" * 50).decode()


@pytest.mark.parametrize(
    ("text", "kind", "place", "reading"),
    [
        ("no 41\u200b11 1111 1111 1111!", "CARD", "41\u200b11 1111 1111 1111", CARD),
        ("card " + ARABIC, "CARD", ARABIC, CARD),
        (DASHED, "CARD", DASHED, CARD.replace(" ", "-")),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ok", "CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4111111111111111"),
        ("4111  1111  1111\t1111 ok", "CARD", "4111  1111  1111\t1111", CARD),
        ("card 4111 1111\n1111 1111 ok", "CARD", "4111 1111\n1111 1111", CARD),
        ("> DE89 3704 0044\r\n> 0532 0130 00.", "IBAN", "DE89 3704 0044\r\n> 0532 0130 00", None),
        ("41l1 1111 1111 11I1", "CARD", "41l1 1111 1111 11I1", CARD),
        ("411\u041e 1111", None, "", None),
        ("x 4111 1111 1111 \u04601111", None, "", None),
        ("write anna%2Eschmidt%40example.org now", "EMAIL", "anna%2Eschmidt%40example.org", MAIL),
        ("&#97;nna.schmidt&commat;example.org &amp; co", "EMAIL", "&#97;nna.schmidt&commat;example.org", MAIL),
        ("anna.sch=\nmidt@exam=\r\nple.org", "EMAIL", "anna.sch=\nmidt@exam=\r\nple.org", MAIL),
        ("Basic " + WRAPPED, "EMAIL", WRAPPED, MAIL),
        ("is " + MAIL.encode().hex() + ".", "EMAIL", MAIL.encode().hex(), MAIL),
        ("mail:\n" + FOLDED, "EMAIL", FOLDED.rstrip(), MAIL),
    ],
)  # fmt: skip
def test_a_disguise_comes_off(
    classifier: Classifier, text: str, kind: str | None, place: str, reading: str | None
) -> None:
    spans = [span for span in classifier.spans(text) if span.kind in {"CARD", "IBAN", "EMAIL"}]
    if kind is None:
        assert spans == []
        return
    assert [(span.kind, text[span.start : span.end]) for span in spans] == [(kind, place)]
    assert spans[0].reading == reading or reading is None
    assert any("disguise" in reason for reason in spans[0].reasons)
    assert not any(MAIL in reason or CARD in reason for reason in spans[0].reasons)


@pytest.mark.parametrize(
    "text",
    [
        "plain text with a number 42, a date 2024-05-01 and a name",
        "grüße aus köln \u2013 „schön“ … ½ Liter für 3 €",
        "Привет, мир! Москва 2024",
        "/usr/local/lib/python3.11/site-packages/strongroom/classify/plain/readings.py",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
        "550e8400-e29b-41d4-a716-446655440000",
        "for x in range(10):\n    total = total + x\n",
        "2024-05-01 12:00:01 took 80\n2024-05-01 12:00:02 took 81\n",
    ],
)
def test_ordinary_text_gives_no_finding_it_had_not(classifier: Classifier, text: str) -> None:
    plain, gaps = readings(text)
    assert gaps == ()
    assert not any(reading.place(0, len(reading.text)).wrapping for reading in plain)


def test_the_wrapping_is_named_and_covered_whole(classifier: Classifier) -> None:
    inner = base64.b64encode(f"write to {MAIL.replace('@', '%40')} soon".encode()).decode()
    text = f"data={inner}&z=1"
    (span,) = classifier.spans(text)
    assert (span.kind, span.reading, span.wrapping) == ("EMAIL", MAIL, "base64+percent")
    assert text[span.start : span.end] == inner


def test_the_most_sensitive_of_several_in_one_wrapping_gives_its_kind(classifier: Classifier) -> None:
    text = base64.b64encode(f"see https://example.org/x or card {CARD}".encode()).decode()
    (span,) = classifier.spans(text)
    assert (span.kind, span.start, span.end) == ("CARD", 0, len(text))


def test_known_values_are_kept_in_plain_form() -> None:
    known = KnownValues()
    known.add("PERSON", "Jo\u0308rg\u00a0Mu\u0308ller", "s1")
    assert [span.subject for span in known.spans("for Jörg Müller")] == ["s1"]
    assert known.subject_of("PERSON", "J\u00f6rg Müller") == "s1"
    assert plain_form("M\udcfcller") == "Müller"
    assert plain_form("M\u00c3\u00bcller") == "Müller"


@pytest.mark.parametrize(
    ("text", "reason", "refused"),
    [
        ("a" * (TEXT_CHARS_MAX + 1), Reason.TOO_LONG, True),
        ("\x00\x01\x02\x03PK", Reason.BINARY, True),
        ("%" + "25" * 4 + "41", Reason.TOO_DEEP, True),
        (base64.b64encode(bytes(range(256)) * 4).decode(), Reason.OPAQUE, False),
    ],
)
def test_what_is_not_inspected_is_said(
    classifier: Classifier, text: str, reason: Reason, *, refused: bool
) -> None:
    _, gaps = classifier.inspect(text)
    assert {(gap.reason, gap.reason.refused) for gap in gaps} == {(reason, refused)}


def test_text_beyond_the_bound_raises_where_only_spans_are_asked_for(classifier: Classifier) -> None:
    with pytest.raises(LimitExceededError, match="at most"):
        classifier.spans("a" * (TEXT_CHARS_MAX + 1))


@pytest.mark.parametrize(
    "piece",
    ["%41", "&#65;", "QUJD", "4 1 ", "\u200b1", "=\n", "|l1", "\u04101", "1\n1", "../-_", "\\u0041", "....."],
)
def test_hostile_repetition_costs_time_in_proportion(piece: str) -> None:
    made = [len(reading.text) for reading in readings(piece * 20_000).readings]
    assert sum(made) <= 10 * len(piece) * 20_000
