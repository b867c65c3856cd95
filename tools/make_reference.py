"""Write docs/reference/{cli,settings,errors}.md from the program itself.

Run it with `make reference`; tests/test_docs.py fails when a page is not what this makes.

Must never: describe anything the program does not say about itself; a poor page is mended in the source.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from strongroom import errors
from strongroom.cli.exits import exit_code
from strongroom.cli.main import app
from strongroom.settings import Settings

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- made by tools/make_reference.py from the program itself; run `make reference` after a change -->\n"
CLI_TOP = """\
# Commands

Every command ends with 0 when it did what it was asked, 1 when a check failed, 2 for a mistake in the command
line, a setting or the keyfile, 3 when the answer is no, 4 when something does not verify, 5 when a backend cannot
serve, 130 after Ctrl-C (except `up`, which drains and ends with 0). With `--json`, errors are one JSON object on
standard error.
"""
SETTINGS_TOP = """\
# Settings

Read from `strongroom.toml` (in `--home`, or where `--config` says), then from the environment, then from flags;
later ones win. Nested names are tables in the file (`[limits]`) and two underscores in the environment.
"""
ERRORS_TOP = """\
# Errors

Every failure Strongroom reports on purpose is one of these classes of `strongroom.errors`. `code` is stable; the
message is for people and never carries a value. The exit code is that of a command that ends with it.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, as ``("strongroom keys list", command)``, in the order of the table."""
    pending = [("strongroom", typer.main.get_command(app))]
    while pending:
        path, command = pending.pop(0)
        below = getattr(command, "commands", None)
        if below is None:
            yield path, command
        else:
            pending = [(f"{path} {name}", item) for name, item in below.items()] + pending


def error_classes() -> list[type[errors.StrongroomError]]:
    """The tree in the order of the source."""
    found = [item for item in vars(errors).values() if inspect.isclass(item)]
    return [item for item in found if issubclass(item, errors.StrongroomError)]


def setting_names() -> Iterator[tuple[str, Any]]:
    """Every setting by its dotted name, with its field; a nested model is one level of dots."""
    pending: list[tuple[str, Any]] = list(Settings.model_fields.items())
    while pending:
        name, field = pending.pop(0)
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            pending = [
                (f"{name}.{inner}", item) for inner, item in field.annotation.model_fields.items()
            ] + pending
        else:
            yield name, field


def cli_page() -> str:
    """One heading per command: what it does, its arguments and options, an example."""
    parts = [NOTE, CLI_TOP]
    for path, command in commands():
        parts += [f"## `{path}`\n", inspect.cleandoc(command.help or "") + "\n"]
        if command.epilog:
            parts.append(f"{command.epilog.replace('Example: ', 'Example: `', 1)}`\n")
        context = typer.Context(command, info_name=path)
        rows = [record for param in command.params if (record := param.get_help_record(context))]
        if rows:
            parts.append("| | |\n|---|---|")
            parts += [f"| `{_cell(names)}` | {_cell(told)} |" for names, told in rows]
            parts.append("")
    return "\n".join(parts)


def settings_page() -> str:
    """One heading per setting: meaning, type, default, and its name in the environment."""
    parts = [NOTE, SETTINGS_TOP]
    for name, field in setting_names():
        variable = "STRONGROOM_" + name.replace(".", "__").upper()
        parts += [
            f"## `{name}`\n",
            f"{field.description}\n",
            f"- type: {_type(field.annotation)}\n- default: {_default(field)}\n- environment: `{variable}`\n",
        ]
    return "\n".join(parts)


def errors_page() -> str:
    """One heading per class: when it is raised, its code, the exit code of a command, what to do next."""
    parts = [NOTE, ERRORS_TOP]
    for kind in error_classes():
        parent = kind.__mro__[1].__name__
        parts += [
            f"## `{kind.__name__}`\n",
            inspect.cleandoc(kind.__doc__ or "") + "\n",
            f"- code: `{kind.code}`\n- exit code: {exit_code(kind)}\n- is a: `{parent}`",
        ]
        if kind.hint:
            parts.append(f"- next step: {kind.hint}")
        parts.append("")
    return "\n".join(parts)


PAGES = {"cli.md": cli_page, "settings.md": settings_page, "errors.md": errors_page}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _type(annotation: Any) -> str:
    """A person's words for an annotation: choices are spelled out, modules are dropped."""
    choices = get_args(annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return " or ".join(f"`{choice}`" for choice in choices)
    if NoneType in choices:
        return " or ".join(_type(choice) for choice in choices if choice is not NoneType) + ", or nothing"
    return f"`{annotation.__name__ if inspect.isclass(annotation) and not choices else annotation}`".replace(
        "pathlib.", ""
    )


def _default(field: Any) -> str:
    if field.default is PydanticUndefined:
        made = field.default_factory() if field.default_factory else None
        return "none" if made is None or made == {} else f"`{made}`"
    return "none" if field.default in (None, ()) else f"`{field.default}`"


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for page, make in PAGES.items():
        (REFERENCE / page).write_text(make(), encoding="utf-8")
        print(f"docs/reference/{page}")
