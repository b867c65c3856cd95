"""Setting the stage: input, scanner, upstream, store, credential, source and gateway, the way a user makes them.

Must never: take a shortcut a user could not take, or touch anything outside the work directory.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from strongroom.adapters.tables import Row
from strongroom.demo import checks, verdicts
from strongroom.demo.clear_desk import ClearDesk
from strongroom.demo.customers import CustomerDatabase
from strongroom.demo.desk import Desk
from strongroom.demo.embed import Embedder
from strongroom.demo.gateway_process import GatewayProcess, Place, run_command
from strongroom.demo.generate import CUSTOMERS, SEED, TICKETS, write_input
from strongroom.demo.input import DemoInput, Ticket, read_input
from strongroom.demo.passage import Passage
from strongroom.demo.planted import Planted
from strongroom.demo.progress import Steps
from strongroom.demo.rehearsal import Rehearsal
from strongroom.demo.report import Checks
from strongroom.demo.sabotage import FrozenEpoch, Sabotage
from strongroom.demo.scan import Scanner
from strongroom.demo.stage import PROVIDER_KEY, Case, Stage
from strongroom.demo.tools import AGENT_LOG, SINKS, Toolbox
from strongroom.errors import ConfigurationError, InputError

TENANT, ENVIRONMENT, AGENT, PURPOSE = "acme", "prod", "demo-agent", "resolve-ticket"
SOURCE = "records"
REHEARSAL_MODEL = "rehearsal-1"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to run the demo on.

    `input` is the user's own directory instead of the generated one. `upstream` is the base URL of a real provider
    (its chat completions wire), `upstream_key` what it wants to see, `model` the model to ask for. `sabotage`
    breaks something on purpose. `work` keeps what the run leaves, in a directory that must be empty. `progress`
    shows bars on stderr. `root` is the unseal path as a URI instead of a keyfile; ``pkcs11:`` alone makes
    a SoftHSM2 token for the run.
    """

    input: Path | None = None
    upstream: str | None = None
    upstream_key: str | None = field(default=None, repr=False)
    model: str = REHEARSAL_MODEL
    sabotage: Sabotage | None = None
    work: Path | None = None
    progress: bool = False
    root: str | None = None
    customers: int = CUSTOMERS
    tickets: int = TICKETS
    seed: int = SEED


def set_stage(options: DemoOptions, place: Place, steps: Steps, judged: Checks, stack: ExitStack) -> Stage:
    """Input, scanner, upstream, store, credential, source and gateway, in that order."""
    place.make()
    with steps.step("input"):
        given = _input(options, place)
        scanner = Scanner(given.planted)
        judged.run("the scanner finds what is planted", lambda: verdicts.scanner_works(scanner, given.planted))
    upstream: Passage | Rehearsal = Passage(options.upstream) if options.upstream else Rehearsal()
    stack.enter_context(upstream)
    with steps.step("store"):
        (place.home / "strongroom.toml").write_text(_settings(place), encoding="utf-8")
        officer = stack.enter_context(place.open(create=True))
        epoch = FrozenEpoch() if options.sabotage is Sabotage.CACHE else None
        room = stack.enter_context(place.open(epoch=epoch))
        judged.run("unsealed by the path asked for", lambda: checks.unsealed_as_asked(officer, place))
        if options.upstream_key is not None:
            officer.provider_keys.put("openai", options.upstream_key)
        where = ("--tenant", TENANT, "--environment", ENVIRONMENT)
        credential = run_command(place, "credential", "issue", AGENT, *where)["credential"]
    with steps.step("source: known values"):
        table = given.records.table
        columns = ("--table", table.name, "--subject-column", given.records.id_column, "--name", SOURCE)
        run_command(place, "source", "add", str(table.path), *columns, *where)
    with steps.step("gateway"):
        mode = "monitor" if options.sabotage is Sabotage.SURROGATES else "enforce"
        upstreams = {
            "openai": upstream.url if options.upstream else f"{upstream.url}/v1",
            "anthropic": upstream.url,
        }
        gateway = stack.enter_context(GatewayProcess(place, upstreams, mode))
    sealed = stack.enter_context(room.session(AGENT, purpose=PURPOSE, tenant=TENANT, environment=ENVIRONMENT))
    desk: Desk = ClearDesk(place.desk) if options.sabotage is Sabotage.SEALING else sealed
    secrets = [Planted(credential, "the client's credential")]
    if options.upstream_key is not None:
        secrets.append(Planted(options.upstream_key, PROVIDER_KEY))
    stage = Stage(
        given=given, place=place,
        scanner=Scanner([*given.planted, *secrets]),
        recording=upstream.recording, rehearsal=upstream if isinstance(upstream, Rehearsal) else None,
        gateway=gateway, credential=credential, model=options.model, agent_room=room, officer_room=officer,
        desk=desk, embedder=Embedder(),
    )  # fmt: skip
    stage.cases = _cases(stage, stack)
    return stage


def require_empty(work: Path) -> Path:
    """`work` as a path of its own; raises `ConfigurationError` when something is in it already."""
    if work.exists() and (not work.is_dir() or any(work.iterdir())):
        msg = "the directory to keep the run in is not empty"
        raise ConfigurationError(msg)
    return work.resolve()


def _input(options: DemoOptions, place: Place) -> DemoInput:
    if options.input is not None:
        return read_input(options.input)
    write_input(place.work / "input", seed=options.seed, customers=options.customers, tickets=options.tickets)
    return read_input(place.work / "input")


def _settings(place: Place) -> str:
    """The operator's settings: the unseal path, and what each tool parameter is."""
    tables = [f"root = {json.dumps(place.root)}\n"] if place.root else []
    for tool, sinks in SINKS.items():
        lines = "".join(f'{name} = "{sink}"\n' for name, sink in sinks.items())
        tables.append(f"[tools.{tool}]\n{lines}")
    return "\n".join(tables)


def _cases(stage: Stage, stack: ExitStack) -> list[Case]:
    """Two tickets of different customers, one per wire when upstream speaks both."""
    customers = stack.enter_context(CustomerDatabase(stage.given.records))
    rows = {stage.given.records.subject_of(row): row for row in stage.given.records.table.rows}
    log = stack.enter_context(_agent_log(stage.desk))
    cases: list[Case] = []
    wires = ("openai", "anthropic" if stage.rehearsal is not None else "openai")
    for wire, ticket in zip(wires, _tickets(stage.given, rows), strict=True):
        toolbox = Toolbox(ticket.id, ticket.subject, stage.desk, customers, stage.embedder, log)
        row = rows[ticket.subject]
        cases.append(Case(wire, ticket, row, stage.given.records, toolbox, len(cases) + 1))
    return cases


def _tickets(given: DemoInput, rows: Mapping[str, Row]) -> tuple[Ticket, Ticket]:
    """Two tickets of two known customers; refunds first, then letters that say how to reach the customer."""

    def rank(ticket: Ticket) -> tuple[bool, bool]:
        row = rows[ticket.subject]
        reachable = any(row[column] in ticket.text for column in given.records.private if row.get(column))
        return ticket.intent != "refund", not reachable

    owned = sorted((ticket for ticket in given.tickets if ticket.subject), key=rank)
    for ticket in owned[1:]:
        if ticket.subject != owned[0].subject:
            return owned[0], ticket
    msg = "no two tickets are from two customers of the records"
    raise InputError(msg)


@contextmanager
def _agent_log(desk: Desk) -> Iterator[logging.Logger]:
    logger = logging.Logger("strongroom.demo.agent", logging.INFO)  # noqa: LOG001 - one per run, gone with it
    handler = desk.log_handler(AGENT_LOG)
    logger.addHandler(handler)
    yield logger
    handler.close()
