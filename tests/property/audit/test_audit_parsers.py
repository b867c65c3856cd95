"""Foreign bytes: every parser of the audit room gives a value or its own error, and one spelling per value."""

from contextlib import suppress

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from strongroom.audit.anchor import anchor_event, anchor_of
from strongroom.audit.checkpoint import sign_checkpoint, verify_checkpoint
from strongroom.audit.proof import InclusionProof, parse_proof
from strongroom.audit.segments import frame, scan
from strongroom.canonical import json_bytes
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.entry import Entry, Event, encode_entry, parse_entry
from strongroom.formats.note import (
    Checkpoint,
    Note,
    NoteSignature,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_note,
)
from strongroom.primitives.signing import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1, max_size=12
)
EVENTS = st.builds(
    Event,
    action=TEXT, phase=st.sampled_from(["intent", "outcome", "denied", "admin", "alarm"]), principal=TEXT,
    tenant=TEXT, environment=TEXT, purpose=TEXT, session=TEXT, resource=TEXT, category=TEXT,
    level=st.integers(0, 3), sink=TEXT, subject=TEXT, policies=st.lists(TEXT, max_size=3).map(tuple),
    policy_version=TEXT, permit=st.integers(0, 2**53 - 1), count=st.integers(0, 2**53 - 1), result=TEXT,
    anchor=TEXT,
)  # fmt: skip
ENTRY = encode_entry(
    Event(action="open", phase="intent", principal="bot", tenant="acme", environment="prod", anchor="a 1 b"),
    time_ms=7,
)
SIGNED = sign_checkpoint(Checkpoint("log", 3, bytes(32)), KEY)
PROOF = InclusionProof("log", 1, 3, (bytes(32), bytes(32)), ENTRY, SIGNED).to_json()


@st.composite
def mutations(draw: st.DrawFn, original: bytes) -> bytes:
    """`original` with a few bytes replaced, removed or added."""
    raw = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 3)))
        raw[start:end] = draw(st.binary(max_size=3))
    return bytes(raw)


@given(EVENTS, st.integers(0, 2**53 - 1))
def test_every_event_comes_back_from_canonical_json(event: Event, time_ms: int) -> None:
    raw = encode_entry(event, time_ms=time_ms)
    assert parse_entry(raw) == Entry(time_ms, event)
    assert json_bytes(orjson.loads(raw)) == raw


@given(st.one_of(st.binary(max_size=200), mutations(ENTRY)))
@example(b'{"unmapped":null}')
def test_an_entry_has_one_spelling(raw: bytes) -> None:
    with suppress(FormatError):
        entry = parse_entry(raw)
        assert encode_entry(entry.event, time_ms=entry.time_ms) == raw


@given(st.one_of(st.binary(max_size=200), mutations(SIGNED.encode()), st.text(max_size=100)))
def test_a_note_has_one_spelling(raw: bytes | str) -> None:
    with suppress(FormatError):
        assert render_note(parse_note(raw)) == (raw if isinstance(raw, str) else raw.decode())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=40), st.data())
def test_every_note_comes_back(text: str, data: st.DataObject) -> None:
    signatures = st.builds(NoteSignature, NAME, st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=70))
    note = Note(text + "\n", tuple(data.draw(st.lists(signatures, min_size=1, max_size=4))))
    assert parse_note(render_note(note)) == note


@given(st.one_of(st.text(max_size=80), st.lists(TEXT, max_size=5).map("\n".join)))
@example("a\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with suppress(FormatError):
        assert render_checkpoint(parse_checkpoint(text)) == text


@given(LINE, st.integers(0, 10**18), st.binary(min_size=32, max_size=32), st.lists(LINE, max_size=3).map(tuple))
def test_every_checkpoint_comes_back(origin: str, size: int, root: bytes, more: tuple[str, ...]) -> None:
    checkpoint = Checkpoint(origin, size, root, more)
    assert parse_checkpoint(render_checkpoint(checkpoint)) == checkpoint


@given(mutations(SIGNED.encode()))
def test_no_altered_checkpoint_says_something_else(raw: bytes) -> None:
    with suppress(IntegrityError):
        assert verify_checkpoint(raw, public=KEY.public) == Checkpoint("log", 3, bytes(32))


@given(st.one_of(st.binary(max_size=200), mutations(PROOF.encode()), st.text(max_size=50)))
def test_a_proof_parses_or_is_refused(raw: bytes | str) -> None:
    with suppress(FormatError):
        assert parse_proof(parse_proof(raw).to_json()) == parse_proof(raw)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8))
def test_records_come_back_and_a_cut_loses_only_the_last(entries: list[bytes]) -> None:
    raw = b"".join(map(frame, entries))
    assert (scan(raw).entries, scan(raw).end) == (entries, len(raw))
    for cut in range(len(raw)):
        found = scan(raw[:cut])
        assert found.entries == entries[: len(found.entries)]
        assert found.end <= cut
        assert found.torn == (found.end < cut)
        assert not found.damaged


@given(st.one_of(st.binary(max_size=100), mutations(frame(b"one") + frame(b"two"))))
def test_any_bytes_scan(raw: bytes) -> None:
    found = scan(raw)
    assert b"".join(map(frame, found.entries)) == raw[: found.end]
    assert (found.torn or found.damaged) == (found.end < len(raw))


@given(NAME, st.integers(0, 10**18), st.binary(min_size=32, max_size=32))
def test_an_anchor_remembers_a_checkpoint(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert anchor_of(encode_entry(anchor_event(checkpoint), time_ms=1)) == checkpoint


@given(st.one_of(st.binary(max_size=60).map(lambda raw: b'"anchor":' + raw), mutations(ENTRY)))
def test_a_damaged_anchor_is_refused_or_none(raw: bytes) -> None:
    with suppress(FormatError):
        assert anchor_of(raw) is None
