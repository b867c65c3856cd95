"""What a repeated history costs, and what looking beneath disguises adds to a prompt that wears none.

Agents send the whole conversation with every turn. Here one grows to 40 KB in 50 turns, each sent with all before
it, through a session on a real store; the share that needed no inspection is counted, not estimated.

Must never: count a text as repeated that the session had not seen in this conversation.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from bench.harness import Row, Target, interleave, row, say
from bench.material import detect as material

from strongroom import Strongroom
from strongroom.classify import Catalogue, Classifier
from strongroom.guard.session import Origin
from strongroom.identity import Caller, Principal

TURNS = 50
TURN_CHARS = 820
PROMPTS = 12
ROUNDS = 15
MILLI = 1e3
REPEATED_MIN = 0.95
ADDED_MAX = 1.03


def rows() -> list[Row]:
    """The rows of this module, for `bench.detect`."""
    return [*history(), *disguises()]


def history() -> list[Row]:
    """A conversation of `TURNS` turns, and then the same history once more."""
    say("cache")
    prompts = "".join(material.prompts(5))
    turns = [prompts[place * TURN_CHARS : (place + 1) * TURN_CHARS] for place in range(TURNS)]
    caller = Caller(Principal("bot", "acme", "prod"), purpose="bench")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        with Strongroom.open(home=home / "home", keyfile=home / "store.key", create=True) as room:
            sessions = room.house.sessions

            def send(conversation: str, texts: list[str]) -> float:
                session = sessions.open(caller, conversation=conversation)
                started = time.process_time()
                for number, text in enumerate(texts):
                    session.protect(text, origin=Origin.MODEL if number % 2 else Origin.TYPED)
                took = time.process_time() - started
                session.finish()
                return took * MILLI

            for count in range(1, TURNS + 1):
                send("growing", turns[:count])
            reuse = sessions.open(caller, conversation="growing").reuse
            share, chars = reuse.share, sum(map(len, turns))
            cold = iter(range(10_000))
            took = interleave(
                {"cold": lambda: send(f"new {next(cold)}", turns), "warm": lambda: send("growing", turns)}, 5
            )
    return [
        row(
            f"{TURNS} turns of one conversation, each sent with all before it: not inspected again", "share",
            share, better="higher", target=Target("ours", at_least=REPEATED_MIN),
            note=f"by characters; the last turn sends {chars:,}",
        ),
        row(
            f"{chars / 1000:.0f} KB history sent again", "ms CPU", took["warm"], peer=took["cold"],
            peer_name="the same history in a new conversation", rounds=took.rounds,
        ),
    ]  # fmt: skip


def disguises() -> list[Row]:
    """Ordinary prompts with and without the question whether they wear a disguise, patterns only."""
    say("disguises")
    classifier = Classifier(Catalogue.load())
    ordinary = [re.sub(r"[A-Za-z0-9+/]{20,}", "word", text) for text in material.prompts(PROMPTS)]
    tokens = list(material.prompts(PROMPTS))

    def per_prompt(texts: list[str], *, beneath: bool) -> float:
        started = time.process_time()
        for text in texts:
            classifier.inspect(text) if beneath else classifier.surface(text)
        return (time.process_time() - started) * MILLI / len(texts)

    took = interleave(
        {
            "ordinary": lambda: per_prompt(ordinary, beneath=True),
            "ordinary surface": lambda: per_prompt(ordinary, beneath=False),
            "tokens": lambda: per_prompt(tokens, beneath=True),
            "tokens surface": lambda: per_prompt(tokens, beneath=False),
        },
        ROUNDS,
    )
    return [
        row(
            f"10 KB prompt{what}, disguises looked for", "ms CPU", took[case], peer=took[f"{case} surface"],
            peer_name="the same without looking beneath", note=f"{took[case] / took[f'{case} surface'] - 1:+.1%}",
            target=Target("ratio", at_least=1 / ADDED_MAX) if case == "ordinary" else None, rounds=took.rounds,
        )
        for case, what in (("ordinary", ""), ("tokens", " with keys of 20 characters and more in it"))
    ]  # fmt: skip
