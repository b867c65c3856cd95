"""Conversation history: one sealed row per message, bound to its conversation and place.

A row cannot be moved to another conversation, place, role or subject without failing to open. What a row is
about (its subject) chooses the key, so erasing a subject makes exactly those messages unreadable.

Must never: store a role or a text in clear, or accept a row that was not sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import orjson

from strongroom.at_rest.custody import Custody
from strongroom.errors import DecryptionError

CATEGORY = "pii"
"""Conversations with an agent on customer data hold personal data unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One message as the store keeps it. `conversation` is concealed, `sealed` is ``field/1``."""

    tenant: str
    environment: str
    conversation: str
    place: int
    category: str
    subject: str
    sealed: bytes


class HistoryStore(Protocol):
    """Where rows are kept, in order."""

    def next_place(self, tenant: str, environment: str, conversation: str) -> int:
        """The place after the last row; 0 for a new conversation."""
        ...

    def append(self, row: HistoryRow) -> None:
        """Keep `row`; raises `StoreError` when its place is taken."""
        ...

    def rows(self, tenant: str, environment: str, conversation: str) -> list[HistoryRow]:
        """All rows of a conversation in order."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message, opened. `content` is text or, for tool calls, whatever JSON the caller stored."""

    place: int
    role: str
    content: str
    subject: str


class History:
    """One conversation of one caller."""

    def __init__(self, custody: Custody, store: HistoryStore, conversation: str, *, subject: str = "") -> None:
        self._custody = custody
        self._store = store
        self._id = custody.concealed(f"history/{conversation}")
        self._subject = subject

    def append(self, role: str, content: str, *, subject: str | None = None, category: str = CATEGORY) -> int:
        """Seal and keep one message; returns its place. `subject` defaults to the conversation's."""
        caller = self._custody.caller
        about = self._subject if subject is None else subject
        place = self._store.next_place(caller.tenant, caller.environment, self._id)
        plaintext = orjson.dumps({"role": role, "content": content})
        sealed = self._custody.seal(plaintext, "history", f"{self._id}/{place}", category=category, subject=about)
        self._store.append(HistoryRow(caller.tenant, caller.environment, self._id, place, category, about, sealed))
        return place

    def messages(self) -> list[Message]:
        """Every message in order.

        Raises `KeyStateError` when a key it needs is disabled or destroyed, and `DecryptionError` when a row
        was altered, moved or removed from the middle.
        """
        caller = self._custody.caller
        rows = self._store.rows(caller.tenant, caller.environment, self._id)
        if [row.place for row in rows] != list(range(len(rows))):
            gap = "history_gap"
            raise DecryptionError(gap)
        by_category: dict[str, list[HistoryRow]] = {}
        for row in rows:
            by_category.setdefault(row.category, []).append(row)
        out: list[Message] = []
        for category, members in by_category.items():
            with self._custody.opening(category, resource=self._id, count=len(members)) as permit:
                for row in members:
                    binding = self._custody.binding(
                        "history", f"{self._id}/{row.place}", category=row.category, subject=row.subject
                    )
                    said = orjson.loads(self._custody.envelope.open(row.sealed, binding, permit))
                    out.append(Message(row.place, said["role"], said["content"], row.subject))
        return sorted(out, key=lambda message: message.place)
