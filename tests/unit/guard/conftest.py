import pytest

from strongroom import Strongroom
from strongroom.guard.session import Session
from strongroom.identity import Caller, Principal

BOT = Caller(Principal("bot", "acme", "prod"), purpose="test")


@pytest.fixture
def opened(room: Strongroom):
    """Opens guard sessions of one bot."""

    def opener(conversation: str = "c1", caller: Caller = BOT) -> Session:
        return room.house.sessions.open(caller, conversation=conversation)

    return opener


@pytest.fixture
def session(opened):
    return opened()


@pytest.fixture
def events(room: Strongroom):
    """What the log holds: (action, phase, sink, status, policies) per entry."""

    def read():
        log = room.house.audit
        log.flush()
        entries = [log.entry(index) for index in range(log.size)]
        return [
            (
                entry["metadata"]["event_code"],
                entry["unmapped"]["phase"],
                entry["unmapped"].get("sink", ""),
                entry.get("status_code", ""),
                tuple(entry["unmapped"].get("policies", ())),
            )
            for entry in entries
        ]

    return read
