"""History, files, temporary files, logs and embeddings: sealed on disk, bound to their place, erasable."""

import io
import logging
import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from strongroom.adapters.sqlite.at_rest import file_index, history
from strongroom.at_rest.embeddings import SEGMENT_ROWS
from strongroom.at_rest.files import NAME_LEN_MAX
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.at_rest.temporary import STALE_S, sweep
from strongroom.clock import SystemClock
from strongroom.errors import (
    AccessDeniedError,
    ConfigurationError,
    DecryptionError,
    FormatError,
    KeyDestroyedError,
    KeyStateError,
    StoreError,
    StoreFullError,
)

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
SECRET = "Anna Schmidt lives at Lindenweg 5"


@pytest.fixture
def work(room):
    with room.session("bot", **SCOPE) as session:
        yield session


@pytest.fixture
def on_disk(place):
    """Every byte below the home."""

    def read():
        return b"".join(path.read_bytes() for path in sorted((place / "home").rglob("*")) if path.is_file())

    return read


def rows(count, dim=8, start=0):
    rng = np.random.default_rng(start)
    return [
        EmbeddingRow(f"t{i}", rng.standard_normal(dim).astype(np.float32), f"{SECRET} {i}", f"cust-{i % 3}")
        for i in range(start, start + count)
    ]


# --- values ---------------------------------------------------------------------------------------


def test_a_value_opens_only_under_the_names_it_was_sealed_with(work, room):
    names = {"category": "pii", "subject": "cust-1", "object_id": "note", "version": 3}
    sealed = work.seal(b"plain", **names)
    assert work.open(sealed, **names) == b"plain"
    for change in ({"category": "health"}, {"subject": "cust-2"}, {"object_id": "x"}, {"version": 4}):
        with pytest.raises(DecryptionError):
            work.open(sealed, **names | change)
    for scope in ({"tenant": "globex", "environment": "prod"}, {"tenant": "acme", "environment": "staging"}):
        with room.session("bot", **scope) as other, pytest.raises(DecryptionError):
            other.open(sealed, **names)


def test_a_category_nobody_defined_is_refused(work):
    with pytest.raises(ConfigurationError, match="no such category"):
        work.seal(b"x", category="gossip")


def test_clearance_bounds_what_may_be_opened(work, room):
    sealed = work.seal(b"x", category="health")
    with room.session("low", clearance=2, **SCOPE) as low, pytest.raises(AccessDeniedError):
        low.open(sealed, category="health")


# --- history ----------------------------------------------------------------------------------------


def test_history_comes_back_in_order_and_is_sealed(work, on_disk):
    said = work.history("ticket-1", subject="cust-1")
    assert [said.append(role, f"{SECRET} {role}") for role in ("user", "assistant", "tool")] == [0, 1, 2]
    assert [(m.role, m.content, m.subject) for m in said.messages()] == [
        (role, f"{SECRET} {role}", "cust-1") for role in ("user", "assistant", "tool")
    ]
    assert b"Lindenweg" not in on_disk()
    assert b"ticket-1" not in on_disk()


def test_conversations_are_apart(work):
    work.history("a").append("user", "hello")
    assert work.history("b").messages() == []


def test_a_message_of_another_category_keeps_its_place(work):
    said = work.history("mixed")
    said.append("user", "one")
    said.append("user", "two", category="health")
    said.append("user", "three")
    assert [message.content for message in said.messages()] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "change", [{"subject": "cust-2"}, {"category": "health"}, {"place": 7}, {"sealed": b"x" * 80}]
)
def test_an_altered_row_does_not_open(work, room, change):
    said = work.history("c", subject="cust-1")
    said.append("user", "hello")
    with room.house.database.write() as connection:
        connection.execute(update(history).values(**change))
    with pytest.raises((DecryptionError, KeyStateError)):
        said.messages()


def test_rows_cannot_change_places(work, room):
    said = work.history("c")
    said.append("user", "first")
    said.append("user", "second")
    with room.house.database.write() as connection:
        for old, new in ((0, 9), (1, 0), (9, 1)):
            connection.execute(update(history).where(history.c.place == old).values(place=new))
    with pytest.raises(DecryptionError):
        said.messages()


# --- files ------------------------------------------------------------------------------------------


def test_a_file_is_sealed_with_its_name(work, on_disk, place):
    work.files.write("summary of Anna.txt", SECRET.encode(), subject="cust-1")
    assert work.files.read("summary of Anna.txt") == SECRET.encode()
    assert work.files.names() == ["summary of Anna.txt"]
    assert b"Anna" not in on_disk()
    assert not any("Anna" in path.name for path in (place / "home").rglob("*"))


def test_an_older_version_put_back_does_not_open(work, tmp_path):
    work.files.write("f", b"old")
    kept = tmp_path / "kept"
    shutil.copy(work.files.path_of("f"), kept)
    old_name = work.files.path_of("f")
    work.files.write("f", b"new")
    assert work.files.read("f") == b"new"
    assert not old_name.exists()
    shutil.copy(kept, work.files.path_of("f"))
    with pytest.raises(DecryptionError):
        work.files.read("f")


@pytest.mark.parametrize("damage", ["flip", "cut", "grow"])
def test_a_damaged_file_does_not_open(work, damage):
    work.files.write("f", b"x" * 40_000)
    path = work.files.path_of("f")
    raw = bytearray(path.read_bytes())
    if damage == "flip":
        raw[len(raw) // 2] ^= 1
    path.write_bytes({"flip": bytes(raw), "cut": bytes(raw[:-20]), "grow": bytes(raw) + b"x"}[damage])
    with pytest.raises(DecryptionError):
        work.files.read("f")


def test_a_file_moved_in_the_index_does_not_open(work, room):
    work.files.write("a", b"of cust-1", subject="cust-1")
    work.files.write("b", b"of cust-2", subject="cust-2")
    with room.house.database.write() as connection:
        connection.execute(update(file_index).values(subject="cust-2"))
    with pytest.raises(DecryptionError):
        work.files.read("a")


def test_there_is_no_such_file(work):
    with pytest.raises(StoreError, match="no such file"):
        work.files.read("none")


@pytest.mark.parametrize("name", ["", "x" * (NAME_LEN_MAX + 1)])
def test_file_names_are_bounded(work, name):
    with pytest.raises(FormatError):
        work.files.write(name, b"")


def test_a_full_disk_leaves_the_old_version(work, monkeypatch):
    work.files.write("f", b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("strongroom.at_rest.files.os", SimpleNamespace(fsync=full))  # not the log's
    with pytest.raises(StoreFullError):
        work.files.write("f", b"new")
    monkeypatch.undo()
    assert work.files.read("f") == b"old"
    assert not list(work.files.path_of("f").parent.glob("*.partial"))


def test_a_failure_while_sealing_leaves_no_piece(work, room, place):
    room.keys.create("acme/prod/pii")
    room.keys.disable("acme/prod/pii")
    with pytest.raises(KeyStateError):
        work.files.write("f", b"new")
    assert list((place / "home" / "files").glob("*")) == []


# --- temporary files ----------------------------------------------------------------------------------


def test_a_temporary_file_is_sealed_and_goes(work, place):
    with work.temporary(subject="cust-1") as scratch:
        scratch.write(SECRET.encode())
        scratch.write(b" and more")
        assert scratch.read() == SECRET.encode() + b" and more"
        assert b"Lindenweg" not in scratch.path.read_bytes()
        path = scratch.path
    assert not path.exists()


def test_a_cut_or_altered_temporary_file_does_not_open(work):
    with work.temporary() as scratch:
        scratch.write(b"one")
        scratch.write(b"two")
        whole = scratch.path.read_bytes()
        scratch.path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(DecryptionError):
            scratch.read()
        scratch.path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(DecryptionError):
            scratch.read()


def test_leftovers_of_a_crash_are_swept_later(tmp_path):
    class Tomorrow(SystemClock):
        def now(self):
            return super().now() + STALE_S + 10

    (tmp_path / "a.sealed").write_bytes(b"x")
    assert sweep(tmp_path, SystemClock()) == 0
    assert sweep(tmp_path, Tomorrow()) == 1
    assert list(tmp_path.iterdir()) == []


# --- logs -----------------------------------------------------------------------------------------------


@pytest.fixture
def logger(work):
    handler = work.log_handler("agent")
    log = logging.getLogger("test.at_rest")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    yield log
    log.removeHandler(handler)
    handler.close()


def test_log_lines_are_sealed_and_come_back(work, logger, on_disk):
    logger.info("looked up %s", SECRET, extra={"subject": "cust-1"})
    logger.info("done")
    assert work.read_log("agent") == [f"looked up {SECRET}", "done"]
    assert work.read_log("agent", subject="cust-1") == [f"looked up {SECRET}"]
    assert b"Lindenweg" not in on_disk()


def test_a_second_run_appends(work, logger):
    logger.info("first")
    again = work.log_handler("agent")
    again.handle(logging.LogRecord("x", 20, "", 0, "second", None, None))
    again.close()
    assert work.read_log("agent") == ["first", "second"]


def test_erasing_a_subject_takes_their_lines_only(work, logger, room):
    logger.info("about her", extra={"subject": "cust-1"})
    logger.info("about nobody")
    room.erase(subject="cust-1", **SCOPE)
    assert work.read_log("agent", subject="") == ["about nobody"]
    with pytest.raises(KeyDestroyedError):
        work.read_log("agent", subject="cust-1")


@pytest.mark.parametrize("keep", [1, 10, -3])
def test_a_torn_log_says_where(work, logger, place, keep):
    logger.info("a line")
    (path,) = (place / "home" / "logs").glob("*.sealed")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises((FormatError, DecryptionError)):
        work.read_log("agent")


def test_a_line_that_cannot_be_sealed_is_counted_and_reported(work, logger, room, capsys):
    logger.info("fine")
    room.keys.disable("acme/prod/pii")
    logger.info("lost")
    assert logger.handlers[0].lost == 1
    assert "lost" not in capsys.readouterr().out
    room.keys.enable("acme/prod/pii")
    assert work.read_log("agent") == ["fine"]


# --- embeddings -----------------------------------------------------------------------------------------


def test_search_is_exact_over_sealed_segments(work, on_disk):
    tickets = work.embeddings("tickets")
    given = rows(50)
    assert tickets.add(given) == 1
    hits = work.embeddings("tickets").search(given[7].vector, 3)
    assert hits[0].id == "t7"
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert b"Lindenweg" not in on_disk()
    assert given[7].vector.tobytes() not in on_disk()


def test_large_collections_have_several_segments(work):
    tickets = work.embeddings("many")
    given = rows(SEGMENT_ROWS + 5, dim=4)
    assert tickets.add(given) == 2
    assert tickets.search(given[-1].vector, 1)[0].id == f"t{SEGMENT_ROWS + 4}"


def test_collections_and_tenants_are_apart(work, room):
    work.embeddings("a").add(rows(3))
    assert work.embeddings("b").search(np.ones(8, dtype=np.float32)) == []
    with room.session("bot", tenant="globex", environment="prod") as other:
        assert other.embeddings("a").search(np.ones(8, dtype=np.float32)) == []


def test_an_opened_collection_shuts_when_its_key_is_disabled(work, room):
    tickets = work.embeddings("tickets")
    tickets.add(rows(3))
    assert len(tickets.search(np.ones(8, dtype=np.float32))) == 3
    room.keys.disable("acme/prod/pii")
    with pytest.raises(KeyStateError):
        tickets.search(np.ones(8, dtype=np.float32))
    room.keys.enable("acme/prod/pii")
    assert len(tickets.search(np.ones(8, dtype=np.float32))) == 3


def test_erasing_a_subject_rewrites_segments_and_a_kept_copy_stays_shut(work, room, place, tmp_path):
    tickets = work.embeddings("tickets")
    tickets.add(rows(9))
    folder = place / "home" / "embeddings"
    (old,) = folder.iterdir()
    kept = tmp_path / old.name
    shutil.copy(old, kept)
    receipt = room.erase(subject="cust-1", **SCOPE)
    assert receipt.segments_rewritten == 1
    assert {hit.subject for hit in tickets.search(np.ones(8, dtype=np.float32), 9)} == {"cust-0", "cust-2"}
    shutil.copy(kept, folder / old.name)
    binding = tickets._binding(tickets._collection, old.stem, "pii")
    with (
        pytest.raises(KeyDestroyedError),
        tickets.custody.opening("pii") as permit,
        kept.open("rb") as source,
    ):
        tickets.custody.envelope.open_object(source, io.BytesIO(), binding, permit)


def test_erasing_the_only_subject_leaves_an_empty_collection(work, room):
    tickets = work.embeddings("tickets")
    tickets.add([row for row in rows(9) if row.subject == "cust-1"])
    room.erase(subject="cust-1", **SCOPE)
    assert tickets.search(np.ones(8, dtype=np.float32)) == []
