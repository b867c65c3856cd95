"""Telephone numbers by the numbering plans of the world (libphonenumber's metadata).

A candidate may have swallowed the next number on the line, so the check shortens it group by group. A lone last
digit after a space ("call +49 171 2345678 2 times") is given up at once when the rest is a number by itself.

The plans are matched directly: parsing with the library costs ten times as much and answers the same, which a test
holds against its example numbers. The normal form, needed once per value, does come from the library.

Must never: be given unbounded text; longer candidates than `CANDIDATE_CHARS_MAX` are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import phonenumbers

CANDIDATE_CHARS_MAX: Final = 64
"""Fifteen digits (ITU-T E.164) with separators fit well within this; longer is not a telephone number."""

REGIONS: Final[tuple[str, ...]] = ("DE", "GB", "FR", "US")
"""National formats are tried in this order; other countries need the international form."""

TRIMS_MAX: Final = 3
"""Trailing groups given up before a candidate is refused."""

CALLING_CODE_DIGITS_MAX: Final = 3
"""ITU-T E.164: country codes have one to three digits."""

_LAST_GROUP: Final = re.compile(r"[ ./()\-]+\d+$")
_NOT_DIGIT: Final = re.compile(r"\D+")
_USES: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


def accepted_length(candidate: str, regions: Sequence[str] = REGIONS) -> int:
    """How many leading characters of `candidate` are a valid number; 0 when none are."""
    if len(candidate) > CANDIDATE_CHARS_MAX:
        return 0
    for _ in range(TRIMS_MAX + 1):
        if _is_valid(candidate, regions):
            if candidate[-2:-1] == " " and _is_valid(candidate[:-2], regions):
                return len(candidate) - 2
            return len(candidate)
        shorter = _LAST_GROUP.sub("", candidate)
        if not shorter or shorter == candidate:
            return 0
        candidate = shorter
    return 0


def e164(value: str) -> str:
    """The number as ``+`` and digits (ITU-T E.164), or ``""`` when it is not valid anywhere tried."""
    text = value.strip()
    if len(text) > CANDIDATE_CHARS_MAX:
        return ""
    international = text.startswith(("+", "00"))
    if text.startswith("00"):
        text = "+" + text[2:]
    for region in (None,) if international else REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return ""


def _is_valid(text: str, regions: Sequence[str]) -> bool:
    digits = _NOT_DIGIT.sub("", text.replace("(0)", ""))
    if text[0] == "+":
        return _is_international(digits)
    if digits.startswith("00"):
        return _is_international(digits[2:])
    return any(_plan(region).fullmatch(_significant(digits, region)) for region in regions)


def _is_international(digits: str) -> bool:
    for length in range(1, CALLING_CODE_DIGITS_MAX + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions is not None:
            return any(_plan(region).fullmatch(digits[length:]) for region in regions)
    return False


def _significant(digits: str, region: str) -> str:
    """Without the trunk prefix: 0 in most of Europe, 1 before ten digits in North America."""
    if region == "US":
        return digits[1:] if digits[0] == "1" else digits
    return digits.removeprefix("0")


@cache
def _plan(region: str) -> re.Pattern[str]:
    """Everything a number in `region` can be, as one pattern over its national significant digits."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    uses = (getattr(plan, use) for use in _USES) if plan is not None else ()
    patterns = [use.national_number_pattern for use in uses if use is not None and use.national_number_pattern]
    return re.compile("|".join(patterns) or r"(?!)")
