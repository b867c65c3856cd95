"""A share of the random conversations of `make bench NAME=conversations`; their judge sees planted faults."""

from pathlib import Path
from typing import Any

import pytest
from bench import conversations
from bench.talk import conversation
from bench.talk.shapes import SHAPES, Said

COUNT = 40


def test_no_value_is_wrong_leaked_or_altered_in_random_conversations(tmp_path: Path) -> None:
    tally = conversations.talked(COUNT, conversations.SEED, tmp_path)
    assert tally.faults == 0, tally.examples
    assert tally.requests > COUNT
    assert tally.surrogates > COUNT


@pytest.mark.parametrize("fault", ["leaks", "wrong", "altered"])
def test_the_judge_sees_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    if fault == "leaks":  # an address whose kind nobody looks for
        monkeypatch.setattr(conversation.Conversation, "_prose", _with_a_secret)
    else:
        told = conversation.Conversation._said

        def said(self: Any, texts: Any, picks: Any, opaque: str, *, is_call: bool) -> Said:
            made = told(self, texts, picks, opaque, is_call=is_call)
            if texts is self._true:
                return made
            return made._replace(opaque=opaque + "x") if fault == "altered" else made._replace(texts=("?", "?"))

        monkeypatch.setattr(conversation.Conversation, "_said", said)
        if fault == "altered":
            _alter_on_the_way(monkeypatch)
    tally = conversations.talked(6, 1, tmp_path)
    assert getattr(tally, fault) > 0


def _with_a_secret(self: Any) -> str:
    self._planted.append("hush-7")
    return "the umbrella is hush-7"


def _alter_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, shape in SHAPES.items():
        read = shape.read

        def altered(events: Any, read: Any = read) -> Said:
            made: Said = read(events)
            return made._replace(opaque=made.opaque + "!")

        monkeypatch.setitem(SHAPES, name, shape._replace(read=altered))
