"""`run_demo`: the whole main job from an empty directory to a verdict.

An agent retrieves customer records, embeds them, passes excerpts into prompts, calls tools and writes a summary,
over the real gateway and at rest in the room; then a key is disabled, a customer erased, and everything that was
received, written or logged is searched for what was planted.

Must never: touch anything outside its work directory, or leave that directory or a process behind.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from strongroom.clock import SystemClock
from strongroom.demo import checks, verdicts
from strongroom.demo.agent import Result, index_input, resolve_with_anthropic, resolve_with_openai
from strongroom.demo.gateway_process import Place
from strongroom.demo.input import Ticket
from strongroom.demo.preparation import ENVIRONMENT, TENANT, DemoOptions, require_empty, set_stage
from strongroom.demo.progress import Steps
from strongroom.demo.report import Checks, DemoReport
from strongroom.demo.sabotage import Sabotage, flip_log_byte
from strongroom.demo.scan import walk
from strongroom.demo.stage import Case, Stage
from strongroom.demo.tools import Toolbox
from strongroom.demo.unsealing import unsealing

__all__ = ["DemoOptions", "run_demo"]

CATEGORY_KEY = f"{TENANT}/{ENVIRONMENT}/pii"
WIRES: dict[str, tuple[Callable[[str, str, str, Ticket, Toolbox], Result], str]] = {
    "openai": (resolve_with_openai, "/openai/v1"),
    "anthropic": (resolve_with_anthropic, "/anthropic"),
}


def run_demo(options: DemoOptions) -> DemoReport:
    """Run the main job and judge it. Raises `InputError` for input that cannot be used."""
    clock = SystemClock()
    started = clock.monotonic()
    with ExitStack() as stack:
        work = (
            require_empty(options.work)
            if options.work
            else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="strongroom-demo-")))
        )
        steps = stack.enter_context(Steps(shown=options.progress))
        judged = Checks(clock)
        place = stack.enter_context(unsealing(Place(work.resolve()), options.root))
        stage = set_stage(options, place, steps, judged, stack)
        _work(stage, steps, judged)
        _judge(stage, options, steps, judged)
    return DemoReport(
        tuple(judged.done),
        {**_figures(stage, options), "seconds": round(clock.monotonic() - started, 3)},
        options.sabotage,
    )


def _work(stage: Stage, steps: Steps, judged: Checks) -> None:
    """The agent at work: embeds everything, resolves a ticket on each wire."""
    with steps.step("agent: embeds records and tickets"):
        index_input(stage.given, stage.desk, stage.embedder)
    if stage.rehearsal is None:
        reason = "--upstream speaks chat completions; both tickets go there"
        judged.run("anthropic: ticket resolved", lambda: (None, reason, 0))
    for case in stage.cases:
        with steps.step(f"agent: resolves a ticket over {case.wire}"):
            _resolve(stage, case, judged)


def _resolve(stage: Stage, case: Case, judged: Checks) -> None:
    resolve, url = WIRES[case.wire]
    base_url = f"{stage.gateway.url}{url}"
    judged.run(
        f"{case.name}: ticket resolved",
        lambda: checks.resolved(
            case, lambda: resolve(base_url, stage.credential, stage.model, case.ticket, case.toolbox)
        ),
    )
    judged.run(f"{case.name}: answer in clear", lambda: checks.answered_in_clear(case))
    judged.run(f"{case.name}: tool arguments in clear", lambda: checks.arguments_in_clear(case))


def _judge(stage: Stage, options: DemoOptions, steps: Steps, judged: Checks) -> None:
    """Everything that must be seen at the end, while the gateway still runs and after it stopped."""
    judged.run("forbidden reveal refused", lambda: checks.reveal_refused(stage))
    judged.run("the model's words come back unchanged", lambda: checks.words_unchanged(stage))
    with steps.step("keys: disable, enable, erase"):
        _revoke(stage, judged)
    with steps.step("audit log"):
        if options.sabotage is Sabotage.LOG:
            stage.officer_room.verify_audit()
            flip_log_byte(stage.place.home / "audit")
        judged.run("audit log verifies", lambda: verdicts.log_verifies(stage))
        judged.run("erasure receipt proved", lambda: verdicts.receipt_proved(stage, stage.receipt))
    judged.run("gateway drains and ends", lambda: verdicts.gateway_ends(stage))
    judged.run("values found, by tier", lambda: verdicts.found_by_tier(stage, f"{TENANT}/{ENVIRONMENT}"))
    sizes = [path.stat().st_size for path in walk([stage.place.work], exclude=[stage.given.directory])]
    with steps.step("scan for planted values", sum(sizes)) as advance:
        judged.run("planted values upstream", lambda: verdicts.none_upstream(stage))
        judged.run("planted values in the store", lambda: verdicts.none_in_store(stage, advance))
        judged.run("planted values in logs and traces", lambda: verdicts.none_in_logs(stage, advance))
        judged.run("planted values elsewhere on disk", lambda: verdicts.none_elsewhere(stage, advance))


def _revoke(stage: Stage, judged: Checks) -> None:
    """Copies open; a disabled key shuts them; enabled, they open; erased, one customer's stay shut."""
    room, cases = stage.officer_room, stage.cases
    erased, others = cases[:1], cases[1:]
    judged.run("contact cards written", lambda: checks.cards_written(stage))
    judged.run("copies open for the agent", lambda: checks.copies_open(stage, cases))
    judged.run("temporary file sealed", lambda: checks.scratch_sealed(stage))
    room.keys.disable(CATEGORY_KEY)
    judged.run("disabled key: every read fails at once", lambda: checks.copies_shut(stage, cases))
    room.keys.enable(CATEGORY_KEY)
    judged.run("enabled key: every read works again", lambda: checks.copies_open(stage, cases))
    subject = erased[0].ticket.subject
    stage.receipt = room.erase(tenant=TENANT, environment=ENVIRONMENT, subject=subject)
    judged.run("erased customer: every copy unreadable", lambda: checks.copies_shut(stage, erased))
    judged.run("other customers: every copy still opens", lambda: checks.copies_open(stage, others))


def _figures(stage: Stage, options: DemoOptions) -> dict[str, object]:
    return {
        "customers": len(stage.given.records.table.rows),
        "tickets": len(stage.given.tickets),
        "planted_columns": sorted(stage.given.records.private),
        "columns_not_planted": [
            column for column in stage.given.records.table.columns if column not in stage.given.records.private
        ],
        "planted": stage.scanner.searched,
        "planted_too_short": stage.scanner.too_short,
        "root": stage.place.root.partition(":")[0] or "keyfile",
        "upstream": options.upstream or "rehearsal",
        "model": stage.model,
        "requests_upstream": len(stage.recording.snapshot()),
    }
