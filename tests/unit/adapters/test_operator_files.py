"""The operator's files: whole lines, owner only, one span per line."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strongroom.adapters.operator_files import line_file, span_file


def test_lines_are_appended_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "gateway.log"
    for line in (b"one\n", b"two\n"):
        with line_file(path) as write:
            write(line)
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with pytest.raises(OSError, match="No space left"), line_file(full) as write:
        write(b"one\n")


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    with line_file(path) as write, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write(b"%d\n" % number), range(2000)))
    assert sorted(path.read_bytes().split()) == sorted(b"%d" % number for number in range(2000))


def test_each_span_is_a_line_and_all_are_written_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "traces.jsonl"
    with span_file(path) as tracer, tracer.start_as_current_span("outer"):
        tracer.start_span("inner", attributes={"strongroom.replaced": 3}).end()
    inner, outer = (json.loads(line) for line in path.read_text().splitlines())
    assert (inner["name"], inner["attributes"], inner["kind"]) == ("inner", {"strongroom.replaced": 3}, "INTERNAL")
    assert (inner["parent_id"], inner["trace_id"]) == (outer["span_id"], outer["trace_id"])
    assert (outer["parent_id"], outer["resource"]["service.name"]) == (None, "strongroom")
    assert outer["end_time"] >= inner["end_time"] >= inner["start_time"] >= outer["start_time"]
    assert path.stat().st_mode & 0o777 == 0o600
