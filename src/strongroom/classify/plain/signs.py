"""The cheap question asked of every text: can it wear a disguise at all?

One pass of an RE2 automaton, which most texts pay and nothing else. A text whose characters all fit one byte is
asked in that form, so that it need not be encoded first.

An automaton over a set starts its cache anew when it is full and goes on (RE2, dfa.cc, `kManyMatch`), so that no
answer means no sign; the test beside it asks every expression by itself too.

Must never: say no to a text that a reading would change.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import re2

SUSPECT: Final = (
    "\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\\x9f\\xa0\\xaa\\xad\\xb2\\xb3\\xb9\\xba\\xbc-\\xbe"
    "\u0300-\u036f\u034f\u061c\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u2000-\u2015\u2024\u2028-\u202f\u205f-\u209c\u2100-\u214f\u2212\u2460-\u249b"
    "\u24b6-\u24ff\u3000\u3164\ufb00-\ufb06\ufe00-\ufe0f\ufe50-\ufe6b\ufeff\uff01-\uff5e\uffa0\ufff9-\ufffb"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f16f\U0001fbf0-\U0001fbf9\U000e0000-\U000e01ef"
)
"""Ranges of a character class: controls, and characters that are invisible or read as other ones (compatibility
characters of Unicode Standard Annex 15, confusable ones of Unicode Technical Standard 39)."""

LATIN_LIKE: Final = (
    "\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03c1"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u0417\u041a\u041c-\u041e\u0420-\u0422\u0425\u0430\u0431\u0435\u043e"
    "\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d\u0251\u0261\u0131"
)
"""Letters of Greek, Cyrillic and others that look like Latin ones or digits; suspect only beside ASCII."""


RUN_CHARS_MIN: Final = 20
"""Shorter runs of the base64 alphabet are words, and numbers of cards."""


class Sign(IntEnum):
    """What kind of disguise a text may wear. Each has its own way of being undone."""

    WRAPPING = 0
    """Percent-encoding, character references, escapes, quoted-printable, forms."""
    RUN = 1
    """A run of the base64 alphabet."""
    CHARACTER = 2
    """Characters of `SUSPECT`, or of `LATIN_LIKE` beside ASCII, or UTF-8 read as something else."""
    SPELLED = 3
    """Digits one by one."""
    SPACED = 4
    """Digits with wide gaps."""
    LINE_END = 5
    """Digits that end a line and go on in the next."""
    LETTERED = 6
    """Letters that look like digits among digits."""


_MOJIBAKE: Final = "[\u00c2-\u00c5][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
_NARROW_SUSPECT: Final = SUSPECT[: SUSPECT.index("\u0300")]
_NARROW_CHARACTER: Final = rf"[{_NARROW_SUSPECT}]|[\xc2-\xc5][\x80-\xbf]"
_WIDE_CHARACTER: Final = f"[{SUSPECT}]|[A-Za-z0-9@][{LATIN_LIKE}]|[{LATIN_LIKE}][A-Za-z0-9@]|{_MOJIBAKE}"
_SIGNS: Final = {
    Sign.WRAPPING: r"%[0-9A-Fa-f]{2}|&(?:#[0-9xX]|[A-Za-z][A-Za-z0-9]{1,31};)"
    r"|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|=(?:[0-9A-F]{2}|\r?\n)|=[A-Za-z0-9%.]+\+[A-Za-z0-9%]",
    Sign.RUN: rf"[A-Za-z0-9+/]{{{RUN_CHARS_MIN}}}",
    Sign.SPELLED: r"[0-9](?:[ \t._-][0-9]){6}",
    Sign.SPACED: r"[0-9]{2}[ \t]{2,4}[0-9]{2}",
    Sign.LINE_END: r"[0-9A-Z][0-9]{2}[ -]?[ \t]{0,4}\r?\n[ \t>|]{0,8}(?:[A-Z]{0,3}[0-9]|[A-Z]{4} ?[0-9])",
    Sign.LETTERED: r"[0-9][OoIl|][0-9 -]{3}|[0-9 -]{3}[OoIl|][0-9]",
}


def _options(*, latin_1: bool) -> re2.Options:
    options = re2.Options()
    options.never_capture = True
    options.log_errors = False
    if latin_1:
        options.encoding = re2.Options.Encoding.LATIN1
    return options


def _set(character: str, *, latin_1: bool) -> re2.Set:
    made = re2.Set.SearchSet(_options(latin_1=latin_1))
    for sign in Sign:
        pattern = character if sign is Sign.CHARACTER else _SIGNS[sign]
        made.Add(pattern.encode("latin-1") if latin_1 else pattern)
    made.Compile()
    return made


_NARROW: Final = _set(_NARROW_CHARACTER, latin_1=True)
_WIDE: Final = _set(_WIDE_CHARACTER, latin_1=False)
_EVERY: Final = tuple(Sign)


def signs(text: str) -> Sequence[int]:
    """Which signs `text` shows. It may show one for nothing; one that it does not show is not there."""
    try:
        found = _NARROW.Match(text.encode("latin-1"))
    except UnicodeEncodeError:
        try:
            found = _WIDE.Match(text.encode())
        except UnicodeEncodeError:  # half a surrogate pair: bytes that somebody could not decode
            return _EVERY
    return found or ()
