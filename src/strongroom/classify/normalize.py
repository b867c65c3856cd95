"""One spelling per value: the normalized forms under which the same value gets the same surrogate.

Must never: be used to show a value, or join two values that a reader would call different people or accounts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from strongroom.classify.phone import e164

Normalizer = Callable[[str], str]

_NOT_DIGIT = re.compile(r"\D+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_DAY_FIRST = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")


def _verbatim(value: str) -> str:
    return value


def _collapse(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).split())


def _name(value: str) -> str:
    return _collapse(value).casefold()


def _casefold(value: str) -> str:
    return unicodedata.normalize("NFC", value.strip()).casefold()


def _digits(value: str) -> str:
    return _NOT_DIGIT.sub("", value) or _casefold(value)


def _alnum(value: str) -> str:
    return _NOT_ALNUM.sub("", unicodedata.normalize("NFC", value)).upper() or _casefold(value)


def _phone(value: str) -> str:
    return e164(value) or _digits(value)


def _date(value: str) -> str:
    """ISO form where the order of day and month is certain; otherwise the text, folded."""
    folded = _name(value)
    if match := _DAY_FIRST.fullmatch(folded):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO.fullmatch(folded):
        year, month, day = (int(part) for part in match.groups())
    else:
        return folded
    return f"{year:04}-{month:02}-{day:02}"


NORMALIZERS: Final[dict[str, Normalizer]] = {
    "verbatim": _verbatim,
    "collapse": _collapse,
    "name": _name,
    "casefold": _casefold,
    "digits": _digits,
    "alnum": _alnum,
    "phone": _phone,
    "date": _date,
}
"""By the name the catalogue uses."""
