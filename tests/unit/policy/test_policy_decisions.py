"""The shipped bundle as a table: every action, every role, every wall."""

from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.label import Label, Level
from strongroom.policy import Policy, Question
from strongroom.policy.bundle import actions_of
from strongroom.policy.engine import ADMINISTRATIVE, schema_text

Ask = Callable[..., Question]

ROLES = ("agent", "admin", "security-officer", "dpo", "auditor", "visitor")
TABLE = {
    # action: the roles that may, asked with a confidential label that lists the sink
    "tokenize": {"agent": "agent-protects"},
    "seal": {"agent": "agent-protects"},
    "open": {"agent": "agent-opens"},
    "detokenize": {"agent": "agent-detokenizes-at-sink"},
    "show": {},
    "redact": {},
    "forward": {"agent": "agent-forwards"},
    "forward_value": {"agent": "agent-forwards-values-inside"},
    "manage_key": {"admin": "key-administration", "security-officer": "key-administration"},
    "erase": {"admin": "erasure", "dpo": "erasure"},
    "manage_credential": {"admin": "administration"},
    "manage_source": {"admin": "administration"},
    "read_audit": dict.fromkeys(("admin", "security-officer", "dpo", "auditor"), "audit-reading"),
}
ALLOWED = [(action, role) for action, roles in TABLE.items() for role in roles]


def test_the_table_knows_every_action_of_the_schema() -> None:
    assert set(TABLE) == actions_of(schema_text())
    assert set(TABLE) >= ADMINISTRATIVE


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", TABLE)
def test_who_may_what(action: str, role: str, ask: Ask, shipped: Policy) -> None:
    decision = shipped.decide(ask(action, roles=(role,)))
    assert decision.allowed is (role in TABLE[action])
    if decision.allowed:
        assert decision.policies == (TABLE[action][role],)
        assert decision.nearest == ""
    else:
        assert decision.policies == ()
        assert decision.nearest
    assert decision.version == shipped.version


@pytest.mark.parametrize(("action", "role"), ALLOWED)
@pytest.mark.parametrize(
    ("wall", "change"),
    [
        ("tenant-wall", {"tenant": "globex"}),
        ("environment-wall", {"environment": "staging"}),
        ("suspended", {"suspended": True}),
    ],
)
def test_no_role_passes_a_wall(
    wall: str, change: dict[str, str], action: str, role: str, ask: Ask, shipped: Policy
) -> None:
    decision = shipped.decide(ask(action, roles=(role,), **change))
    assert not decision.allowed
    assert decision.policies == (wall,)
    assert wall in decision.nearest


def test_all_roles_together_pass_no_wall(ask: Ask, shipped: Policy) -> None:
    for action in TABLE:
        decision = shipped.decide(ask(action, roles=ROLES, level=0, tenant="globex", environment="staging"))
        assert decision.policies == ("environment-wall", "tenant-wall")


def test_without_a_role_nothing_is_allowed(ask: Ask, shipped: Policy) -> None:
    for action in TABLE:
        assert not shipped.decide(ask(action, roles=(), level=0)).allowed


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("clearance", [0, 1, 2, 3])
@pytest.mark.parametrize("action", ["open", "detokenize"])
def test_clearance(action: str, level: int, clearance: int, ask: Ask, shipped: Policy) -> None:
    assert shipped.decide(ask(action, level=level, clearance=clearance)).allowed is (level <= clearance)


@pytest.mark.parametrize(("level", "shown"), [(0, True), (1, True), (2, False), (3, False)])
def test_the_model_sees_public_and_internal_data(level: int, shown: bool, ask: Ask, shipped: Policy) -> None:  # noqa: FBT001 - a table
    assert shipped.decide(ask("show", level=level)).allowed is shown


@pytest.mark.parametrize(
    ("sink", "allowed"), [("user", True), ("payment.card", True), ("message.text", False), ("", False)]
)
def test_a_value_comes_out_at_its_own_sinks_only(sink: str, allowed: bool, ask: Ask, shipped: Policy) -> None:  # noqa: FBT001 - a table
    assert shipped.decide(ask(sink=sink)).allowed is allowed


@pytest.mark.parametrize(("level", "allowed"), [(0, True), (1, True), (2, False), (3, False)])
def test_an_undeclared_parameter_gets_internal_data_at_most(
    level: int,
    allowed: bool,  # noqa: FBT001 - a table
    ask: Ask,
    shipped: Policy,
) -> None:
    decision = shipped.decide(ask(sink="tool", level=level, sinks=()))
    assert decision.allowed is allowed
    if allowed:
        assert decision.policies == ("agent-detokenizes-undeclared",)
    assert not shipped.decide(ask(sink="tool", level=1, sinks=(), clearance=0)).allowed


@pytest.mark.parametrize("action", ["show", "detokenize", "forward_value"])
def test_credentials_stay_inside(action: str, ask: Ask, shipped: Policy) -> None:
    for level in range(4):
        decision = shipped.decide(ask(action, category="credentials", kind="API_KEY", level=level))
        assert decision.policies == ("credentials-stay-inside",)


def test_provider_keys_are_the_administrators(ask: Ask, shipped: Policy) -> None:
    key = Label("credentials", Level.RESTRICTED, kind="PROVIDER_KEY")
    other = Label("credentials", Level.RESTRICTED, kind="API_KEY")
    for action in ("seal", "open"):
        assert shipped.decide(ask(action, roles=("admin",), label=key)).policies == ("provider-keys",)
        assert not shipped.decide(ask(action, roles=("admin",), label=other)).allowed


@pytest.mark.parametrize("role", [role for role in ROLES if role != "agent"])
def test_nobody_but_agents_meets_data(role: str, ask: Ask, shipped: Policy) -> None:
    for action in sorted(set(TABLE) - ADMINISTRATIVE):
        for level in range(4):
            assert not shipped.decide(ask(action, roles=(role,), level=level, purpose="administration")).allowed


def test_an_action_nobody_knows_is_denied(ask: Ask, shipped: Policy) -> None:
    decision = shipped.decide(ask("fly"))
    assert (decision.allowed, decision.policies) == (False, ())
    assert "fly" in decision.nearest


def test_questions_that_differ_where_the_bundle_does_not_look_are_one(ask: Ask) -> None:
    policy = Policy.load('@id("all") permit (principal, action, resource);')
    first = policy.decide(ask(subject="cust-1", address="10.0.0.1", purpose="a", sink="user"))
    assert policy.decide(ask(subject="cust-2", address="10.0.0.2", purpose="b", sink="tool")) is first
    assert policy.decide(ask(level=3)) is not first


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ('resource.subject == "cust-1"', {"subject": "cust-1"}, {"subject": "cust-2"}),
        ('resource.source == "typed"', {}, {"label": Label("pii", Level.INTERNAL, source="tool")}),
        ('context.purpose == "support"', {}, {"purpose": "fun"}),
        ('context.sink == "user"', {}, {"sink": "tool"}),
        (
            'context has address && context.address.isInRange(ip("10.0.0.0/8"))',
            {"address": "10.1.2.3"},
            {"address": "192.0.2.1"},
        ),
        ("context has address", {"address": "::1"}, {"address": "testclient"}),
    ],
)
def test_what_a_bundle_mentions_is_part_of_the_question(
    condition: str, good: dict[str, str], bad: dict[str, str], ask: Ask
) -> None:
    action = 'action == Strongroom::Action::"open"'
    policy = Policy.load(f'@id("one") permit (principal, {action}, resource) when {{ {condition} }};')
    assert policy.decide(ask("open", **good)).allowed
    assert not policy.decide(ask("open", **bad)).allowed


def test_an_error_in_any_policy_denies(ask: Ask) -> None:
    policy = Policy.load(
        '@id("all") permit (principal, action, resource);'
        '@id("overflow") forbid (principal, action == Strongroom::Action::"open", resource)'
        " when { 9223372036854775807 + resource.level < 0 };"
    )
    assert policy.decide(ask("seal")).allowed
    decision = policy.decide(ask("open"))
    assert (decision.allowed, decision.policies) == (False, ())
    assert "could not be evaluated" in decision.nearest


def test_a_purpose_that_is_not_unicode_is_denied_not_an_error(ask: Ask, shipped: Policy) -> None:
    policy = Policy.load(shipped.text + "// purpose")  # a bundle that mentions it is asked with it
    assert policy.decide(ask()).allowed
    assert not policy.decide(ask(purpose="\ud800")).allowed


def test_the_version_follows_the_text(tmp_path: Path, shipped: Policy) -> None:
    assert Policy.load().version == shipped.version
    assert len(shipped.version) == 64
    assert Policy.load(shipped.text).version == shipped.version
    assert Policy.load(shipped.text + "\n").version != shipped.version


def test_the_memory_of_answers_is_bounded(ask: Ask, shipped: Policy) -> None:
    assert shipped._remembered.cache_info().maxsize == 4096
