import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from strongroom.demo.clear_desk import ClearDesk
from strongroom.demo.customers import CustomerDatabase
from strongroom.demo.embed import Embedder
from strongroom.demo.generate import write_input
from strongroom.demo.input import DemoInput, Ticket
from strongroom.demo.planted import Planted
from strongroom.demo.tools import Toolbox


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("shop")
    write_input(directory, customers=120, tickets=60)
    return directory


@pytest.fixture(scope="session")
def people(shop: Path) -> list[dict[str, str]]:
    with closing(sqlite3.connect(shop / "customers.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM customers ORDER BY id")]


@pytest.fixture(scope="session")
def tickets(shop: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (shop / "tickets.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def ledger(shop: Path) -> list[Planted]:
    lines = (shop / "planted.jsonl").read_text(encoding="utf-8").splitlines()
    return [Planted(**json.loads(line)) for line in lines]


@pytest.fixture
def toolbox_for(tmp_path: Path) -> Iterator[Callable[..., Toolbox]]:
    """A toolbox on a clear desk, for one ticket of `given`."""
    opened: list[CustomerDatabase] = []

    def make(given: DemoInput, ticket: Ticket) -> Toolbox:
        database = CustomerDatabase(given.records)
        opened.append(database)
        log = logging.Logger("agent")  # noqa: LOG001 - nobody else should see it
        return Toolbox(ticket.id, ticket.subject, ClearDesk(tmp_path / "desk"), database, Embedder(), log)

    yield make
    for database in opened:
        database.__exit__(None, None, None)
