"""Disguised values in a session: put away whole, restored exactly, and what was not inspected goes nowhere."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from strongroom.classify.plain import Reason
from strongroom.errors import NotInspectedError
from strongroom.guard.session import Origin, Session
from strongroom.guard.sinks import Sink

MAIL = "anna.schmidt@example.org"
WRAPPED = base64.b64encode(f"to {MAIL}".encode()).decode()
DEEP = "%" + "25" * 4 + "41"
OPAQUE = base64.b64encode(bytes(range(256)) * 4).decode()


def shown(session, text, **how):
    out: list[str] = []
    done = 0
    for change in session.protect(text, **how):
        out += (text[done : change.start], change.text)
        done = change.end
    return "".join(out) + text[done:]


@pytest.mark.parametrize(
    "value",
    [
        "anna.sch\u200bmidt@example.org",
        "anna.schmidt&#64;example.org",
        "anna%2Eschmidt%40example.org",
        WRAPPED,
        f"to {MAIL}".encode().hex(),
        "4111  1111  1111  1111",
        "4111 1111\n1111 1111",
    ],
)
def test_restoring_gives_back_what_was_written(session, value):
    text = f"so: {value} ok"
    safe = shown(session, text)
    assert value not in safe
    assert safe.startswith("so: ")
    assert safe.endswith(" ok")
    assert session.restore(safe, Sink.user()) == text


def test_an_encoded_value_beside_its_plain_form_comes_back_as_it_was(session):
    text = f"{MAIL} is {WRAPPED} and anna%2Eschmidt%40example.org"
    safe = shown(session, text)
    assert len(set(safe.split(" "))) == 5
    assert session.restore(safe, Sink.user()) == text


def test_invisible_characters_do_not_make_another_value_of_it(session):
    first, second = shown(session, MAIL), shown(session, MAIL.replace("@", "\u2060@"))
    assert first == second


def test_a_field_value_is_found_again_in_disguise_and_a_disguised_one_in_plain(session):
    shown(session, '{"name": "Anna Schmidt", "customer_name": "Jo\\u0308rg Mu\\u0308ller"}', origin=Origin.TOOL)
    assert "Schmidt" not in shown(session, "call Anna%20Schmidt or \uff21\uff4e\uff4e\uff41\u00a0Schmidt")
    assert "Müller" not in shown(session, "call Jörg Müller")


@pytest.mark.parametrize(("text", "reason"), [("\x00\x01\x02ab", Reason.BINARY), (DEEP, Reason.TOO_DEEP)])
def test_what_was_not_inspected_is_refused_every_time_and_on_record(opened, events, text, reason):
    for _ in range(2):
        with pytest.raises(NotInspectedError, match=reason.value):
            opened().protect(text)
    alarms = [entry for entry in events() if entry[1] == "alarm"]
    assert [entry[3] for entry in alarms] == [f"not_inspected:{reason.value}"] * 2


def test_what_only_holds_bytes_is_on_record_and_goes_through(opened, events):
    session = opened()
    assert shown(session, f"image {OPAQUE} end").startswith("image ")
    assert session.not_inspected == {Reason.OPAQUE}
    assert [entry[3] for entry in events() if entry[1] == "alarm"] == ["not_inspected:opaque"]


def test_where_nothing_is_refused_it_is_still_on_record(opened, room, events):
    strict = opened()
    lenient = Session(
        replace(room.house.engine, refuse_uninspected=False), strict.caller, strict.scope, strict._state,
        strict._sources, strict._version,
    )  # fmt: skip
    assert shown(lenient, f"{DEEP} {MAIL}").startswith(DEEP)
    assert [entry[3] for entry in events() if entry[1] == "alarm"] == ["not_inspected:too_deep"]


def test_a_repeated_history_costs_only_what_is_new(opened):
    history = [f"turn {number}: " + "words and more words " * 38 for number in range(50)]
    for turn in range(len(history)):
        session = opened("long")
        for text in history[: turn + 1]:
            session.protect(text)
    reuse = session.reuse
    again = replace(reuse)
    session = opened("long")
    for text in history:
        session.protect(text)
    assert sum(map(len, history)) > 40_000
    assert reuse.repeated_chars - again.repeated_chars == reuse.chars - again.chars
    assert again.share > 0.95
