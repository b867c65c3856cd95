"""docs/reference/policy.md and docs/howto/write-a-policy.md say what the files say."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.policy import Policy, Question
from strongroom.policy.bundle import actions_of, read_rules
from strongroom.policy.engine import ADMINISTRATIVE, _schema, schema_text

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "policy.md").read_text(encoding="utf-8")
HOWTO = (DOCS / "howto" / "write-a-policy.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    section = REFERENCE.split(heading, 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "").replace("\\", "") for cell in row] for row in rows[2:]]


def test_every_action_is_explained_with_its_resource() -> None:
    rows = {row[0]: row[1] for row in table("## Actions")}
    assert set(rows) == actions_of(schema_text())
    assert {action for action, resource in rows.items() if resource == "Realm"} == ADMINISTRATIVE


def test_every_attribute_is_explained() -> None:
    documented = {(row[0], row[1], row[2]) for row in table("## What a policy can ask about") if len(row) == 4}
    declared = set()
    for entity, body in re.findall(r"entity (\w+)[^{;]*\{(.*?)\};", schema_text(), re.DOTALL):
        declared |= {(entity, name, kind) for name, kind in re.findall(r"(\w+\??): (\S+?),?\n", body)}
    assert documented == declared


def test_the_context_is_explained() -> None:
    section = REFERENCE.split("The context of every question:", 1)[1].split("\n## ", 1)[0]
    documented = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
    situation = schema_text().split("type Situation", 1)[1].split("};", 1)[0]
    assert documented == set(re.findall(r"(\w+)\??: ", situation))


def test_the_shipped_bundle_is_explained_policy_by_policy(shipped: Policy) -> None:
    rules = read_rules(shipped.text, _schema(), schema_text(), source="shipped")
    rows = [(row[0], row[1], row[2]) for row in table("## The shipped bundle")]
    assert rows == [
        (
            rule.id,
            "permit" if rule.permits else "forbid",
            "every action"
            if rule.actions is None
            else ", ".join(sorted(rule.actions, key=row_order(rule.id, rows))),
        )
        for rule in rules
    ]


def row_order(name: str, rows: list[tuple[str, str, str]]) -> Callable[[str], int]:
    listed = next((row[2].split(", ") for row in rows if row[0] == name), [])
    return lambda action: listed.index(action) if action in listed else len(listed)


def test_the_roles_of_the_bundle_are_named(shipped: Policy) -> None:
    for role in set(re.findall(r'Role::"([a-z-]+)"', shipped.text)):
        assert f"`{role}`" in REFERENCE


def test_the_explanations_shown_are_the_ones_given(ask: Callable[..., Question], shipped: Policy) -> None:
    shown = REFERENCE.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    given = [
        shipped.decide(ask(sink="message.text")).nearest,
        shipped.decide(ask(level=3, clearance=2)).nearest,
        shipped.decide(ask("manage_key")).nearest,
        shipped.decide(ask(tenant="globex")).nearest,
    ]
    assert shown == given


@pytest.mark.parametrize("snippet", re.findall(r"```cedar\n(.*?)```", HOWTO, re.DOTALL))
def test_the_snippets_load_on_top_of_the_shipped_bundle(snippet: str, shipped: Policy) -> None:
    assert len(Policy.load(shipped.text + snippet).rules) > len(shipped.rules)


def test_the_snippets_do_what_they_say(ask: Callable[..., Question], shipped: Policy) -> None:
    mine = Policy.load(shipped.text + "".join(re.findall(r"```cedar\n(.*?)```", HOWTO, re.DOTALL)))
    inside = {"address": "10.0.0.9", "category": "pii"}
    assert mine.decide(ask(roles=("support",), **inside)).policies == ("support-answers",)
    assert mine.decide(ask(roles=("support",), category="pii", address="192.0.2.1")).policies == ("office-only",)
    assert mine.decide(ask("open", category="health")).policies == ("health-needs-a-purpose",)
    assert mine.decide(ask("open", category="health", purpose="treatment")).allowed


def test_the_error_shown_is_the_one_given() -> None:
    shown = HOWTO.split("```text\nmy.cedar:12:38: ", 1)[1].split("\n", 1)[0]
    text = '@id("x") permit (principal, action == Strongroom::Action::"detokenise", resource);'
    with pytest.raises(Exception, match=re.escape(shown)):
        Policy.load(text)
