"""The data-flow map as people read it: which boundary each flow crosses, and where sensitivity accumulates.

Pure: counts in, a picture out. Zones are where data can be; each is further from the store than the one before.

Must never: call a flow harmless because it is protected. A surrogate sent to a provider is shown as what it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from strongroom.classify.aggregation import aggregate
from strongroom.guard.flows import AGENT, CLEAR, MODEL, STORE, VALUE, FlowCount
from strongroom.label import Level


class Zone(IntEnum):
    """Where data can be, from the inside out."""

    STORE = 0
    AGENT = 1
    PEOPLE = 2
    PROVIDER = 3
    OUTSIDE = 4


ZONE_TITLES: Final = {
    Zone.STORE: "store",
    Zone.AGENT: "agent and its tools",
    Zone.PEOPLE: "people served",
    Zone.PROVIDER: "model provider",
    Zone.OUTSIDE: "outside",
}

_SOURCES: Final = {
    STORE: Zone.STORE, AGENT: Zone.AGENT, MODEL: Zone.PROVIDER, "typed": Zone.PEOPLE, "tool": Zone.AGENT,
}  # fmt: skip
_SINKS: Final = {
    STORE: Zone.STORE, AGENT: Zone.AGENT, MODEL: Zone.PROVIDER, "user": Zone.PEOPLE,
    "record.lookup": Zone.AGENT, "document": Zone.AGENT,
    "message.recipient": Zone.OUTSIDE, "message.text": Zone.OUTSIDE, "search.query": Zone.OUTSIDE,
    "payment.card": Zone.OUTSIDE, "payment.account": Zone.OUTSIDE,
}  # fmt: skip
_MOVED: Final = frozenset({CLEAR, VALUE})


def zone_of_sink(kind: str) -> Zone:
    """The zone of a sink kind. A tool's parameter nobody declared may lead anywhere, so it counts as outside."""
    return _SINKS.get(kind, Zone.OUTSIDE)


@dataclass(frozen=True, slots=True)
class Edge:
    """Flows of one kind from one source to one sink in one form, over all principals."""

    source: str
    category: str
    kind: str
    level: int
    sink: str
    form: str
    boundary: str
    count: int
    first_at: int
    last_at: int
    principals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accumulation:
    """What is in plain sight at one sink: the kinds that arrived there as values, and what they are together."""

    sink: str
    kinds: tuple[str, ...]
    count: int
    level: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """Edges, the busiest first; sinks, the most sensitive first; and how many values each tier found."""

    edges: tuple[Edge, ...]
    accumulations: tuple[Accumulation, ...]
    tiers: tuple[tuple[str, int], ...] = ()


def draw(counts: Iterable[FlowCount]) -> Map:
    """The map of `counts`."""
    tiers = Counter[str]()
    grouped: dict[tuple[str, str, str, int, str, str, str], list[FlowCount]] = defaultdict(list)
    for count in counts:
        flow = count.flow
        key = (flow.source, flow.category, flow.kind, flow.level, flow.sink_kind, flow.sink, flow.form)
        grouped[key].append(count)
        if flow.tier:
            tiers[flow.tier] += count.count
    edges = [_edge(key, found) for key, found in grouped.items()]
    edges.sort(key=lambda edge: (-edge.count, edge.source, edge.kind, edge.sink, edge.form))
    return Map(tuple(edges), tuple(_accumulated(edges)), tuple(tiers.most_common()))


def _edge(key: tuple[str, str, str, int, str, str, str], found: Sequence[FlowCount]) -> Edge:
    source, category, kind, level, sink_kind, sink, form = key
    return Edge(
        source, category, kind or "*", level, sink, form, _boundary(source, sink_kind),
        sum(count.count for count in found), min(count.first_at for count in found),
        max(count.last_at for count in found), tuple(sorted({count.flow.principal for count in found})),
    )  # fmt: skip


def _boundary(source: str, sink: str) -> str:
    """Which boundary lies between, such as ``agent and its tools → model provider``; empty for none."""
    here, there = _SOURCES.get(source, Zone.OUTSIDE), zone_of_sink(sink)
    return f"{ZONE_TITLES[here]} → {ZONE_TITLES[there]}" if here is not there else ""


def _accumulated(edges: Iterable[Edge]) -> list[Accumulation]:
    arrived: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.form in _MOVED:
            arrived[edge.sink].append(edge)
    out = []
    for sink, found in arrived.items():
        levels: dict[str, Level] = {}
        for edge in found:
            levels[edge.kind] = max(levels.get(edge.kind, Level.PUBLIC), Level(edge.level))
        together = aggregate(((kind, "") for kind in levels), levels.__getitem__)
        total = sum(edge.count for edge in found)
        out.append(Accumulation(sink, tuple(sorted(levels)), total, int(together.level), together.reasons))
    return sorted(out, key=lambda item: (-item.level, -len(item.kinds), -item.count, item.sink))
