"""Sessions and the corridor report what went where; counts survive a store that is not there for a while."""

import json

import pytest

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.flows import SQLiteFlows
from strongroom.errors import StoreError
from strongroom.guard.flows import CLEAR, REFUSED, SURROGATE, VALUE, Flow, FlowMap
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink

ROW = json.dumps({"email": "anna@example.org", "city": "Bremen", "card": "4111 1111 1111 1111"})


def seen(room):
    return {
        (item.flow.source, item.flow.kind, item.flow.sink, item.flow.form): item.count
        for item in room.house.engine.flows.read("acme", "prod")
    }


def test_a_request_leaves_its_flows(room, session):
    safe = json.loads(ROW)
    for change in reversed(changes := session.protect(ROW, origin=Origin.TOOL)):
        safe[change.kind] = change.text
    assert len(changes) == 2
    session.forward("openai")
    surrogate = safe["EMAIL"].strip('"')
    assert session.restore(surrogate, Sink("message.recipient", "send_email", "to")) == "anna@example.org"
    assert session.restore(safe["CARD"].strip('"'), Sink("message.text", "send_email", "body")).startswith("CARD_")
    session.finish()
    assert seen(room) == {
        ("tool", "EMAIL", "model:openai", SURROGATE): 1,
        ("tool", "CITY", "model:openai", CLEAR): 1,
        ("tool", "CARD", "model:openai", SURROGATE): 1,
        ("model", "EMAIL", "send_email.to", VALUE): 1,
        ("model", "CARD", "send_email.body", REFUSED): 1,
    }


def test_the_same_history_is_not_counted_twice(room, opened):
    for _ in range(3):
        session = opened("c1")
        session.protect("mail anna@example.org")
        session.finish()
    assert seen(room) == {("typed", "EMAIL", "model", SURROGATE): 1}


def test_what_is_sealed_and_opened_is_on_the_map(room):
    with room.session("bot", tenant="acme", environment="prod") as at_work:
        sealed = at_work.seal(b"x", category="health")
        at_work.open(sealed, category="health")
    assert seen(room) == {("agent", "", "store", "sealed"): 1, ("store", "", "agent", VALUE): 1}


class _Clock:
    def now(self) -> float:
        return 1.5

    monotonic = now


def test_counts_wait_for_a_store_that_cannot_take_them(tmp_path):
    database = Database.open(tmp_path / "strongroom.db")
    store = SQLiteFlows(database)
    flow = Flow("acme", "prod", "bot", "typed", "pii", "EMAIL", 2, "model", "model:x", SURROGATE)

    class Flapping:
        broken = True

        def add(self, counts):
            if self.broken:
                msg = "no"
                raise StoreError(msg)
            store.add(counts)

        def read(self, tenant, environment):
            return store.read(tenant, environment)

    flapping = Flapping()
    flows = FlowMap(flapping, _Clock())
    flows.observe([(flow, 2)])
    with pytest.raises(StoreError):
        flows.flush()
    flows.observe([(flow, 3)])
    flapping.broken = False
    [found] = flows.read("acme", "prod")
    assert (found.flow, found.count, found.first_at, found.last_at) == (flow, 5, 1500, 1500)
    flows.close()
    assert flows.read("acme", "staging") == ()
    database.close()
