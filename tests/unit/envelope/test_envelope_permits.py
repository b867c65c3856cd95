"""The envelope opens and seals only the object a permit is for."""

import io

import pytest

from strongroom import Strongroom
from strongroom.errors import PermitError
from strongroom.identity import Caller, Principal

BOT = Caller(Principal("bot", "acme", "prod"))


def test_a_permit_for_one_object_opens_no_other(room: Strongroom) -> None:
    from strongroom.room.session import custody_of

    custody = custody_of(room.house, BOT)
    mine = custody.binding("value", "mine", category="pii")
    other = custody.binding("value", "other", category="pii")
    with custody.sealing("pii") as anything:
        sealed = custody.envelope.seal(b"x", other, anything)
        record = custody.envelope.seal_record({"a": b"x"}, other, anything)
        thing = io.BytesIO()
        custody.envelope.seal_object(io.BytesIO(b"x"), thing, other, anything)
    with custody.opening("pii", resource="other") as good:
        assert custody.envelope.open(sealed, other, good) == b"x"
    with custody.opening("pii", resource="mine") as wrong:
        for attempt in (
            lambda: custody.envelope.open(sealed, other, wrong),
            lambda: custody.envelope.open_record(record, other, wrong),
            lambda: custody.envelope.open_object(io.BytesIO(thing.getvalue()), io.BytesIO(), other, wrong),
        ):
            with pytest.raises(PermitError):
                attempt()
    with custody.sealing("pii", resource="other") as wrong, pytest.raises(PermitError):
        custody.envelope.seal(b"x", mine, wrong)
