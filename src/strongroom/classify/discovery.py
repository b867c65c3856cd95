"""Discovery: what a recorded task says about the data an agent meets, as proposals for a person to confirm.

Reads chat messages (OpenAI or Anthropic form): the fields of tool results with the values they held, the tools
called with what stood in their parameters, and what free text held.

Must never: put a proposal into force, or carry a value out; counts, names of fields and kinds are the answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.fields import FieldClassifier, words_of
from strongroom.errors import ConfigurationError

SAMPLES_MAX: Final = 64
"""Values kept per field while a task is read; more say nothing new."""

IDENTIFIER_SHARE: Final = 0.8
"""Share of a field's values that must be short, without spaces and with a digit to look like an identifier."""

_SINKS: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (
        frozenset({"to", "recipient", "recipients", "cc", "bcc", "email", "phone", "empfaenger"}),
        "message.recipient",
    ),
    (frozenset({"subject", "body", "text", "message", "content", "comment", "reply", "betreff"}), "message.text"),
    (frozenset({"query", "q", "search", "question", "suche"}), "search.query"),
    (frozenset({"card", "pan"}), "payment.card"),
    (frozenset({"iban", "account", "konto"}), "payment.account"),
    (frozenset({"path", "file", "filename", "document"}), "document"),
    (frozenset({"id", "key", "number", "customer", "lookup", "name", "nummer"}), "record.lookup"),
)
"""Words of a parameter's name, and the sink kind they suggest: the first that fits."""


@dataclass(frozen=True, slots=True)
class FieldFound:
    """A field of tool results: how many values it held, and the kind its name or its values say it is.

    `by` is ``name``, ``values`` or, where neither says anything, empty; `proposed` is a kind for the catalogue.
    """

    name: str
    values: int
    kind: str = ""
    by: str = ""
    proposed: str = ""


@dataclass(frozen=True, slots=True)
class ParameterFound:
    """A parameter of a tool that was called: what stood in it, and the sink kind its name suggests."""

    tool: str
    parameter: str
    calls: int
    kinds: tuple[str, ...]
    declared: str
    suggested: str


@dataclass(frozen=True, slots=True)
class TextFound:
    """What free text of one origin held of one kind."""

    origin: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything one recorded task showed."""

    fields: tuple[FieldFound, ...] = ()
    parameters: tuple[ParameterFound, ...] = ()
    texts: tuple[TextFound, ...] = ()


@dataclass(slots=True)
class _Seen:
    fields: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    parameters: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    texts: list[tuple[str, str]] = field(default_factory=list)


def discover(
    tasks: Sequence[Any], *, catalogue: Catalogue, classifier: Classifier, fields: FieldClassifier,
    declared: Mapping[str, Mapping[str, str]],
) -> Discovery:  # fmt: skip
    """What `tasks` (parsed request bodies, or lists of messages) show. `declared` are the tools in the settings.

    Raises `ConfigurationError` when a task holds no messages.
    """
    seen = _Seen()
    for task in tasks:
        for message in _messages(task):
            _read(message, seen)
    found = Counter((origin, span.kind) for origin, text in seen.texts for span in classifier.spans(text))
    return Discovery(
        tuple(_field(name, seen, fields, catalogue) for name in sorted(seen.fields)),
        tuple(
            _parameter(tool, name, values, classifier, declared)
            for (tool, name), values in sorted(seen.parameters.items())
        ),
        tuple(TextFound(origin, kind, count) for (origin, kind), count in sorted(found.items())),
    )


def _messages(task: Any) -> list[Any]:
    found = task.get("messages") if isinstance(task, dict) else task
    if not isinstance(found, list) or not found or not all(isinstance(item, dict) for item in found):
        msg = "a task is a JSON object with messages, or a list of messages"
        raise ConfigurationError(msg)
    head = task.get("system") if isinstance(task, dict) else None
    return ([{"role": "system", "content": head}] if head else []) + found


def _read(message: Mapping[str, Any], seen: _Seen) -> None:
    role = str(message.get("role", "user"))
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            _call(str(function.get("name", "")), _json(function.get("arguments")), seen)
    content = message.get("content")
    if isinstance(content, str):
        _text("tool" if role in ("tool", "function") else role, content, seen)
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind == "tool_use":
            _call(str(block.get("name", "")), block.get("input"), seen)
        elif kind == "tool_result":
            for text in _texts_in(block.get("content")):
                _text("tool", text, seen)
        elif isinstance(block.get("text"), str):
            _text("tool" if role in ("tool", "function") else role, block["text"], seen)


def _texts_in(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (
            block["text"] for block in content if isinstance(block, dict) and isinstance(block.get("text"), str)
        )


def _call(tool: str, arguments: Any, seen: _Seen) -> None:
    for name, value in arguments.items() if isinstance(arguments, dict) else ():
        seen.parameters[tool, str(name)].append(value if isinstance(value, str) else orjson.dumps(value).decode())


def _text(origin: str, text: str, seen: _Seen) -> None:
    parsed = _json(text) if text.lstrip()[:1] in ("{", "[") else None
    if parsed is None:
        seen.texts.append((origin, text))
        return
    for name, value in _leaves(parsed, ""):
        if not name:
            seen.texts.append((origin, value))
            continue
        seen.counts[name] += 1
        if len(seen.fields[name]) < SAMPLES_MAX:
            seen.fields[name].append(value)


def _leaves(node: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, str(key))
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, name)
    elif node is not None and not isinstance(node, bool):
        yield name, str(node)


def _json(text: Any) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return None


def _field(name: str, seen: _Seen, fields: FieldClassifier, catalogue: Catalogue) -> FieldFound:
    values, count = seen.fields[name], seen.counts[name]
    by_name = fields.span(name, values[0])
    kind = fields.kind_of(name, values) or ""
    if kind:
        return FieldFound(name, count, kind, "name" if by_name is not None else "values")
    proposed = "_".join(words_of(name)).upper()
    looks = sum(" " not in value and len(value) <= 40 and any(c.isdigit() for c in value) for value in values)  # noqa: PLR2004
    telling = {"id", "no", "nr", "number", "code", "ref", "reference", "key"} & set(words_of(name))
    if (
        telling
        and looks >= IDENTIFIER_SHARE * len(values)
        and proposed.isascii()
        and proposed not in catalogue.types
    ):
        return FieldFound(name, count, proposed=proposed[:32])
    return FieldFound(name, count)


def _parameter(
    tool: str, name: str, values: Sequence[str], classifier: Classifier, declared: Mapping[str, Mapping[str, str]]
) -> ParameterFound:
    kinds = Counter(span.kind for value in values for span in classifier.spans(value))
    known = declared.get(tool, {}).get(name, "")
    words = set(words_of(name))
    suggested = next((sink for hints, sink in _SINKS if hints & words), "")
    return ParameterFound(tool, name, len(values), tuple(sorted(kinds)), known, "" if known else suggested)
