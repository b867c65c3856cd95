"""Sources teach values, whose they are, and forget them with their subject."""

import sqlite3
from typing import Any

import pytest

from strongroom.errors import ConfigurationError, InvalidNameError, KeyStateError

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
ROWS = [
    ("c-1", "Anna Schmidt", "anna@example.org", "4111111111111111", "blue"),
    ("c-2", "Bruno Keller", "", "5555555555554444", "red"),
]


@pytest.fixture
def room(open_room):
    return open_room(detection={"names": "off"})  # what a source taught, not what reads like a name


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (id, name, email, card, colour)")
        connection.executemany("insert into customers values (?,?,?,?,?)", ROWS)
        connection.execute("create table shelves (id, place)")
    connection.close()
    return path


@pytest.fixture
def added(room, database):
    return room.sources.add(database, subject_column="id", table="customers", **SCOPE)


@pytest.fixture
def tokenized(room):
    def tokenize(text):
        return room.session("bot", conversation="c", **SCOPE).tokenize(text)

    return tokenize


def test_columns_are_recognized_and_listed(room, added):
    assert added.columns == {"name": "PERSON", "email": "EMAIL", "card": "CARD"}
    assert added.subjects == 2
    assert room.sources.list("acme", "prod") == [added]
    assert room.sources.list("acme", "staging") == []


def test_names_are_found_in_free_text_afterwards(added, tokenized):
    assert "PERSON_" in tokenized("anna  SCHMIDT called")


def test_without_the_source_they_are_not(tokenized):
    assert tokenized("Anna Schmidt called") == "Anna Schmidt called"


def test_a_surrogate_knows_whose_value_it_stands_for(room, added):
    from strongroom.identity import Caller, Principal

    session = room.house.sessions.open(Caller(Principal("bot", "acme", "prod")), conversation="c")
    (change,) = session.protect("Anna Schmidt")
    assert room.house.engine.surrogates.label(session.scope, change.text).subject == "c-1"


def test_erasing_a_subject_leaves_the_others_known(room, added, tokenized):
    assert "Anna" not in tokenized("Anna Schmidt and Bruno Keller")
    receipt = room.erase(subject="c-1", **SCOPE)
    assert receipt.keys_destroyed >= 2
    after = tokenized("Anna Schmidt and Bruno Keller")
    assert "Anna Schmidt" in after
    assert "Bruno" not in after


def test_a_disabled_category_stops_inspection_instead_of_letting_names_pass(room, added, tokenized):
    room.keys.disable("acme/prod/pii")
    with pytest.raises(KeyStateError):
        tokenized("Anna Schmidt called")
    room.keys.enable("acme/prod/pii")
    assert "PERSON_" in tokenized("Anna Schmidt called")


def test_adding_it_again_replaces_what_it_taught(room, database, added, tokenized):
    with sqlite3.connect(database) as connection:
        connection.execute("update customers set name = 'Clara Vogel' where id = 'c-1'")
    connection.close()
    room.sources.add(database, subject_column="id", table="customers", **SCOPE)
    assert "PERSON_" in tokenized("Clara Vogel")
    assert tokenized("hello Anna Schmidt") == "hello Anna Schmidt"


def test_nothing_real_is_in_the_store(added, place):
    stored = b"".join(path.read_bytes() for path in (place / "home").glob("strongroom.db*"))
    for row in ROWS:
        for value in row[1:4]:
            assert not value or value.encode() not in stored


def test_it_says_which_table_when_it_cannot_tell(room, database):
    with pytest.raises(ConfigurationError, match="tables: customers, shelves"):
        room.sources.add(database, subject_column="nope", **SCOPE)
    chosen = room.sources.add(database, subject_column="id", **SCOPE)
    assert chosen.name == "customers"


def test_a_table_without_anything_recognized_is_refused(room, database):
    with pytest.raises(ConfigurationError, match="no column was recognized"):
        room.sources.add(database, subject_column="id", table="shelves", **SCOPE)


def test_a_missing_file_is_named(room, tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        room.sources.add(tmp_path / "none.db", subject_column="id", **SCOPE)


def test_subjects_must_be_names(room, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,email\nNot A Name!,x@example.org\n")
    with pytest.raises(InvalidNameError, match="subject"):
        room.sources.add(path, subject_column="id", **SCOPE)
    with pytest.raises(ConfigurationError, match="no column"):
        room.house.sources.add(
            __import__("strongroom.room.views", fromlist=["operator"]).operator("acme", "prod"),
            "s", ["id"], [], subject_column="other",
        )  # fmt: skip
