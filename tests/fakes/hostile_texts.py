"""Texts made to be expensive, and a search that makes them more so: what engines are tried with.

Work is what an engine counts, never time, so that a busy machine changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

PIECES = {
    "one token": "a1B2",
    "digits": "0123456789",
    "digit groups": "12 345 6789 ",
    "dashed digits": "4111-",
    "dotted digits": "1.2.3.4.",
    "slashed digits": "12/34/",
    "plus and digits": "+49 ",
    "leading zeros": "0 0-0.",
    "at signs": "a@b.",
    "an address without end": "a.b-c+d",
    "key words": "password= secret: api_key token ",
    "quoted words": "password='",
    "opened keys": "-----BEGIN PRIVATE KEY-----",
    "opened and closed keys": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA KEY-----\n",
    "half tokens": "eyJhbGciOiJIUzI1NiJ9.eyJ",
    "token prefixes": "sk-ghp_xoxb-glpat-hvs.",
    "authorities": "a://b:c",
    "colons": "ab:",
    "hex": "0xdeadBEEF",
    "dashes": "--",
    "line ends": "\n1\n",
    "context words": "iban konto kontonummer tel fax steuer-id ssn ",
    "context and digits": "ssn 536904399 nhs 943 476 5919 ",
    "capitals": "ABCDEFGH ",
    "streets": "12 Long Long Long ",
    "controls": "\x00\x01\x7f1",
    "not ascii": "ß€𝄞1 ",
    "folded letters": "\u212a\u017f\u0130\u0131k ",
    "surrogates": "\ud8001 ",
    "spaces": " " * 16,
}
"""Each is repeated; the names say what it is hard for."""


def repeated(piece: str, size: int) -> str:
    """`piece` again and again, about `size` characters of it."""
    return piece * max(1, size // len(piece))


class Search:
    """Looks for the text that costs most work per byte, by changing the worst so far and keeping what is worse."""

    def __init__(self, work: Callable[[str], int], seeds: Sequence[str], *, size: int, seed: int) -> None:
        self._work, self._size = work, size
        self._seeds = list(seeds)
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.worst = max(self._seeds, key=self.cost)

    def cost(self, piece: str) -> float:
        """Work per byte of `piece` repeated."""
        text = repeated(piece, self._size)
        return self._work(text) / len(text.encode("utf-8", "surrogatepass"))

    def run(self, rounds: int) -> float:
        """Try `rounds` changes; the cost of the worst text found."""
        worst = self.cost(self.worst)
        for _ in range(rounds):
            piece = self._changed(self.worst)
            cost = self.cost(piece)
            if cost >= worst:
                worst, self.worst = cost, piece
        return worst

    def _changed(self, piece: str) -> str:
        chance, other = self._random, self._random.choice(self._seeds)
        at = chance.randrange(len(piece) + 1)
        match chance.randrange(5):
            case 0:
                return piece[:at] + chance.choice(other) + piece[at:]
            case 1:
                return (piece[:at] + piece[at + 1 :]) or other
            case 2:
                return piece[:at] + other + piece[at:]
            case 3:
                return piece[:at] + chance.choice("0aA-. :=@/+'\"\n_") + piece[at + 1 :]
            case _:
                start = chance.randrange(len(piece))
                return piece + piece[start : start + 8]
