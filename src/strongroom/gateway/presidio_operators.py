"""Presidio's operators on text: what stands in a place after /anonymize.

Must never: leave in clear what one of two overlapping places covers, or offer a hash that can be guessed back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from strongroom.clock import Entropy
from strongroom.gateway.presidio_requests import DEFAULT, Place
from strongroom.gateway.problems import ParameterError

REPLACE: Final = "replace"
SURROGATE: Final = "surrogate"
"""Ours: what is put in comes from the session, and the gateway and /deanonymize put the value back."""

ANONYMIZERS: Final = (REPLACE, "redact", "mask", "hash", "keep", SURROGATE)
DEANONYMIZERS: Final = ("restore",)
SALT_BYTES: Final = 32
SALT_BYTES_MIN: Final = 16
"""As in presidio-anonymizer 2.2.366."""

MASK_CHARS_MAX: Final = 1 << 20

Operate = Callable[[Place, str], str]
"""From a place and the text in it to the text that takes its place."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A place after the change; `start` and `end` count in the new text."""

    start: int
    end: int
    entity: str
    text: str
    operator: str


def operator_for(
    entity: str, configured: Mapping[str, Mapping[str, Any]], *, default: str, entropy: Entropy
) -> tuple[str, Operate | None]:
    """The name of the operator for `entity` and what it does; None in place of the latter for `SURROGATE`.

    Raises `ParameterError` for an operator that does not exist or lacks a parameter.
    """
    told = configured.get(entity, configured.get(DEFAULT, {"type": default}))
    kind = told.get("type")
    if kind == REPLACE:
        new = told.get("new_value") or f"<{entity}>"
        if not isinstance(new, str):
            msg = "replace: new_value is a string"
            raise ParameterError(msg)
        return kind, lambda _, __: new
    if kind == "redact":
        return kind, lambda _, __: ""
    if kind == "keep":
        return kind, lambda _, text: text
    if kind == "mask":
        return kind, _mask(told)
    if kind == "hash":
        return kind, _hash(told, entropy)
    if kind == SURROGATE:
        return kind, None
    if kind in ("encrypt", "custom"):
        msg = (
            f"{kind} is not offered here: surrogate gives what /deanonymize restores, under a key no client holds"
        )
        raise ParameterError(msg)
    msg = f"Invalid operator class: one of {', '.join(ANONYMIZERS)}"
    raise ParameterError(msg)


def _mask(told: Mapping[str, Any]) -> Operate:
    char, count, from_end = told.get("masking_char"), told.get("chars_to_mask"), told.get("from_end", False)
    if not isinstance(char, str) or len(char) != 1:
        msg = "mask: masking_char is a character"
        raise ParameterError(msg)
    if type(count) is not int or count > MASK_CHARS_MAX or not isinstance(from_end, bool):
        msg = "mask: chars_to_mask is a number and from_end a boolean"
        raise ParameterError(msg)

    def masked(_: Place, text: str) -> str:
        much = min(max(count, 0), len(text))
        return text[: len(text) - much] + char * much if from_end else char * much + text[much:]

    return masked


def _hash(told: Mapping[str, Any], entropy: Entropy) -> Operate:
    kind, salt = told.get("hash_type", "sha256"), told.get("salt")
    if kind not in ("sha256", "sha512"):
        msg = "hash: hash_type is sha256 or sha512"
        raise ParameterError(msg)
    if salt is not None and not (isinstance(salt, str) and len(salt.encode()) >= SALT_BYTES_MIN):
        msg = f"hash: salt has at least {SALT_BYTES_MIN} bytes; left out, each value gets a random one"
        raise ParameterError(msg)
    given = salt.encode() if salt else None

    def hashed(_: Place, text: str) -> str:
        digest = hashlib.new(kind, text.encode("utf-8", "surrogatepass"))
        digest.update(given or entropy(SALT_BYTES))
        return digest.hexdigest()

    return hashed


def apart(places: Sequence[Place], text: str, *, whole: Container[str] = ()) -> list[Place]:
    """`places` without overlaps, ascending: the surest keep theirs, the others what is left of theirs.

    Places of one entity with only spaces between them become one, as in Presidio, unless the entity is in `whole`.
    """
    taken: list[Place] = []
    for place in sorted(places, key=lambda p: (-p.score, p.start - p.end, p.start, p.entity)):
        rest = [place]
        for other in taken:
            rest = [part for one in rest for part in _without(one, other)]
        taken += [part for part in rest if text[part.start : part.end].strip()]
    out: list[Place] = []
    for place in sorted(taken, key=lambda p: p.start):
        before = out[-1] if out and place.entity not in whole else None
        if before and before.entity == place.entity and not text[before.end : place.start].strip(" "):
            out[-1] = replace(before, end=place.end)
        else:
            out.append(place)
    return out


def _without(place: Place, other: Place) -> list[Place]:
    if place.end <= other.start or other.end <= place.start:
        return [place]
    parts = (replace(place, end=min(place.end, other.start)), replace(place, start=max(place.start, other.end)))
    return [part for part in parts if part.start < part.end]


def changed(text: str, edits: Sequence[tuple[Place, str, str]]) -> tuple[str, list[Changed]]:
    """`text` after `edits` (place, new text, operator; ascending, none overlapping), and where each stands now."""
    pieces: list[str] = []
    items: list[Changed] = []
    at = length = 0
    for place, new, operator in edits:
        kept = text[at : place.start]
        pieces += (kept, new)
        start = length + len(kept)
        length = start + len(new)
        items.append(Changed(start, length, place.entity, new, operator))
        at = place.end
    pieces.append(text[at:])
    return "".join(pieces), items
