"""Where a key stands in the hierarchy: ``tenant/environment[/category[/subject]]``.

A path says whose data a key seals. Tenant and environment come first, so a key of ``acme/staging`` and one of
``acme/prod`` share nothing but the root.

Must never: have two spellings; every part is a legal name (`strongroom.identity.require_name`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strongroom.errors import InvalidNameError
from strongroom.identity import require_name

DEPTH_MIN = 2
DEPTH_MAX = 4

Kind = Literal["environment", "category", "subject"]


@dataclass(frozen=True, slots=True, order=True)
class KeyPath:
    """One place in the hierarchy. `category` may be empty, and `subject` too; a subject needs a category."""

    tenant: str
    environment: str
    category: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        require_name(self.tenant, "tenant")
        require_name(self.environment, "environment")
        if self.category:
            require_name(self.category, "category")
        if self.subject:
            require_name(self.subject, "subject")
            if not self.category:
                msg = "a subject's key stands under a category"
                raise InvalidNameError(msg)

    @classmethod
    def parse(cls, text: str) -> KeyPath:
        """The path that `text` spells, the inverse of `str`. Raises `InvalidNameError`."""
        parts = text.split("/")
        if not DEPTH_MIN <= len(parts) <= DEPTH_MAX or not all(parts):
            msg = "a key path is tenant/environment[/category[/subject]]"
            raise InvalidNameError(msg)
        return cls(*parts)

    def __str__(self) -> str:
        parts = (self.tenant, self.environment, self.category, self.subject)
        return "/".join(part for part in parts if part)

    @property
    def kind(self) -> Kind:
        """Which step of the hierarchy this is."""
        if self.subject:
            return "subject"
        return "category" if self.category else "environment"

    @property
    def parent(self) -> KeyPath | None:
        """The path whose key wraps this one's; `None` for an environment, which the root wraps."""
        if self.subject:
            return KeyPath(self.tenant, self.environment, self.category)
        return KeyPath(self.tenant, self.environment) if self.category else None

    @property
    def public(self) -> str:
        """The path without the subject: what messages and logs may show."""
        if not self.subject:
            return str(self)
        return f"{self.tenant}/{self.environment}/{self.category}/(subject)"
