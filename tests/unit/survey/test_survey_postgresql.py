"""Surveys of a real PostgreSQL server."""

from collections.abc import Callable

import pytest
import yaml

from strongroom import Strongroom
from strongroom.adapters.survey_postgresql import Address
from strongroom.classify.survey import Limits
from strongroom.errors import ConfigurationError, InputError
from strongroom.label import Level

SCRIPT = """
CREATE TABLE customers (customer_id int PRIMARY KEY, full_name text, mail varchar(80), vip boolean, photo bytea,
  profile jsonb, notes text, "Odd "" name" text);
INSERT INTO customers SELECT i, (ARRAY['Anna Schmidt','Jan de Vries','Maria Rossi','John Smith'])[1 + i % 4],
  'person' || i || '@example.org', i % 2 = 0, '\\xff00'::bytea,
  jsonb_build_object('phone', '+49 171 23456' || (10 + i % 90)),
  CASE i % 3 WHEN 0 THEN 'call back' ELSE 'paid with 4111 1111 1111 1111' END, 'x' FROM generate_series(1, 300) i;
CREATE SCHEMA private;
CREATE TABLE private.salaries (employee text, iban text);
INSERT INTO private.salaries VALUES ('Anna Schmidt', 'DE89370400440532013000');
CREATE VIEW mails AS SELECT mail FROM customers;
CREATE TABLE parts (at date, mail text) PARTITION BY RANGE (at);
CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO parts VALUES ('2026-02-03', 'a@example.org');
CREATE TABLE empty_one (email text);
CREATE ROLE reader LOGIN;
GRANT SELECT ON customers TO reader;
"""


@pytest.fixture(scope="session")
def shop(database: Callable[[str, str], str]) -> str:
    return database("shop", SCRIPT)


def test_columns_are_told_by_name_type_and_values(room: Strongroom, shop: str) -> None:
    survey = room.surveys.run(shop)
    tables = {table.name: table for table in survey.tables}
    assert set(tables) == {
        "private.salaries", "public.customers", "public.empty_one", "public.mails", "public.parts",
    }  # fmt: skip
    customers = tables["public.customers"]
    assert (customers.total, customers.sampled, customers.subject_column) == (300, 300, "customer_id")
    kinds = {column.name: column.kind for column in customers.columns}
    assert kinds["full_name"] == "PERSON"
    assert kinds["mail"] == "EMAIL"
    assert kinds["profile.phone"] == "PHONE"
    assert not kinds["vip"]
    notes = next(column for column in customers.columns if column.name == "notes")
    assert not notes.kind
    assert 0.6 < notes.holds["CARD"] < 0.7
    assert customers.level is Level.RESTRICTED
    assert tables["private.salaries"].columns[1].kind == "IBAN"
    assert [column.kind for column in tables["public.parts"].columns][1] == "EMAIL"
    assert [column.basis for column in tables["public.empty_one"].columns] == ["name"]
    assert [(one.place.rpartition(": ")[2], one.reason) for one in survey.skipped] == [
        ("public.customers.photo", "a column of binary values")
    ]


def test_what_the_account_may_not_read_is_reported(room: Strongroom, shop: str) -> None:
    survey = room.surveys.run(shop.replace("owner@", "reader@"))
    assert [table.name for table in survey.tables] == ["public.customers"]
    refused = {one.place.rpartition(": ")[2] for one in survey.skipped if "may not read" in one.reason}
    assert refused == {"private.salaries", "public.empty_one", "public.mails", "public.parts"}


def test_a_large_table_is_sampled_over_all_of_it(room: Strongroom, database: Callable[[str, str], str]) -> None:
    script = (
        "CREATE TABLE log (id int, who text);\n"
        "INSERT INTO log SELECT i, CASE WHEN i < 20000 THEN '' ELSE 'p' || i || '@example.org' END "
        "FROM generate_series(1, 40000) i;\nANALYZE log"
    )
    survey = room.surveys.run(database("large", script), limits=Limits(rows=200))
    table = survey.tables[0]
    assert 120 < table.sampled <= 200
    assert 40 < table.columns[1].values < 160  # the first half of the table has none
    assert table.total is not None
    assert table.total > 30000
    assert table.columns[1].kind == "EMAIL"


def test_the_session_cannot_write(room: Strongroom, database: Callable[[str, str], str]) -> None:
    address = database(
        "trap",
        "CREATE TABLE seen (n int);\nCREATE FUNCTION note() RETURNS text LANGUAGE sql AS "
        "$$ INSERT INTO seen VALUES (1) RETURNING 'x@example.org' $$;\nCREATE VIEW trap AS SELECT note() AS mail",
    )
    survey = room.surveys.run(address)
    assert [one.place.rpartition(": ")[2] for one in survey.skipped] == ["public.trap"]
    assert "25006" in survey.skipped[0].reason
    assert next(table.total for table in survey.tables if table.name == "public.seen") == 0


def test_a_confirmed_table_is_known_in_text(room: Strongroom, shop: str, tmp_path) -> None:
    path = tmp_path / "proposal.yaml"
    room.surveys.propose(room.surveys.run(shop), path)
    text = path.read_text()
    assert "Anna" not in text
    document = yaml.safe_load(text)
    document["tables"] = [table for table in document["tables"] if table["table"] == "public.customers"]
    path.write_text(yaml.safe_dump(document))
    (added,) = room.surveys.confirm(path, tenant="acme", environment="prod")
    assert added.subjects == 300
    with room.session("bot", tenant="acme", environment="prod") as session:
        shown = session.tokenize("a letter of jan de vries, who is 0171 2345611 too")
        assert "vries" not in shown


def test_no_server_is_said_without_the_password(room: Strongroom, tmp_path) -> None:
    with pytest.raises(InputError) as caught:
        room.surveys.run(f"postgresql://me:hush@/shop?host={tmp_path}")
    assert "hush" not in str(caught.value)
    assert "no connection" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sslmode"),
    [
        ("postgresql://u@localhost/d", "disable"),
        ("postgresql://u@/d?host=/run/postgresql", "disable"),
        ("postgresql://u@db.example.org/d", "verify-full"),
        ("postgresql://u@db.example.org/d?sslmode=require", "require"),
    ],
)
def test_off_this_machine_the_connection_is_encrypted_unless_told_otherwise(url: str, sslmode: str) -> None:
    assert Address.parse(url).sslmode == sslmode


@pytest.mark.parametrize(
    "url", ["postgresql://u@h:port/d", "postgresql://u@h/d?x=1", "postgresql://u@h/d?sslmode=x"]
)
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Address.parse(url)
