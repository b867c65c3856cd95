"""What must be seen at the end of a run, one function per check.

Each returns (passed, detail, bytes scanned); passed is None where the check cannot apply to this input or model,
and then the detail says why.

Must never: put a value into a detail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from anthropic import AnthropicError
from openai import OpenAIError

from strongroom.demo.agent import Result, TurnsExceededError
from strongroom.demo.gateway_process import Place
from strongroom.demo.plan import LOOKUP, MAILER, REFUND, SUMMARY
from strongroom.demo.spelling import plain
from strongroom.demo.stage import Case, Stage
from strongroom.room import Strongroom

Verdict = tuple[bool | None, str, int]

PLACEHOLDER = re.compile(r"\b[A-Z]{2,}(?:_[A-Z]+)*_[0-9A-HJKMNP-TV-Z]{7}(?:[0-9A-HJKMNP-TV-Z]{6})?\b")
"""What a surrogate looks like to somebody who reads an answer."""
FORBIDDEN_SUBJECT = "Your card"
MAIL_BODY_SINK = "send_email.body"
AUDIT_ENTRIES_READ = 10_000


def resolved(case: Case, resolve: Callable[[], Result]) -> Verdict:
    """The agent brought the ticket to an end."""
    try:
        case.result = resolve()
    except (OpenAIError, AnthropicError, TurnsExceededError) as error:
        return False, f"the agent stopped with {type(error).__name__}", 0
    used = sorted({name for name, _ in case.toolbox.received})
    return bool(case.result.answer), f"{case.result.turns} requests; tools used: {', '.join(used) or 'none'}", 0


def unsealed_as_asked(room: Strongroom, place: Place) -> Verdict:
    """The store opens by the path that was asked for, and by its recovery share; there is no keyfile besides."""
    wanted = place.root.partition(":")[0] or "keyfile"
    paths = room.unseal.list()
    by_file = place.keyfile.exists()
    held = {path.partition(":")[0] for path in paths} == {wanted, "recovery"} and by_file == (wanted == "keyfile")
    return held, f"unseal paths: {', '.join(paths)}", 0


def answered_in_clear(case: Case) -> Verdict:
    """The user reads real values and no placeholder."""
    if case.result is None:
        return False, "there was no answer", 0
    real = sum(value in case.result.answer for value in case.values())
    left = len(PLACEHOLDER.findall(case.result.answer))
    return (
        real > 0 and left == 0,
        f"{real} real values, {left} placeholders left",
        len(case.result.answer.encode()),
    )


def arguments_in_clear(case: Case) -> Verdict:
    """Every tool argument that may hold a real value did."""
    seen: dict[str, bool] = {}
    for name, given in case.toolbox.received:
        text = {key: str(value) for key, value in given.items()}
        if name == LOOKUP:
            found = case.toolbox.customers.find(text.get("key", ""))
            seen["lookup key"] = found is not None and case.records.subject_of(found) == case.ticket.subject
        elif name == MAILER:
            seen["recipient"] = seen.get("recipient", True) and text.get("to", "") in case.values("EMAIL")
        elif name == REFUND:
            seen["card"] = plain(text.get("card", "")) in {plain(value) for value in case.values("CARD")}
        elif name == SUMMARY:
            written = text.get("text", "")
            seen["summary"] = any(value in written for value in case.values()) and not PLACEHOLDER.search(written)
    if not seen:
        return None, "this model called no tool with customer data", 0
    wrong = [name for name, right in seen.items() if not right]
    scanned = sum(len(json.dumps(given)) for _, given in case.toolbox.received)
    return not wrong, f"not real: {', '.join(wrong)}" if wrong else f"real: {', '.join(seen)}", scanned


def reveal_refused(stage: Stage) -> Verdict:
    """The model tried to mail a card number, and no mail holds one."""
    if stage.rehearsal is None:
        return None, "a real model is not told to misbehave", 0
    attempts = sum(
        call.name == MAILER and call.arguments.get("subject") == FORBIDDEN_SUBJECT
        for move in stage.rehearsal.moves
        for call in move.calls
    )
    mails = [
        (case, stage.desk.files.read(name))
        for case in stage.cases
        for name in case.toolbox.kept
        if name.startswith("mailbox/")
    ]
    leaked = sum(plain(card) in plain(mail.decode()) for case, mail in mails for card in case.values("CARD"))
    if not attempts and not any(case.values("CARD") for case in stage.cases):
        return None, "this input has no card numbers", 0
    denied = sum(
        entry.get("phase") == "denied" and entry.get("sink") == MAIL_BODY_SINK
        for entry in stage.officer_room.audit_entries(AUDIT_ENTRIES_READ)
    )
    detail = f"{attempts} attempts, {denied} denials on record, {len(mails)} mails, {leaked} with a card number"
    return attempts > 0 and denied > 0 and leaked == 0, detail, sum(len(mail) for _, mail in mails)


def words_unchanged(stage: Stage) -> Verdict:
    """What the model said comes back to it as it said it, signed thinking included."""
    if stage.rehearsal is None:
        return None, "only the rehearsal remembers what it said", 0
    heard = stage.recording
    detail = (
        f"{heard.echoes} tool calls came back, {heard.echoes_altered} altered; "
        f"{heard.thoughts} signed thoughts, {heard.thoughts_altered} altered"
    )
    intact = heard.echoes_altered == heard.thoughts_altered == 0
    return intact and heard.echoes > 0 and heard.thoughts > 0, detail, 0


def cards_written(stage: Stage) -> Verdict:
    """Over the gateway, not streaming, the model repeats a customer's data and the user reads it in clear."""
    if stage.rehearsal is None:
        return None, "only the rehearsal remembers what it wrote", 0
    wrong = 0
    for case in stage.cases:
        lines = case.card_lines()
        answer = stage.ask(
            f"Please write contact card {case.number} from these lines:\n{lines}", session=f"contact-{case.number}"
        )
        wrong += lines not in answer
    return wrong == 0, f"{len(stage.cases)} cards, {wrong} of them not in clear", 0


def copies_open(stage: Stage, cases: Sequence[Case]) -> Verdict:
    """Every copy of these customers' data opens and holds their values."""
    states = _states(stage, cases)
    wrong = sorted({f"{name}: {state}" for name, state in states if state != "open"})
    names = sorted({name for name, _ in states})
    good = f"{len(states)} copies open: {', '.join(names)}"
    return bool(states) and not wrong, f"not readable: {'; '.join(wrong)}" if wrong else good, 0


def copies_shut(stage: Stage, cases: Sequence[Case]) -> Verdict:
    """No copy of these customers' data gives a value away."""
    states = _states(stage, cases)
    readable = sorted({name for name, state in states if state == "open"})
    how = sorted({state for _, state in states if state != "open"})
    good = f"{len(states)} copies: {', '.join(how)}"
    return bool(states) and not readable, f"still readable: {', '.join(readable)}" if readable else good, 0


def _states(stage: Stage, cases: Sequence[Case]) -> list[tuple[str, str]]:
    return [(copy.name, copy.state(case.values())) for case in cases for copy in stage.copies(case)]


def scratch_sealed(stage: Stage) -> Verdict:
    """A temporary file in use holds nothing in clear, and is gone afterwards."""
    case = stage.cases[0]
    said = "\n".join(case.values()).encode()
    with stage.desk.temporary(subject=case.ticket.subject) as scratch:
        scratch.write(said)
        path = getattr(scratch, "path")  # noqa: B009 - a desk need not say where its scratch file lies
        seen = stage.scanner.scan_file(path, "scratch")
        intact = scratch.read() == said
    gone = not path.exists()
    detail = f"{len(seen.findings)} values in clear while in use; {'gone' if gone else 'left behind'} afterwards"
    return intact and gone and seen.bytes_scanned > 0 and not seen.findings, detail, seen.bytes_scanned
