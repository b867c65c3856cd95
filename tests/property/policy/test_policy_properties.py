"""Default deny, and a forbid wins, whatever is asked and whatever else the bundle says."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.identity import Principal
from strongroom.label import Label, Level
from strongroom.policy import Policy, Question
from strongroom.policy.bundle import actions_of
from strongroom.policy.engine import schema_text

ACTIONS = sorted(actions_of(schema_text()))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
ROLES = st.lists(st.sampled_from(["agent", "admin", "security-officer", "dpo", "auditor", 'x"; y']), max_size=4)
SINKS = st.sampled_from(["", "user", "tool", "message.text", "payment.card", '"quoted"'])

QUESTIONS = st.builds(
    Question,
    principal=st.builds(Principal, NAMES, NAMES, NAMES, roles=ROLES.map(tuple), clearance=st.integers(0, 3)),
    action=st.sampled_from(ACTIONS),
    label=st.builds(
        Label, NAMES, st.sampled_from(Level), kind=st.sampled_from(["", "EMAIL", "CARD"]), subject=st.just(""),
        source=st.text(max_size=3), sinks=st.frozensets(SINKS),
    ),
    sink=SINKS,
    purpose=st.text(max_size=5),
    address=st.sampled_from(["127.0.0.1", "2001:db8::1", "", "somewhere"]),
    tenant=st.one_of(st.just(""), NAMES),
    environment=st.one_of(st.just(""), NAMES),
    suspended=st.booleans(),
)  # fmt: skip

EMPTY = Policy.load("")
FORBIDDING = Policy.load(Policy.load().text + '\n@id("stop") forbid (principal, action, resource);')
EVERYTHING = Policy.load('@id("all") permit (principal, action, resource);')
SHIPPED = Policy.load()


@given(QUESTIONS)
def test_without_any_policy_everything_is_denied(question: Question) -> None:
    decision = EMPTY.decide(question)
    assert (decision.allowed, decision.policies) == (False, ())


@given(QUESTIONS)
def test_a_forbid_wins(question: Question) -> None:
    decision = FORBIDDING.decide(question)
    assert not decision.allowed
    assert "stop" in decision.policies


@given(QUESTIONS)
def test_an_allowing_bundle_allows_so_the_others_are_not_denied_by_accident(question: Question) -> None:
    assert EVERYTHING.decide(question).policies == ("all",)


@given(QUESTIONS)
def test_the_walls_hold_and_every_answer_has_a_reason(question: Question) -> None:
    decision = SHIPPED.decide(question)
    principal = question.principal
    inside = (question.tenant or principal.tenant) == principal.tenant and (
        question.environment or principal.environment
    ) == principal.environment
    if decision.allowed:
        assert inside
        assert not question.suspended
    assert bool(decision.policies) if decision.allowed else bool(decision.nearest)
    assert SHIPPED.decide(question) == decision
