"""One request of one caller in one conversation: what the model may see, and what may come out where.

`protect` finds what a text must not show and gives surrogates for it; `restore` and its kin put values back
where policy lets them out. Permits are asked for once per (action, label, sink) and request. The log gets the
intent before a request leaves and before the first value comes back, and an outcome with the count at `finish`.

Must never: keep a plaintext value after a call, restore at a sink policy did not allow, or rescan what it
restored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from strongroom.classify.aggregation import aggregate
from strongroom.classify.catalogue import Catalogue, EntityType
from strongroom.classify.classifier import Classifier
from strongroom.classify.fields import FieldClassifier
from strongroom.classify.known import KnownValues
from strongroom.classify.name_parts import parts_of
from strongroom.classify.plain import Reason
from strongroom.classify.span import Span
from strongroom.errors import (
    AccessDeniedError,
    DecryptionError,
    FormatError,
    KeyAccessError,
    NotInspectedError,
    UnknownSurrogateError,
)
from strongroom.formats import json_spans
from strongroom.guard.analysis import Evidence, evidence
from strongroom.guard.corridor import Guard, failure_code
from strongroom.guard.detect import LEARN_LEN_MIN, Finding, findings
from strongroom.guard.flows import CLEAR, MODEL, REDACTED, REFUSED, SURROGATE, VALUE, FlowMap, Trace
from strongroom.guard.scope_state import Learned, Replacement, Reuse, ScopeState, Segment
from strongroom.guard.sinks import Sink, Tools
from strongroom.identity import Caller
from strongroom.label import Label, Level
from strongroom.permit import Permit
from strongroom.surrogates.issue import Surrogates
from strongroom.surrogates.neutral import look_alikes
from strongroom.surrogates.restore import Restorer
from strongroom.surrogates.scope import Scope

LOOK_ALIKE = "LOOK_ALIKE"
"""The kind of a replacement that hides nothing: it keeps text from being taken for a surrogate."""


class Origin(Enum):
    """Who wrote a text: the person or program that asks, a tool, or the model."""

    TYPED = "typed"
    TOOL = "tool"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Engine:
    """What every session of a process shares. `refuse_uninspected`: what was not inspected is not let through."""

    guard: Guard
    catalogue: Catalogue
    classifier: Classifier
    fields: FieldClassifier
    surrogates: Surrogates
    tools: Tools
    flows: FlowMap
    refuse_uninspected: bool = True


class _KnownScanner:
    """The classifier, with what the tenant's sources and this conversation have taught."""

    def __init__(self, classifier: Classifier, *known: KnownValues, gaps: set[Reason] | None = None) -> None:
        self._classifier = classifier
        self._known = known
        self.gaps: set[Reason] = set() if gaps is None else gaps

    def informed(self, learned: Iterable[Finding]) -> _KnownScanner:
        more = KnownValues(self._classifier.catalogue, parts=True)
        for finding in learned:
            more.add(finding.kind, finding.value, finding.subject)
        return _KnownScanner(self._classifier, *self._known, more, gaps=self.gaps) if len(more) else self

    def spans(self, text: str) -> list[Span]:
        found, gaps = self._classifier.inspect(text, *self._known)
        self.gaps.update(gap.reason for gap in gaps)
        return found

    def subject_of(self, kind: str, value: str) -> str:
        for known in self._known:
            if subject := known.subject_of(kind, value):
                return subject
        return ""


class _Pass:
    """A permit in use within one request, with what it has done so far."""

    __slots__ = ("count", "label", "permit", "result", "sink_name")

    def __init__(self, permit: Permit, label: Label, sink_name: str) -> None:
        self.permit = permit
        self.label = label
        self.sink_name = sink_name
        self.count = 0
        self.result = "ok"


class Session:
    """See the module. One object per request; not shared between threads."""

    def __init__(
        self, engine: Engine, caller: Caller, scope: Scope, state: ScopeState, sources: KnownValues, version: str
    ) -> None:
        self.caller = caller
        self.scope = scope
        self.replaced = 0
        self.restored = 0
        self.refused = 0
        self.unknown = 0  # of the refused: surrogates that were never issued here
        self.reasons: set[str] = set()
        self.not_inspected: set[Reason] = set()
        self._engine = engine
        self._state = state
        self._sources = sources
        self._version = version
        self._chain = b""
        self._learned: list[Learned] = []
        self._taught: set[Learned] = set()
        self._passes: dict[tuple[str, str, Label], _Pass | None] = {}
        self._away: dict[str, _Pass] = {}
        self._forwarded = False
        self._trace = Trace(caller)

    @property
    def reuse(self) -> Reuse:
        """How much of what this conversation sent in this process had been inspected before."""
        return self._state.reuse

    def follow(self, previous: Session) -> None:
        """Go on where `previous` stopped: what it learned is known here. For in-process use without a history."""
        self._chain = previous._chain
        self._learned = list(previous._learned)
        self._taught = set(previous._taught)

    # --- towards the model ------------------------------------------------------------------------

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        """What of `text` the model must not see, as ascending replacements without overlaps.

        `field` is the key the text stands under in structured data. Raises `AccessDeniedError` when the
        caller may not tokenize, `NotInspectedError` for text that cannot be inspected, which is on record then.
        """
        if not text:
            return []
        digest = self._state.digest(self._chain, self._version, origin.value, field, text)
        segment = self._state.segment(digest, len(text))
        if segment is None:
            segment = self._inspect(text, origin, field, digest)
            self._state.learn(self._chain, segment.chain, segment.learned)
            self._state.remember(digest, segment)
        self._learned += segment.learned
        self._taught.update(segment.learned)
        self._chain = segment.chain
        self.replaced += len(segment.replacements)
        self._report(segment.gaps)
        return list(segment.replacements)

    def _report(self, gaps: Iterable[Reason]) -> None:
        """Record what was not inspected, once per request and reason; refuse it if this process refuses."""
        engine = self._engine
        for reason in sorted(set(gaps) - self.not_inspected, key=lambda reason: reason.value):
            result = f"{NotInspectedError.code}:{reason.value}"
            engine.guard.alarm(self.caller, "tokenize", _REQUEST, result=result)
            self.reasons.add(result)
            self.not_inspected.add(reason)
        refused = sorted(reason.value for reason in gaps if reason.refused)
        if refused and engine.refuse_uninspected:
            msg = f"a text was not inspected: {', '.join(refused)}"
            raise NotInspectedError(msg)

    def _inspect(self, text: str, origin: Origin, field: str, digest: bytes) -> Segment:
        engine = self._engine
        known = self._state.known(self._chain, self._learned)
        scanner = _KnownScanner(engine.classifier, self._sources, known)
        found = findings(text, field=field, fields=engine.fields, scanner=scanner)
        marks = look_alikes(text, lambda surrogate: engine.surrogates.label(self.scope, surrogate) is not None)
        out: list[Replacement] = []
        learned: list[Learned] = []
        together = aggregate(((finding.kind, finding.subject) for finding in found), self._level_of)
        self.reasons.update(together.reasons)
        for finding in found:
            if any(start <= finding.start and finding.end <= end for start, end in marks.own):
                continue  # a piece of a surrogate that was issued here
            level = together.raised.get(finding.kind)
            fate = self._fate(finding.kind, level)
            entity = engine.catalogue.type_of(finding.kind)
            self._trace.found(
                origin.value, finding.kind, entity.category, level or entity.level,
                fate, finding.tier,
            )  # fmt: skip
            if fate == CLEAR:
                continue
            redacted = fate == REDACTED
            out.append(_redaction(finding, entity) if redacted else self._replacement(finding, origin, level))
            plain = finding.reading if finding.wrapping else finding.value
            lesson = (finding.kind, plain, finding.subject)
            if _teaches(finding, plain) and lesson not in self._taught:
                learned.append(lesson)
        # What merely looks like a surrogate is marked, unless it is a piece of something that goes as a whole.
        out += [
            Replacement(mark.start, mark.end, mark.text, LOOK_ALIKE)
            for mark in marks.foreign
            if not any(change.start < mark.end and mark.start < change.end for change in out)
        ]
        out.sort(key=lambda item: item.start)
        after = self._state.digest(self._chain, digest.hex()) if learned else self._chain
        return Segment(tuple(out), tuple(learned), after, frozenset(scanner.gaps))

    def _level_of(self, kind: str) -> Level:
        return self._engine.catalogue.type_of(kind).level

    def _fate(self, kind: str, raised: Level | None) -> str:
        """The form in which a value of `kind` reaches the model; raises `AccessDeniedError` when in none."""
        asked = self._version, kind, raised
        known = self._state.fates.get(asked)
        if known is None:
            label = _raised(self._engine.catalogue.label(kind), raised)
            known = self._state.fates[asked] = self._engine.guard.form_for_model(self.caller, label)
        return known

    def _replacement(self, finding: Finding, origin: Origin, raised: Level | None) -> Replacement:
        label = self._engine.catalogue.label(finding.kind, subject=finding.subject, source=origin.value)
        label = _raised(label, raised)
        used = self._putting_away(label)
        surrogate = self._engine.surrogates.issue(
            self.scope,
            kind=self._engine.catalogue.type_of(finding.kind).prefix,
            value=finding.value,
            normalized=self._compared(finding),
            label=label,
            permit=used.permit,
        )
        used.count += 1
        return Replacement(finding.start, finding.end, _quoted(finding, surrogate), finding.kind)

    def _compared(self, finding: Finding) -> str:
        """What makes two findings the same value. Encoded ones must also be written alike, to come back so."""
        plain = self._engine.catalogue.normalize(finding.kind, finding.reading or finding.value)
        return f"{plain}\0{finding.value}" if finding.wrapping else plain

    def evidence(self, text: str) -> list[Evidence]:
        """What is found in `text`, by what this tenant's sources and this conversation taught too.

        Nothing is put away or learned. Raises `NotInspectedError` for text that cannot be inspected.
        """
        known = self._state.known(self._chain, self._learned)
        scanner = _KnownScanner(self._engine.classifier, self._sources, known)
        found = evidence(text, fields=self._engine.fields, scanner=scanner)
        self._report(scanner.gaps)
        return found

    def put_away(self, finding: Finding, *, origin: Origin = Origin.TYPED) -> str:
        """What to write in the place of `finding`, which the caller decided to have replaced: its surrogate.

        Raises `AccessDeniedError` when the caller may not tokenize.
        """
        entity = self._engine.catalogue.type_of(finding.kind)
        self._trace.found(origin.value, finding.kind, entity.category, entity.level, SURROGATE, finding.tier)
        self.replaced += 1
        return self._replacement(finding, origin, None).text

    def forward_value(self, finding: Finding, upstream: str) -> bool:
        """Whether a value may go, as it is, to `upstream`, which is the house's own; on record by kind.

        The outcome counts the values. Ask before `forward`.
        """
        label = _class_of(self._engine.catalogue.label(finding.kind))
        used = self._pass("forward_value", label, upstream, upstream)
        if used is None:
            return False
        used.count += 1
        self._trace.found(Origin.TYPED.value, finding.kind, label.category, label.level, CLEAR, finding.tier)
        return True

    def forward(self, upstream: str) -> None:
        """Ask whether this caller may send to `upstream`, and record that it is about to.

        Call it when everything was protected and before the first byte leaves; the entry counts the values that
        were put away. Raises `AccessDeniedError`.
        """
        guard, values = self._engine.guard, self.replaced
        permit = guard.authorize(self.caller, "forward", _REQUEST, sink=upstream, sink_name=upstream, count=values)
        made = self._passes["forward", upstream, _REQUEST] = _Pass(permit, _REQUEST, upstream)
        made.count = values
        self._forwarded = True
        self._trace.sent(upstream)

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        """Ask whether this caller may send to `upstream` what nobody can inspect, and record it, before `forward`.

        `kind` is what it says it is: image, audio, video, document or address. Policy sees the sink ``file.KIND``
        and the highest level, for whatever it shows may be in it. Raises `AccessDeniedError`.
        """
        sink = f"file.{kind}"
        name = f"{upstream}:{sink}"
        permit = self._engine.guard.authorize(
            self.caller, "forward", _UNSEEN, sink=sink, sink_name=name, count=count
        )
        made = self._passes["forward", name, _UNSEEN] = _Pass(permit, _UNSEEN, name)
        made.count = count

    # --- back from the model ----------------------------------------------------------------------

    def restore(self, text: str, sink: Sink) -> str:
        """`text` with every surrogate that policy lets out at `sink` replaced by its value."""
        restorer = self.restorer(sink)
        return restorer.feed(text) + restorer.flush()

    def restorer(self, sink: Sink) -> Restorer:
        """A streaming `restore`: feed it pieces, flush it at the end."""
        return Restorer(lambda surrogate: self._resolve(surrogate, sink), keep_json=True)

    def restore_arguments(self, tool: str, arguments: str) -> str:
        """The JSON text of a tool call's arguments, each string restored at its own parameter's sink.

        What is not a surrogate keeps its bytes. Text that is not JSON is returned as it is: nothing is
        restored in what cannot be taken apart.
        """
        raw = arguments.encode("utf-8")
        try:
            literals = json_spans.scan(raw)
        except FormatError:
            return arguments
        edits: list[tuple[int, int, bytes]] = []
        for literal in literals:
            if literal.is_key:
                continue
            parameter = str(literal.path[0]) if literal.path else ""
            value = self.restore(literal.value, self._engine.tools.sink(tool, parameter))
            if value != literal.value:
                edits.append((literal.start, literal.end, json_spans.escape(value)))
        return json_spans.splice(raw, edits).decode("utf-8") if edits else arguments

    def _resolve(self, surrogate: str, sink: Sink) -> str | None:
        label = self._engine.surrogates.label(self.scope, surrogate)
        if label is None:
            self._alarm_unknown(surrogate, sink)
            return None
        used = self._pass("detokenize", _class_of(label), sink.kind, sink.name)
        if used is None:
            self.refused += 1
            self._trace.passed(MODEL, label, (sink.kind, sink.name), REFUSED)
            return None
        try:
            value = self._engine.surrogates.resolve(self.scope, surrogate, used.permit)
        except (DecryptionError, KeyAccessError) as error:
            # Erased or revoked: the surrogate stays, the log says why, and nobody else learns more.
            used.result = failure_code(error)
            self.refused += 1
            return None
        used.count += 1
        self.restored += 1
        self._trace.passed(MODEL, label, (sink.kind, sink.name), VALUE)
        return value

    def _alarm_unknown(self, surrogate: str, sink: Sink) -> None:
        engine = self._engine
        if surrogate.partition("_")[0] not in engine.catalogue.by_prefix:
            return  # ordinary text that happens to have the form
        self.refused += 1
        self.unknown += 1
        nothing = Label("public", Level.PUBLIC)
        code = UnknownSurrogateError.code
        engine.guard.alarm(self.caller, "detokenize", nothing, sink_name=sink.name, result=code)

    # --- the corridor, once per request and label ---------------------------------------------------

    def _pass(self, action: str, family: Label, sink: str, sink_name: str) -> _Pass | None:
        key = (action, sink_name, family)
        if key in self._passes:
            used = self._passes[key]
            if used is None or self._engine.guard.is_fresh(used.permit):
                return used
            self._settle(used)
        try:
            permit = self._engine.guard.authorize(self.caller, action, family, sink=sink, sink_name=sink_name)
        except AccessDeniedError:
            self._passes[key] = None  # refused for the rest of this request, and on record once
            return None
        made = self._passes[key] = _Pass(permit, family, sink_name)
        return made

    def _putting_away(self, label: Label) -> _Pass:
        """The pass for one category: what is put away is asked by category, what comes back by label."""
        used = self._away.get(label.category)
        if used is None or used.label.level < label.level or not self._engine.guard.is_fresh(used.permit):
            family = Label(label.category, label.level)
            count = used.count if used else 0
            used = self._away[label.category] = _Pass(
                self._engine.guard.permit_to_protect(self.caller, family), family, ""
            )
            used.count = count
        return used

    def finish(self) -> None:
        """Record the outcomes of this request. Call it once, when the last byte has left."""
        away, self._away = self._away, {}
        passes, self._passes = self._passes, {}
        if not self._forwarded:  # else the entry about the request counts them
            for used in away.values():
                self._settle(used)
        for found in passes.values():
            if found is not None:
                self._settle(found)
        if moved := self._trace.taken():
            self._engine.flows.observe(moved.items())

    def _settle(self, used: _Pass) -> None:
        self._engine.guard.settle(
            self.caller, used.permit, used.label, sink_name=used.sink_name, count=used.count, result=used.result
        )


_REQUEST = Label("operational", Level.INTERNAL)
"""What a request is once its values were put away."""


def _redaction(finding: Finding, entity: EntityType) -> Replacement:
    words = f"[{entity.prefix} REDACTED]"
    return Replacement(finding.start, finding.end, _quoted(finding, words), finding.kind)


def _quoted(finding: Finding, words: str) -> str:
    return f"{finding.quote}{words}{finding.quote}" if finding.bare else words


_UNSEEN = Label("operational", Level.RESTRICTED)
"""What was not looked into: it may be anything."""


def _raised(label: Label, level: Level | None) -> Label:
    return label if level is None else replace(label, level=level)


def _teaches(finding: Finding, value: str) -> bool:
    """Whether later text is searched for this value: a field named it, or it is a full name, which has parts."""
    if len(value.strip()) < LEARN_LEN_MIN:
        return False
    return finding.learned or (finding.kind == "PERSON" and bool(parts_of(value)))


def _class_of(label: Label) -> Label:
    """The label without whose and from where: what one decision and one log entry can cover."""
    return replace(label, subject="", source="")
