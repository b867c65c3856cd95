"""`strongroom classify explain TYPE`: what an entity type is, what finds it, what speaks for and against it.

Must never: need a store; the catalogue and the settings that name further files are all it reads.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strongroom.cli import options, render

if TYPE_CHECKING:
    from strongroom.classify import Catalogue, EntityType, PatternRule

Kind = Annotated[
    str | None,
    typer.Argument(metavar="[TYPE]", help="The type, such as IBAN; when left out, all."),
]


def explain(
    kind: Kind = None,
    home: options.Home = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Say what an entity type is: category, level, sinks, retention, and every rule that finds it.

    A rule proposes by its pattern, its check confirms, words nearby raise or lower its score; what stays below the
    threshold of its category is not reported. Types of your own (the setting `catalogue`) are explained as well.
    """
    from strongroom.classify import Catalogue
    from strongroom.settings import load_settings

    catalogue = Catalogue.load(load_settings(config, home=home).catalogue)
    if kind is None:
        rows = [_line(entity) for entity in catalogue.types.values()]
        if as_json:
            render.emit_json(rows)
        else:
            render.emit_table(tuple(rows[0]), (tuple(row.values()) for row in rows), empty="")
        return
    told = explained(catalogue, catalogue.type_of(kind.upper()))
    if as_json:
        render.emit_json(told)
    else:
        sys.stdout.write(_text(told))


def explained(catalogue: Catalogue, entity: EntityType) -> dict[str, Any]:
    """Everything the catalogue says of `entity`, as plain values."""
    return {
        "kind": entity.kind,
        "title": entity.title,
        "category": entity.category,
        "level": int(entity.level),
        "threshold": catalogue.thresholds[entity.category],
        "surrogate": f"{entity.prefix}_…",
        "style": entity.style,
        "retention_days": entity.kept_days,
        "sinks": sorted(entity.sinks),
        "fields": [name.removeprefix("=") for name in entity.fields],
        "rules": [_rule(rule) for rule in entity.patterns],
        "examples": [_unmarked(example) for example in entity.examples],
        "counter_examples": list(entity.counter_examples),
    }


def _line(entity: EntityType) -> dict[str, Any]:
    found_by = [*(["patterns"] if entity.patterns else []), *(["fields"] if entity.fields else [])]
    return {
        "kind": entity.kind,
        "category": entity.category,
        "level": int(entity.level),
        "found by": ", ".join(found_by),
        "title": entity.title,
    }


def _rule(rule: PatternRule) -> dict[str, Any]:
    return {
        "pattern": rule.regex,
        "score": rule.score,
        "check": rule.validator,
        "words_for": list(rule.context),
        "words_against": list(rule.against),
        "reach": rule.reach,
    }


def _unmarked(example: str) -> str:
    return example.replace("«", "").replace("»", "")


def _text(told: dict[str, Any]) -> str:
    lines = [
        f"{told['kind']}: {told['title']}",
        f"  category    {told['category']}, level {told['level']}, reported from a score of {told['threshold']}",
        f"  surrogate   {told['surrogate']} ({told['style']}), kept {told['retention_days']} days",
        f"  sinks       {', '.join(told['sinks']) or 'none: it is restored nowhere'}",
    ]
    if told["fields"]:
        lines.append(f"  fields      {', '.join(told['fields'])}")
    for number, rule in enumerate(told["rules"], start=1):
        lines += [f"  rule {number}      score {rule['score']}", f"    pattern   {rule['pattern']}"]
        if rule["check"]:
            lines.append(f"    check     {rule['check']}")
        if rule["words_for"]:
            lines.append(f"    for it    {', '.join(rule['words_for'])} (within {rule['reach']} characters)")
        if rule["words_against"]:
            lines.append(f"    against   {', '.join(rule['words_against'])}")
    for title, key in (("taken", "examples"), ("left", "counter_examples")):
        lines += [f"  {title:<11} {example!r}" for example in told[key]]
    return "\n".join(lines) + "\n"


def register(group: typer.Typer) -> None:
    """Add the command to the group."""
    group.command("explain", epilog="Example: strongroom classify explain IBAN")(explain)
