"""Parts of a person's name: what of "Dr. Anna Maria Schmidt" may stand for her in the same conversation.

Must never: join two people. A part that two names share stands for nobody in particular.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LETTERS_MIN: Final = 3
"""Letters of a part. "Li" or "Jo" stand in too many other places."""

PARTS_MAX: Final = 6
"""Words of a full name; more are a sentence or a list."""

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?")
_SENTENCE_END: Final = re.compile(r"(?:^|[.!?:;\n>*\u2022][\"')\]]?)\s*$")

_NOT_A_PART = """
    dr prof professor herr frau fräulein mr mrs ms miss mx sir dame lord lady madam madame monsieur mme
    mlle señor señora don doña dott sig signor signora dhr mevr senhor senhora father sister brother rev
    judge jr sr esq phd msc bsc mba med dipl ing mag von van der den des del della dos das und and the
    bin ibn abu umm ben bat mac saint sankt
"""
NOT_A_PART: Final = frozenset(_NOT_A_PART.split())
"""Titles, particles and suffixes: they belong to nobody."""

_EVERYDAY = """
    will may mark grace rose june april august summer hope joy faith bill art frank jack chase page young
    king long short white black green brown gray grey bishop cook baker price stone woods wood field
    fields wolf kurz weiss weiß schwarz könig richter koch becker kaiser jung gross groß stein sommer
    winter herbst vogel fuchs ernst christian dean earl duke major guy rob sue drew pat dawn iris lily
    daisy violet ruby amber olive ginger sandy rusty dusty rich rocky sunny star angel bank banks hunt
    west east north south best blanc noir petit grand roi jong groot wit zwart bruin
"""
EVERYDAY: Final = frozenset(_EVERYDAY.split())
"""Names that are words as well. Where a sentence begins, and every word has a capital, they do not count."""


def parts_of(name: str) -> Sequence[str]:
    """The words of the full name `name` that may stand for it, as written; none if it is no full name."""
    words = _WORD.findall(name)
    if not 1 < len(words) <= PARTS_MAX or name.islower():
        return ()
    telling = [word for word in words if not word.endswith(".") and word.casefold() not in NOT_A_PART]
    if len(words) == len(telling) == 1:
        return ()
    return [word for word in telling if len(word) >= LETTERS_MIN and word[0].isupper()]


def stands_for_a_name(part: str, text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is `part` the name, and not the word it also is.

    It is written as in the name or all in capitals, and an everyday word does not begin a sentence.
    """
    written = text[start:end]
    if written not in (part, part.upper()):
        return False
    return part.casefold() not in EVERYDAY or _SENTENCE_END.search(text, max(0, start - 8), start) is None
