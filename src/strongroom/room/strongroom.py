"""`Strongroom`: one process's room on a store, and the door to everything in it.

    from strongroom import Strongroom

    with Strongroom.open() as room, room.session("support-bot", tenant="acme", environment="prod") as s:
        safe = s.tokenize("mail anna@example.org")

Must never: hold a decision of its own; it names things and passes them on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from strongroom.adapters.log_files import LogFiles
from strongroom.at_rest.embeddings import Embeddings
from strongroom.at_rest.temporary import sweep
from strongroom.audit.proof import InclusionProof
from strongroom.audit.verify import AuditReport, verify_audit
from strongroom.classify.catalogue import Catalogue
from strongroom.classify.discovery import Discovery, discover
from strongroom.classify.span import Span
from strongroom.classify.survey import TableFinding
from strongroom.clock import system_entropy
from strongroom.compliance.erasure import Erasure, ErasureReceipt, verify_receipt
from strongroom.compliance.flow_map import Map, draw
from strongroom.identity import Caller, Principal
from strongroom.keys.epoch import Epoch
from strongroom.keys.path import KeyPath
from strongroom.label import Label, Level
from strongroom.policy.engine import Policy
from strongroom.primitives.secret_memory import shared_pages
from strongroom.room.backups import BackupsView
from strongroom.room.ceremony import RootCeremony
from strongroom.room.keys import KeysView
from strongroom.room.operator import operator
from strongroom.room.reading import prove_signed, recent_entries, signed_checkpoints
from strongroom.room.schedule import Schedule
from strongroom.room.session import RoomSession, custody_of
from strongroom.room.surveys import SurveysView
from strongroom.room.unseal import UnsealView
from strongroom.room.views import CredentialsView, ProviderKeysView, SourcesView
from strongroom.settings import Settings, load_settings
from strongroom.wiring.house import SYSTEM, House, build_house
from strongroom.wiring.root_uri import Ask, nobody_to_ask
from strongroom.wiring.unseal import restore_keyfile


class Strongroom:
    """See the module. Use `open`, and `close` it (or use it as a context manager)."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.credentials = CredentialsView(house)
        self.sources = SourcesView(house)
        self.provider_keys = ProviderKeysView(house)
        self.keys = KeysView(house)
        self.schedule = Schedule(house)
        self.unseal = UnsealView(house)
        self.ceremony = RootCeremony(house)
        self.backups = BackupsView(house)
        self.surveys = SurveysView(house)
        sweep(house.home / "tmp", house.clock)
        self.backups.note_restore()

    @classmethod
    def open(
        cls, *, home: Path | None = None, keyfile: Path | None = None, config: Path | None = None,
        root: str | None = None, create: bool = False, recovery: str | None = None, epoch: Epoch | None = None,
        ask: Ask = nobody_to_ask, accept_older_store: bool = False, **flags: Any,
    ) -> Strongroom:  # fmt: skip
        """Open the store in `home` (default ``~/.strongroom``); with `create`, make it if there is none.

        `root` is the unseal path as a URI (``pkcs11:...``) instead of the keyfile; `ask` gets the PIN, passphrase
        or shares it needs, given what is wanted. `recovery` unseals with the recovery share; `flags` are further
        settings. `accept_older_store` goes on with a key store that is older than its log, and records that.
        Raises `ConfigurationError`, `StoreError`, `RootError` or `IntegrityError`.
        """
        settings = load_settings(config, home=home, keyfile=keyfile, root=root, **flags)
        house = build_house(
            settings, create=create, recovery=recovery, epoch=epoch, ask=ask, accept_older_store=accept_older_store
        )
        return cls(house)

    @classmethod
    def recover(
        cls, share: str, *, home: Path | None = None, keyfile: Path | None = None, config: Path | None = None
    ) -> Path:
        """Make a new keyfile for a store whose keyfile was lost, with its recovery share; returns the path.

        The log gets an entry, and a keyfile that turns up again opens nothing. Raises `WrongPassphraseError`
        for a wrong share, `RootError` if there is a file where the keyfile belongs.
        """
        settings = load_settings(config, home=home, keyfile=keyfile)
        with cls(build_house(settings, recovery=share)) as room:
            caller = operator(SYSTEM.tenant, SYSTEM.environment)
            label = Label("*", Level.RESTRICTED)
            with room.house.guard.corridor(caller, "manage_key", label, resource="root"):
                return restore_keyfile(settings, room.house.unseal_paths, entropy=system_entropy)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Flush what is pending and let go of the store and the log."""
        self.house.close()

    @property
    def settings(self) -> Settings:
        """What this room was opened with."""
        return self.house.settings

    @property
    def recovery_share(self) -> str | None:
        """The recovery share, in the process that made the store and in no other."""
        return self.house.recovery_share

    @property
    def shares(self) -> tuple[str, ...]:
        """The shares of a root split among people, in the process that made the store and in no other."""
        return self.house.shares

    @property
    def catalogue(self) -> Catalogue:
        """The entity types in force."""
        return self.house.catalogue

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.house.policy.current()

    @property
    def audit_public_key(self) -> bytes:
        """The Ed25519 key that checks this store's log: 32 bytes."""
        return self.house.signing.public

    def session(
        self, principal: str, *, tenant: str, environment: str, purpose: str = "unspecified",
        conversation: str = "", roles: tuple[str, ...] = ("agent",), clearance: int = 3,
    ) -> RoomSession:  # fmt: skip
        """A session of `principal`; surrogates belong to `conversation`, or to the principal when it is empty."""
        who = Principal(principal, tenant, environment, roles, clearance)
        return RoomSession(self.house, Caller(who, purpose=purpose, session=conversation))

    def classify(self, text: str) -> list[Span]:
        """What the recognizers find in `text`; declared sources are not consulted."""
        return self.house.engine.classifier.spans(text)

    def classify_rows(self, rows: Iterable[object], *, name: str = "rows") -> TableFinding:
        """What the fields of `rows` hold: mappings, dataclasses, or anything nested of them."""
        return self.surveys.rows(rows, name=name)

    def erase(self, *, tenant: str, environment: str, subject: str) -> ErasureReceipt:
        """Destroy every key that opens `subject`'s data; returns a receipt with a proof in the log."""
        house = self.house

        def embeddings(caller: Caller) -> Embeddings:
            directory = house.home / "embeddings"
            return Embeddings(custody_of(house, caller), house.segments, directory, "", epoch=house.epoch)

        erasure = Erasure(
            guard=house.guard, audit=house.audit, keys=house.keys, surrogates=house.engine.surrogates,
            segments=house.segments, embeddings=embeddings, signing=house.signing, clock=house.clock,
        )  # fmt: skip
        return erasure.erase(operator(tenant, environment), subject)

    def verify_erasure(self, receipt: ErasureReceipt) -> None:
        """Raise `IntegrityError` unless `receipt` is genuine and its entry is in the log it names."""
        verify_receipt(receipt, public=self.audit_public_key)

    def verify_audit(self, *, known: Iterable[str] = ()) -> AuditReport:
        """Check every shard of the log, leaf by leaf, and that it extends the `known` checkpoints.

        Raises `IntegrityError` saying where it breaks.
        """
        self.house.audit.flush()
        return verify_audit(LogFiles(self.house.home / "audit"), public=self.audit_public_key, known=known)

    def checkpoints(self) -> dict[str, str]:
        """The signed checkpoint of every shard: kept elsewhere, they show later that nothing was rewritten."""
        self.house.audit.flush()
        return signed_checkpoints(LogFiles(self.house.home / "audit"))

    def prove_entry(self, index: int, *, origin: str = "") -> InclusionProof:
        """A proof that entry `index` of this process's shard, or of shard `origin`, is in the log."""
        if origin in ("", self.house.audit.origin):
            return self.house.audit.prove(index)
        return prove_signed(LogFiles(self.house.home / "audit"), origin, index, public=self.audit_public_key)

    def audit_entries(self, last: int) -> list[dict[str, Any]]:
        """The `last` entries of the log over all its shards, newest last; reading them is itself an entry."""
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        label = Label("operational", Level.INTERNAL)
        with self.house.guard.corridor(caller, "read_audit", label):
            return recent_entries(LogFiles(self.house.home / "audit"), last)

    def discover(self, tasks: Sequence[Any]) -> Discovery:
        """What recorded tasks (request bodies, or lists of messages) show of fields, tools and text.

        Nothing is put away, recorded or changed. Raises `ConfigurationError` for what is no task.
        """
        engine = self.house.engine
        return discover(
            tasks, catalogue=engine.catalogue, classifier=engine.classifier, fields=engine.fields,
            declared=self.settings.tools,
        )  # fmt: skip

    def flows(self, environment: str) -> Map:
        """The observed data-flow map of ``tenant/environment``; reading it is an entry in the log."""
        path = KeyPath.parse(environment)
        caller = operator(path.tenant, path.environment)
        with self.house.guard.corridor(
            caller, "read_audit", Label("operational", Level.INTERNAL), resource="flows"
        ):
            return draw(self.house.engine.flows.read(path.tenant, path.environment))

    def status(self) -> dict[str, object]:
        """Facts for a person: where the store is, which policy is in force, what is in it.

        `key_memory` names the protections of long-lived keys that hold, `key_memory_lacks` those that do not.
        """
        house = self.house
        memory = asdict(shared_pages().protections).items()
        return {
            "home": str(house.home),
            "mode": house.settings.mode,
            "policy": self.policy.version,
            "catalogue": house.catalogue.version,
            "entity_types": len(house.catalogue.types),
            "key_changes": house.keys.journal_size(),
            "keys_due": self.schedule.count(),
            "key_alerts": self.keys.alerts(),
            "credentials": sum(not row.revoked for row in house.credentials.rows()),
            "provider_keys": house.provider_keys.names(),
            "unseal_paths": list(house.unseal_paths.schemes()),
            "key_memory": [name for name, holds in memory if holds],
            "key_memory_lacks": [name for name, holds in memory if not holds],
            "log_key": self.audit_public_key.hex(),
            "audit_origin": house.audit.origin,
            "audit_entries": house.audit.size,
        }
