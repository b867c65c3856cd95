"""The agent's tools: look a customer up, search tickets, write an e-mail, refund a card, write a summary.

Ordinary code that expects real values: the mailbox wants an address, the ledger a card number that adds up. What a
tool keeps, it keeps through the desk, under the customer it is about.

Must never: accept a placeholder where a real value is needed; a tool says so, as a mail or payment server would.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any

from stdnum import luhn

from strongroom.demo.customers import CustomerDatabase
from strongroom.demo.desk import Desk
from strongroom.demo.embed import Embedder
from strongroom.demo.spelling import plain

EXCERPTS = 3
COLLECTION = "support"
AGENT_LOG = "agent"
SENDER = "support@shop.example"

_TEXT = {"type": "string"}
TOOLS: Mapping[str, tuple[str, Mapping[str, Mapping[str, str]]]] = {
    "lookup_customer": ("Find a customer's record by e-mail, name, phone or customer number.", {"key": _TEXT}),
    "search_tickets": ("Search earlier tickets and records for similar text.", {"query": _TEXT}),
    "send_email": ("Send an e-mail to a customer.", {"to": _TEXT, "subject": _TEXT, "body": _TEXT}),
    "refund_card": (
        "Pay an amount back to a card.", {"card": _TEXT, "amount": {"type": "number"}, "order": _TEXT}
    ),
    "write_summary": ("Write the summary of a ticket to a file.", {"title": _TEXT, "text": _TEXT}),
}  # fmt: skip
SINKS: Mapping[str, Mapping[str, str]] = {
    "lookup_customer": {"key": "record.lookup"},
    "search_tickets": {"query": "search.query"},
    "send_email": {"to": "message.recipient", "subject": "message.text", "body": "message.text"},
    "refund_card": {"card": "payment.card"},
    "write_summary": {"title": "document", "text": "document"},
}
"""What each parameter is, as an operator declares it in `strongroom.toml`; the agent itself never reads this."""


def schema_of(tool: str) -> dict[str, Any]:
    """The JSON schema of a tool's parameters."""
    parameters = TOOLS[tool][1]
    return {
        "type": "object",
        "properties": {name: dict(kind) for name, kind in parameters.items()},
        "required": list(parameters),
        "additionalProperties": False,
    }


@dataclass(slots=True)
class Toolbox:
    """The tools of one ticket. `received` is what they were called with, `kept` the files they made."""

    ticket: str
    subject: str
    desk: Desk
    customers: CustomerDatabase
    embedder: Embedder
    log: logging.Logger
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def run(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Call one tool; what it has to say, as JSON text. A wrong call is answered, not raised."""
        tools: Mapping[str, Callable[..., object]] = {
            "lookup_customer": self._lookup,
            "search_tickets": self.search,
            "send_email": self._send,
            "refund_card": self._refund,
            "write_summary": self._summarize,
        }
        self.received.append((name, dict(arguments)))
        self.log.info("%s: %s", name, json.dumps(arguments, ensure_ascii=False), extra={"subject": self.subject})
        if name not in tools or set(arguments) != set(TOOLS[name][1]):
            return json.dumps({"error": "no such tool, or not its parameters"})
        return json.dumps(tools[name](**arguments), ensure_ascii=False)

    def _lookup(self, key: str) -> object:
        return self.customers.find(key) or {"error": "no such customer"}

    def search(self, query: str) -> list[dict[str, str]]:
        """Excerpts of what is similar to `query`, without the ticket at hand."""
        hits = self.desk.embeddings(COLLECTION).search(self.embedder.embed_one(query), EXCERPTS + 1)
        return [{"id": hit.id, "text": hit.text} for hit in hits if hit.id != self.ticket][:EXCERPTS]

    def _send(self, to: str, subject: str, body: str) -> object:
        if "@" not in to:
            return {"error": "not an e-mail address"}
        letter = EmailMessage(policy=policy.SMTPUTF8)
        try:
            letter["From"], letter["To"], letter["Subject"] = SENDER, to, subject
        except ValueError:  # a line break in a header
            return {"error": "not a header"}
        letter.set_content(body, cte="8bit")
        return self._keep("mailbox", "eml", letter.as_bytes())

    def _refund(self, card: str, amount: float, order: str) -> object:
        if not luhn.is_valid(plain(card)):
            return {"error": "not a card number"}
        entry = {"card": card, "amount": amount, "order": order}
        return self._keep("ledger", "json", json.dumps(entry).encode())

    def _summarize(self, title: str, text: str) -> object:
        with self.desk.temporary(subject=self.subject) as draft:
            draft.write(f"# {title}\n\n".encode())
            draft.write(text.encode())
            return self._keep("summary", "md", draft.read())

    def _keep(self, folder: str, suffix: str, content: bytes) -> object:
        name = f"{folder}/{self.ticket}-{len(self.kept)}.{suffix}"
        self.desk.files.write(name, content, subject=self.subject)
        self.kept.append(name)
        return {"done": True, "number": len(self.kept)}
