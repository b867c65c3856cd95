"""Planted values: everything private in the input, each with the place it came from.

The set is derived from the input itself, so that it exists for a user's own data too; an input may add a ledger,
`planted.jsonl`, of values known from elsewhere. The generated input has one, written without the recognizers.

Must never: show a value in its `repr`; a finding is reported by `where`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Planted:
    """One value that must not be met outside; `where` is a column or a ticket, `subject` whose it is."""

    value: str = field(repr=False)
    where: str
    subject: str = ""
