"""Builds one process's house on a store: every room made once, in the order of the house, and closed again.

Must never: decide anything about data. What is chosen here is which adapter stands behind which port.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.log_files import LogFiles
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.access import SQLiteCredentials, SQLiteProviderKeys, SQLiteSources
from strongroom.adapters.sqlite.at_rest import SQLiteFiles, SQLiteHistory, SQLiteSegments
from strongroom.adapters.sqlite.flows import SQLiteFlows
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore
from strongroom.adapters.sqlite.usage import SQLiteUsage
from strongroom.audit.log import AuditLog
from strongroom.classify.catalogue import Catalogue
from strongroom.classify.fields import FieldClassifier
from strongroom.clock import Clock, Entropy, SystemClock, system_entropy
from strongroom.envelope.envelope import Envelope
from strongroom.guard.corridor import Guard, PolicySource
from strongroom.guard.credentials import Credentials
from strongroom.guard.flows import FlowMap
from strongroom.guard.session import Engine
from strongroom.guard.sessions import Sessions
from strongroom.guard.sinks import Tools
from strongroom.guard.sources import DataSources
from strongroom.keys.epoch import Epoch
from strongroom.keys.keyring import Keyring
from strongroom.keys.lifecycle import KeyAdmin
from strongroom.keys.path import KeyPath
from strongroom.keys.unseal_paths import UnsealPaths
from strongroom.keys.usage import UsageMeter
from strongroom.permit import PermitOffice
from strongroom.policy.engine import Policy
from strongroom.policy.file import PolicyFile
from strongroom.primitives.mac import mac
from strongroom.primitives.signing import SigningKey
from strongroom.settings import Settings
from strongroom.surrogates.issue import Surrogates
from strongroom.wiring.detection import classifier_for
from strongroom.wiring.key_anchor import KeyAnchor
from strongroom.wiring.root_uri import Ask, nobody_to_ask
from strongroom.wiring.unseal import Unsealed, unseal
from strongroom.wiring.upkeep import Upkeep, build_upkeep, lease_of, tell_the_log

NAMES_REMEMBERED = 4096
"""Names of sessions and resources whose pseudonyms are not computed again; about half a megabyte."""

SYSTEM = KeyPath("strongroom", "system")
"""Where the house's own keys stand: audit signing, credential digests, concealed names in the log."""


@dataclass(frozen=True, slots=True)
class House:
    """Every room of one process.

    `recovery_share`, and `shares` with a root split among people, are set only in the process that made the store.
    """

    settings: Settings
    clock: Clock
    database: Database
    epoch: Epoch
    keyring: Keyring
    keys: KeyAdmin
    upkeep: Upkeep
    anchor: KeyAnchor
    envelope: Envelope
    catalogue: Catalogue
    audit: AuditLog
    guard: Guard
    policy: PolicySource
    engine: Engine
    sessions: Sessions
    sources: DataSources
    credentials: Credentials
    provider_keys: SQLiteProviderKeys
    history: SQLiteHistory
    files: SQLiteFiles
    segments: SQLiteSegments
    signing: SigningKey
    unseal_paths: UnsealPaths
    recovery_share: str | None
    shares: tuple[str, ...]
    _closing: ExitStack

    @property
    def home(self) -> Path:
        """The store's directory."""
        return self.settings.home_path

    def conceal(self, tenant: str, environment: str, name: str) -> str:
        """`name` as 32 hexadecimal digits that only this tenant's key can make."""
        key = self.keyring.purpose_key(KeyPath(tenant, environment), "names")
        return mac(key=key, message=name.encode("utf-8", "replace")).hex()[:32]

    def close(self) -> None:
        """Flush and close every room, the log last."""
        self._closing.close()


class _ShippedPolicy:
    """The default bundle, which needs no file."""

    def __init__(self) -> None:
        self._policy = Policy.load()

    def current(self) -> Policy:
        return self._policy


def build_house(
    settings: Settings, *, create: bool = False, epoch: Epoch | None = None, clock: Clock | None = None,
    entropy: Entropy = system_entropy, recovery: str | None = None, ask: Ask = nobody_to_ask,
    accept_older_store: bool = False,
) -> House:  # fmt: skip
    """Open the store that `settings` names and build every room on it.

    `create` makes a store where there is none. `recovery` unseals with the recovery share instead of the path
    in the settings; `ask` gets from a person what that path needs. `epoch` replaces the shared epoch and `clock`
    the system's, for tests. `accept_older_store` opens a key store that is older than its log, and records that.
    Raises `StoreError`, `RootError`, `ConfigurationError` or `IntegrityError`, each saying what to do.
    """
    with ExitStack() as closing:
        time = clock or SystemClock()
        unsealed = unseal(settings, create=create, recovery=recovery, entropy=entropy, clock=time, ask=ask)
        closing.callback(unsealed.database.close)
        house = _furnish(settings, unsealed, closing, time, epoch, entropy, accept_older_store=accept_older_store)
        return replace(house, _closing=closing.pop_all())


def _keys(
    settings: Settings, unsealed: Unsealed, closing: ExitStack, clock: Clock, epoch: Epoch, office: PermitOffice,
    entropy: Entropy,
) -> tuple[Keyring, KeyAdmin, UsageMeter]:  # fmt: skip
    present = unsealed.present
    store = SQLiteKeyStore(unsealed.database, mark=present.mark)
    meter = UsageMeter(SQLiteUsage(unsealed.database), clock)
    lease = lease_of(unsealed.database, settings.rotation, clock, entropy)
    if lease is not None:
        closing.callback(lease.close)
    keyring = Keyring(
        store=store, root=unsealed.root, epoch=epoch, office=office, clock=clock, entropy=entropy, lease=lease,
        meter=meter, subject_key=present.subject_key,
    )  # fmt: skip
    return keyring, KeyAdmin(store=store, keyring=keyring, epoch=epoch, office=office, clock=clock), meter


def _log(home: Path, keyring: Keyring, signing: SigningKey, closing: ExitStack, clock: Clock) -> AuditLog:
    concealing = keyring.purpose_key(SYSTEM, "audit-names")

    @lru_cache(maxsize=NAMES_REMEMBERED)
    def conceal(text: str) -> str:  # a conversation's name is concealed several times per request
        return mac(key=concealing, message=text.encode("utf-8", "replace")).hex()[:32]

    audit = AuditLog.open(LogFiles(home / "audit"), signing_key=signing, conceal=conceal, clock=clock)
    closing.callback(audit.close)
    return audit


def _furnish(
    settings: Settings, unsealed: Unsealed, closing: ExitStack, clock: Clock, epoch: Epoch | None,
    entropy: Entropy, *, accept_older_store: bool,
) -> House:  # fmt: skip
    home, database = settings.home_path, unsealed.database
    shared = epoch or MmapEpoch.open(home / "epoch")
    office = PermitOffice(clock)
    keyring, keys, meter = _keys(settings, unsealed, closing, clock, shared, office, entropy)
    envelope = Envelope(keyring, entropy)
    signing = SigningKey.from_seed(keyring.purpose_key(SYSTEM, "audit-signing"))
    audit = _log(home, keyring, signing, closing, clock)
    anchor = KeyAnchor.open(LogFiles(home / "audit"), audit, keys, accept_older=accept_older_store)
    closing.callback(anchor.close)
    meter.alarm_to(tell_the_log(audit))
    meter.start()
    closing.callback(meter.close)
    policy: PolicySource = PolicyFile(settings.policy) if settings.policy else _ShippedPolicy()
    flows = FlowMap(SQLiteFlows(database), clock)
    flows.start()
    closing.callback(flows.close)
    guard = Guard(policy=policy, audit=audit, office=office, flows=flows)
    catalogue = Catalogue.load(settings.catalogue or None)
    classifier = classifier_for(settings, catalogue)
    fields = FieldClassifier(catalogue, classifier)
    surrogates = Surrogates(
        store=SQLiteSurrogateStore(database), envelope=envelope, purpose_key=keyring.purpose_key, clock=clock,
        office=office,
    )  # fmt: skip
    engine = Engine(
        guard, catalogue, classifier, fields, surrogates, Tools(settings.tools), flows,
        refuse_uninspected=settings.mode == "enforce",
    )  # fmt: skip
    sources = DataSources(
        store=SQLiteSources(database), envelope=envelope, guard=guard, catalogue=catalogue, fields=fields,
        keys=keyring, epoch=shared,
    )  # fmt: skip
    sessions = Sessions(engine, sources, shared, entropy=entropy)
    closing.callback(sessions.flush)
    credentials = Credentials(
        SQLiteCredentials(database), keyring.purpose_key(SYSTEM, "credentials"), shared, clock, entropy
    )
    upkeep = build_upkeep(
        database=database, home=home, rules=settings.rotation, keyring=keyring, keys=keys, meter=meter,
        guard=guard, catalogue=catalogue, clock=clock, entropy=entropy, system=SYSTEM,
    )  # fmt: skip
    return House(
        settings=settings, clock=clock, database=database, epoch=shared, keyring=keyring, keys=keys, upkeep=upkeep,
        anchor=anchor, envelope=envelope, catalogue=catalogue, audit=audit, guard=guard, policy=policy,
        engine=engine, sessions=sessions, sources=sources, credentials=credentials,
        provider_keys=SQLiteProviderKeys(database), history=SQLiteHistory(database), files=SQLiteFiles(database),
        segments=SQLiteSegments(database), signing=signing, unseal_paths=unsealed.paths,
        recovery_share=unsealed.recovery_share, shares=unsealed.shares, _closing=closing,
    )  # fmt: skip
