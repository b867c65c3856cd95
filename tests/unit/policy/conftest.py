"""Questions with everything in order, to be spoiled one attribute at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from strongroom.identity import Principal
from strongroom.label import Label, Level
from strongroom.policy import Policy, Question


def question(action: str = "detokenize", **changes: Any) -> Question:
    principal = Principal(
        "bot",
        "acme",
        "prod",
        roles=changes.pop("roles", ("agent",)),
        clearance=changes.pop("clearance", 3),
    )
    label = changes.pop("label", None) or Label(
        category=changes.pop("category", "financial"),
        level=Level(changes.pop("level", 2)),
        kind=changes.pop("kind", "CARD"),
        subject=changes.pop("subject", ""),
        source="typed",
        sinks=frozenset(changes.pop("sinks", ("user", "payment.card"))),
    )
    return Question(principal, action, label, **{"sink": "user", "purpose": "support"} | changes)


@pytest.fixture
def ask() -> Callable[..., Question]:
    return question


@pytest.fixture(scope="session")
def shipped() -> Policy:
    return Policy.load()
