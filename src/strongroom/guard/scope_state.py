"""What one conversation has taught: the values its fields named, and the findings of text already seen.

Agents send the whole history again on every turn. Findings are cached per segment under a digest chained
over what the conversation had taught *before* that segment, so that a turn costs only its new text, and so
that the same history gives the same bytes upstream on every turn, whatever was learned later.

Must never: outlive its bounds (segments and conversations are dropped oldest first), or key its cache by
anything but a keyed digest of the text.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.known import KnownValues
from strongroom.classify.plain import Reason
from strongroom.label import Level

SEGMENTS_MAX = 4096
"""Segments remembered per conversation: a very long agent run has a few hundred."""

Learned = tuple[str, str, str]
"""Kind, value, subject."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `text` where the inspected text has ``[start:end]`` (characters). `kind` is what stood there."""

    start: int
    end: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What inspecting one text gave: its replacements, what it taught, and the chain after it."""

    replacements: tuple[Replacement, ...]
    learned: tuple[Learned, ...]
    chain: bytes
    gaps: frozenset[Reason] = frozenset()
    """Why something of it was not inspected; asked of every request that sends it again."""


@dataclass(slots=True)
class Reuse:
    """How much of what was sent had been inspected before, in segments and in characters."""

    segments: int = 0
    repeated_segments: int = 0
    chars: int = 0
    repeated_chars: int = 0

    @property
    def share(self) -> float:
        """Of the characters, the part that cost no inspection; 0 when there were none."""
        return self.repeated_chars / self.chars if self.chars else 0.0


class ScopeState:
    """The memory of one scope in this process. Safe under threads."""

    def __init__(self, key: bytes, catalogue: Catalogue) -> None:
        self._key = key[:32]
        self._catalogue = catalogue
        self._segments: OrderedDict[bytes, Segment] = OrderedDict()
        self._known = KnownValues(self._catalogue, parts=True)
        self._known_chain = b""
        self.fates: dict[tuple[str, str, Level | None], str] = {}
        """Per version of everything that is asked: the form in which a kind of a level reaches the model."""
        self.reuse = Reuse()
        self.lock = threading.RLock()

    def digest(self, chain: bytes, *parts: str) -> bytes:
        """A keyed digest of `parts` in the context of `chain`."""
        state = hashlib.blake2b(chain, key=self._key, digest_size=16)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            state.update(len(raw).to_bytes(8, "big"))
            state.update(raw)
        return state.digest()

    def segment(self, digest: bytes, chars: int = 0) -> Segment | None:
        """The remembered segment of `chars` characters, now the youngest; None when it is new or was dropped."""
        with self.lock:
            found = self._segments.get(digest)
            self.reuse.segments += 1
            self.reuse.chars += chars
            if found is not None:
                self.reuse.repeated_segments += 1
                self.reuse.repeated_chars += chars
                self._segments.move_to_end(digest)
            return found

    def remember(self, digest: bytes, segment: Segment) -> None:
        """Keep `segment`, dropping the oldest beyond `SEGMENTS_MAX`."""
        with self.lock:
            self._segments[digest] = segment
            while len(self._segments) > SEGMENTS_MAX:
                self._segments.popitem(last=False)

    def forget(self) -> None:
        """Drop everything: keys changed state, or somebody was erased."""
        with self.lock:
            self._segments.clear()
            self.fates.clear()
            self._known = KnownValues(self._catalogue, parts=True)
            self._known_chain = b""

    def known(self, chain: bytes, learned: list[Learned]) -> KnownValues:
        """The values taught up to `chain`, of which `learned` is the list in order."""
        with self.lock:
            if self._known_chain != chain:
                self._known = KnownValues(self._catalogue, parts=True)
                for kind, value, subject in learned:
                    self._known.add(kind, value, subject)
                self._known_chain = chain
            return self._known

    def learn(self, before: bytes, after: bytes, learned: tuple[Learned, ...]) -> None:
        """Extend the automaton from chain `before` to chain `after`, if it stands at `before`."""
        with self.lock:
            if self._known_chain != before:
                return
            for kind, value, subject in learned:
                self._known.add(kind, value, subject)
            self._known_chain = after
