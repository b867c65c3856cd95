"""Write docs/reference/catalogue.md from the catalogue that ships.

Run it with `python tools/make_catalogue_reference.py`; a test fails when the page is not what this makes.

Must never: say anything about a type that its YAML does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strongroom.classify import Catalogue, EntityType

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "catalogue.md"
NOTE = "<!-- made by tools/make_catalogue_reference.py from what ships; run it after a change -->"
HEAD = "| kind | what | level | surrogate | found by | check | sinks | fields |"
FIELDS_SHOWN = 4
TITLES = {
    "pii": "Personal",
    "financial": "Financial",
    "health": "Health",
    "credentials": "Credentials",
    "business": "Business",
}


def page(catalogue: Catalogue) -> str:
    """The whole page."""
    types = list(catalogue.types.values())
    rules = sum(len(entity.patterns) for entity in types)
    patterned = sum(bool(entity.patterns) for entity in types)
    lines = [
        NOTE,
        "# Catalogue",
        "",
        f"{len(types)} entity types, {patterned} of them with patterns ({rules} in all);",
        "the others are known by their fields. How the tiers work: [detection](../explanation/detection.md).",
        "",
        "Level: 0 public, 1 internal, 2 confidential, 3 restricted. *Found by*: **p** a pattern alone, **c** a",
        "pattern beside a word that names it, **f** a field name. *Check*: what must agree before a candidate",
        "counts. Sinks: where a value may be put back; none means never.",
        "",
        "Files of the same form add types of your own.",
        "",
    ]
    for category in dict.fromkeys(entity.category for entity in types):
        lines += [
            f"## {TITLES[category]}",
            "",
            "| kind | what | level | surrogate | found by | check | sinks | fields |",
        ]
        lines.append("|---|---|---|---|---|---|---|---|")
        lines += [_row(entity) for entity in types if entity.category == category]
        lines.append("")
    return "\n".join(lines)


def _row(entity: EntityType) -> str:
    cells = (
        f"`{entity.kind}`",
        entity.title,
        str(int(entity.level)),
        f"`{entity.prefix}_…`",
        " ".join(_found_by(entity)),
        ", ".join(dict.fromkeys(f"`{rule.validator}`" for rule in entity.patterns if rule.validator)),
        ", ".join(f"`{sink}`" for sink in sorted(entity.sinks)) or "none",
        _fields(entity),
    )
    return f"| {' | '.join(cells)} |"


def _found_by(entity: EntityType) -> Iterator[str]:
    if any(rule.score >= 0.5 for rule in entity.patterns):  # noqa: PLR2004 - the classifier's threshold
        yield "p"
    if any(rule.score < 0.5 for rule in entity.patterns):  # noqa: PLR2004 - as above
        yield "c"
    if entity.fields:
        yield "f"


def _fields(entity: EntityType) -> str:
    shown = [f"`{name.removeprefix('=')}`" for name in entity.fields[:FIELDS_SHOWN]]
    more = len(entity.fields) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(Catalogue.load()), encoding="utf-8")
    print(f"wrote docs/reference/{PAGE.name}")
