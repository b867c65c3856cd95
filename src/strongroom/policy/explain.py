"""Explains a denial: which rule came nearest to saying yes, and which attribute would have to differ.

Theory: every policy is taken apart into its conditions (its scope, and each side of every top-level ``&&``).
Each condition becomes a policy of its own, so that one more question to the engine tells which of them hold.
The permit with the fewest failing conditions is the near miss; with a forbid in the way, that is the reason.

Must never: say more than labels, roles, sinks and the policy's own text; there is no value in any of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cedarpy import Entities, PolicySet, is_authorized, policies_from_json_str

from strongroom.policy.bundle import Rule
from strongroom.policy.question import Question

REASONS_MAX = 3
"""Missing conditions that are spelled out; a rule that misses more was hardly meant."""

Form = Mapping[str, Any]

_ALL = {"op": "All"}
_HIGHEST = re.compile(r"resource\.level <= ([0-9]+)")
_SINK_IS = re.compile(r'context\.sink == "([^"]*)"')
_PLAIN = re.compile(r"(?<![\w.])\(([a-z]+(?:\.\w+)*)\)")


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition of a rule. `wanted` is what it must evaluate to for the rule to apply."""

    name: str
    rule: Rule
    wanted: bool
    scope: str = ""  # "principal" or "resource" when the condition is the rule's scope
    body: Form | None = None

    def probe(self) -> Form:
        scopes = {"principal": _ALL, "action": _ALL, "resource": _ALL}
        if self.scope:
            scopes[self.scope] = self.rule.form[self.scope]
        conditions = [{"kind": "when", "body": self.body}] if self.body is not None else []
        return {"effect": "permit", **scopes, "conditions": conditions}


class Explainer:
    """Explains denials of one action. Built with the bundle; its policy set is parsed at the first denial."""

    def __init__(self, action: str, rules: list[Rule]) -> None:
        self._action = action
        self._rules = rules
        self._conditions = {rule.id: list(_conditions(rule)) for rule in rules}
        self._probes: PolicySet | None = None

    def nearest(
        self, question: Question, request: dict[str, Any], entities: Entities, forbids: frozenset[str]
    ) -> str:
        """One line for a person: the forbids that decided, or the nearest permit and what it misses."""
        holding = self._holding(request, entities)
        lines = [
            f"{rule.id} forbids it: {self._why_forbidden(rule, question, holding)}"
            for rule in self._rules
            if rule.id in forbids
        ]
        if lines:
            return "; ".join(lines)
        permits = [
            (self._missing(rule, holding), rule)
            for rule in self._rules
            if rule.permits and self._conditions[rule.id]
        ]
        if not permits:
            return f"no policy permits {self._action}"
        missing, rule = min(permits, key=lambda item: len(item[0]))
        said = [_miss(condition, question) for condition in missing[:REASONS_MAX]]
        more = f"; and {len(missing) - REASONS_MAX} more" if len(missing) > REASONS_MAX else ""
        return f"{rule.id}: {'; '.join(said)}{more}"

    def _holding(self, request: dict[str, Any], entities: Entities) -> frozenset[str]:
        if self._probes is None:
            static = {
                condition.name: condition.probe()
                for conditions in self._conditions.values()
                for condition in conditions
            }
            form = {"templates": {}, "staticPolicies": static, "templateLinks": []}
            self._probes = PolicySet.from_json_str(json.dumps(form))
        return frozenset(is_authorized(request, self._probes, entities).diagnostics.reasons)

    def _missing(self, rule: Rule, holding: frozenset[str]) -> list[_Condition]:
        return [item for item in self._conditions[rule.id] if (item.name in holding) != item.wanted]

    def _why_forbidden(self, rule: Rule, question: Question, holding: frozenset[str]) -> str:
        conditions = [item for item in self._conditions[rule.id] if not item.scope]
        if not conditions:
            return "it has no conditions"
        said = [
            f"{_text(item.body)} holds" if item.name in holding else _miss(item, question) for item in conditions
        ]
        return "; ".join(said[:REASONS_MAX])


def _conditions(rule: Rule) -> Iterator[_Condition]:
    number = 0
    for scope in ("principal", "resource"):
        if rule.form[scope]["op"] != "All":
            yield _Condition(f"{rule.id}#{number}", rule, wanted=True, scope=scope)
            number += 1
    for clause in rule.form["conditions"]:
        wanted = clause["kind"] == "when"
        # `when` needs every side of an `&&`; `unless` needs that no side of an `||` holds.
        for part in _parts(clause["body"], "&&" if wanted else "||"):
            yield _Condition(f"{rule.id}#{number}", rule, wanted=wanted, body=part)
            number += 1


def _parts(body: Form, operator: str) -> Iterator[Form]:
    if operator in body:
        yield from _parts(body[operator]["left"], operator)
        yield from _parts(body[operator]["right"], operator)
    else:
        yield body


def _miss(condition: _Condition, question: Question) -> str:
    """Why a condition is not as the rule wants it, in words where the words are known."""
    if condition.scope:
        return _scope_miss(condition.scope, condition.rule.form[condition.scope])
    body = condition.body or {}
    if not condition.wanted and condition.rule.permits:
        return f"{_text(body)} holds"
    return _known(_text(body), question) or _roles_miss(body) or f"{_text(body)} does not hold"


def _known(text: str, question: Question) -> str:
    label, principal = question.label, question.principal
    what = f"label {label.kind or label.category}"
    sink = question.sink or "(none)"
    if highest := _HIGHEST.fullmatch(text):
        return f"{what} has level {int(label.level)}, above {highest[1]}"
    if wanted := _SINK_IS.fullmatch(text):
        return f"the sink is {sink}, not {wanted[1]}"
    return {
        "resource.sinks.contains(context.sink)": f"{what} does not list sink {sink}",
        "resource.level <= principal.clearance": (
            f"{what} has level {int(label.level)}, above the principal's clearance {principal.clearance}"
        ),
        "principal.tenant == resource.tenant": "the data belongs to another tenant than the principal",
        "principal.environment == resource.environment": "the data belongs to another environment",
    }.get(text, "")


def _roles_miss(body: Form) -> str:
    inside = body.get("in", {})
    if inside.get("left") != {"Var": "principal"}:
        return ""
    right = inside["right"]
    entities = [item.get("Value", {}).get("__entity") for item in right.get("Set", [right])]
    names = [entity["id"] for entity in entities if entity and entity["type"].endswith("::Role")]
    return f"the principal has none of the roles {', '.join(names)}" if names else ""


def _scope_miss(scope: str, form: Form) -> str:
    entity = form.get("entity") or form.get("in", {}).get("entity")  # `in Role`, or `is Principal in Role`
    if scope == "principal" and entity and entity["type"].endswith("::Role"):
        return f"the principal does not have role {entity['id']}"
    return f"the {scope} is not the one the policy is about"


def _text(body: Form | None) -> str:
    """A condition as Cedar text, without the engine's extra parentheses around simple parts."""
    conditions = [{"kind": "when", "body": body}]
    form = {"effect": "permit", "principal": _ALL, "action": _ALL, "resource": _ALL, "conditions": conditions}
    bundle = {"templates": {}, "staticPolicies": {"policy": form}, "templateLinks": []}
    text = policies_from_json_str(json.dumps(bundle))
    inner = text[text.index("{") + 1 : text.rindex("}")].strip()
    return _unwrapped(inner)


def _unwrapped(text: str) -> str:
    """``(resource.level) <= 1`` reads better without the parentheses the engine puts around plain paths."""
    out = text
    while (simpler := _PLAIN.sub(r"\1", out)) != out:
        out = simpler
    return out
