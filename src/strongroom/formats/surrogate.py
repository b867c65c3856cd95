"""The text form of surrogates: what counts as one inside other text (docs/spec/surrogate.md).

Theory: a surrogate is read off a *run*, a maximal stretch of ``A-Z 0-9 _``, and only if the whole run is one,
give or take the underscores that Markdown wraps around emphasis. So a surrogate can never be cut out of a
longer word, and a reader of a stream knows when to stop waiting: at the first character that is not of a run.
The code needs a digit and a letter, which keeps ``EMAIL_ADDRESS`` and ``ORDER_1234567`` ordinary text.

Must never: know a key or say whether a surrogate is genuine; that takes the scope it was issued in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from strongroom.errors import FormatError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, which people and models mistake for others."""

KIND_LEN_MAX = 32
"""Longest entity type; the catalogue's longest has about half of it."""

CHECK_LEN = 2
"""Check characters at the end of a code: ten bits under the scope's key."""

DATA_LEN_SHORT = 5
"""Data characters in a conversation: 25 bits are plenty for the values of one conversation."""

DATA_LEN_LONG = 11
"""Data characters in larger scopes: 55 bits, so that a million values hardly ever meet."""

MARKS_MAX = 8
"""Underscores between kind and code that are still read as a marked look-alike; more is ordinary text."""

EMPHASIS_MAX = 3
"""Underscores around a surrogate that are taken for Markdown emphasis (``_``, ``__``, ``___``)."""

SURROGATE_LEN_MAX = KIND_LEN_MAX + 1 + DATA_LEN_LONG + CHECK_LEN
"""Longest surrogate as issued."""

RUN_LEN_MAX = 2 * (EMPHASIS_MAX + KIND_LEN_MAX + MARKS_MAX + EMPHASIS_MAX) + DATA_LEN_LONG + CHECK_LEN
"""No run longer than this holds a surrogate, even with every underscore escaped: a reader may let it go."""

RUN_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
"""What a run consists of; besides these, a backslash directly before an underscore."""

# Groups are atomic, ``(?>…)``, and never repeated possessively: Pythons before 3.11.5 match the latter wrongly
# (https://github.com/python/cpython/issues/106052).
_CODE = rf"(?=[A-Z]*+[0-9])(?=[0-9]*+[A-Z])(?:[{ALPHABET}]{{13}}|[{ALPHABET}]{{7}})"
_SEP = r"(?:\\?_)"

_EXACT_KIND = re.compile(r"[A-Z][A-Z0-9]*+(?>(?:_[A-Z0-9]++)*)", re.ASCII)
_EXACT_CODE = re.compile(_CODE, re.ASCII)
_EXACT = re.compile(rf"([A-Z][A-Z0-9]*+(?>(?:_[A-Z0-9]++(?=_[A-Z0-9]))*))_({_CODE})", re.ASCII)

# Two steps, because text is mostly not surrogates: an underscore and a code that ends its run (the literal
# underscore lets the engine skip ahead), then everything before it, from where the run starts.
_END = re.compile(rf"_(?P<code>{_CODE})(?![A-Z0-9])(?>{_SEP}{{0,{EMPHASIS_MAX}}})(?![A-Z0-9_]|\\_)", re.ASCII)
_START = re.compile(
    rf"(?>{_SEP}{{0,{EMPHASIS_MAX}}})"
    # every segment that has another one behind it belongs to the kind
    rf"(?P<kind>[A-Z][A-Z0-9]*+(?>(?:{_SEP}[A-Z0-9]++(?=(?>{_SEP}+)[A-Z0-9]))*))"
    rf"(?P<marks>(?>{_SEP}{{1,{MARKS_MAX}}}))(?=[A-Z0-9])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A surrogate taken apart: ``EMAIL_7KQ2M9X`` is kind ``EMAIL``, data ``7KQ2M``, check ``9X``."""

    kind: str
    data: str
    check: str

    def __str__(self) -> str:
        return f"{self.kind}_{self.data}{self.check}"


class Found(NamedTuple):
    """A surrogate form at `text[start:end]`, emphasis excluded; `surrogate` is its exact spelling.

    `marks` counts the underscores beyond the first between kind and code: above zero it is a marked
    look-alike, and not a surrogate. `code_start` is where the code begins and `gap_start` where the
    underscore before it does, with its backslash if it has one.
    """

    start: int
    end: int
    surrogate: str
    marks: int
    gap_start: int
    code_start: int


def parse(text: str) -> Surrogate:
    """Take an exact surrogate apart. Raises `FormatError` for anything else, escapes and marks included."""
    match = _EXACT.fullmatch(text) if len(text) <= SURROGATE_LEN_MAX else None
    if match is None or len(match[1]) > KIND_LEN_MAX:
        msg = "surrogate: the text does not have its form"
        raise FormatError(msg)
    code = match[2]
    return Surrogate(match[1], code[:-CHECK_LEN], code[-CHECK_LEN:])


def require_kind(kind: str) -> str:
    """Return `kind` if surrogates can carry it, else raise `FormatError`."""
    if len(kind) > KIND_LEN_MAX or not _EXACT_KIND.fullmatch(kind):
        msg = f"surrogate: a kind is 1 to {KIND_LEN_MAX} of A-Z 0-9, with single underscores inside"
        raise FormatError(msg)
    return kind


def is_code(code: str) -> bool:
    """Whether `code` may stand in a surrogate: a legal length and alphabet, a digit and a letter."""
    return _EXACT_CODE.fullmatch(code) is not None


def code_characters(raw: bytes, count: int) -> str:
    """The first `count` groups of five bits of `raw`, most significant first, in `ALPHABET`.

    Raises `FormatError` if `raw` has fewer bits than that.
    """
    spare = 8 * len(raw) - 5 * count
    if spare < 0:
        msg = "surrogate: not enough bits for the code"
        raise FormatError(msg)
    number = int.from_bytes(raw, "big") >> spare
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(count - 1, -1, -1))


def run_start(text: str, end: int) -> int:
    """Where the run that ends before `end` starts; not further back than is needed to see it is too long."""
    lowest = max(0, end - RUN_LEN_MAX - 1)
    start = end
    while start > lowest:
        start = lowest + len(text[lowest:start].rstrip(RUN_CHARACTERS))
        if start == lowest or text[start - 1] != "\\" or text[start : start + 1] != "_":
            break
        start -= 1
    return start


def find(text: str) -> Iterator[Found]:
    """Every surrogate form in `text`, ascending: exact ones, escaped ones and marked look-alikes.

    Takes time linear in the length of `text`, whatever it holds.
    """
    for end in _END.finditer(text):
        code_start, code_end = end.span("code")
        start = _START.match(text, run_start(text, code_start))
        if start is None or start.end() != code_start:
            continue
        kind = start["kind"].replace("\\", "")
        if len(kind) > KIND_LEN_MAX:
            continue
        gap_start = code_start - (2 if text[code_start - 2] == "\\" else 1)
        marks = start["marks"].count("_") - 1
        yield Found(start.start("kind"), code_end, f"{kind}_{end['code']}", marks, gap_start, code_start)
