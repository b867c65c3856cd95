"""Reads a bundle of Cedar policies: statement by statement, so that every mistake has a line and a column.

The engine says what is wrong but not where, so this room finds the place: a bundle is cut into statements,
the first one that does not parse is parsed again in ever longer pieces, and the token at which the engine
stops asking for more is the one to look at.

Must never: accept a bundle in part. Either every policy parses, validates and has an id of its own, or
`PolicyInvalidError` is raised and nothing was loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import version as installed_version
from typing import Any, NoReturn

from cedarpy import PolicySet, Schema, policies_to_json_str, validate_policies

from strongroom.errors import PolicyInvalidError

BUNDLE_BYTES_MAX = 1 << 18
"""A quarter of a megabyte is several thousand rules; every one costs time in every uncached decision."""

ENGINE = "cedarpy"

_TOKEN = re.compile(
    r"(?P<skip>//[^\n]*|\s+)|\"(?:\\.|[^\"\\])*\"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|::|&&|\|\||[<>=!]=|.", re.DOTALL
)
_PIN = re.compile(r"^//[ \t]*engine:[ \t]*(\S+)[ \t]+(\S+)[ \t]*$", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]*)`")
_LAST_WORD = re.compile(r": @?([A-Za-z_]\w*)$")
_ACTION = re.compile(r"^\s*action ([^{]+?) appliesTo", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_KEYWORDS = frozenset({
    "permit", "forbid", "when", "unless", "principal", "action", "resource", "context", "contains", "containsAll",
    "containsAny", "isInRange", "isLoopback", "like", "has",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy's text and the character offset in the bundle at which its first token stands."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy: its ``@id``, the actions it is about (None: all) and Cedar's own JSON form of it."""

    id: str
    statement: Statement
    actions: frozenset[str] | None
    form: Mapping[str, Any]

    @property
    def permits(self) -> bool:
        """Whether the rule permits; otherwise it forbids."""
        return bool(self.form["effect"] == "permit")


def actions_of(schema_text: str) -> frozenset[str]:
    """The names of the actions a schema declares."""
    return frozenset(name for found in _ACTION.finditer(schema_text) for name in _WORD.findall(found[1]))


def read_rules(text: str, schema: Schema, schema_text: str, *, source: str) -> list[Rule]:
    """The policies of a bundle, in order. Raises `PolicyInvalidError` with ``source:line:column``."""
    if len(text.encode("utf-8", "surrogatepass")) > BUNDLE_BYTES_MAX:
        msg = f"{source}: a bundle has at most {BUNDLE_BYTES_MAX} bytes"
        raise PolicyInvalidError(msg)
    _require_engine(text, source)
    known = "".join(token[0] + " " for token in _tokens(schema_text))
    place = _Place(text, source, frozenset(_WORD.findall(known)) | _KEYWORDS)
    statements = list(_statements(text))
    for statement in statements:
        _require_parses(statement, place)
    _require_valid(text, statements, schema, place)
    return _rules(statements, place)


class _Place:
    """Says where in a bundle something is wrong, and what may have been meant."""

    def __init__(self, text: str, source: str, words: frozenset[str]) -> None:
        self._text = text
        self._source = source
        self._words = words

    def refuse(self, offset: int, problem: str, *, word: str = "") -> NoReturn:
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        near = get_close_matches(word, sorted(self._words), 1) if word not in self._words else []
        meant = f"; did you mean {near[0]}?" if near else ""
        msg = f"{self._source}:{line}:{column}: {problem}{meant}"
        raise PolicyInvalidError(msg)


def _require_engine(text: str, source: str) -> None:
    pin = _PIN.search(text)
    if pin is None:
        return
    here = installed_version(ENGINE)
    wanted = pin[2]
    if pin[1] != ENGINE or not (here == wanted or here.startswith(f"{wanted}.")):
        line = text.count("\n", 0, pin.start()) + 1
        msg = (
            f"{source}:{line}:1: the bundle is written for {pin[1]} {wanted} and this is {ENGINE} {here}; "
            "read the engine's notes on changed meaning, then change the line"
        )
        raise PolicyInvalidError(msg)


def _tokens(text: str, start: int = 0) -> Iterator[re.Match[str]]:
    return (token for token in _TOKEN.finditer(text, start) if token["skip"] is None)


def _statements(text: str) -> Iterator[Statement]:
    """Cut at every semicolon; Cedar has none inside a policy, outside of strings and comments."""
    start: int | None = None
    for token in _tokens(text):
        if start is None:
            start = token.start()
        if token[0] == ";":
            yield Statement(text[start : token.end()], start)
            start = None
    if start is not None:
        yield Statement(text[start:], start)


def _problem(text: str) -> str:
    """What the engine says about one statement; empty when it parses."""
    try:
        PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""


_UNFINISHED = "unexpected end of input"


def _require_parses(statement: Statement, place: _Place) -> None:
    problem = _problem(statement.text)
    if not problem:
        return
    end = statement.start + len(statement.text.rstrip())
    if problem == _UNFINISHED:
        place.refuse(end, "the policy does not end; a semicolon or a bracket is missing")
    named = _QUOTED.search(problem) or _LAST_WORD.search(problem)
    for token in _tokens(statement.text):
        so_far = _problem(statement.text[: token.end()])
        if so_far and so_far != _UNFINISHED and (named is None or token[0].strip('"') in (named[1], "")):
            place.refuse(statement.start + token.start(), problem, word=token[0])
    offset = statement.text.find(named[1]) if named else 0
    place.refuse(statement.start + max(0, offset), problem, word=named[1] if named else "")


def _require_valid(text: str, statements: list[Statement], schema: Schema, place: _Place) -> None:
    result = validate_policies(text, schema)
    for error in result.errors:
        number = re.fullmatch(r"policy(\d+)", error.policy_id)
        statement = statements[int(number[1])] if number else Statement(text, 0)
        problem = str(error.error).removeprefix(f"for policy `{error.policy_id}`, ")
        named = [found for found in _QUOTED.findall(problem) if found in statement.text]
        word = named[0] if named else ""
        offset = statement.text.find(word) if word else 0
        last = (_WORD.findall(word) or [""])[-1]
        place.refuse(statement.start + offset, problem, word=last)


def _rules(statements: list[Statement], place: _Place) -> list[Rule]:
    rules: list[Rule] = []
    seen: set[str] = set()
    for statement in statements:
        form = json.loads(policies_to_json_str(statement.text))
        if form["templates"]:
            place.refuse(
                statement.start, "templates (?principal, ?resource) are not supported; write the policy out"
            )
        (body,) = form["staticPolicies"].values()
        name = body.get("annotations", {}).get("id") or ""
        if not name:
            place.refuse(statement.start, 'every policy needs a name of its own: @id("...")')
        if name in seen:
            place.refuse(statement.start, f"there are two policies named {name}")
        seen.add(name)
        rules.append(Rule(name, statement, _actions(body["action"]), body))
    return rules


def _actions(scope: Mapping[str, Any]) -> frozenset[str] | None:
    if scope["op"] == "All":
        return None
    entities = scope["entities"] if "entities" in scope else [scope["entity"]]
    return frozenset(entity["id"] for entity in entities)
