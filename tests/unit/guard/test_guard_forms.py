"""In which form a value reaches the model is policy's: as it is, as a surrogate, redacted, or not at all."""

from pathlib import Path

import pytest

from strongroom.errors import AccessDeniedError
from strongroom.guard.flows import REDACTED
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.policy.engine import default_text

MAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
RULES = """
@id("redacted") permit (principal, action == Strongroom::Action::"redact", resource)
when { resource.category == "financial" };
@id("refused") forbid (principal, action == Strongroom::Action::"tokenize", resource)
when { resource.kind == "EMAIL" };
"""


@pytest.fixture
def strict(open_room, tmp_path: Path):
    (tmp_path / "my.cedar").write_text(default_text() + RULES)
    return open_room(policy=tmp_path / "my.cedar")


@pytest.fixture
def session(strict):
    return strict.house.sessions.open(Caller(Principal("bot", "acme", "prod")), conversation="c")


def shown(session, text):
    for change in reversed(session.protect(text)):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def test_what_policy_redacts_leaves_for_good(session, strict):
    assert shown(session, f"card {CARD}.") == "card [CARD REDACTED]."
    assert session.replaced == 1
    assert session.restore("card [CARD REDACTED].", Sink.user()) == "card [CARD REDACTED]."
    session.forward("openai")
    session.finish()
    strict.house.engine.flows.flush()
    forms = {count.flow.form for count in strict.house.engine.flows.read("acme", "prod")}
    assert forms == {REDACTED}


def test_a_number_in_json_is_redacted_as_a_string(session):
    assert shown(session, '{"card_number": 4111111111111111}') == '{"card_number": "[CARD REDACTED]"}'


def test_what_a_redacted_field_taught_is_redacted_in_later_text_too(session):
    assert shown(session, '{"iban": "DE89 3704 0044 0532 0130 00"}') == '{"iban": "[IBAN REDACTED]"}'
    assert shown(session, "from DE89 3704 0044 0532 0130 00") == "from [IBAN REDACTED]"


def test_what_policy_allows_in_no_form_is_refused_before_anything_leaves(session, strict):
    with pytest.raises(AccessDeniedError, match="tokenize of EMAIL was refused") as refused:
        session.protect(f"write to {MAIL}")
    assert refused.value.policies == ("refused",)
    session.finish()
    log = strict.house.audit
    log.flush()
    phases = [log.entry(index)["unmapped"]["phase"] for index in range(log.size)]
    assert phases == ["denied"]


def test_what_the_rules_do_not_name_is_tokenized_or_shown_as_ever(session):
    assert shown(session, "call +49 30 901820").startswith("call PHONE_")
    assert shown(session, "in Berlin") == "in Berlin"
