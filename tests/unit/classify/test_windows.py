from __future__ import annotations

from itertools import pairwise

from strongroom.classify.windows import OVERLAP_BYTES, WINDOW_BYTES, windows


def test_a_short_text_is_one_window_and_none_has_none() -> None:
    assert list(windows(b"abc")) == [(0, 3)]
    assert list(windows(b"")) == []


def test_lines_end_windows_without_overlap() -> None:
    data = (b"x" * 99 + b"\n") * 60
    cut = list(windows(data))
    assert len(cut) > 2
    assert all(end == following for (_, end), (following, _) in pairwise(cut))
    assert all(data[end - 1 : end] == b"\n" for _, end in cut)


def test_prose_without_lines_overlaps() -> None:
    data = b"word " * 1000
    cut = list(windows(data))
    assert len(cut) > 2
    assert all(end - following == OVERLAP_BYTES for (_, end), (following, _) in pairwise(cut))
    assert cut[-1][1] == len(data)


def test_a_run_of_token_characters_is_never_cut() -> None:
    data = b"k" * (5 * WINDOW_BYTES) + b" " + b"j" * 10
    assert next(iter(windows(data)))[1] == 5 * WINDOW_BYTES + 1
    assert list(windows(data[: 5 * WINDOW_BYTES])) == [(0, 5 * WINDOW_BYTES)]
