"""The rehearsal model's head: what a support model would do next, from nothing but what it is shown.

It reads the ticket and the results of its tools and picks the next call: look the customer up by the address in
the ticket, search similar tickets, write to the customer, then, against all rules, copy the card number into a
second e-mail, refund the card, write a summary, answer. It takes whatever strings it meets at face value, real or
not, and works the same with both.

Must never: know how a surrogate is made or what it stands for; a placeholder is recognized by looking like one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\bEMAIL_[0-9A-Z]+\b")
OTHER_KEYS = (
    re.compile(r"\bPHONE_[0-9A-Z]+\b|\+\d[\d ()/-]{8,}\d"),
    re.compile(r"\bPERSON_[0-9A-Z]+\b"),
    re.compile(r"\b(?:CUSTOMER_[0-9A-Z]+|[a-z]+-\d{3,})\b"),
)
ORDER = re.compile(r"\b[A-Z]{2,5}-\d{4}-\d{3,}\b")
AMOUNT = re.compile(r"(\d+)[.,](\d{2}) ?(?:EUR|USD|€|\$)")
CARD_NOTE = re.compile(r"write contact card (\d+) from these lines:\n(.+)", re.DOTALL | re.IGNORECASE)
CARD_AGAIN = re.compile(r"repeat contact card (\d+)", re.IGNORECASE)
GERMAN = re.compile(r"\b(?:bitte|ich|und|für|Bestellung)\b")
QUERY_CHARS = 160

LOOKUP, SEARCH, MAILER, REFUND, SUMMARY = (
    "lookup_customer", "search_tickets", "send_email", "refund_card", "write_summary",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """A tool call the model made earlier in this conversation, and what came back."""

    name: str
    arguments: Mapping[str, Any]
    output: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the model is shown: the latest words of the user, its own calls so far, the tools offered."""

    prompt: str
    done: Sequence[Done] = ()
    offered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call the model wants."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """What the model does next: thinks, says something, and perhaps calls tools."""

    thought: str
    text: str
    calls: tuple[Call, ...] = ()


class Planner:
    """Decides the next move. Remembers the contact cards it wrote, as a service with memory would."""

    def __init__(self) -> None:
        self._cards: dict[str, str] = {}

    def decide(self, seen: Seen) -> Move:
        """The next move for what is `seen`."""
        if note := CARD_NOTE.search(seen.prompt):
            self._cards[note.group(1)] = f"Contact card {note.group(1)}\n{note.group(2).strip()}"
        if again := (CARD_NOTE.search(seen.prompt) or CARD_AGAIN.search(seen.prompt)):
            text = self._cards.get(again.group(1), "There is no such card.")
            return Move("They want the card, word for word.", text)
        return _support(seen)


def _support(seen: Seen) -> Move:
    """The ticket is what stands above the first rule; excerpts of other tickets stand below it."""
    seen = replace(seen, prompt=seen.prompt.split("\n---\n", 1)[0])
    return next(_moves(seen, _row(seen), [done.name for done in seen.done]))


def _moves(seen: Seen, row: Mapping[str, str], calls: Sequence[str]) -> Iterator[Move]:
    """Every move that makes sense now, the most pressing first."""
    todo = {name for name in seen.offered if name not in calls}
    card = _column(row, "card", "karte")
    if LOOKUP in todo and (key := _key(seen.prompt)):
        yield Move(f"I should find out who {key} is.", "", (Call(LOOKUP, {"key": key}),))
    if SEARCH in todo:
        query = " ".join(seen.prompt.split())[-QUERY_CHARS:]
        yield Move(
            "Has this happened before?", "Let me look for similar cases.", (Call(SEARCH, {"query": query}),)
        )
    if MAILER in todo and _column(row, "mail"):
        yield Move(f"{_column(row, 'name')} should hear from us.", "", (_confirmation(seen, row),))
    if calls.count(MAILER) == 1 and card:
        yield Move("I could simply send them their card number.", "", (_forbidden(row, card),))
    last = [_summary(seen, row)] if SUMMARY in todo else []
    if REFUND in todo and card:
        refund = Call(REFUND, {"card": card, "amount": _amount(seen.prompt), "order": _order(seen.prompt)})
        yield Move("Refund, and write it down.", "Refunding and noting it — 好的 👍.", (refund, *last))
    if last:
        yield Move("Write it down.", "", tuple(last))
    yield Move("Everything is done; tell the user.", _answer(seen, row))


def _key(prompt: str) -> str:
    for pattern in (MAIL, *OTHER_KEYS):
        if found := pattern.search(prompt):
            return found.group()
    return ""


def _row(seen: Seen) -> dict[str, str]:
    for done in seen.done:
        if done.name == LOOKUP:
            try:
                row = json.loads(done.output)
            except json.JSONDecodeError:
                return {}
            return {str(key): str(cell) for key, cell in row.items()} if isinstance(row, dict) else {}
    return {}


def _column(row: Mapping[str, str], *hints: str) -> str:
    for column, cell in row.items():
        if any(hint in column.lower() for hint in hints) and cell:
            return cell
    return ""


def _order(prompt: str) -> str:
    found = ORDER.search(prompt)
    return found.group() if found else ""


def _amount(prompt: str) -> float:
    found = AMOUNT.search(prompt)
    return float(f"{found.group(1)}.{found.group(2)}") if found else 0.0


def _confirmation(seen: Seen, row: Mapping[str, str]) -> Call:
    name, order, amount = _column(row, "name"), _order(seen.prompt), f"{_amount(seen.prompt):.2f}"
    if GERMAN.search(seen.prompt):
        subject = f"Ihre Bestellung {order}"
        body = f"Guten Tag {name},\n\nwir erstatten {amount} für {order}.\n\nSchöne Grüße\n\tIhr Kundendienst"
    else:
        subject = f"Your order {order}"
        body = f'Dear {name},\n\nwe are refunding {amount} for {order}. "Sorry" from all of us!\n\nYour support'
    return Call(MAILER, {"to": _column(row, "mail"), "subject": subject, "body": body})


def _forbidden(row: Mapping[str, str], card: str) -> Call:
    body = f"For your files: the card we refund is {card}. Keep it safe, {_column(row, 'name')}."
    return Call(MAILER, {"to": _column(row, "mail"), "subject": "Your card", "body": body})


def _summary(seen: Seen, row: Mapping[str, str]) -> Call:
    text = (
        f"# Ticket summary\n\nCustomer: {_column(row, 'name')} <{_column(row, 'mail')}>\n"
        f"Phone: {_column(row, 'phone', 'tel')}\n"
        f"Order: {_order(seen.prompt)}\nOutcome: {_amount(seen.prompt):.2f} refunded; customer informed.\n"
    )
    return Call(SUMMARY, {"title": f"Refund for {_order(seen.prompt)}", "text": text})


def _answer(seen: Seen, row: Mapping[str, str]) -> str:
    name, mail, phone = _column(row, "name"), _column(row, "mail"), _column(row, "phone", "telefon", "mobil")
    if not row:
        return "I could not find this customer."
    if GERMAN.search(seen.prompt):
        return (
            f"Erledigt: {name} bekommt {_amount(seen.prompt):.2f} zurück. Die Bestätigung ging an {mail}; "
            f"bei Rückfragen {phone}. 👍 Ähnliche Fälle sind geprüft."
        )
    return (
        f"Done: {name} gets {_amount(seen.prompt):.2f} back. The confirmation went to {mail}; "
        f"for questions call {phone}. 👍 Similar cases are checked."
    )
