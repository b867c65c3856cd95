"""Telephone numbers by the numbering plans of the world (libphonenumber's metadata).

A candidate may have swallowed the next number on the line, so the check shortens it group by group. A lone last
digit after a space ("call +49 171 2345678 2 times") is given up at once when the rest is a number by itself.

Must never: be given unbounded text; the callers pass candidates of at most `CANDIDATE_CHARS_MAX`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import phonenumbers

CANDIDATE_CHARS_MAX = 64
"""Fifteen digits (ITU-T E.164) with separators fit well within this; longer is not a telephone number."""

REGIONS: tuple[str, ...] = ("DE", "GB", "FR", "US")
"""National formats are tried in this order; other countries need the international form."""

TRIMS_MAX = 3
"""Trailing groups given up before a candidate is refused."""

_LAST_GROUP = re.compile(r"[ ./()\-]+\d+$")


def accepted_length(candidate: str, regions: Sequence[str] = REGIONS) -> int:
    """How many leading characters of `candidate` are a valid number; 0 when none are."""
    if len(candidate) > CANDIDATE_CHARS_MAX:
        return 0
    for _ in range(TRIMS_MAX + 1):
        shorter = _LAST_GROUP.sub("", candidate)
        if _parse(candidate, regions) is not None:
            lone = candidate[-2:-1] == " " and _parse(shorter, regions) is not None
            return len(shorter if lone else candidate)
        if shorter == candidate:
            return 0
        candidate = shorter
    return 0


def e164(value: str) -> str:
    """The number as ``+`` and digits (ITU-T E.164), or ``""`` when it is not valid anywhere tried."""
    if len(value) > CANDIDATE_CHARS_MAX:
        return ""
    number = _parse(value, REGIONS)
    if number is None:
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _parse(value: str, regions: Sequence[str]) -> phonenumbers.PhoneNumber | None:
    text = value.strip()
    international = text.startswith(("+", "00"))
    if text.startswith("00"):
        text = "+" + text[2:]
    for region in (None,) if international else regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None
