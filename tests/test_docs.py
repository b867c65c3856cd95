"""Documentation is part of the program: a heading for everything public, links that resolve, snippets that run.

Every ```python and ```bash block of the README and the tutorials is run, in order, in a home of its own, unless
the line above it says `<!-- not run: why -->`.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from strongroom import errors

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
RUNNABLE = [ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").glob("*.md"))]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SNIPPETS_S = 240
"""Seconds for all snippets of one page; the first run makes keys on purpose slowly."""

BLOCK = re.compile(
    r"(?P<mark><!-- not run: .+? -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _load_reference_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "tools" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = _load_reference_maker()


def headings(text: str) -> list[str]:
    return [line.lstrip("#").strip() for line in FENCED.sub("", text).splitlines() if line.startswith("#")]


def missing_headings(text: str, names: Iterable[str]) -> list[str]:
    present = set(headings(text))
    return [name for name in names if f"`{name}`" not in present]


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(page: Path, text: str) -> Iterator[str]:
    for match in LINK.finditer(FENCED.sub("", text)):
        target, _, fragment = match["target"].partition("#")
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists():
            yield f"{match['target']}: no such file"
        elif fragment and fragment not in {anchor(item) for item in headings(file.read_text(encoding="utf-8"))}:
            yield f"{match['target']}: no such heading"


def snippets(text: str, language: str) -> list[str]:
    return [block["code"] for block in BLOCK.finditer(text) if block["language"] == language and not block["mark"]]


def _run(command: list[str], script: str, home: Path) -> subprocess.CompletedProcess[str]:
    inherited = dict(os.environ)  # the child gets ours, less what would configure the room
    environment = {
        name: value for name, value in inherited.items() if not name.startswith(("STRONGROOM_", "XDG_"))
    }
    environment |= {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"}
    return subprocess.run(
        command,
        input=script,
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SNIPPETS_S,
        check=False,
    )


@pytest.mark.parametrize("page", ["cli.md", "settings.md", "errors.md"])
def test_generated_reference_is_current(page: str) -> None:
    assert (REFERENCE / page).read_text(encoding="utf-8") == MAKER.PAGES[page](), "run `make reference`"


def test_every_command_has_a_heading_an_example_and_help_for_each_parameter() -> None:
    commands = list(MAKER.commands())
    assert len(commands) > 10
    assert missing_headings((REFERENCE / "cli.md").read_text(), (path for path, _ in commands)) == []
    for path, command in commands:
        assert command.help, path
        assert (command.epilog or "").startswith("Example: strongroom "), f"{path} teaches no example"
        assert [item.name for item in command.params if not item.help] == [], path
        assert any("--json" in item.opts for item in command.params), f"{path} has no --json"


def test_every_setting_has_a_heading_and_a_description() -> None:
    settings = dict(MAKER.setting_names())
    assert missing_headings((REFERENCE / "settings.md").read_text(), settings) == []
    assert [name for name, field in settings.items() if not field.description] == []


def test_every_error_has_a_heading_and_a_code_of_its_own() -> None:
    kinds = MAKER.error_classes()
    assert missing_headings((REFERENCE / "errors.md").read_text(), (kind.__name__ for kind in kinds)) == []
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(issubclass(kind, errors.StrongroomError) and kind.__doc__ for kind in kinds)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    assert list(broken_links(page, page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_python_snippets_run(page: Path, tmp_path: Path) -> None:
    code = snippets(page.read_text(encoding="utf-8"), "python")
    if code:
        done = _run([sys.executable, "-W", "error", "-"], "\n".join(code), tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_bash_snippets_run(page: Path, tmp_path: Path) -> None:
    code = snippets(page.read_text(encoding="utf-8"), "bash")
    if code:
        done = _run(["bash", "-euo", "pipefail", "-s"], "\n".join(code), tmp_path)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_there_is_something_to_run() -> None:
    assert snippets((ROOT / "README.md").read_text(encoding="utf-8"), "python")
    assert any(snippets(page.read_text(encoding="utf-8"), "bash") for page in RUNNABLE)


def test_these_tests_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[gone](gone.md) [wrong](#there) [right](#here) [web](https://example.org)\n")
    assert list(broken_links(page, page.read_text())) == ["gone.md: no such file", "#there: no such heading"]
    assert missing_headings("## `a`\n\n```bash\n# `b`\n```\n", ["a", "b"]) == ["b"]
    text = "```python\na\n```\n\n<!-- not run: needs a provider -->\n```python\nb\n```\n\n```bash\nc\n```\n"
    assert snippets(text, "python") == ["a\n"]
    assert snippets(text, "bash") == ["c\n"]
    assert _run(["bash", "-euo", "pipefail", "-s"], "false\ntrue\n", tmp_path).returncode == 1
