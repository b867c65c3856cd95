"""Random conversations with the gateway: wrong values, leaks and altered opaque fields have to be 0.

``make bench NAME=conversations`` runs 100,000 of them on a real room inside one process (`bench.talk`), from one
seed, on every wire that has a shape there: whole and streamed answers, cut anywhere, tool calls and their results,
values with quotes in structured answers, look-alikes, signed thinking. A share of the same runs in the tests.
"""

from __future__ import annotations

import random  # noqa: TID251 - what is random here has to come again, so it is no entropy
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.harness import Row, Target, row, say
from bench.talk.conversation import Conversation, Tally
from bench.talk.in_process import Provider, in_process

from strongroom import Strongroom

CONVERSATIONS = 100_000
SEED = 20_261_120
TURNS_MAX = 5
TOOLS = {"send_email": {"to": "message.recipient"}}


def talked(count: int, seed: int, home: Path, **settings: Any) -> Tally:
    """Hold `count` conversations on a new room under `home`; `settings` are the room's."""
    tally = Tally()
    with (
        Strongroom.open(
            home=home / "store", keyfile=home / "root.key", create=True, tools=TOOLS, **settings
        ) as room,
        in_process(room, Provider()) as gateway,
    ):
        credential = room.credentials.issue("talker", tenant="acme", environment="prod")
        for number in range(count):
            rng = random.Random(f"{seed}/{number}")  # noqa: S311 - see above
            Conversation(rng, gateway, credential, number, tally).run(rng.randrange(1, TURNS_MAX + 1))
            if number % 5000 == 4999:
                room.house.sessions.flush()
                say(f"{number + 1} conversations, {tally.faults} faults")
    return tally


def rows() -> list[Row]:
    """Talk and count."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        tally = talked(CONVERSATIONS, SEED, Path(home))
    took = time.perf_counter() - start
    for example in tally.examples:
        say(example)
    what = f"{tally.conversations} conversations, {tally.requests} requests, {tally.surrogates} surrogates sent"
    none = Target("ours", at_most=0)
    return [
        row(
            "planted values that reached the provider",
            "count",
            tally.leaks,
            target=none,
            note=f"{what}; seed {SEED}",
        ),
        row("answers with a wrong, missing or altered text", "count", tally.wrong, target=none),
        row("opaque fields altered", "count", tally.altered, target=none),
        row("requests refused or broken", "count", tally.refused, target=none),
        row("one request, client and provider included", "ms", took / max(1, tally.requests) * 1e3),
    ]
