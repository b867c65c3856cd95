"""A session shows the model surrogates, restores where policy says, and leaves the rest alone."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.errors import AccessDeniedError, KeyStateError, LimitExceededError
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink, Tools

MAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"


def shown(session, text, **how):
    out: list[str] = []
    done = 0
    for change in session.protect(text, **how):
        assert done <= change.start < change.end
        out += (text[done : change.start], change.text)
        done = change.end
    return "".join(out) + text[done:]


def test_what_the_model_sees_has_no_value_and_the_user_gets_them_back(session):
    text = f"Write to {MAIL} about card {CARD}, thanks. ☃"
    safe = shown(session, text)
    assert MAIL not in safe
    assert CARD not in safe
    assert safe.endswith(", thanks. ☃")
    assert session.restore(safe, Sink.user()) == text


def test_the_same_value_has_the_same_surrogate_in_one_conversation_and_another_elsewhere(opened):
    first, again, other = (shown(opened(name), MAIL) for name in ("c1", "c1", "c2"))
    assert first == again != other


def test_two_principals_do_not_share_a_conversation_of_the_same_name(opened):
    from strongroom.identity import Caller, Principal

    mine = shown(opened("c"), MAIL)
    other = opened("c", Caller(Principal("other", "acme", "prod")))
    assert other.restore(mine, Sink.user()) == mine
    assert opened("c").restore(mine, Sink.user()) == MAIL


def test_another_tenant_never_resolves_it(opened):
    from strongroom.identity import Caller, Principal

    mine = shown(opened("c"), MAIL)
    foreign = opened("c", Caller(Principal("bot", "globex", "prod")))
    assert foreign.restore(mine, Sink.user()) == mine
    assert foreign.refused == 1


def test_public_and_internal_values_stay_as_they_are(session):
    assert shown(session, "see https://example.org/docs and 42") == "see https://example.org/docs and 42"


def test_fields_come_first_and_are_found_in_later_text(session):
    row = json.dumps({"name": "Anna Schmidt", "street": "Lindenweg 5", "card": 4111111111111111, "n": 2})
    safe = json.loads(shown(session, row, origin=Origin.TOOL))
    assert safe["name"].startswith("PERSON_")
    assert safe["card"].startswith("CARD_")
    assert safe["n"] == 2
    assert shown(session, "Dear Anna Schmidt, at lindenweg  5?") not in ("", "Dear Anna Schmidt, at lindenweg  5?")
    assert "Anna" not in shown(session, "Dear ANNA SCHMIDT!")


def test_a_texts_own_fields_are_found_in_its_earlier_strings(session):
    row = '{"note": "call Anna Schmidt", "name": "Anna Schmidt"}'
    safe = json.loads(shown(session, row, origin=Origin.TOOL))
    assert safe["note"] == f"call {safe['name']}"


def test_json_keeps_every_byte_it_need_not_change(session):
    row = '{ "a" : 1.10, "caf\\u00e9":"\\/",  "email":"' + MAIL + '", "t": "x\\n' + MAIL + ' \\u00fc" }'
    safe = shown(session, row, origin=Origin.TOOL)
    surrogate = json.loads(safe)["email"]
    assert safe == row.replace(MAIL, surrogate)


def test_keys_are_inspected_as_text(session):
    safe = json.loads(shown(session, json.dumps({MAIL: 1})))
    assert MAIL not in safe


@pytest.mark.parametrize("text", ["{not json " + MAIL, "[1,", '{"a":1,"a":"' + MAIL + '"}'])
def test_what_only_looks_like_json_is_inspected_as_text(session, text):
    assert MAIL not in shown(session, text)


def test_a_field_outside_json_is_taken_whole(session):
    safe = shown(session, "  Anna Schmidt ", field="name")
    assert safe.startswith("  PERSON_")
    assert safe.endswith(" ")
    assert shown(session, "   ", field="name") == "   "


def test_the_same_history_gives_the_same_bytes_whatever_was_learned_later(opened):
    history = ["Anna Schmidt wrote", '{"name":"Anna Schmidt"}', "so Anna Schmidt it is"]

    def turn(count):
        session = opened("long")
        return [shown(session, text) for text in history[:count]]

    first = turn(1)
    full = turn(3)
    assert full[:1] == first
    assert "Anna" not in full[2]
    assert turn(3) == full


def test_a_remembered_text_is_inspected_again_for_another_clearance_or_purpose(opened, room, monkeypatch):
    from strongroom.identity import Caller, Principal

    calls: list[str] = []
    original = type(room.house.engine.classifier).inspect

    def watched(self, text, *known):
        calls.append(text)
        return original(self, text, *known)

    monkeypatch.setattr(type(room.house.engine.classifier), "inspect", watched)
    for caller in (
        Caller(Principal("bot", "acme", "prod")),
        Caller(Principal("bot", "acme", "prod", clearance=1)),
        Caller(Principal("bot", "acme", "prod"), purpose="marketing"),
        Caller(Principal("bot", "acme", "prod"), address="10.0.0.1"),
    ):
        shown(opened("same", caller), "hello there")
    assert len(calls) == 4


def test_a_remembered_history_is_not_inspected_again(opened, room, monkeypatch):
    texts = [f"mail {MAIL} number {index}" for index in range(5)]
    before = [shown(opened("m"), text) for text in texts]
    calls: list[str] = []
    original = type(room.house.engine.classifier).inspect

    def watched(self, text, *known):
        calls.append(text)
        return original(self, text, *known)

    monkeypatch.setattr(type(room.house.engine.classifier), "inspect", watched)
    again = opened("m")
    assert [shown(again, text) for text in texts] == before
    assert calls == []


# --- towards the client ---------------------------------------------------------------------------


def test_a_card_does_not_go_into_a_mail_but_to_the_payment(session, events):
    surrogate = shown(session, CARD)
    body = session.restore_arguments("send_email", json.dumps({"to": "x", "body": f"card {surrogate}"}))
    assert surrogate in body
    paid = session.restore_arguments("refund_card", json.dumps({"card": surrogate}))
    assert json.loads(paid) == {"card": CARD}
    session.finish()
    denied = [event for event in events() if event[1] == "denied"]
    assert [event[:3] for event in denied] == [("detokenize", "denied", "send_email.body")]
    assert ("detokenize", "outcome", "refund_card.card", "ok", ()) in events()


def test_an_undeclared_tool_gets_nothing(session):
    safe = shown(session, MAIL)
    arguments = json.dumps({"to": safe})
    assert session.restore_arguments("forward", arguments) == arguments


def test_arguments_keep_their_other_bytes_and_get_json_escapes(session):
    value = 'Am "Söhne"-Hof 5\\b'
    safe = shown(session, value, field="street")
    assert safe != value
    arguments = '{ "q":1.10, "body" : "' + safe + '", "é":"\\u00e9" }'
    restored = session.restore_arguments("send_email", arguments)
    assert json.loads(restored)["body"] == value
    assert restored.startswith('{ "q":1.10, "body" : "')
    assert restored.endswith('", "é":"\\u00e9" }')


def test_arguments_that_are_not_json_are_left_alone(session):
    broken = '{"to": "' + shown(session, MAIL)
    assert session.restore_arguments("send_email", broken) == broken


def test_nested_arguments_take_the_sink_of_their_parameter(session):
    safe = shown(session, MAIL)
    restored = session.restore_arguments("send_email", json.dumps({"to": [{"address": safe}]}))
    assert json.loads(restored) == {"to": [{"address": MAIL}]}


def test_an_invented_surrogate_is_left_and_alarmed(session, events):
    text = "EMAIL_0A0A0A0"
    assert session.restore(text, Sink.user()) == text
    assert session.refused == 1
    assert events()[-1][:4] == ("detokenize", "alarm", "user", "unknown_surrogate")


def test_a_surrogate_of_another_conversation_is_alarmed_in_a_tool_call(opened, events):
    foreign = shown(opened("elsewhere"), MAIL)
    here = opened("here")
    arguments = json.dumps({"to": foreign})
    assert here.restore_arguments("send_email", arguments) == arguments
    assert events()[-1][:4] == ("detokenize", "alarm", "send_email.to", "unknown_surrogate")


def test_ordinary_text_of_the_form_raises_no_alarm(session, events):
    before = len(events())
    assert session.restore("ERROR_7A7A7A7", Sink.user()) == "ERROR_7A7A7A7"
    assert (session.refused, len(events())) == (0, before)


def test_a_secret_that_contains_a_look_alike_goes_as_a_whole(session):
    mail = "EMAIL_7KQ2M9X@example.org"
    safe = shown(session, f"to {mail}")
    assert "example.org" not in safe
    assert session.restore(safe, Sink.user()) == f"to {mail}"


def test_look_alikes_in_text_come_back_as_they_were(opened):
    foreign = shown(opened("elsewhere"), MAIL)
    here = opened("here")
    text = f"the code {foreign} is mine"
    safe = shown(here, text)
    assert safe != text
    assert here.restore(safe, Sink.user()) == text


def test_what_the_model_wrote_keeps_its_surrogates(session):
    safe = shown(session, f"mail {MAIL}")
    assert shown(session, safe, origin=Origin.MODEL) == safe


def test_streams_restore_like_whole_texts(session):
    safe = shown(session, f"mail {MAIL} now")
    restorer = session.restorer(Sink.user())
    assert "".join(map(restorer.feed, safe)) + restorer.flush() == f"mail {MAIL} now"


def test_credentials_are_shown_to_nobody_and_restored_nowhere(opened, room):
    kinds = [kind for kind in room.catalogue.types.values() if kind.category == "credentials" and kind.examples]
    assert len(kinds) > 10
    for kind in kinds:
        session = opened(kind.kind.lower())
        text = kind.examples[0].replace("«", "").replace("»", "")
        safe = shown(session, text)
        assert safe != text, kind.kind
        assert session.restore(safe, Sink.user()) == safe, kind.kind


def test_forwarding_is_asked_and_on_record(session, events):
    session.forward("openai")
    session.finish()
    assert [event[:4] for event in events()[-2:]] == [
        ("forward", "intent", "openai", ""),
        ("forward", "outcome", "openai", "ok"),
    ]


def test_a_guest_forwards_nothing(opened):
    from strongroom.identity import Caller, Principal

    with pytest.raises(AccessDeniedError):
        opened("c", Caller(Principal("x", "acme", "prod", roles=("guest",)))).forward("openai")


def test_two_surrogates_of_a_kind_with_different_labels_are_decided_apart(session, room):
    mail, other = (shown(session, text) for text in (MAIL, "bob@example.org"))
    surrogates = room.house.engine.surrogates
    strict = replace(surrogates.label(session.scope, other), sinks=frozenset({"record.lookup"}))
    permit = room.house.guard.authorize(session.caller, "tokenize", strict)
    bob = "bob@example.org"
    surrogates.issue(session.scope, kind="EMAIL", value=bob, normalized=bob, label=strict, permit=permit)
    assert session.restore(f"{mail} {other}", Sink.user()) == f"{MAIL} {other}"


# --- the corridor -----------------------------------------------------------------------------------


def test_what_was_put_away_is_on_record_once_per_category(session, events):
    before = len(events())
    shown(session, f"{MAIL} and bob@example.org")
    shown(session, "carol@example.org")
    session.finish()
    session.finish()
    assert [event[:2] for event in events()[before:]] == [("tokenize", "outcome")]


def test_what_was_put_away_is_counted_with_the_request_before_it_leaves(session, room):
    shown(session, f"{MAIL} and {CARD}")
    session.forward("openai")
    log = room.house.audit
    log.flush()
    entry = log.entry(log.size - 1)["unmapped"]
    assert (entry["phase"], entry["count"], entry["sink"]) == ("intent", 2, "openai")
    session.finish()
    log.flush()
    assert log.entry(log.size - 1)["unmapped"]["phase"] == "outcome"
    assert "tokenize" not in {log.entry(index)["metadata"]["event_code"] for index in range(log.size)}


def test_one_intent_and_one_outcome_for_what_came_back(session, events):
    safe = shown(session, f"{MAIL} and bob@example.org")
    session.finish()
    before = len(events())
    session.restore(safe, Sink.user())
    session.restore(safe, Sink.user())
    session.finish()
    assert [event[:2] for event in events()[before:]] == [("detokenize", "intent"), ("detokenize", "outcome")]


def test_a_permit_that_is_about_to_expire_is_renewed(session, room, monkeypatch):
    guard = room.house.guard
    monkeypatch.setattr(type(guard), "is_fresh", lambda self, permit: False)
    safe = shown(session, f"{MAIL} and bob@example.org")
    assert session.restore(safe, Sink.user()) == f"{MAIL} and bob@example.org"


def test_somebody_without_the_role_may_not_tokenize(opened):
    from strongroom.identity import Caller, Principal

    nobody = opened("c", Caller(Principal("x", "acme", "prod", roles=("guest",))))
    with pytest.raises(AccessDeniedError):
        nobody.protect(MAIL)


def test_clearance_bounds_what_comes_back(opened):
    from strongroom.identity import Caller, Principal

    low = Caller(Principal("low", "acme", "prod", clearance=2))
    session = opened("c", low)
    safe = shown(session, f"{MAIL} {CARD}")
    restored = session.restore(safe, Sink.user())
    assert MAIL in restored
    assert CARD not in restored


def test_a_disabled_category_stops_both_directions_at_once(opened, room):
    safe = shown(opened(), MAIL)
    assert opened().restore(safe, Sink.user()) == MAIL
    room.keys.disable("acme/prod/pii")
    assert opened().restore(safe, Sink.user()) == safe
    with pytest.raises(KeyStateError):
        shown(opened(), "someone.new@example.org")
    room.keys.enable("acme/prod/pii")
    assert opened().restore(safe, Sink.user()) == MAIL


def test_text_beyond_the_bound_is_refused_not_skipped(session):
    with pytest.raises(LimitExceededError):
        session.protect("a " * (40 << 20))


def test_empty_text_costs_nothing(session):
    assert session.protect("") == []


def test_sinks_have_names_and_tools_are_checked():
    from strongroom.errors import ConfigurationError

    tools = Tools({"mail": {"to": "message.recipient"}})
    assert tools.sink("mail", "to") == Sink("message.recipient", "mail", "to")
    assert tools.sink("mail", "cc").kind == "tool"
    assert tools.is_declared("mail", "to")
    assert not tools.is_declared("mail", "cc")
    assert (Sink.user().name, tools.sink("mail", "to").name) == ("user", "mail.to")
    with pytest.raises(ConfigurationError, match=r"tools\.mail\.to"):
        Tools({"mail": {"to": "Nonsense Kind"}})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([MAIL, CARD, "bob@example.org", " and ", "\n", "ü☃", "x_Y", "EMAIL_", "{"]), max_size=12
    )
)
def test_protect_then_restore_is_the_identity(opened, pieces):
    text = " ".join(pieces)
    session = opened("property")
    safe = shown(session, text)
    assert MAIL not in safe
    assert session.restore(safe, Sink.user()) == text


def test_decisions_do_not_depend_on_whose_value_it_is(room):
    from strongroom.guard.session import _class_of

    label = room.catalogue.label("EMAIL", subject="cust-1", source="crm")
    assert _class_of(label) == replace(label, subject="", source="")


def test_json_inside_json_is_judged_by_its_fields_and_stays_json(session):
    inner = {
        "name": "Zoë Quistorp",
        "card_number": 4111111111111111,
        "rows": json.dumps([{"email": MAIL, "n": 7}]),
    }
    text = json.dumps({"result": json.dumps(inner)})
    safe = shown(session, text)
    seen = json.loads(json.loads(safe)["result"])
    assert seen["name"].startswith("PERSON_")
    assert seen["card_number"].startswith("CARD_")
    assert json.loads(seen["rows"])[0]["email"].startswith("EMAIL_")
    back = json.loads(json.loads(session.restore(safe, Sink.user()))["result"])
    assert back == {**inner, "card_number": "4111111111111111"}
