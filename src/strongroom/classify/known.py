"""Known values: what came through a field once is found again in every later text.

An Aho-Corasick automaton over folded text, so cost does not grow with the number of values. Additions go to
a small automaton that is merged into the large one when it has grown to its size, so a session that learns a few
values per turn never rebuilds everything.

Must never: find a piece of a word, search for values too short to mean anything, or show a value in a `repr`.
"""

from __future__ import annotations

import threading
from typing import Final

import ahocorasick

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.fold import Folded, fold
from strongroom.classify.name_parts import parts_of, stands_for_a_name
from strongroom.classify.plain import plain_form
from strongroom.classify.span import KNOWN, Span

LETTERS_MIN: Final = 3
"""Alphanumerics a value needs. Two-letter names such as "Li" stand in too many other places."""

DIGITS_MIN: Final = 5
"""Digits a value made of digits alone needs; four of them are a year."""

WORD_CHARS_EXACT: Final = 5
"""A single word shorter than this counts only as it was written: "Mark" the name, not "mark" the verb."""

VALUE_CHARS_MAX: Final = 1024
"""Longer values are documents, and are protected as such."""

MERGE_MIN: Final = 256
"""Below this many values a rebuild is cheaper than keeping two automata."""

_Entry = tuple[str, str, str, str]
"""Kind, subject, value as it was given; for a part of a name, the whole name."""

_PERSON: Final = "PERSON"


class _Tier:
    """One automaton over folded values."""

    def __init__(self, words: frozenset[str]) -> None:
        self.words = words
        self.automaton = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
        for word in words:
            self.automaton.add_word(word)
        self.automaton.make_automaton()


class KnownValues:
    """The values of a scope, by what they are and whose. Safe to share between threads.

    With a `catalogue`, values of types that say `propagate: never` (cities, diagnoses) are refused. With `parts`,
    a full name also stands behind its parts: where "Anna Schmidt" is known and no other Schmidt, "Schmidt" is her.
    That is for one conversation; in a whole customer base no part is anybody's.
    """

    def __init__(self, catalogue: Catalogue | None = None, *, parts: bool = False) -> None:
        self._catalogue = catalogue
        self._parts = parts
        self._entries: dict[str, list[_Entry]] = {}
        self._fresh: set[str] = set()
        self._tiers: tuple[_Tier, ...] = ()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many different values are searched for."""
        return len(self._entries)

    def __repr__(self) -> str:
        return f"KnownValues({len(self)} values)"

    def add(self, kind: str, value: str, subject: str = "") -> bool:
        """Search for `value` from now on; returns False when it is too short, too long or of an everyday kind."""
        if self._catalogue is not None and self._catalogue.type_of(kind).propagate == "never":
            return False
        if len(value) > VALUE_CHARS_MAX:
            return False
        value = plain_form(value)
        word = fold(value).text.strip()
        if not _is_telling(word):
            return False
        whole = value.strip()
        with self._lock:
            self._claim(word, (kind, subject, whole, ""))
            if self._parts and kind == _PERSON:
                for part in parts_of(whole):
                    self._claim(fold(part).text, (kind, subject, part, whole))
        return True

    def _claim(self, word: str, entry: _Entry) -> None:
        entries = self._entries.setdefault(word, [])
        if entry not in entries:
            entries.append(entry)
        if not any(word in tier.words for tier in self._tiers):
            self._fresh.add(word)

    def remove(self, subject: str) -> int:
        """Forget every value of `subject`; returns how many claims went. A value others share stays theirs."""
        gone = 0
        with self._lock:
            for word in list(self._entries):
                kept = [entry for entry in self._entries[word] if entry[1] != subject]
                gone += len(self._entries[word]) - len(kept)
                if kept:
                    self._entries[word] = kept
                else:
                    del self._entries[word]
            self._fresh &= self._entries.keys()
            if gone:  # the automata hold the folded values: they must go, not only be skipped
                self._tiers = tuple(_Tier(frozenset(t.words & self._entries.keys())) for t in self._tiers)
        return gone

    def build(self) -> None:
        """Bring the automata up to date. `spans` does it when needed; calling it early moves the cost."""
        with self._lock:
            self._build()

    def _build(self) -> tuple[_Tier, ...]:
        if self._fresh:
            words, rest = frozenset(self._fresh), list(self._tiers)
            while rest and (len(rest[-1].words) <= len(words) or len(rest[-1].words) < MERGE_MIN):
                words |= rest.pop().words
            self._tiers = (*rest, _Tier(words))
            self._fresh = set()
        return self._tiers

    def subject_of(self, kind: str, value: str) -> str:
        """Whose value this is, if it was added as a `kind` for exactly one subject; else ``""``."""
        entries = self._entries.get(fold(plain_form(value)).text.strip(), ())
        subjects = {subject for held, subject, _, name in entries if held == kind and subject and not name}
        return subjects.pop() if len(subjects) == 1 else ""

    def spans(self, text: str) -> list[Span]:
        """Every occurrence of a known value in `text`, whole words only; they may overlap each other."""
        with self._lock:
            tiers = self._build()
        if not any(tier.words for tier in tiers):
            return []
        folded = fold(text)
        found: list[Span] = []
        for tier in tiers:
            if not tier.words:
                continue
            for last, length in tier.automaton.iter(folded.text):
                span = self._span(text, folded, last + 1 - length, last + 1)
                if span is not None:
                    found.append(span)
        return found

    def _span(self, text: str, folded: Folded, first: int, stop: int) -> Span | None:
        if not _is_bounded(folded.text, first, stop):
            return None
        word = folded.text[first:stop]
        start, end = folded.original(first), folded.original(stop - 1) + 1
        entries = self._entries.get(word)
        if entries is None:  # removed by another thread since the automaton was read
            return None
        whole = [entry for entry in entries if not entry[3]]
        if len(word) < WORD_CHARS_EXACT and word.isalpha():
            whole = [entry for entry in whole if text[start:end] in (entry[2], entry[2].upper())]
        if not whole:
            return _part(entries, text, start, end)
        subjects = {entry[1] for entry in whole}
        return Span(start, end, whole[0][0], 1.0, KNOWN, subjects.pop() if len(subjects) == 1 else "")


def _part(entries: list[_Entry], text: str, start: int, end: int) -> Span | None:
    """The span of a part of a name: it reads as the whole name if that is the only one it is a part of."""
    claims = [entry for entry in entries if entry[3] and stands_for_a_name(entry[2], text, start, end)]
    if not claims:
        return None
    names = {" ".join(entry[3].casefold().split()): entry for entry in claims}
    if len(names) > 1:
        return Span(start, end, _PERSON, 1.0, KNOWN, reasons=("part of several names",))
    [(_, subject, _, name)] = names.values()
    return Span(start, end, _PERSON, 1.0, KNOWN, subject, name, ("part of a name met before",))


def _is_telling(word: str) -> bool:
    letters = sum(char.isalnum() for char in word)
    digits = sum(char.isdigit() for char in word)
    return letters >= LETTERS_MIN and (digits < letters or digits >= DIGITS_MIN)


def _is_bounded(text: str, first: int, stop: int) -> bool:
    if first > 0 and text[first].isalnum() and text[first - 1].isalnum():
        return False
    return not (stop < len(text) and text[stop - 1].isalnum() and text[stop].isalnum())
