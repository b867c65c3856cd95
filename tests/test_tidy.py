"""The style guide as a failing test: sizes, names, words and the promises every module makes.

Each rule is a function from a file to its complaints, so that the rule itself is tested on a sample that
breaks it (`SAMPLES`) before it is believed about the tree.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES_MAX = 500
"""Beyond this nobody reads a file as a whole."""
CLI_FILE_LINES_MAX = 200
"""The command line is where good projects grow fat first."""
FUNCTION_LINES_MAX = 70
"""One screen."""
PORT_METHODS_MAX = 6
"""A port with more methods is two ports."""

BANNED_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "common", "core", "base", "manager", "managers", "handler", "handlers"}
    | {"service", "services", "models", "types", "misc"}
)
BANNED_WORDS = re.compile(
    r"\bsecure(ly)?\b|(military|bank)[- ]grade|un(break|hack)able|bulletproof|detects pii",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
ONE_MACHINE = re.compile(r"(?<![\w.$}])/(?:root|work|Users/\w+|home/\w+)/")
LOCK_HOSTS = frozenset({"pypi.org", "files.pythonhosted.org"})

Rule = Callable[[str, str], Iterator[str]]


def _functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def file_is_short(path: str, text: str) -> Iterator[str]:
    limit = CLI_FILE_LINES_MAX if path.startswith("src/strongroom/cli/") else FILE_LINES_MAX
    lines = text.count("\n")
    if lines > limit:
        yield f"{lines} lines, at most {limit}"


def functions_are_short(_: str, text: str) -> Iterator[str]:
    for node in _functions(text):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"


def name_says_something(path: str, _: str) -> Iterator[str]:
    for part in Path(path).with_suffix("").parts:
        if BANNED_NAMES & set(part.lower().split("_")):
            yield f"the name {part!r} says nothing: find the concept"


def promises_are_kept_small(_: str, text: str) -> Iterator[str]:
    for match in BANNED_WORDS.finditer(text):
        yield f"claims {match[0]!r}: say what it does instead"


def nothing_is_left_open(_: str, text: str) -> Iterator[str]:
    for match in UNFINISHED.finditer(text):
        yield f"{match[0]}: finish it, or open an issue"


def docstring_states_the_rule(path: str, text: str) -> Iterator[str]:
    if Path(path).name in {"__init__.py", "__main__.py"}:
        return
    docstring = ast.get_docstring(ast.parse(text)) or ""
    if "must never" not in docstring.lower():
        yield "the module docstring does not say what the module must never do"


def checks_raise(_: str, text: str) -> Iterator[str]:
    for node in _functions(text):
        returns = node.returns.id if isinstance(node.returns, ast.Name) else ""
        if node.name.startswith(("verify_", "require_")) and returns == "bool":
            yield f"{node.name} returns a bool, which a caller can forget: raise"


def ports_are_small(_: str, text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(b, ast.Name) and b.id == "Protocol" for b in node.bases
        ):
            methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            if len(methods) > PORT_METHODS_MAX:
                yield f"port {node.name} has {len(methods)} methods, at most {PORT_METHODS_MAX}"


def runs_on_any_machine(_: str, text: str) -> Iterator[str]:
    for match in ONE_MACHINE.finditer(text):
        yield f"{match[0]}... exists on one machine only"


def lock_names_public_hosts(_: str, text: str) -> Iterator[str]:
    for host in sorted(set(re.findall(r"https?://([^/\"\s]+)", text)) - LOCK_HOSTS):
        yield f"{host} is not a public package host"
    if re.search(r"\bfile:|\bpath = \"[/~]", text):
        yield "names a local file"


CODE = ("src/**/*.py", "tests/**/*.py", "tools/**/*.py", "bench/**/*.py")
PRODUCT = ("src/**/*.py",)
PROSE = ("src/**/*.py", "src/**/*.yaml", "src/**/*.cedar", "docs/**/*.md", "*.md")
EVERYTHING = (*CODE, *PROSE, "Makefile", "pyproject.toml", ".ci/run", "vectors/**/*.json", "uv.lock")

RULES: list[tuple[Rule, tuple[str, ...]]] = [
    (file_is_short, CODE),
    (functions_are_short, CODE),
    (name_says_something, CODE),
    (promises_are_kept_small, PROSE),
    (nothing_is_left_open, (*CODE, *PROSE)),
    (docstring_states_the_rule, PRODUCT),
    (checks_raise, PRODUCT),
    (ports_are_small, PRODUCT),
    (runs_on_any_machine, EVERYTHING),
    (lock_names_public_hosts, ("uv.lock",)),
]

SAMPLES: dict[Rule, tuple[str, str]] = {
    file_is_short: ("src/strongroom/cli/keys.py", "x = 1\n" * (CLI_FILE_LINES_MAX + 1)),
    functions_are_short: ("a.py", "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX),
    name_says_something: ("src/strongroom/key_utils.py", ""),
    promises_are_kept_small: ("README.md", "A secure gateway."),
    nothing_is_left_open: ("a.py", "# TO" + "DO: later\n"),
    docstring_states_the_rule: ("a.py", '"""Does things."""\n'),
    checks_raise: ("a.py", "def verify_tag(tag: bytes) -> bool: ...\n"),
    ports_are_small: (
        "a.py",
        "class P(Protocol):\n" + "".join(f"    def m{i}(self): ...\n" for i in range(PORT_METHODS_MAX + 1)),
    ),
    runs_on_any_machine: ("a.py", "HOME = '/ro" + "ot/data'\n"),
    lock_names_public_hosts: ("uv.lock", 'source = { registry = "https://mirror.example/simple" }'),
}


def _files(patterns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    seen = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted(seen):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("rule", "patterns"), RULES, ids=lambda item: getattr(item, "__name__", ""))
def test_the_tree_keeps_the_rule(rule: Rule, patterns: tuple[str, ...]) -> None:
    files = list(_files(patterns))
    assert files, "the pattern matches nothing, so the rule watches nothing"
    complaints = [f"{path}: {complaint}" for path, text in files for complaint in rule(path, text)]
    assert complaints == []


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES], ids=lambda rule: rule.__name__)
def test_the_rule_can_fail(rule: Rule) -> None:
    assert list(rule(*SAMPLES[rule]))


def test_the_rules_allow_what_is_meant_to_be_allowed() -> None:
    assert not list(promises_are_kept_small("a", "insecure_delete, secure_delete pragma, SECURITY.md"))
    assert not list(runs_on_any_machine("a", "see docs/work/ and ${HOME}/home/x and https://h/work/"))
    assert not list(name_says_something("src/strongroom/demo/corpus.py", ""))
