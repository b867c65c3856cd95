"""Key paths: one spelling each, and where each stands."""

import pytest

from strongroom.errors import InvalidNameError
from strongroom.keys import KeyPath


@pytest.mark.parametrize(
    ("text", "kind", "parent"),
    [
        ("acme/prod", "environment", None),
        ("acme/prod/health", "category", "acme/prod"),
        ("acme/prod/health/cust-812", "subject", "acme/prod/health"),
    ],
)
def test_a_path_knows_its_place(text: str, kind: str, parent: str | None) -> None:
    path = KeyPath.parse(text)
    assert str(path) == text
    assert path.kind == kind
    assert path.parent == (KeyPath.parse(parent) if parent else None)


@pytest.mark.parametrize(
    "text",
    ["", "acme", "acme/", "/prod", "acme//health", "acme/prod/health/", "a/b/c/d/e", "Acme/prod", "acme/prod/ü"],
)
def test_no_second_spelling(text: str) -> None:
    with pytest.raises(InvalidNameError):
        KeyPath.parse(text)


def test_a_subject_needs_a_category() -> None:
    with pytest.raises(InvalidNameError, match="under a category"):
        KeyPath("acme", "prod", "", "cust-812")


def test_what_messages_show_hides_the_subject() -> None:
    assert KeyPath.parse("acme/prod/health/cust-812").public == "acme/prod/health/(subject)"
    assert KeyPath.parse("acme/prod/health").public == "acme/prod/health"


def test_parents_sort_before_their_children() -> None:
    paths = [KeyPath.parse(text) for text in ("a/b/c/d", "a/b", "a/b/c", "a/b/b")]
    assert [str(path) for path in sorted(paths)] == ["a/b", "a/b/b", "a/b/c", "a/b/c/d"]
