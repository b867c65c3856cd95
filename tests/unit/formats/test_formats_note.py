import base64

import pytest

from strongroom.errors import FormatError
from strongroom.formats.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Checkpoint,
    Note,
    NoteSignature,
    key_id,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_note,
)
from strongroom.primitives.signing import verify_signature

ROOT = bytes(range(32))
LINE = "— log.example/a " + base64.b64encode(b"\x00\x00\x00\x05signature").decode() + "\n"

# the key and note of golang.org/x/mod/sumdb/note, the reference implementation of signed notes
PETER = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_of_the_reference_implementation_verifies() -> None:
    note = parse_note(PETER_NOTE)
    assert note.signatures[0].name == "PeterNeumann"
    assert note.signatures[0].key_id == key_id("PeterNeumann", PETER) == 0xC74F20A3
    verify_signature(public=PETER, message=note.text.encode(), signature=note.signatures[0].signature)
    assert render_note(note) == PETER_NOTE
    assert parse_note(PETER_NOTE.encode()) == note


def test_the_text_may_hold_blank_lines_and_ends_at_the_last() -> None:
    note = parse_note("one\n\ntwo\n\n" + LINE)
    assert note == Note("one\n\ntwo\n", (NoteSignature("log.example/a", 5, b"signature"),))


def test_many_signatures_are_read_and_too_many_are_not() -> None:
    assert len(parse_note("text\n\n" + LINE * SIGNATURES_MAX).signatures) == SIGNATURES_MAX
    with pytest.raises(FormatError, match="too many"):
        parse_note("text\n\n" + LINE * (SIGNATURES_MAX + 1))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n" + LINE,
        "text\n\n" + LINE[:-1],
        "text\n\n" + LINE.replace("—", "-"),
        "text\n\n" + LINE.replace("log.example/a ", ""),
        "text\n\n" + LINE.replace("log.example/a", "log+a"),
        "text\n\n" + LINE.replace("log.example/a", "log\u00a0a"),
        "text\n\n" + LINE.replace("log.example/a", ""),
        "text\n\n— log AAAABQ==\n",
        "text\n\n— log AAAABXNpZ25hdHVyZR==\n",
        "text\n\n— log AAAA BXNp\n",
        "text\n\n— log ????\n",
        "text\r\n\n" + LINE,
        "te\x00xt\n\n" + LINE,
        "te\ud800xt\n\n" + LINE,
        b"te\xffxt\n\n" + LINE.encode(),
        "x" * NOTE_BYTES_MAX + "\n\n" + LINE,
    ],
)
def test_what_is_not_exactly_a_note_is_refused(raw: str | bytes) -> None:
    with pytest.raises(FormatError, match=r"^note: "):
        parse_note(raw)


@pytest.mark.parametrize(
    "note",
    [
        Note("no newline", (NoteSignature("a", 1, b"s"),)),
        Note("text\n", ()),
        Note("text\n", (NoteSignature("a b", 1, b"s"),)),
        Note("te\txt\n", (NoteSignature("a", 1, b"s"),)),
    ],
)
def test_a_note_that_would_not_be_read_back_is_not_written(note: Note) -> None:
    with pytest.raises(FormatError, match=r"^note: "):
        render_note(note)


def test_a_checkpoint_is_three_lines() -> None:
    text = render_checkpoint(Checkpoint("log.example/a", 20852163, ROOT))
    assert text == "log.example/a\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert parse_checkpoint(text) == Checkpoint("log.example/a", 20852163, ROOT)


def test_further_lines_are_kept_as_they_are() -> None:
    checkpoint = Checkpoint("a", 0, ROOT, ("one", "two"))
    assert parse_checkpoint(render_checkpoint(checkpoint)) == checkpoint


GOOD = render_checkpoint(Checkpoint("a", 7, ROOT))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n7\n",
        GOOD[:-1],
        GOOD.replace("a\n", "\n", 1),
        GOOD.replace("7", "07"),
        GOOD.replace("7", "-7"),
        GOOD.replace("7", "+7"),
        GOOD.replace("7", "7 "),
        GOOD.replace("7", "\N{ARABIC-INDIC DIGIT SEVEN}"),
        GOOD.replace("7", "1" * 20),
        GOOD.replace("AAEC", "AAE"),
        GOOD.replace("AAECAwQF", ""),
        GOOD + "\n",
        GOOD.replace("\n", "\r\n"),
    ],
)
def test_what_is_not_exactly_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("a\nb", 7, ROOT),
        Checkpoint("", 7, ROOT),
        Checkpoint("a", -1, ROOT),
        Checkpoint("a", 7, ROOT[:31]),
        Checkpoint("a", 7, ROOT, ("",)),
        Checkpoint("a", 7, ROOT, ("b\nc",)),
    ],
)
def test_a_checkpoint_that_would_not_be_read_back_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(FormatError):
        render_checkpoint(checkpoint)
