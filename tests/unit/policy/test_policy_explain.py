"""Denials say what was nearest and which attribute would have to differ; they never say a value."""

from collections.abc import Callable
from typing import Any

import pytest

from strongroom.policy import Policy, Question

Ask = Callable[..., Question]
OPEN = 'action == Strongroom::Action::"open"'


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        (
            {"sink": "message.text"},
            "agent-detokenizes-at-sink: label CARD does not list sink message.text",
        ),
        ({"sink": ""}, "agent-detokenizes-at-sink: label CARD does not list sink (none)"),
        (
            {"level": 3, "clearance": 2},
            "agent-detokenizes-at-sink: label CARD has level 3, above the principal's clearance 2",
        ),
        ({"roles": ("auditor",)}, "agent-detokenizes-at-sink: the principal does not have role agent"),
        (
            {"sink": "tool", "sinks": ("tool",), "level": 3, "clearance": 2},
            "agent-detokenizes-at-sink: label CARD has level 3, above the principal's clearance 2",
        ),
        ({"sink": "tool", "sinks": ("user",)}, "agent-detokenizes-at-sink: label CARD does not list sink tool"),
        (
            {"action": "manage_key"},
            "key-administration: the principal has none of the roles admin, security-officer",
        ),
        ({"action": "show", "kind": ""}, "agent-shows-internal: label financial has level 2, above 1"),
        ({"tenant": "globex"}, "tenant-wall forbids it: the data belongs to another tenant than the principal"),
        ({"environment": "test"}, "environment-wall forbids it: the data belongs to another environment"),
        ({"suspended": True}, "suspended forbids it: principal.suspended holds"),
        (
            {"category": "credentials"},
            'credentials-stay-inside forbids it: resource.category == "credentials" holds',
        ),
    ],
)
def test_the_shipped_bundle_explains_itself(
    change: dict[str, Any], nearest: str, ask: Ask, shipped: Policy
) -> None:
    assert shipped.decide(ask(**change)).nearest == nearest


def permit(rest: str, name: str = "a", who: str = "principal", what: str = "resource") -> str:
    return f'@id("{name}") permit ({who}, {OPEN}, {what}) {rest};'


def forbid(rest: str) -> str:
    return f'@id("a") forbid (principal, {OPEN}, resource) {rest};'


FAR = permit(
    'when { context.purpose == "a" && context.purpose == "b" && context.purpose == "c" && resource.level > 7 }',
    name="far",
)
OWN = {
    "": "no policy permits open",
    forbid(""): "a forbids it: it has no conditions",
    permit('when { context.purpose == "x" }'): 'a: context.purpose == "x" does not hold',
    permit('unless { context.purpose == "support" }'): 'a: context.purpose == "support" holds',
    permit('unless { resource.level > 5 || context.sink == "user" || resource.kind == "CARD" }'): (
        'a: context.sink == "user" holds; resource.kind == "CARD" holds'
    ),
    permit('when { context.sink == "tool" }'): "a: the sink is user, not tool",
    permit("", who='principal == Strongroom::Principal::"other"'): (
        "a: the principal is not the one the policy is about"
    ),
    permit("", who='principal is Strongroom::Principal in Strongroom::Role::"boss"'): (
        "a: the principal does not have role boss"
    ),
    permit("", what='resource == Strongroom::Data::"x"'): "a: the resource is not the one the policy is about",
    permit('when { principal in Strongroom::Role::"boss" }'): "a: the principal has none of the roles boss",
    permit('when { principal in [Strongroom::Principal::"other"] }'): (
        'a: principal in [Strongroom::Principal::"other"] does not hold'
    ),
    FAR + permit('when { resource.level > 6 && context.sink == "user" }', name="near"): (
        "near: resource.level > 6 does not hold"
    ),
    FAR: (
        'far: context.purpose == "a" does not hold; context.purpose == "b" does not hold;'
        ' context.purpose == "c" does not hold; and 1 more'
    ),
    permit("", name="all")
    + forbid('when { resource.level >= 1 && resource.kind == "CARD" } unless { context.purpose == "audit" }'): (
        'a forbids it: resource.level >= 1 holds; resource.kind == "CARD" holds;'
        ' context.purpose == "audit" does not hold'
    ),
    '@id("a") permit (principal, action == Strongroom::Action::"seal", resource);': "no policy permits open",
}


@pytest.mark.parametrize(("policy", "nearest"), OWN.items())
def test_bundles_of_ones_own_are_explained(policy: str, nearest: str, ask: Ask) -> None:
    assert Policy.load(policy).decide(ask("open")).nearest == nearest


def test_no_explanation_names_a_subject(ask: Ask) -> None:
    policy = Policy.load(f'@id("a") permit (principal, {OPEN}, resource) when {{ resource.subject == "" }};')
    decision = policy.decide(ask("open", subject="cust-812"))
    assert not decision.allowed
    assert "cust-812" not in decision.nearest


def test_the_second_denial_parses_nothing_anew(ask: Ask) -> None:
    policy = Policy.load(f'@id("a") permit (principal, {OPEN}, resource) when {{ context.purpose == "x" }};')
    policy.decide(ask("open"))
    probes = policy._slices["open"].explainer._probes
    policy.decide(ask("open", purpose="y"))
    assert policy._slices["open"].explainer._probes is probes
