from collections.abc import Callable
from typing import Any

import pytest

TEXT = "Mail anna@example.org please"


@pytest.mark.parametrize(
    "arguments",
    [
        (TEXT,),
        ("scan", TEXT),
        ("--show", TEXT),
        (TEXT, "--show"),
        ("--", TEXT),
        ("Mail", "anna@example.org", "please"),
        ("--", "scan", "anna@example.org"),
    ],
)
def test_a_first_word_that_names_no_command_is_text(room: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ended = room("classify", *arguments)
    assert ended.code == 0
    assert "EMAIL" in ended.out


def test_without_words_standard_input_is_classified(room: Callable[..., Any]) -> None:
    assert "EMAIL" in room("classify", stdin=TEXT.encode()).out
    assert "EMAIL" in room("classify", "--json", stdin=TEXT.encode()).out


def test_help_of_the_group_lists_its_commands(command: Callable[..., Any]) -> None:
    ended = command("classify", "--help")
    assert ended.code == 0
    listed = [line.split()[0] for line in ended.out.splitlines() if line.startswith("  ") and line.split()]
    assert {"scan", "explain"} <= set(listed)
