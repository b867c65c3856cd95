import json
from typing import Any

import pytest

from strongroom.demo.plan import Done, Planner, Seen

OFFERED = frozenset({"lookup_customer", "search_tickets", "send_email", "refund_card", "write_summary"})
REAL = {"name": "Jörg Müller", "email": "jm1@example.com", "phone": "+4930231250", "card": "4111111111111111"}
SHOWN = {"name": "PERSON_7KQ2M9X", "email": "EMAIL_0X4T1ZB", "phone": "PHONE_123ABCD", "card": "CARD_ABCDEFG"}
LETTER = (
    "Please resolve this ticket.\n\nRefund\n\nI paid 49.90 USD for order ORD-2024-00012. "
    "Write to {email}, card {card}.\n---\nSimilar: other@example.com"
)


def play(row: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """The calls the model makes until it answers, each tool saying yes."""
    planner = Planner()
    done: list[Done] = []
    calls: list[tuple[str, dict[str, Any]]] = []
    prompt = LETTER.format(**row)
    for _ in range(12):
        move = planner.decide(Seen(prompt, tuple(done), OFFERED))
        if not move.calls:
            calls.append(("answer", {"text": move.text}))
            return calls
        for call in move.calls:
            output = json.dumps(row) if call.name == "lookup_customer" else "[]"
            done.append(Done(call.name, call.arguments, output))
            calls.append((call.name, dict(call.arguments)))
    raise AssertionError


@pytest.mark.parametrize("row", [REAL, SHOWN], ids=["real", "surrogates"])
def test_it_plans_over_whatever_it_is_shown(row: dict[str, str]) -> None:
    calls = play(row)
    assert [name for name, _ in calls] == [
        "lookup_customer", "search_tickets", "send_email", "send_email", "refund_card", "write_summary", "answer",
    ]  # fmt: skip
    arguments = [given for _, given in calls]
    assert arguments[0] == {"key": row["email"]}
    assert arguments[2]["to"] == row["email"]
    assert row["card"] in arguments[3]["body"]
    assert arguments[4] == {"card": row["card"], "amount": 49.9, "order": "ORD-2024-00012"}
    assert row["name"] in arguments[5]["text"]
    assert all(row[key] in arguments[6]["text"] for key in ("name", "email", "phone"))


def test_the_plan_is_the_same_with_real_values_and_with_surrogates() -> None:
    def shape(row: dict[str, str]) -> str:
        text = json.dumps(play(row), ensure_ascii=False)
        for key, value in row.items():
            text = text.replace(value, key)
        return text

    assert shape(REAL) == shape(SHOWN)


def test_excerpts_below_the_rule_do_not_distract_it() -> None:
    assert (
        Planner().decide(Seen("Who is this?\n---\nother@example.com", (), frozenset({"lookup_customer"}))).calls
        == ()
    )


def test_it_answers_in_german_when_asked_in_german() -> None:
    done = (Done("lookup_customer", {}, json.dumps(REAL)),)
    assert "Erledigt" in Planner().decide(Seen("Ich bitte um 5,00 EUR zurück", done)).text


def test_an_unknown_customer_is_said_to_be_unknown() -> None:
    done = (Done("lookup_customer", {}, '{"error": "no such customer"}'), Done("search_tickets", {}, "not json"))
    move = Planner().decide(Seen("mail a@b.example", done, frozenset({"lookup_customer", "search_tickets"})))
    assert move.calls == ()


def test_without_tools_it_only_talks() -> None:
    assert Planner().decide(Seen("mail a@b.example")).calls == ()


def test_it_remembers_contact_cards_word_for_word() -> None:
    planner = Planner()
    asked = "Please write contact card 7 from these lines:\nName: PERSON_7KQ2M9X\nE-mail: a@b.example"
    first = planner.decide(Seen(asked)).text
    assert "Name: PERSON_7KQ2M9X\nE-mail: a@b.example" in first
    assert planner.decide(Seen("Please repeat contact card 7.")).text == first
    assert "no such card" in planner.decide(Seen("Please repeat contact card 8.")).text
