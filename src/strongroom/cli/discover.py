"""`strongroom discover`: what a recorded task shows, and what to configure before the first real one.

Must never: print a value of the recording, or change the settings by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from strongroom.cli import options, render

SETTINGS = "strongroom.proposed.toml"
TYPES = "types.proposed.yaml"


def discover(
    tasks: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Recorded tasks: request bodies or lists of messages, as JSON or one per line (.jsonl).",
            exists=True,
            dir_okay=False,
        ),
    ],
    write: Annotated[
        Path | None,
        typer.Option("--write", help="Write the proposals as files into this directory.", file_okay=False),
    ] = None,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Walk a representative task and propose how to declare its tools, fields and labels.

    Nothing is changed: read the proposals, correct them, and put them into strongroom.toml yourself.
    """
    from dataclasses import asdict

    from strongroom.classify.discovery_files import settings_toml, types_yaml

    with options.opened_room(home, keyfile, config, root=root) as room:
        found = room.discover([task for path in tasks for task in _read(path)])
        labels = {kind: room.catalogue.type_of(kind) for kind in _kinds(found)}
    proposals = {SETTINGS: settings_toml(found), TYPES: types_yaml(found)}
    written = _write(write, proposals) if write is not None else []
    if as_json:
        render.emit_json(asdict(found) | {"proposals": proposals, "written": [str(path) for path in written]})
        return
    render.emit_table(
        ("field", "values", "kind", "known by", "category", "level"),
        (
            (
                item.name,
                item.values,
                item.kind or item.proposed,
                item.by,
                *_label(labels, item.kind),
            )
            for item in found.fields
        ),
        empty="No tool result held fields.",
    )
    render.emit_table(
        ("tool", "parameter", "calls", "held", "declared", "suggested sink"),
        (
            (item.tool, item.parameter, item.calls, ", ".join(item.kinds), item.declared, item.suggested)
            for item in found.parameters
        ),
        empty="No tool was called.",
    )
    render.emit_table(
        ("text of", "kind", "count", "category", "level"),
        ((item.origin, item.kind, item.count, *_label(labels, item.kind)) for item in found.texts),
        empty="Nothing was found in free text.",
    )
    if write is None:
        for name, text in proposals.items():
            if text:
                render.emit_text(f"\n--- {name}\n{text}")
    for path in written:
        render.emit_text(f"Wrote {path}")


def _read(path: Path) -> list[Any]:
    import orjson

    from strongroom.errors import ConfigurationError

    raw = path.read_bytes()
    lines = [line for line in raw.splitlines() if line.strip()] if path.suffix == ".jsonl" else [raw]
    try:
        return [orjson.loads(line) for line in lines]
    except orjson.JSONDecodeError as error:
        msg = f"{path.name}: not JSON"
        raise ConfigurationError(msg) from error


def _kinds(found: Any) -> set[str]:
    return {item.kind for item in (*found.fields, *found.texts) if item.kind}


def _label(labels: dict[str, Any], kind: str) -> tuple[str, str]:
    return (labels[kind].category, str(int(labels[kind].level))) if kind else ("", "")


def _write(directory: Path, proposals: dict[str, str]) -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    out = []
    for name, text in proposals.items():
        if text:
            (directory / name).write_text(text, encoding="utf-8")
            out.append(directory / name)
    return out


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("discover", epilog="Example: strongroom discover task.json --write proposals")(discover)
