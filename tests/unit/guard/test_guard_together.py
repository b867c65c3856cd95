"""What a conversation knows joins a name and its part, and what stands together is protected as what it says."""

import json

from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink

ROW = json.dumps({"name": "Anna Kowalski", "note": "spoke to Kowalski, then to KOWALSKI again"})


def shown(session, text, **how):
    for change in reversed(session.protect(text, **how)):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def test_a_part_of_a_name_met_in_this_conversation_is_that_person(session):
    safe = json.loads(shown(session, ROW, origin=Origin.TOOL))
    name = safe["name"]
    assert safe["note"] == f"spoke to {name}, then to {name} again"
    later = shown(session, "Then Kowalski called.")
    assert later == f"Then {name} called."
    assert session.restore(later, Sink.user()) == "Then Anna Kowalski called."


def test_another_conversation_knows_nothing_of_it(session, opened):
    shown(session, ROW, origin=Origin.TOOL)
    assert "Kowalski" in shown(opened("c2"), "Ask Mrskowalski; Kowalskis; nobody")


def test_a_part_of_two_names_is_protected_and_nobody_s(session):
    rows = json.dumps([{"name": "Anna Kowalski"}, {"name": "Jan Kowalski"}])
    anna, jan = (row["name"] for row in json.loads(shown(session, rows, origin=Origin.TOOL)))
    safe = shown(session, "Then Kowalski called.")
    assert "Kowalski" not in safe
    assert anna not in safe
    assert jan not in safe
    assert session.restore(safe, Sink.user()) == "Then Kowalski called."


def test_the_same_history_gives_the_same_bytes(opened):
    turns = [ROW, "Then Kowalski called.", "Anna Kowalski again.", "And Anna."]
    first = [shown(one, turn) for one in [opened("c1")] for turn in turns]
    again = [shown(one, turn) for one in [opened("c1")] for turn in turns]
    assert first == again


def test_what_points_to_one_person_together_is_not_shown(session):
    alone = json.dumps({"zip": "10969", "gender": "female"})
    assert json.loads(shown(session, alone, origin=Origin.TOOL)) == json.loads(alone)
    assert session.reasons == set()
    together = json.loads(
        shown(session, json.dumps({"zip": "10969", "gender": "female", "age": 41}), origin=Origin.TOOL)
    )
    assert together["zip"].startswith("POSTCODE_")
    assert together["gender"].startswith("GENDER_")
    assert isinstance(together["age"], str)
    assert session.reasons == {"together they point to one person: birth date or age, place and sex"}
