"""In whose name, and under which key, something is kept: what every store of this room is built on.

A `Custody` is one caller at work: it asks the guard, makes the binding, and calls the envelope. Object ids
that a person could recognize (file names, conversation names) are concealed by a keyed digest before they
reach a disk.

Must never: seal or open without a permit, or let a binding be chosen by the sealed bytes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from strongroom.envelope.envelope import Envelope
from strongroom.errors import ConfigurationError
from strongroom.formats.aad import Binding
from strongroom.guard.corridor import Guard
from strongroom.identity import Caller
from strongroom.label import Label, Level
from strongroom.permit import Permit


@dataclass(frozen=True, slots=True)
class Custody:
    """One caller's keeping of things. `levels` gives each category its level, `conceal` digests a name."""

    caller: Caller
    guard: Guard
    envelope: Envelope
    levels: Callable[[str], Level]
    conceal: Callable[[str, str, str], str]

    def level(self, category: str) -> Level:
        """The level of things of `category`; raises `ConfigurationError` when there is no such category."""
        try:
            return self.levels(category)
        except KeyError:
            msg = f"no such category: {category}"
            raise ConfigurationError(msg) from None

    def label(self, category: str, subject: str = "") -> Label:
        """The label of a thing of `category` about `subject`."""
        return Label(category, self.level(category), subject=subject)

    def binding(self, kind: str, object_id: str, *, category: str, subject: str = "", version: int = 0) -> Binding:
        """What a thing of this caller is bound to."""
        return Binding(
            tenant=self.caller.tenant,
            environment=self.caller.environment,
            category=category,
            level=int(self.level(category)),
            kind=kind,
            object_id=object_id,
            subject=subject,
            version=version,
        )

    def concealed(self, name: str) -> str:
        """`name` as a digest that only this tenant's key can make: 32 hexadecimal digits."""
        return self.conceal(self.caller.tenant, self.caller.environment, name)

    @contextmanager
    def sealing(
        self, category: str, *, subject: str = "", resource: str = "*", count: int = 1
    ) -> Iterator[Permit]:
        """The corridor around sealing `count` things of one category."""
        label = self.label(category, subject)
        with self.guard.corridor(self.caller, "seal", label, resource=resource, count=count) as permit:
            yield permit

    @contextmanager
    def opening(
        self, category: str, *, subject: str = "", resource: str = "*", count: int = 1
    ) -> Iterator[Permit]:
        """The corridor around opening `count` things of one category."""
        label = self.label(category, subject)
        with self.guard.corridor(self.caller, "open", label, resource=resource, count=count) as permit:
            yield permit

    def seal(
        self, plaintext: bytes, kind: str, object_id: str, *, category: str, subject: str = "", version: int = 0
    ) -> bytes:
        """Seal one value."""
        binding = self.binding(kind, object_id, category=category, subject=subject, version=version)
        with self.sealing(category, subject=subject, resource=object_id) as permit:
            return self.envelope.seal(plaintext, binding, permit)

    def open(
        self, sealed: bytes, kind: str, object_id: str, *, category: str, subject: str = "", version: int = 0
    ) -> bytes:
        """Open one value; raises `DecryptionError` or `KeyStateError`."""
        binding = self.binding(kind, object_id, category=category, subject=subject, version=version)
        with self.opening(category, subject=subject, resource=object_id) as permit:
            return self.envelope.open(sealed, binding, permit)
