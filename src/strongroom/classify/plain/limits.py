"""What was not inspected, and the named limits behind it.

Must never: say what stands in the place; offsets and a reason are all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

DEPTH_MAX: Final = 3
"""Encodings inside encodings that are undone. Three is a percent-encoded base64 of a text with entities."""

OPAQUE_CHARS_MIN: Final = 1024
"""From this length on, a base64 or hexadecimal run that holds no text is reported: shorter ones are keys, digests
and signatures, which text is full of."""

CONTROL_SHARE_MAX: Final = 0.05
"""A text with more control characters than this, tabs and line ends aside, is no text."""


class Reason(Enum):
    """Why something was not inspected."""

    TOO_LONG = "too_long"
    """The text has more characters than one scan takes (`engine.TEXT_CHARS_MAX`)."""

    BINARY = "binary"
    """The text is made of control characters for more than `CONTROL_SHARE_MAX`."""

    TOO_DEEP = "too_deep"
    """Something is encoded more than `DEPTH_MAX` times over."""

    OPAQUE = "opaque"
    """A run of `OPAQUE_CHARS_MIN` or more encoded characters holds no text: an image, an archive. It is reported
    and let through: certificates and pictures are ordinary, and what is written in the run itself was searched."""

    @property
    def refused(self) -> bool:
        """Whether enforce mode refuses a text because of it."""
        return self is not Reason.OPAQUE


@dataclass(frozen=True, slots=True)
class NotInspected:
    """`text[start:end]` (characters) was not inspected, or only from outside, because of `reason`."""

    start: int
    end: int
    reason: Reason
