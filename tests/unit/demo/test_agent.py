"""The agent without any protection: that is what the demo has to make a difference to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stdnum import luhn

from strongroom.adapters.tables import Row
from strongroom.demo.agent import Result, index_input, resolve_with_anthropic, resolve_with_openai
from strongroom.demo.input import DemoInput, Ticket, read_input
from strongroom.demo.rehearsal import Rehearsal
from strongroom.demo.spelling import plain
from strongroom.demo.tools import Toolbox


@pytest.fixture(scope="module")
def read(shop: Path) -> DemoInput:
    return read_input(shop)


@pytest.fixture
def refund(read: DemoInput) -> Ticket:
    return next(ticket for ticket in read.tickets if ticket.intent == "refund")


@pytest.fixture
def row(read: DemoInput, refund: Ticket) -> Row:
    return next(row for row in read.records.table.rows if row["id"] == refund.subject)


@pytest.mark.parametrize(("resolve", "path"), [(resolve_with_openai, "/v1"), (resolve_with_anthropic, "")])
def test_an_unprotected_ticket_is_resolved_and_leaks(
    read: DemoInput,
    refund: Ticket,
    row: dict[str, str],
    toolbox_for: Callable[..., Toolbox],
    resolve: Callable[..., Result],
    path: str,
) -> None:
    toolbox = toolbox_for(read, refund)
    index_input(read, toolbox.desk, toolbox.embedder)
    with Rehearsal() as model:
        result = resolve(f"{model.url}{path}", "key", "m", refund, toolbox)
        sent = b"".join(received.raw for received in model.recording.snapshot())
    assert row["name"] in result.answer
    assert row["email"].encode() in sent
    assert [name for name, _ in toolbox.received] == [
        "lookup_customer", "search_tickets", "send_email", "send_email", "refund_card", "write_summary",
    ]  # fmt: skip
    assert any(row["card"] in plain(given["body"]) for name, given in toolbox.received if name == "send_email")
    assert model.recording.echoes_altered == model.recording.thoughts_altered == 0


def test_the_history_holds_no_other_customers_words(
    read: DemoInput, refund: Ticket, toolbox_for: Callable[..., Toolbox]
) -> None:
    toolbox = toolbox_for(read, refund)
    index_input(read, toolbox.desk, toolbox.embedder)
    with Rehearsal() as model:
        resolve_with_openai(f"{model.url}/v1", "key", "m", refund, toolbox)
    kept = "\n".join(message.content for message in toolbox.desk.history(refund.id).messages())
    others = [row["email"] for row in read.records.table.rows if row["id"] != refund.subject]
    assert not [address for address in others if address in kept]
    assert '"query"' in kept


def test_tools_want_real_values(
    read: DemoInput, refund: Ticket, row: dict[str, str], toolbox_for: Callable[..., Toolbox]
) -> None:
    toolbox = toolbox_for(read, refund)
    assert "error" in json.loads(toolbox.run("send_email", {"to": "EMAIL_7KQ2M9X", "subject": "s", "body": "b"}))
    assert "error" in json.loads(toolbox.run("refund_card", {"card": "CARD_7KQ2M9X", "amount": 1, "order": "o"}))
    assert "error" in json.loads(toolbox.run("lookup_customer", {"key": "PERSON_7KQ2M9X"}))
    assert toolbox.kept == []
    assert luhn.is_valid(row["card"])
    assert "error" not in json.loads(toolbox.run("refund_card", {"card": row["card"], "amount": 1, "order": "o"}))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send_email", {"to": "a@b.example"}),
        ("delete_everything", {}),
        ("lookup_customer", {"key": "x", "more": 1}),
    ],
)
def test_a_wrong_call_is_answered(
    read: DemoInput, refund: Ticket, toolbox_for: Callable[..., Toolbox], name: str, arguments: dict[str, Any]
) -> None:
    assert "error" in json.loads(toolbox_for(read, refund).run(name, arguments))


def test_a_line_break_in_a_header_is_refused(
    read: DemoInput, refund: Ticket, toolbox_for: Callable[..., Toolbox]
) -> None:
    given = {"to": "a@b.example", "subject": "x\r\nBcc: c@d.example", "body": "b"}
    assert "error" in json.loads(toolbox_for(read, refund).run("send_email", given))


def test_customers_are_found_in_any_spelling(
    read: DemoInput, refund: Ticket, row: dict[str, str], toolbox_for: Callable[..., Toolbox]
) -> None:
    toolbox = toolbox_for(read, refund)
    spelled = [row["email"].upper(), row["name"].upper(), f" {row['phone']} ", row["id"]]
    assert [(toolbox.customers.find(key) or {}).get("id") for key in spelled] == [row["id"]] * 4
    assert toolbox.customers.find("") is None
    assert toolbox.customers.find("nobody") is None


def test_similar_tickets_come_first_and_never_the_ticket_itself(
    read: DemoInput, refund: Ticket, toolbox_for: Callable[..., Toolbox]
) -> None:
    toolbox = toolbox_for(read, refund)
    index_input(read, toolbox.desk, toolbox.embedder)
    found = toolbox.search(refund.letter)
    assert len(found) == 3
    assert refund.id not in {hit["id"] for hit in found}
