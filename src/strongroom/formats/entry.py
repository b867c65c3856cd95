"""One audit entry: an `Event` and its canonical JSON bytes, shaped as OCSF classes (docs/spec/audit-entry.md).

OCSF has a home for who, when, what and how it ended; what only Strongroom knows (label, purpose, sink, deciding
policies) goes to OCSF's own place for it, `unmapped`. Entries are read back only if encoding them again gives
the same bytes, so an entry has one spelling.

Must never: have a field for a protected value. Names that could point to a person (`resource`, `session`,
`subject`) are concealed by the caller's keyed function before they become bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from strongroom.errors import FormatError

ENTRY_BYTES_MAX = 0xFFFF
"""Entry bundles of C2SP tlog-tiles carry a 16-bit length, so that no entry may be longer."""

NUMBER_MAX = (1 << 53) - 1
"""JSON readers keep integers exactly up to here (RFC 8785)."""

LEVEL_MAX = 3

OCSF_VERSION = "1.5.0"
"""The schema the classes and attributes are taken from: https://schema.ocsf.io/1.5.0"""

ANY_RESOURCE = "*"
"""Stands for all resources, points to nobody and is therefore not concealed."""

_API, _ENTITY, _FINDING = 6003, 3004, 2004
_CREATE, _READ, _UPDATE, _DELETE, _OTHER = 1, 2, 3, 4, 99
_API_ACTIVITY = {"seal": _CREATE, "tokenize": _CREATE, "open": _READ, "detokenize": _READ, "read_audit": _READ}
_API_ACTIVITY |= {"manage_key": _UPDATE, "manage_credential": _UPDATE, "manage_source": _UPDATE, "erase": _DELETE}
_ENTITY_ACTIVITY = {"create": _CREATE, "anchor": _CREATE, "destroy": _DELETE, "erase": _DELETE, "revoke": _DELETE}

_PHASES: dict[str, tuple[int, int]] = {
    "intent": (_API, 1),
    "outcome": (_API, 1),
    "denied": (_API, 2),
    "admin": (_ENTITY, 1),
    "alarm": (_FINDING, 4),
}
"""Phase to OCSF class and severity (1 informational, 2 low, 4 high)."""

_PRODUCT = {"name": "Strongroom", "vendor_name": "Strongroom"}
_SOURCE = {"name": "strongroom"}


@dataclass(frozen=True, slots=True)
class Event:
    """What is recorded of one moment.

    `phase` is ``intent``, ``outcome``, ``denied``, ``admin`` or ``alarm``; `result` is ``ok`` or an error code,
    empty while nothing has happened yet; `permit` the permit's number; `count` how many values one entry stands
    for; `policies` the ids that decided; `anchor` another shard's checkpoint (docs/spec/audit-log.md).
    """

    action: str
    phase: str
    principal: str
    tenant: str
    environment: str
    purpose: str = ""
    session: str = ""
    resource: str = ""
    category: str = ""
    level: int = 0
    sink: str = ""
    subject: str = ""
    policies: tuple[str, ...] = ()
    policy_version: str = ""
    permit: int = 0
    count: int = 1
    result: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event at a time: milliseconds since the Unix epoch."""

    time_ms: int
    event: Event


def encode_entry(event: Event, *, time_ms: int, conceal: Callable[[str], str] = str) -> bytes:
    """The canonical bytes of `event` at `time_ms`; `conceal` replaces what could point to a person.

    Equal to `strongroom.canonical.json_bytes` of the same record, in a tenth of its time: every integer is
    checked here. Raises `FormatError` for an unknown phase, a number out of range, ill-formed Unicode or
    an entry over `ENTRY_BYTES_MAX`.
    """
    if event.phase not in _PHASES:
        msg = "entry: unknown phase"
        raise FormatError(msg)
    if not 0 <= event.level <= LEVEL_MAX:
        msg = "entry: level is out of range"
        raise FormatError(msg)
    if not (0 <= event.count <= NUMBER_MAX and 0 <= event.permit <= NUMBER_MAX and 0 <= time_ms <= NUMBER_MAX):
        msg = "entry: a number is out of range"
        raise FormatError(msg)
    try:
        raw = orjson.dumps(_record(event, time_ms, conceal), option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        msg = "entry: a field is not plain text"
        raise FormatError(msg) from error
    if len(raw) > ENTRY_BYTES_MAX:
        msg = f"entry: {len(raw)} bytes, at most {ENTRY_BYTES_MAX}"
        raise FormatError(msg)
    return raw


def parse_entry(raw: bytes) -> Entry:
    """The entry whose canonical bytes `raw` is. Raises `FormatError` for anything else."""
    if len(raw) > ENTRY_BYTES_MAX:
        msg = f"entry: longer than {ENTRY_BYTES_MAX} bytes"
        raise FormatError(msg)
    try:
        entry = _event_of(orjson.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        # one message for all of them: what is missing is visible by reading the entry, which is JSON
        msg = "entry: not an audit entry"
        raise FormatError(msg) from error
    if encode_entry(entry.event, time_ms=entry.time_ms) != raw:
        msg = "entry: not in canonical form"
        raise FormatError(msg)
    return entry


def _record(event: Event, time_ms: int, conceal: Callable[[str], str]) -> dict[str, Any]:
    class_uid, severity = _PHASES[event.phase]
    activity = _activity(class_uid, event.action)
    unmapped: dict[str, Any] = {
        "count": event.count, "level": event.level, "permit": event.permit, "phase": event.phase,
    }  # fmt: skip
    for name in ("anchor", "category", "environment", "policy_version", "purpose", "sink"):
        if text := getattr(event, name):
            unmapped[name] = text
    if event.policies:
        unmapped["policies"] = event.policies
    if event.subject:
        unmapped["subject"] = conceal(event.subject)
    actor: dict[str, Any] = {"user": {"name": event.principal}}
    if event.session:
        actor["session"] = {"uid": conceal(event.session)}
    metadata: dict[str, Any] = {"event_code": event.action, "product": _PRODUCT, "version": OCSF_VERSION}
    if event.tenant:
        metadata["tenant_uid"] = event.tenant
    record: dict[str, Any] = {
        "activity_id": activity,
        "actor": actor,
        "category_uid": class_uid // 1000,
        "class_uid": class_uid,
        "metadata": metadata,
        "severity_id": severity,
        "status_id": 2 if event.phase == "denied" else 0 if not event.result else 1 if event.result == "ok" else 2,
        "time": time_ms,
        "type_uid": class_uid * 100 + activity,
        "unmapped": unmapped,
    }
    if event.result:
        record["status_code"] = event.result
    if event.resource:
        uid = event.resource if event.resource == ANY_RESOURCE else conceal(event.resource)
        record["resources"] = [{"uid": uid}]
    return record | _class_fields(class_uid, event)


def _class_fields(class_uid: int, event: Event) -> dict[str, Any]:
    """What OCSF requires of this class beyond what all classes share."""
    if class_uid == _API:
        return {"api": {"operation": event.action}, "src_endpoint": _SOURCE}
    if class_uid == _ENTITY:
        return {"entity": {"name": event.category or event.action}}
    return {"finding_info": {"title": event.result or event.action, "uid": event.action}}


def _activity(class_uid: int, action: str) -> int:
    if class_uid == _API:
        return _API_ACTIVITY.get(action, _OTHER)
    if class_uid == _ENTITY:
        return _ENTITY_ACTIVITY.get(action.rpartition(".")[2], _UPDATE)
    return _CREATE


def _event_of(record: dict[str, Any]) -> Entry:
    unmapped, metadata, actor = record["unmapped"], record["metadata"], record["actor"]
    event = Event(
        action=metadata["event_code"],
        phase=unmapped["phase"],
        principal=actor["user"]["name"],
        tenant=metadata.get("tenant_uid", ""),
        environment=unmapped.get("environment", ""),
        purpose=unmapped.get("purpose", ""),
        session=actor.get("session", {"uid": ""})["uid"],
        resource=record.get("resources", [{"uid": ""}])[0]["uid"],
        category=unmapped.get("category", ""),
        level=_integer(unmapped["level"]),
        sink=unmapped.get("sink", ""),
        subject=unmapped.get("subject", ""),
        policies=tuple(unmapped.get("policies", ())),
        policy_version=unmapped.get("policy_version", ""),
        permit=_integer(unmapped["permit"]),
        count=_integer(unmapped["count"]),
        result=record.get("status_code", ""),
        anchor=unmapped.get("anchor", ""),
    )
    texts = (
        getattr(event, name) for name in Event.__slots__ if name not in ("level", "permit", "count", "policies")
    )
    if not all(isinstance(text, str) for text in (*texts, *event.policies)):
        msg = "text expected"
        raise TypeError(msg)
    return Entry(time_ms=_integer(record["time"]), event=event)


def _integer(value: object) -> int:
    if type(value) is not int:
        msg = "integer expected"
        raise TypeError(msg)
    return value
