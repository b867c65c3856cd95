import pytest

from strongroom.audit.segments import SEGMENT_ENTRIES, frame, numbered_path, scan, segment_name
from strongroom.audit.tiles import tile_name


@pytest.mark.parametrize(
    ("number", "path"),
    [(0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067"), (10**9, "x001/x000/x000/000")],
)
def test_numbers_become_paths_as_tlog_tiles_writes_them(number: int, path: str) -> None:
    assert numbered_path(number) == path
    assert segment_name(number) == f"entries/{path}"
    assert tile_name(0, number) == f"tile/0/{path}"


def test_a_partial_tile_says_its_width() -> None:
    assert tile_name(1, 1234067, 112) == "tile/1/x001/x234/067.p/112"


def test_a_full_segment_holds_nothing_more() -> None:
    raw = frame(b"x") * SEGMENT_ENTRIES
    assert len(scan(raw).entries) == SEGMENT_ENTRIES
    assert not scan(raw).damaged
    more = scan(raw + frame(b"y"))
    assert (len(more.entries), more.end, more.damaged) == (SEGMENT_ENTRIES, len(raw), True)


def test_a_record_of_no_bytes_is_damage() -> None:
    assert scan(bytes(8)).damaged
