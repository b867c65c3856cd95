"""Everything one run of the demo has at hand, and the copies of a customer's data it leaves behind.

A copy is a place the data lies at and a way to read it back. The same reads are made when everything is well, when
a key is disabled, and when the customer was erased; what they give is compared.

Must never: decide whether a run passed; that is `checks`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openai import OpenAI, OpenAIError

from strongroom.demo.agent import TIMEOUT_S, Result
from strongroom.demo.desk import Desk
from strongroom.demo.embed import Embedder
from strongroom.demo.gateway_process import GatewayProcess, Place
from strongroom.demo.input import DemoInput, Records, Ticket
from strongroom.demo.recording import Recording
from strongroom.demo.rehearsal import Rehearsal
from strongroom.demo.scan import Scanner
from strongroom.demo.tools import AGENT_LOG, COLLECTION, Toolbox
from strongroom.errors import StrongroomError

if TYPE_CHECKING:
    from strongroom.adapters.tables import Row
    from strongroom.compliance.erasure import ErasureReceipt
    from strongroom.room import Strongroom

PROVIDER_KEY = "the provider's key"
"""Planted for the disk; upstream is where it belongs."""
SESSION_HEADER = "Strongroom-Session"
CONTACT_KINDS = {"PERSON": "Name", "EMAIL": "E-mail", "PHONE": "Phone"}
HITS = 5


@dataclass(frozen=True, slots=True)
class Copy:
    """One place a customer's data lies at. `read` gives the text there, or raises."""

    name: str
    read: Callable[[], str]

    def state(self, values: tuple[str, ...]) -> str:
        """``open`` when the text holds one of `values`, ``gone`` when it holds none, else why it was refused."""
        try:
            text = self.read()
        except StrongroomError as error:
            return f"refused ({error.code})"
        except OpenAIError as error:
            return f"refused ({type(error).__name__})"
        return "open" if any(value in text for value in values) else "gone"


@dataclass(slots=True)
class Case:
    """One ticket on one wire: whose it is, what the tools did, what came out."""

    wire: str
    ticket: Ticket
    row: Row
    records: Records
    toolbox: Toolbox
    number: int
    result: Result | None = None

    @property
    def name(self) -> str:
        """The wire, and the number when it is not the first on it."""
        return self.wire if self.number == 1 or self.wire == "anthropic" else f"{self.wire} {self.number}"

    def values(self, *kinds: str) -> tuple[str, ...]:
        """The customer's real values of `kinds`; of every private column when none is named."""
        wanted = (
            column for column in self.records.table.columns
            if column in self.records.private and (not kinds or self.records.kinds[column] in kinds)
        )  # fmt: skip
        return tuple(value for column in wanted if (value := self.row.get(column, "").strip()))

    def card_lines(self) -> str:
        """What a contact card of this customer says."""
        lines = (f"{title}: {value}" for kind, title in CONTACT_KINDS.items() for value in self.values(kind)[:1])
        return "\n".join(lines)


@dataclass(slots=True)
class Stage:
    """See the module. `agent_room` is the process at work, `officer_room` the one that administers."""

    given: DemoInput
    place: Place
    scanner: Scanner
    recording: Recording
    rehearsal: Rehearsal | None
    gateway: GatewayProcess
    credential: str
    model: str
    agent_room: Strongroom
    officer_room: Strongroom
    desk: Desk
    embedder: Embedder
    cases: list[Case] = field(default_factory=list)
    receipt: ErasureReceipt | None = None

    def copies(self, case: Case) -> Iterator[Copy]:
        """Every place this customer's data lies at."""
        ticket, subject = case.ticket, case.ticket.subject
        yield Copy("history", lambda: "\n".join(said.content for said in self.desk.history(ticket.id).messages()))
        for name in case.toolbox.kept:
            yield Copy(name.split("/", 1)[0], lambda name=name: self.desk.files.read(name).decode())  # type: ignore[misc]
        yield Copy("embeddings", lambda: self._hits(case))
        yield Copy("agent log", lambda: "\n".join(self.desk.read_log(AGENT_LOG, subject=subject)))
        if self.rehearsal is not None:
            again = f"Please repeat contact card {case.number}."
            yield Copy("surrogates in the gateway", lambda: self.ask(again, session=f"contact-{case.number}"))

    def ask(self, text: str, *, session: str) -> str:
        """One question over the gateway without streaming; the answer as the client sees it."""
        with OpenAI(
            base_url=f"{self.gateway.url}/openai/v1", api_key=self.credential, max_retries=0, timeout=TIMEOUT_S
        ) as client:
            answer = client.chat.completions.create(
                model=self.model,
                messages=[{"role": "user", "content": text}],
                extra_headers={SESSION_HEADER: session},
            )
        return answer.choices[0].message.content or ""

    def _hits(self, case: Case) -> str:
        vector = self.embedder.embed_one(case.ticket.letter)
        hits = self.desk.embeddings(COLLECTION).search(vector, HITS)
        return "\n".join(hit.text for hit in hits if hit.subject == case.ticket.subject)
