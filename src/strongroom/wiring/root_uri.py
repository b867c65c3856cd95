"""How an unseal path is written down: ``scheme:body?option=value&option=value``.

    keyfile:/media/key/strongroom.key
    pkcs11:token=strongroom?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin
    tpm:?pcrs=7,11

The URI says which provider and where; secrets (a passphrase, a PIN, shares) are asked for, or read from a file it
names. It can therefore stand in a settings file, on a command line and in a log.

Must never: carry a secret itself, or be guessed at; an option a scheme does not know is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from strongroom.clock import Clock, Entropy
from strongroom.errors import ConfigurationError, RootMissingError
from strongroom.keys.root import RootProvider
from strongroom.settings import Settings

SECRET_FILE_BYTES_MAX = 64 << 10
"""A PIN, a passphrase or a few dozen shares; anything longer is another file."""

Ask = Callable[[str], str]
"""Gets one secret from whoever unseals; the argument says what is wanted, such as ``Passphrase``."""

_SCHEME = re.compile(r"[a-z][a-z0-9]*")


def nobody_to_ask(what: str) -> str:
    """The `Ask` of a process without a person: refuses."""
    msg = f"{what}: there is nobody to ask in this process"
    raise RootMissingError(msg)


@dataclass(frozen=True, slots=True)
class RootUri:
    """An unseal path as written: `body` still percent-encoded, the options' values decoded."""

    scheme: str
    body: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def parse(cls, text: str) -> RootUri:
        """Read `text`. Raises `ConfigurationError` for what is no such URI; the message does not repeat it."""
        scheme, colon, rest = text.strip().partition(":")
        if not colon or not _SCHEME.fullmatch(scheme):
            msg = "root: expected SCHEME:..., such as keyfile:/path or pkcs11:token=NAME"
            raise ConfigurationError(msg)
        body, _, query = rest.partition("?")
        return cls(scheme, body, MappingProxyType(_pairs(query, "&", scheme)))

    @property
    def plain(self) -> str:
        """`body` decoded, for the schemes whose body is one thing, such as a path."""
        return unquote(self.body)

    def attributes(self) -> dict[str, str]:
        """`body` as ``name=value;name=value`` (RFC 7512), for the schemes that use that form."""
        return _pairs(self.body, ";", self.scheme)

    def require(self, *known: str) -> None:
        """Raise `ConfigurationError` for an option that is not among `known`."""
        for name in self.options:
            if name not in known:
                choices = ", ".join(known) or "none"
                msg = f"root: {self.scheme} has no option {name}; it knows: {choices}"
                raise ConfigurationError(msg)


def _pairs(text: str, separator: str, scheme: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if not equals or not name or name in found:
            msg = f"root: {scheme}: expected each of NAME=VALUE once"
            raise ConfigurationError(msg)
        found[name] = unquote(value, errors="surrogateescape")  # a key's id may be any bytes
    return found


@dataclass(frozen=True, slots=True)
class RootPlace:
    """What the maker of a provider may use. `new` is set when the path is being made, not when it is used."""

    store_id: str
    settings: Settings
    entropy: Entropy
    clock: Clock
    ask: Ask = nobody_to_ask
    new: bool = False

    def secret(self, uri: RootUri, what: str, *, option: str = "file") -> str:
        """The first line of the file that `option` names, or else what is asked for under the name `what`."""
        named = uri.options.get(option)
        return self.ask(what) if named is None else secret_file(named, what)[0]


RootFactory = Callable[[RootUri, RootPlace], RootProvider]
"""Makes the provider a URI describes. Raises `ConfigurationError`, `ExtraMissingError` or `RootError`."""


def secret_file(name: str, what: str) -> list[str]:
    """The lines of a file that holds secrets, without blank ones.

    Raises `RootMissingError` if it is missing, empty or too long; the message names it and shows nothing of it.
    """
    path = Path(name.removeprefix("file:")).expanduser()
    try:
        with path.open(encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(SECRET_FILE_BYTES_MAX + 1).splitlines()]
            whole = file.read(1) == ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        msg = f"{what}: the file {path} cannot be read ({reason})"
        raise RootMissingError(msg) from error
    if not whole or not any(lines):
        msg = f"{what}: the file {path} is empty or too long"
        raise RootMissingError(msg)
    return [line for line in lines if line]
