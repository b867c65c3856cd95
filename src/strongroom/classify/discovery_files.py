"""Proposals as files a person reads, changes and puts in force: settings in TOML, entity types in YAML.

Must never: write a value, or a name that could break out of its quotes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import orjson

from strongroom.classify.discovery import Discovery, FieldFound, ParameterFound

HEAD = "# proposed from a recorded task; read every line before you use it\n"


def settings_toml(found: Discovery) -> str:
    """The tools that were called and are not declared, as ``[tools.NAME]`` tables; empty when there are none."""
    tools: dict[str, list[ParameterFound]] = defaultdict(list)
    for item in found.parameters:
        if not item.declared:
            tools[item.tool].append(item)
    if not tools:
        return ""
    return HEAD + "".join(f"\n[tools.{_quoted(tool)}]\n{_lines(items)}" for tool, items in tools.items())


def _lines(items: Iterable[ParameterFound]) -> str:
    out = ""
    for item in items:
        seen = f"{', '.join(item.kinds) or 'nothing labelled'} in {item.calls} calls"
        if item.suggested:
            out += f"{_quoted(item.parameter)} = {_quoted(item.suggested)}  # {seen}\n"
        else:
            out += f"# {_quoted(item.parameter)}: no sink suggests itself; {seen}\n"
    return out


def types_yaml(found: Discovery) -> str:
    """Entity types for fields that hold identifiers nobody knows yet; empty when there are none."""
    proposed = [item for item in found.fields if item.proposed]
    if not proposed:
        return ""
    return HEAD + "types:\n" + "".join(_type(item) for item in proposed)


def _type(item: FieldFound) -> str:
    prefix = "".join(char for char in item.proposed if char.isalpha())[:10]
    return (
        f"  - kind: {item.proposed}\n    title: {_quoted(item.name)}\n    category: business\n    level: 1\n"
        f"    prefix: {prefix}\n    sinks: [user, record.lookup]\n    normalizer: casefold\n"
        f"    fields: [{_quoted('=' + item.name)}]\n"
    )


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
