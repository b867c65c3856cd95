"""From a piece of text to what in it must not be shown: fields first, known values next, patterns last.

JSON inside text (tool results, tool arguments) is taken apart by its keys, so that a value is recognized
by the field it stands in; such values are reported as *learned*, and the session finds them again in all
later free text. Everything else goes to the classifier with the values known so far.

Must never: keep a value longer than the call, or skip text silently: what cannot be inspected raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from strongroom.classify.fields import FieldClassifier
from strongroom.classify.span import FIELD, READERS, Span, left_of
from strongroom.errors import FormatError
from strongroom.formats import json_spans, surrogate

JSON_OPENERS = ("{", "[")
LEARN_LEN_MIN = 3
"""A field value of one or two characters would be found all over later text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` is a `kind`; `value` is what it stands for once JSON escapes are undone.

    `reading`, when not empty, is what the value is to be compared as: without its disguise, or the whole name of
    which it is a part. `wrapping` names the encodings the place stands in: such a place comes back exactly as it
    was written. `tier` is what found it (see `classify.span.Span.source`).
    `bare` says that the place is a JSON number, so a surrogate put there needs quotes, written as `quote` there;
    `learned`, that the field it stood in told what it is.
    """

    start: int
    end: int
    kind: str
    value: str
    subject: str = ""
    bare: bool = False
    learned: bool = False
    reading: str = ""
    tier: str = FIELD
    wrapping: str = ""
    quote: str = '"'


class Scanner(Protocol):
    """Finds spans in free text; what `classify` and the session's known values are together."""

    def spans(self, text: str) -> list[Span]:
        """Non-overlapping spans, ascending."""
        ...

    def subject_of(self, kind: str, value: str) -> str:
        """Whose value this is, when a source declared it; else ``""``."""
        ...

    def informed(self, learned: Iterable[Finding]) -> Scanner:
        """The same scanner, which knows these values as well."""
        ...


def findings(text: str, *, field: str, fields: FieldClassifier, scanner: Scanner) -> list[Finding]:
    """What `text` holds, ascending and without overlaps. `field` is the key the text stands under, if any."""
    if field and (kind := fields.kind_of(field, (text,))) is not None:
        stripped = text.strip()
        if not stripped:
            return []
        start = text.index(stripped)
        subject = scanner.subject_of(kind, stripped)
        return [Finding(start, start + len(stripped), kind, stripped, subject, learned=True)]
    if text.lstrip()[:1] in JSON_OPENERS:
        try:
            return _json_findings(text, fields, scanner)
        except FormatError:
            pass  # it only looked like JSON: it is inspected as free text below
    return _free(text, scanner)


def _free(text: str, scanner: Scanner) -> list[Finding]:
    return [
        Finding(
            span.start,
            span.end,
            span.kind,
            text[span.start : span.end],
            span.subject,
            reading=span.reading,
            tier=span.source,
            wrapping=span.wrapping,
        )
        for span in replaceable(scanner.spans(text), text)
    ]


def replaceable(spans: Iterable[Span], text: str) -> list[Span]:
    """The spans of `text` so that a surrogate in their place is read as one, and none that stands there is lost.

    A surrogate glued to capitals, digits or underscores would be part of a longer run, so the run goes as a
    whole. Who reads words may take a surrogate for one: what is around it is kept, and it stays.
    """
    forms = [(form.start, form.end) for form in surrogate.find(text)]
    out: list[Span] = []
    for span in spans:
        inside = [form for form in forms if form[0] < span.end and span.start < form[1]]
        pieces = left_of(span, inside, text) if inside and span.source.startswith(READERS) else [span]
        for piece in pieces:
            start, end = _whole_run(piece, text) if not inside else (piece.start, piece.end)
            if out and start < out[-1].end:  # two values in one run: it goes as the first of them
                out[-1] = replace(out[-1], end=max(end, out[-1].end), reading="", wrapping="")
            elif (start, end) == (piece.start, piece.end):
                out.append(piece)
            else:
                out.append(replace(piece, start=start, end=end, reading="", wrapping=""))
    return out


def _whole_run(span: Span, text: str) -> tuple[int, int]:
    start, end = span.start, span.end
    while start and text[start - 1] in surrogate.RUN_CHARACTERS:
        start -= 1
    while end < len(text) and text[end] in surrogate.RUN_CHARACTERS:
        end += 1
    return start, end


def _json_findings(text: str, fields: FieldClassifier, scanner: Scanner) -> list[Finding]:
    raw = text.encode("utf-8", "surrogatepass")
    at = _CharOffsets(None if text.isascii() else raw)
    named: list[Finding] = []
    free: list[json_spans.Literal] = []
    for literal in json_spans.scan(raw, numbers=True):
        kind = _kind_by_field(literal, fields)
        if kind is None:
            free.append(literal)
            continue
        subject = scanner.subject_of(kind, literal.value)
        bare = literal.kind == "number"
        named.append(Finding(at(literal.start), at(literal.end), kind, literal.value, subject, bare, learned=True))
    # What this text's own fields say is looked for in its other strings too, whichever come first.
    informed = scanner.informed(named)
    found: list[Finding] = []
    for literal in free:
        nested = _nested_findings(literal, fields, informed)
        found += _free_literal(raw, literal, at, informed) if nested is None else _outer(raw, literal, at, nested)
    return sorted(named + found, key=lambda finding: finding.start)


def _kind_by_field(literal: json_spans.Literal, fields: FieldClassifier) -> str | None:
    key = _key_of(literal.path)
    if not key or literal.is_key or not literal.value.strip():
        return None
    return fields.kind_of(key, (literal.value,))


def _free_literal(
    raw: bytes, literal: json_spans.Literal, at: _CharOffsets, scanner: Scanner
) -> Iterator[Finding]:
    bare = literal.kind == "number"
    spans = replaceable(scanner.spans(literal.value), literal.value)
    if bare:  # a number cannot be changed in part
        spans = [span for span in spans if (span.start, span.end) == (0, len(literal.value))]
    places = json_spans.literal_edits(
        raw, literal.start, literal.end, literal.value, [(span.start, span.end, "") for span in spans]
    )
    for span, (start, end, _) in zip(spans, places, strict=True):
        value = literal.value[span.start : span.end]
        yield Finding(
            at(start), at(end), span.kind, value, span.subject, bare,
            reading=span.reading, tier=span.source, wrapping=span.wrapping,
        )  # fmt: skip


def _nested_findings(
    literal: json_spans.Literal, fields: FieldClassifier, scanner: Scanner
) -> list[Finding] | None:
    """What JSON inside a JSON string holds, with places in the string's value; None when it is not JSON."""
    if literal.kind == "number" or literal.value.lstrip()[:1] not in JSON_OPENERS:
        return None
    try:
        return _json_findings(literal.value, fields, scanner)
    except FormatError:
        return None


def _outer(
    raw: bytes, literal: json_spans.Literal, at: _CharOffsets, nested: Iterable[Finding]
) -> Iterator[Finding]:
    inner = list(nested)
    changes = [(finding.start, finding.end, "") for finding in inner]
    places = json_spans.literal_edits(raw, literal.start, literal.end, literal.value, changes)
    for finding, (start, end, _) in zip(inner, places, strict=True):
        yield replace(finding, start=at(start), end=at(end), quote=json_spans.escape(finding.quote).decode())


def _key_of(path: Iterable[str | int]) -> str:
    names = [part for part in path if isinstance(part, str)]
    return names[-1] if names else ""


class _CharOffsets:
    """Byte offset to character offset; quick because the offsets are asked in ascending order."""

    def __init__(self, raw: bytes | None) -> None:
        self._raw = raw
        self._byte = 0
        self._char = 0

    def __call__(self, offset: int) -> int:
        if self._raw is None:
            return offset
        if offset < self._byte:
            self._byte = self._char = 0
        self._char += len(self._raw[self._byte : offset].decode("utf-8"))
        self._byte = offset
        return self._char
