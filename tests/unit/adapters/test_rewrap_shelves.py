"""A page of a shelf is found without sorting the shelf: else a job over n values costs n squared."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.rewrap import shelves
from strongroom.formats.aad import Binding
from strongroom.keys import KeyPath

NAMES = ["history", "surrogates", "known values", "provider keys", "file names", "files", "embedding segments"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["acme/prod", "acme/prod/pii"])
def test_a_page_starts_at_its_place(tmp_path: Path, name: str, path: str) -> None:
    database = Database.open(tmp_path / "strongroom.db")
    plans: list[str] = []

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.startswith("SELECT"):
            plans.extend(
                row[3] for row in cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            )

    event.listen(database._engine, "before_cursor_execute", explain)
    binding = Binding("acme", "prod", "pii", 2, "value", "x")
    (shelf,) = [shelf for shelf in shelves(database, tmp_path, dict.fromkeys(NAMES, lambda _: binding))
                if shelf.name == name]  # fmt: skip
    assert list(shelf.page(KeyPath.parse(path), "00:A" if name == "surrogates" else "7", 10)) == []
    database.close()
    assert len(plans) == 1
    assert "PRIMARY KEY" in plans[0]
    assert ">" in plans[0]
