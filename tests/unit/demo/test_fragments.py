import json
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from strongroom.demo.fragments import byte_pieces, event, text_pieces


@given(st.text())
def test_pieces_of_text_joined_are_the_text(text: str) -> None:
    assert "".join(text_pieces(text)) == text


@given(st.binary())
def test_pieces_of_bytes_joined_are_the_bytes(raw: bytes) -> None:
    assert b"".join(byte_pieces(raw)) == raw


def test_a_surrogate_is_cut_inside() -> None:
    assert any("EMAIL_7KQ2M9X" not in piece and "_" in piece for piece in text_pieces("mail EMAIL_7KQ2M9X now"))


def test_a_character_is_cut_inside() -> None:
    pieces = list(islice(byte_pieces("ü".encode() * 200), 6))
    assert any(len(piece) % 2 for piece in pieces)


def test_events_vary_in_form_and_keep_their_payload() -> None:
    events = [event(json.dumps({"n": number}).encode(), name="x", number=number) for number in range(15)]
    assert any(b"\r\n" in raw for raw in events)
    assert any(raw.startswith(b": keep-alive") for raw in events)
    for number, raw in enumerate(events):
        lines = raw.replace(b"\r\n", b"\n").split(b"\n")
        assert b'data: {"n": %d}' % number in lines
        assert raw.replace(b"\r\n", b"\n").endswith(b"\n\n")
