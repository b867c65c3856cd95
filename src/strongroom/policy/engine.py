"""Answers questions with Cedar: default deny, a forbid wins, and every answer names what decided it.

Theory: parsing is what costs in Cedar, so a bundle is parsed once, into one policy set per action; a decision
then builds two small entities and asks. Answers are remembered per distinct question; what a bundle does not
mention (a subject, an address) is left out of the question, so that it does not make questions distinct.

Must never: see a value, or allow when the engine reports any error: Cedar skips a policy that fails to
evaluate, and a skipped forbid would be an open door.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from importlib.metadata import version as installed_version
from importlib.resources import files
from typing import Any

from cedarpy import Entities, PolicySet, Schema, is_authorized

from strongroom.canonical import Json, json_bytes, tuple_bytes
from strongroom.errors import PolicyInvalidError
from strongroom.identity import Principal
from strongroom.label import Label, Level
from strongroom.policy.bundle import ENGINE, Rule, actions_of, read_rules
from strongroom.policy.explain import Explainer
from strongroom.policy.question import Decision, Question
from strongroom.primitives.digest import sha256

__all__ = ["Decision", "Policy", "Question"]

DECISIONS_MAX = 4096
"""Remembered answers: roles, kinds and sinks of a busy process make some hundreds of distinct questions."""

SHIPPED = "the shipped bundle"

ADMINISTRATIVE = frozenset({"manage_key", "erase", "manage_credential", "manage_source", "read_audit"})
"""Actions on a realm; all others are on data."""

_NAMESPACE = "Strongroom"


def schema_text() -> str:
    """The schema, as Cedar text."""
    return (files("strongroom.policy") / "schema.cedarschema").read_text(encoding="utf-8")


def default_text() -> str:
    """The bundle that is in force when no other is named."""
    return (files("strongroom.policy") / "default.cedar").read_text(encoding="utf-8")


class Policy:
    """One bundle, ready to answer. Immutable and safe under threads."""

    def __init__(self, text: str, rules: list[Rule], schema: str) -> None:
        self.text = text
        self.version = sha256(tuple_bytes("strongroom/policy/1", schema, text, installed_version(ENGINE))).hex()
        self.rules = tuple(rule.id for rule in rules)
        self._slices = {action: _Slice(action, rules) for action in sorted(actions_of(schema))}
        words = set(re.findall(r"\w+", text))
        self._asks_subject = "subject" in words
        self._asks_source = "source" in words
        self._asks_address = "address" in words
        self._asks_purpose = "purpose" in words
        self._asks_sink = "sink" in words
        self._remembered = lru_cache(maxsize=DECISIONS_MAX)(self._decide)

    @classmethod
    def load(cls, text: str | None = None, *, source: str = "") -> Policy:
        """Read `text`, or the shipped bundle for None. `source` names it in messages.

        Raises `PolicyInvalidError` saying line and column for a bundle that does not parse, does not validate
        against the schema, has a policy without an id, or is pinned to another engine.
        """
        shipped = schema_text()
        bundle = default_text() if text is None else text
        name = source or (SHIPPED if text is None else "policy")
        return cls(bundle, read_rules(bundle, _schema(), shipped, source=name), shipped)

    def decide(self, question: Question) -> Decision:
        """Answer `question`; the same one is answered from memory."""
        label = question.label
        principal = question.principal
        return self._remembered(
            principal,
            question.action,
            label.category,
            label.level,
            label.kind,
            label.sinks,
            question.sink if self._asks_sink else "",
            question.purpose if self._asks_purpose else "",
            question.address if self._asks_address else "",
            label.subject if self._asks_subject else "",
            label.source if self._asks_source else "",
            question.tenant or principal.tenant,
            question.environment or principal.environment,
            question.suspended,
        )

    def _decide(
        self, principal: Principal, action: str, category: str, level: Level, kind: str, sinks: frozenset[str],
        sink: str, purpose: str, address: str, subject: str, source: str, tenant: str, environment: str,
        suspended: bool,  # noqa: FBT001 - one positional tuple is the cache's key
    ) -> Decision:  # fmt: skip
        rules = self._slices.get(action)
        if rules is None:
            return Decision(
                allowed=False, policies=(), nearest=f"there is no action {action}", version=self.version
            )
        label = Label(category, level, kind, subject, source, sinks)
        question = Question(principal, action, label, sink, purpose, address, tenant, environment, suspended)
        request, entities = _request(question), _entities(question)
        result = is_authorized(request, rules.policies, entities)
        if result.diagnostics.errors:
            nearest = "a policy could not be evaluated, so nothing is allowed"
            return Decision(allowed=False, policies=(), nearest=nearest, version=self.version)
        named = result.diagnostics.id_annotations_by_reason
        policies = tuple(sorted(named[reason] for reason in result.diagnostics.reasons))
        nearest = ""
        if not result.allowed:
            nearest = rules.explainer.nearest(question, request, entities, frozenset(policies))
        return Decision(allowed=result.allowed, policies=policies, nearest=nearest, version=self.version)


class _Slice:
    """The policies that can matter for one action, parsed, and the explainer of their denials."""

    def __init__(self, action: str, rules: list[Rule]) -> None:
        mine = [rule for rule in rules if rule.actions is None or action in rule.actions]
        self.policies = PolicySet.from_str("\n".join(rule.statement.text for rule in mine))
        self.explainer = Explainer(action, mine)


@lru_cache(maxsize=1)
def _schema() -> Schema:
    try:
        return Schema.from_str(schema_text())
    except ValueError as error:
        msg = f"the shipped schema does not parse: {error}"
        raise PolicyInvalidError(msg) from error


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"{_NAMESPACE}::{kind}", "id": name}


def _resource_kind(question: Question) -> str:
    return "Realm" if question.action in ADMINISTRATIVE else "Data"


def _request(question: Question) -> dict[str, Any]:
    context: dict[str, Any] = {"purpose": question.purpose, "sink": question.sink}
    if _is_ip(question.address):
        context["address"] = {"__extn": {"fn": "ip", "arg": question.address}}
    return {
        "principal": _uid("Principal", question.principal.name),
        "action": _uid("Action", question.action),
        "resource": _uid(_resource_kind(question), "asked-about"),
        "context": context,
    }


def _entities(question: Question) -> Entities:
    principal, label = question.principal, question.label
    who: dict[str, Json] = {
        "uid": _uid("Principal", principal.name),
        "attrs": {
            "tenant": principal.tenant,
            "environment": principal.environment,
            "clearance": int(principal.clearance),
            "suspended": question.suspended,
        },
        "parents": [_uid("Role", role) for role in principal.roles],
    }
    attributes: dict[str, Json] = {
        "tenant": question.tenant,
        "environment": question.environment,
        "category": label.category,
    }
    if question.action not in ADMINISTRATIVE:
        attributes |= {
            "level": int(label.level),
            "kind": label.kind,
            "subject": label.subject,
            "source": label.source,
            "sinks": sorted(label.sinks),
        }
    what: dict[str, Json] = {
        "uid": _uid(_resource_kind(question), "asked-about"),
        "attrs": attributes,
        "parents": [],
    }
    return Entities.from_json_str(f"[{json_bytes(who).decode()},{json_bytes(what).decode()}]")


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
