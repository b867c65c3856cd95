"""Characters that are invisible or read as others: what plain characters stand in their place.

Compatibility forms by NFKC (Unicode Standard Annex 15), digits of every script by their value, letters that look
Latin only within a word or number that also has Latin letters or digits, bytes that somebody could not decode by
their Latin-1 meaning, UTF-8 that was read as Windows-1252 back again.

Must never: change a word that is wholly of another script, or put more than `EXPANSION_MAX` characters for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from strongroom.classify.plain.mapped import Edit
from strongroom.classify.plain.signs import LATIN_LIKE, SUSPECT

EXPANSION_MAX: Final = 4
"""Longer compatibility forms are phrases (U+FDFA has eighteen characters), and no value is written in them."""

_TAGS: Final = range(0xE0000, 0xE0080)
_UNDECODED: Final = range(0xDC80, 0xDD00)
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_SYMBOLS_FROM: Final = "\u2190"
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cs"})
_SHARED: Final = {"Pd": "-", "Zs": " ", "Zl": "\n", "Zp": "\n"}
_KEPT: Final = frozenset("\t\n\r")

_SUSPECTS: Final = re.compile(f"[{SUSPECT}\ud800-\udfff]")
_MARKED: Final = re.compile("[^\\W\u0300-\u036f][\u0300-\u036f]+")
_LIKE: Final = re.compile(f"[{LATIN_LIKE}]")
_MIXED: Final = re.compile(f"[A-Za-z0-9@]+[{LATIN_LIKE}]|[{LATIN_LIKE}]+[A-Za-z0-9@]")
_WORD: Final = re.compile(r"[\w@.+-]+")
_MOJIBAKE: Final = re.compile(
    "[\u00c2-\u00c5][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)

_LATIN: Final = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03c1"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0430\u0431\u0435\u043e"
    "\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d\u0251\u0261\u0131",
    "ABEZHIKMNOPTYXovpSIJABE3KMHOPCTXa6eopcyxsijhldqwagi",
)
_DIGIT: Final = str.maketrans("\u039f\u03bf\u041e\u043e\u0417\u0431\u0406\u0399\u0456\u04cf\u0131", "00003611111")


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """What `char` reads as by itself; ``""`` when nobody sees it."""
    code = ord(char)
    if code in _UNDECODED:
        return chr(code - 0xDC00)
    if code in _TAGS:  # an invisible copy of ASCII
        return chr(code - 0xE0000) if chr(code - 0xE0000).isprintable() else ""
    category = unicodedata.category(char)
    if category in _UNSEEN or char in _INVISIBLE or any(code in selectors for selectors in _SELECTORS):
        return char if char in _KEPT else ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if (shared := _SHARED.get(category)) is not None:
        return shared
    folded = "-" if char == "\u2212" else unicodedata.normalize("NFKC", char)
    return folded if len(folded) <= EXPANSION_MAX and folded[:1] != " " else char


def character_edits(text: str) -> Iterator[Edit]:
    """The changes that make the characters of `text` plain; in no order, and some may overlap."""
    if text.isascii():
        if not text.isprintable():
            yield from _singles(text)
        return
    yield from _singles(text)
    for found in _MARKED.finditer(text):
        whole = unicodedata.normalize("NFKC", found.group())
        if whole != found.group():
            yield Edit(found.start(), found.end(), whole)
    for found in _MOJIBAKE.finditer(text):
        if (read := _read_again(found.group())) is not None:
            yield Edit(found.start(), found.end(), read)
    if _MIXED.search(text) is not None:
        yield from _look_alikes(text)


def _singles(text: str) -> Iterator[Edit]:
    for found in _SUSPECTS.finditer(text):
        char, at = found.group(), found.start()
        plain = _plain(char)
        if plain == char or (not plain and at and text[at - 1] >= _SYMBOLS_FROM and char > "\u2000"):
            continue  # the joiners and selectors of an emoji hide nothing
        yield Edit(at, at + 1, plain)


def _read_again(pair: str) -> str | None:
    """UTF-8 that was taken for Windows-1252 (or Latin-1, where that has no character)."""
    raw = bytearray()
    for char in pair:
        try:
            raw += char.encode("cp1252")
        except UnicodeEncodeError:
            raw += char.encode("latin-1", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _look_alikes(text: str) -> Iterator[Edit]:
    for found in _WORD.finditer(text):
        whole, start = found.group(), found.start()
        if whole.isascii() or _LIKE.search(whole) is None:
            continue
        latin = [char for char in whole if char.isascii() and char.isalnum()]
        foreign = [char for char in whole if char.isalpha() and not char.isascii() and _is_foreign(char)]
        if not latin or any(char not in LIKE for char in foreign):
            continue
        table = _DIGIT if all(char.isdigit() for char in latin) else _LATIN
        for at, char in enumerate(whole):
            if char in LIKE and (read := char.translate(table)) != char:
                yield Edit(start + at, start + at + 1, read)


LIKE: Final = frozenset(chr(code) for code in _LATIN)


def _is_foreign(char: str) -> bool:
    """Whether a letter is of a script that has look-alikes here: Greek or Cyrillic, or is one itself."""
    return "\u0370" <= char < "\u0530" or char in LIKE


def plain_form(value: str) -> str:
    """`value` with its characters made plain: how a known value is searched for in readings."""
    if value.isascii() and value.isprintable():
        return value
    out: list[str] = []
    done = 0
    for edit in sorted(character_edits(value), key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= done:
            out += (value[done : edit.start], edit.text)
            done = edit.end
    out.append(value[done:])
    return "".join(out)
