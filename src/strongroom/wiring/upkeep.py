"""What keeps keys young: counting their use, rotating them, sealing data anew, and ending what nobody needs.

Must never: decide who may do any of it; that is the guard's, through the views that call this.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strongroom.adapters.sealed_files import SealedFiles
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.inventory import SQLiteInventory
from strongroom.adapters.sqlite.leases import SQLiteLeases
from strongroom.adapters.sqlite.rewrap import BindingOf, SQLiteJobs, shelves
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore, row_of
from strongroom.adapters.sqlite.usage import SQLiteUsage
from strongroom.at_rest.embeddings import key_subject
from strongroom.at_rest.rewrap import Rewrap
from strongroom.audit.log import AuditLog
from strongroom.classify.catalogue import Catalogue
from strongroom.clock import Clock, Entropy
from strongroom.envelope.rewrap import Rewrapper
from strongroom.formats.aad import Binding
from strongroom.formats.entry import Event
from strongroom.guard.corridor import Guard
from strongroom.guard.sources import known_binding
from strongroom.keys.gate import DeactivationGate
from strongroom.keys.keyring import Keyring
from strongroom.keys.lease import LeaseHolder
from strongroom.keys.lifecycle import KeyAdmin
from strongroom.keys.path import KeyPath
from strongroom.keys.rotation import KeyRotation
from strongroom.keys.usage import EndingUse, UsageMeter
from strongroom.label import Level
from strongroom.settings import Rotation
from strongroom.surrogates.resolve import binding_of
from strongroom.surrogates.scope import Scope
from strongroom.surrogates.veil import SubjectVeil

DAY_S = 24 * 3600
HOLDER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The parts, made once per process."""

    rotation: KeyRotation
    usage: SQLiteUsage
    leases: SQLiteLeases
    meter: UsageMeter
    gate: DeactivationGate
    jobs: SQLiteJobs
    rewrap: Rewrap


def lease_of(database: Database, rules: Rotation, clock: Clock, entropy: Entropy) -> LeaseHolder | None:
    """This process's lease on the keys, if the settings ask for one."""
    if not rules.lease_s:
        return None
    holder = entropy(HOLDER_BYTES).hex()
    return LeaseHolder(
        SQLiteLeases(database), clock, holder=holder, host=platform.node(), lifetime_s=rules.lease_s
    )


def tell_the_log(audit: AuditLog) -> Callable[[EndingUse], None]:
    """An alarm entry for each use of a version whose end is announced."""

    def alarm(use: EndingUse) -> None:
        audit.append(
            Event(
                action=use.operation, phase="alarm", principal=use.principal, tenant=use.path.tenant,
                environment=use.path.environment, category=use.path.category, subject=use.path.subject,
                result=f"key_ending:version {use.version}",
            ),
            durable=False,
        )  # fmt: skip

    return alarm


def build_upkeep(
    *, database: Database, home: Path, rules: Rotation, keyring: Keyring, keys: KeyAdmin, meter: UsageMeter,
    guard: Guard, catalogue: Catalogue, clock: Clock, entropy: Entropy, system: KeyPath,
) -> Upkeep:  # fmt: skip
    """Everything, on the embedded store."""
    usage = SQLiteUsage(database)
    inventories = (SQLiteInventory(database), SealedFiles(home))
    gate = DeactivationGate(usage, inventories, clock, window_s=rules.window_days * DAY_S, flush=meter.flush)
    jobs = SQLiteJobs(database, lambda path: str(keyring.hierarchy.conceal(KeyPath.parse(path))))
    rewrap = Rewrap(
        guard=guard, rewrapper=Rewrapper(keyring, entropy), jobs=jobs,
        shelves=shelves(database, home, _bindings(database, keyring, catalogue, system)), clock=clock,
        pause=time.sleep,
    )  # fmt: skip
    return Upkeep(KeyRotation(keys.changes), usage, SQLiteLeases(database), meter, gate, jobs, rewrap)


def _bindings(database: Database, keyring: Keyring, catalogue: Catalogue, system: KeyPath) -> dict[str, BindingOf]:
    """What the things of each shelf are bound to; the rooms that seal them say the same when they open them."""
    veil = SubjectVeil(SQLiteSurrogateStore(database), keyring.purpose_key)

    def level(row: Any) -> int:
        return int(catalogue.category_level(row.category))

    def history(row: Any) -> Binding:
        place = f"{row.conversation}/{row.place}"
        return Binding(row.tenant, row.environment, row.category, level(row), "history", place, row.subject)

    def known(row: Any) -> Binding:
        return known_binding(row.tenant, row.environment, row.source, row.subject, row.category, row.level)

    def provider(row: Any) -> Binding:
        secret = int(Level.RESTRICTED)
        return Binding(system.tenant, system.environment, "credentials", secret, "provider_key", row.name)

    def file(kind: str) -> BindingOf:
        return lambda row: Binding(
            row.tenant, row.environment, row.category, level(row), kind, row.object_id, row.subject, row.version
        )

    def segment(row: Any) -> Binding:
        place = f"{row.collection}/{row.id}"
        subject = key_subject(row.id)
        return Binding(row.tenant, row.environment, row.category, level(row), "embedding", place, subject)

    def surrogate(row: Any) -> Binding:
        clear = veil.unveiled(row_of(row))
        # Of the scope, only tenant and environment are bound by name; the rest stands in its reference.
        scope = Scope(clear.tenant, clear.environment, "tenant", "")
        return binding_of(scope, clear.scope, clear.surrogate, clear.lookup or b"", clear.label)

    return {
        "history": history,
        "known values": known,
        "provider keys": provider,
        "files": file("file"),
        "file names": file("file_name"),
        "embedding segments": segment,
        "surrogates": surrogate,
    }
