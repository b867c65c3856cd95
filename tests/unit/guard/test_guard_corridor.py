"""The corridor: policy, intent, permit, outcome, in that order, and nothing without the log."""

import pytest

from strongroom.errors import AccessDeniedError, AuditUnavailableError, DecryptionError
from strongroom.guard.corridor import failure_code
from strongroom.identity import Caller, Principal
from strongroom.label import Label, Level
from strongroom.permit import OPENING

BOT = Caller(Principal("bot", "acme", "prod"), purpose="test")
PII = Label("pii", Level.CONFIDENTIAL, kind="EMAIL", sinks=frozenset({"user"}))


def test_intent_comes_before_the_act_and_the_outcome_after(room, events):
    with room.house.guard.corridor(BOT, "open", PII, resource="o") as permit:
        assert events()[-1][:2] == ("open", "intent")
        assert permit.resource == "o"
    assert events()[-1][:4] == ("open", "outcome", "", "ok")


def test_a_failure_inside_is_the_outcome(room, events):
    with pytest.raises(DecryptionError), room.house.guard.corridor(BOT, "open", PII):
        raise DecryptionError("commitment")
    assert events()[-1][3] == "decryption:commitment"


def test_a_denial_is_recorded_and_nothing_is_minted(room, events):
    stranger = Caller(Principal("x", "acme", "prod", roles=("guest",)))
    with pytest.raises(AccessDeniedError) as denied:
        room.house.guard.authorize(stranger, "open", PII)
    assert events()[-1][:2] == ("open", "denied")
    assert denied.value.nearest


def test_the_permit_is_good_for_what_was_asked_and_carries_the_policy(room):
    guard = room.house.guard
    permit = guard.authorize(BOT, "open", PII)
    assert permit.policy_version == guard.policy_version
    assert guard.is_fresh(permit)
    guard._office.require(permit, OPENING, tenant="acme", environment="prod", category="pii")


def test_without_a_log_nothing_is_opened(room):
    room.house.audit.close()
    with pytest.raises(AuditUnavailableError), room.house.guard.corridor(BOT, "open", PII):
        pytest.fail("the block ran without a log")


def test_management_waits_for_the_disk(room, monkeypatch):
    waited = []
    append = type(room.house.audit).append

    def watch(self, event, *, durable):
        waited.append((event.action, event.phase, durable))
        return append(self, event, durable=durable)

    monkeypatch.setattr(type(room.house.audit), "append", watch)
    room.keys.create("acme/prod/pii")
    room.session("bot", tenant="acme", environment="prod").tokenize("a@example.org")
    assert ("manage_key", "intent", True) in waited
    assert ("manage_key", "outcome", True) in waited
    assert ("tokenize", "outcome", False) in waited


def test_an_alarm_is_on_record(room, events):
    room.house.guard.alarm(BOT, "detokenize", PII, sink_name="mail.to", result="unknown_surrogate")
    assert events()[-1][:4] == ("detokenize", "alarm", "mail.to", "unknown_surrogate")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DecryptionError("tag"), "decryption:tag"),
        (AccessDeniedError("no"), "access_denied"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_failure_codes_carry_no_text(error, code):
    assert failure_code(error) == code
