"""One random conversation: an agent, its user, a tool, and a model that says again what it was told.

Because the model only repeats texts it got, what the client must read is known without knowing a surrogate: the
same texts as the client wrote them. So a wrong value, a missing one and an altered character all show.

Must never: let the model see what was planted and not count it.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - every conversation has to come again from its seed
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.talk.in_process import EVENT_STREAM, InProcess, Reply
from bench.talk.shapes import SHAPES, Entry, Said, Shape

from strongroom.surrogates.restore import restore_text

FIRST = ("Annegret", "Zoë", "Mikołaj", "Şebnem", "Dipak", "Xiomara", "Óscar", "Wilhelmine", "Tuğba", "Jörg")
LAST = ("Quistorp", "Ünalan", "Wiśniewska", "O'Shaughnessy", "Ferreira-Lopes", "Kjærgaard", "Zimprich", "Đorđević")
WORDS = ("please", "check", "the", "parcel", "again", "and", "tell", "me", "what", "is", "open", "there", "then")
LOOK_ALIKES = ("EMAIL_ADDRESS", "CARD_0000000", "TABLE__7F3A9C1", "A_B_C1", "IBAN_QQQQQQQ", "_", "X_1")
SURROGATE = re.compile(r"(?:EMAIL|CARD|IBAN|PERSON)_[0-9A-Z]{7}")
_ADDRESS = re.compile(r"[a-z]+\.[0-9]+@[a-z0-9-]+\.[a-z]+")
MARGIN = 12


@dataclass
class Tally:
    """What went wrong, by name, and how much was done."""

    conversations: int = 0
    requests: int = 0
    surrogates: int = 0
    leaks: int = 0
    wrong: int = 0
    altered: int = 0
    refused: int = 0
    unchanged_bytes: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """Everything that must be 0."""
        return self.leaks + self.wrong + self.altered + self.refused


def _luhn(digits: str) -> str:
    total = sum(
        value if at % 2 else value * 2 - 9 * (value > 4)
        for at, value in enumerate(int(d) for d in reversed(digits))
    )
    return digits + str(-total % 10)


def _iban(rng: random.Random) -> str:
    account = f"{rng.randrange(10**7, 10**8)}{rng.randrange(10**10):010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


class Conversation:
    """See the module. Everything comes from `rng`."""

    def __init__(self, rng: random.Random, gateway: InProcess, credential: str, number: int, tally: Tally) -> None:
        self._rng = rng
        self._gateway = gateway
        self._credential = credential
        self._name = f"talk-{number}"
        self._tally = tally
        self._shape: Shape = SHAPES[rng.choice(sorted(SHAPES))]
        self._signs = self._shape is not SHAPES["openai.chat"]
        self._entries: list[Entry] = []
        self._true: list[str] = []  # every text as it would read with all its values
        self._planted: list[str] = []
        self._people: list[dict[str, str]] = []

    def run(self, turns: int) -> None:
        """Talk for `turns` turns."""
        self._tally.conversations += 1
        for _ in range(turns):
            kind = "result" if self._entries and self._entries[-1].kind == "call" else "user"
            text = self._tool_result() if kind == "result" else self._prose()
            self._entries.append(Entry(kind, (text,)))
            self._true.append(text)
            if not self._turn():
                return

    # --- what is written --------------------------------------------------------------------------

    def _person(self) -> dict[str, str]:
        rng = self._rng
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        local = f"{rng.choice(WORDS)}.{rng.randrange(10**6)}"
        person = {
            "name": name,
            "address": f'{rng.choice(LAST)}straße {rng.randrange(1, 99)}, "Hof\\{local}"\n12345 Ulm',
            "email": f"{local}@{rng.choice(('example', 'mail-7', 'post'))}.{rng.choice(('org', 'com', 'de'))}",
            "card_number": _luhn(f"4{rng.randrange(10**14):014d}"),
            "iban": _iban(rng),
        }
        self._people.append(person)
        return person

    def _prose(self) -> str:
        rng = self._rng
        parts: list[str] = []
        for _ in range(rng.randrange(1, 5)):
            parts += rng.choices(WORDS, k=rng.randrange(1, 6))
            if rng.random() < 0.7:
                person = rng.choice(self._people) if self._people and rng.random() < 0.6 else self._person()
                value = person[rng.choice(("email", "card_number", "iban"))]
                self._planted.append(value)
                parts.append(rng.choice((f"<{value}>,", f'"{value}"', f"({value})", f"{value},", f"é {value}\n")))
            if rng.random() < 0.2:
                parts.append(rng.choice(LOOK_ALIKES))
        return " ".join(parts)

    def _tool_result(self) -> str:
        people = [self._person() for _ in range(self._rng.randrange(1, 3))]
        for person in people:
            self._planted += person.values()
        return json.dumps({"rows": people, "total": 1.10}, ensure_ascii=self._rng.random() < 0.5)

    # --- one turn ---------------------------------------------------------------------------------

    def _turn(self) -> bool:
        rng, shape = self._rng, self._shape
        streams, is_call = rng.random() < 0.6, rng.random() < 0.35
        picks = self._picks(is_call=is_call)
        opaque = f"{rng.choice(LOOK_ALIKES)} {rng.randrange(10**9)} é" if self._signs else ""
        request = shape.request(self._entries)
        if "messages" in request:
            request["stream"] = streams
        raw = json.dumps(request, ensure_ascii=rng.random() < 0.5).encode()
        told: list[Said] = []

        def reply(body: bytes) -> Reply:
            told.append(self._said(self._seen(body), picks, opaque, is_call=is_call))
            return self._written(told[0], streams=streams)

        self._gateway.provider.reply = reply
        path = shape.streamed_path if streams else shape.path
        answer = self._gateway.ask(path, raw, self._credential, strongroom_session=self._name)
        self._tally.requests += 1
        if answer.status != 200 or not told:
            return self._fault("refused", f"{path}: {answer.status} {answer.body[:200]!r}")
        return self._check(answer.body, self._said(self._true, picks, opaque, is_call=is_call), told[0])

    def _picks(self, *, is_call: bool) -> list[int]:
        prose = [at for at, text in enumerate(self._true) if text[:1] != "{"]
        rows = [at for at, text in enumerate(self._true) if text[:1] == "{"]
        if rows and not is_call and self._rng.random() < 0.3:
            return [self._rng.choice(rows)]  # a structured answer
        return self._rng.choices(prose, k=2 if is_call else self._rng.randrange(1, 4)) if prose else [0]

    def _said(self, texts: Sequence[str], picks: Sequence[int], opaque: str, *, is_call: bool) -> Said:
        chosen = [texts[pick] for pick in picks]
        if is_call:
            return Said((chosen[0], chosen[-1]), opaque, is_call=True)
        return Said((" ".join(chosen),), opaque, is_call=False)

    def _seen(self, body: bytes) -> list[str]:
        """What the provider got; every planted value in it is a leak."""
        self._gateway.provider.bodies.clear()
        self._gateway.provider.heads.clear()
        request = json.loads(body)
        flat = body.decode() + json.dumps(request, ensure_ascii=False)
        for value in set(self._planted):
            if value in flat or json.dumps(value)[1:-1] in flat:
                self._fault("leaks", f"{self._shape.path}: {len(value)} characters")
        self._tally.surrogates += len(SURROGATE.findall(flat)) // 2
        for entry in self._entries:
            if entry.opaque and json.dumps(entry.opaque, ensure_ascii=False) not in flat:
                self._fault("altered", f"{self._shape.path}: towards the model")
        return self._shape.texts(request)

    def _written(self, said: Said, *, streams: bool) -> Reply:
        if not streams:
            return Reply([json.dumps(self._shape.whole(said), ensure_ascii=self._rng.random() < 0.5).encode()])
        raw = b"".join(
            b"data: " + json.dumps(event, ensure_ascii=self._rng.random() < 0.5).encode() + b"\n\n"
            for event in self._shape.events(said, lambda text: self._cut(text, 9))
        )
        return Reply(self._cut(raw, 400), EVENT_STREAM)

    def _cut(self, whole: Any, longest: int) -> list[Any]:
        pieces, at = [], 0
        while at < len(whole):
            end = at + self._rng.randrange(1, longest + 1)
            pieces.append(whole[at:end])
            at = end
        return pieces

    def _check(self, body: bytes, true: Said, told: Said) -> bool:
        lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")] or [body]
        got = self._shape.read([json.loads(line) for line in lines])
        if got.opaque != told.opaque:
            return self._fault("altered", f"{self._shape.path}: towards the client")
        if true.is_call:
            if problem := self._misdirected(got, true, told):
                return self._fault("wrong", f"{self._shape.path}: {problem}")
        elif got.texts != true.texts and not _same_json(got.texts[0], true.texts[0]):
            return self._fault("wrong", f"{self._shape.path}: {_first_difference(got.texts, true.texts)}")
        self._entries.append(Entry("call" if got.is_call else "model", got.texts, got.opaque))
        self._true += true.texts
        return True

    def _misdirected(self, got: Said, true: Said, told: Said) -> str:
        """What is wrong with a call: a mail gets its addresses, an undeclared parameter nothing."""
        if got.texts[1] != restore_text(told.texts[1], lambda surrogate: None):  # noqa: ARG005 - nothing comes out
            return "an undeclared parameter"
        if _ADDRESS.findall(got.texts[0]) != _ADDRESS.findall(true.texts[0]):
            return "the addresses of a mail"
        masked = restore_text(told.texts[0], lambda surrogate: "@" if surrogate.startswith("EMAIL_") else None)
        return "" if _ADDRESS.sub("@", got.texts[0]) == masked else "more than the addresses of a mail"

    def _fault(self, kind: str, what: str) -> bool:
        setattr(self._tally, kind, getattr(self._tally, kind) + 1)
        if len(self._tally.examples) < MARGIN:
            self._tally.examples.append(f"{self._name} {kind} {what}")
        return False


def _same_json(one: str, other: str) -> bool:
    if one[:1] != "{" or other[:1] != "{":
        return False
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def _first_difference(got: Sequence[str], wanted: Sequence[str]) -> str:
    """Where two texts part, in letters turned to x: values are invented here, but nobody has to read them."""
    one, other = " / ".join(got), " / ".join(wanted)
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"at {at}: {one[max(0, at - MARGIN) : at + MARGIN]!r} for {other[max(0, at - MARGIN) : at + MARGIN]!r}"
