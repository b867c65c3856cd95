"""Telephone numbers by the numbering plans of the world (libphonenumber's metadata).

Two questions: is a number *valid* (its plan has such numbers) or only *possible* (its country has numbers of that
length, or North America's shape)? Fictional and freshly assigned numbers are possible only, and are protected too
where a plus sign, the shape or a word nearby says that it is a telephone number.

A candidate may have swallowed the next number on the line, so the check shortens it group by group. A lone last
digit after a space ("call +49 171 2345678 2 times") is given up at once when the rest is a number by itself.

The plans are matched directly: parsing with the library costs ten times as much and answers the same, which a test
holds against its example numbers. The normal form comes from the library where a number is not written in full.

Must never: be given unbounded text; longer candidates than `CANDIDATE_CHARS_MAX` are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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

NANP_CODE: Final = 1
"""Calling code of the North American Numbering Plan."""

POSSIBLE_DIGITS_MIN: Final = 7
"""Shorter national numbers exist, but nothing about six digits says telephone."""

E164_DIGITS_MAX: Final = 15
ABROAD_DIGITS_MIN: Final = 8
"""The shortest number with its country code that is taken without a plan that has it."""

FILLER: Final = 3
"""Fewer different digits than this stand for a number instead of being one."""

NANP_ALONE: Final = ("US",)
"""Asked for possible numbers of this plan alone, its shape is the whole answer: area codes are added yearly."""

_NANP_SHAPE: Final = re.compile(r"[2-9]\d\d[2-9]\d{6}")
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.?|#) ?\d{1,5}$")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9 ./-]*[0-9]")
_LAST_GROUP: Final = re.compile(r"[ ./()\-]+\d+$")
_NOT_DIGIT: Final = re.compile(r"\D+")
_DATE: Final = re.compile(
    r"\(?(?:(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./]"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:19|20)?\d\d(?!\d))"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
_USES: Final = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
    "voicemail",
)  # fmt: skip


def accepted_length(candidate: str, regions: Sequence[str] = REGIONS, *, possible: bool = False) -> int:
    """How many leading characters are a valid number, or a possible one if asked; 0 when none are."""
    if len(candidate) > CANDIDATE_CHARS_MAX or _DATE.fullmatch(candidate):
        return 0
    extension = _EXTENSION.search(candidate)
    number = candidate[: extension.start()] if extension else candidate
    length = 0 if possible and regions == NANP_ALONE else _trimmed(number, regions, _plan)
    if not length and possible:
        length = _trimmed(number, regions, _lengths)
    return len(candidate) if extension and length == len(number) else length


def abroad(candidate: str) -> tuple[int, int] | None:
    """A number behind a plus sign: as `accepted_length`, or any length the world allows under a code in use."""
    length = accepted_length(candidate, possible=True)
    if not length and len(candidate) <= CANDIDATE_CHARS_MAX:
        number = _EXTENSION.sub("", candidate)
        digits = _NOT_DIGIT.sub("", number)
        if ABROAD_DIGITS_MIN <= len(digits) <= E164_DIGITS_MAX and _regions(digits) is not None:
            length = len(number)
    return (0, length) if length else None


def shaped(candidate: str) -> tuple[int, int] | None:
    """What a word nearby calls a telephone number, if it has the digits of one and is no date and no filler."""
    number = _EXTENSION.sub("", candidate)
    digits = _NOT_DIGIT.sub("", number)
    if (
        not POSSIBLE_DIGITS_MIN <= len(digits) <= E164_DIGITS_MAX
        or _DATE.match(number)
        or len(set(digits)) < FILLER
    ):
        return None
    return 0, len(candidate)


def _trimmed(candidate: str, regions: Sequence[str], rule: Callable[[str], re.Pattern[str]]) -> int:
    for _ in range(TRIMS_MAX + 1):
        if _obeys(candidate, regions, rule):
            lone = candidate[-2:-1] == " " and _obeys(candidate[:-2], regions, rule)
            return len(candidate) - 2 if lone else len(candidate)
        shorter = _LAST_GROUP.sub("", candidate)
        if not shorter or shorter == candidate:
            return 0
        candidate = shorter
    return 0


def e164(value: str) -> str:
    """The number as ``+`` and digits (ITU-T E.164), then ``x`` and its extension; ``""`` when it is not valid."""
    text = value.strip()
    if len(text) > CANDIDATE_CHARS_MAX:
        return ""
    international = text.startswith(("+", "00"))
    if text.startswith("00"):
        text = "+" + text[2:]
    if international and _INTERNATIONAL.fullmatch(text):
        digits = _NOT_DIGIT.sub("", text)
        if _obeys_abroad(digits, _plan):  # as it is written, with no trunk prefix to take out
            return "+" + digits
    for region in (None,) if international else REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return f"{shown}x{number.extension}" if number.extension else str(shown)
    return ""


def _obeys(text: str, regions: Sequence[str], rule: Callable[[str], re.Pattern[str]]) -> bool:
    digits = _NOT_DIGIT.sub("", text.replace("(0)", ""))
    if text[0] == "+":
        return _obeys_abroad(digits, rule)
    if digits.startswith("00"):
        return _obeys_abroad(digits[2:], rule)
    return any(rule(region).fullmatch(_significant(digits, region)) for region in regions)


def _obeys_abroad(digits: str, rule: Callable[[str], re.Pattern[str]]) -> bool:
    found = _regions(digits)
    return found is not None and any(rule(region).fullmatch(digits[found[0] :]) for region in found[1])


def _regions(digits: str) -> tuple[int, Sequence[str]] | None:
    """The length of the calling code that `digits` begin with, and the regions that have it."""
    for length in range(1, CALLING_CODE_DIGITS_MAX + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0))
        if regions is not None:
            return length, regions
    return None


def _significant(digits: str, region: str) -> str:
    """Without the trunk prefix: 0 in most of Europe, 1 before ten digits in North America."""
    if region == "US":
        return digits[1:] if digits[:1] == "1" else digits
    return digits.removeprefix("0")


@cache
def _plan(region: str) -> re.Pattern[str]:
    """Everything a number in `region` can be, as one pattern over its national significant digits."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    uses = (getattr(plan, use) for use in _USES) if plan is not None else ()
    patterns = [use.national_number_pattern for use in uses if use is not None and use.national_number_pattern]
    return re.compile("|".join(patterns) or r"(?!)")


@cache
def _lengths(region: str) -> re.Pattern[str]:
    """How long a number in `region` can be; for North America also its shape."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if plan is None or plan.general_desc is None:
        return re.compile(r"(?!)")
    if plan.country_code == NANP_CODE:
        return _NANP_SHAPE
    lengths = [length for length in plan.general_desc.possible_length if length >= POSSIBLE_DIGITS_MIN]
    return re.compile("|".join(rf"\d{{{length}}}" for length in lengths) or r"(?!)")
