"""The engine of the extra `hyperscan`: Intel's matcher says what a window needs, RE2 finds it there.

Hyperscan looks for many literals and classes at once with vector instructions, and reports that an expression
matches; where its match begins it tells only at a price, and not as RE2 does. So it stands where RE2's set
automata stand, for all expressions that it is faster for: numbers, which need an automaton each, stay with RE2.

Must never: hand Hyperscan bytes that are not UTF-8, on which its answers are undefined.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from strongroom.classify.engine import RE2Gates, finders
from strongroom.classify.engine_port import Expression
from strongroom.classify.engine_scan import ScanningEngine
from strongroom.errors import ConfigurationError


class HyperscanEngine(ScanningEngine):
    """Built once per process; safe to share between threads, each of which gets a scratch space of its own.

    Raises `ConfigurationError` when the extra is not installed, `PolicyInvalidError` for an expression that RE2
    cannot hold, and so cannot find.
    """

    def __init__(self, expressions: Sequence[Expression]) -> None:
        found_by = finders(expressions)  # first: what is refused, RE2 gives the reasons for
        super().__init__(expressions, _Gates(expressions), *found_by)


class _Gates:
    """Words by Hyperscan, numbers by RE2."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        numbers = [index for index, one in enumerate(expressions) if one.digits and not one.near]
        words = [index for index, one in enumerate(expressions) if not one.digits or one.near]
        self._digits = [one.digits for one in expressions]
        self._words = _Database(expressions, words)
        self._numbers = RE2Gates(expressions, numbers)
        self._unheld = RE2Gates(expressions, self._words.unheld)

    def open_for(self, window: bytes, *, numbered: bool) -> list[int]:
        """See `Gates.open_for`."""
        opened = self._words.open_for(window)
        if self._words.unheld:
            opened += self._unheld.open_for(window, numbered=numbered)
        if numbered:
            return opened + self._numbers.open_for(window, numbered=True)
        return [index for index in opened if not self._digits[index]]


class _Database:
    """One compiled database, and a scratch space per thread."""

    def __init__(self, expressions: Sequence[Expression], indexes: Sequence[int]) -> None:
        self._hyperscan = _library()
        self._flags = self._hyperscan.HS_FLAG_UTF8 | self._hyperscan.HS_FLAG_SINGLEMATCH
        gates: dict[str, list[int]] = {}
        for index in indexes:
            gates.setdefault(expressions[index].opener(), []).append(index)
        self._threads = threading.local()
        database = self._compiled(list(gates))
        self.unheld: list[int] = []
        """Expressions too large for Hyperscan. RE2's set automata ask for them; the answers are the same."""
        if database is None:
            held = {gate: members for gate, members in gates.items() if self._compiled([gate]) is not None}
            self.unheld = [index for gate, members in gates.items() if gate not in held for index in members]
            gates, database = held, self._compiled(list(held))
        self._database = database
        self._indexes = list(gates.values())

    def _compiled(self, gates: Sequence[str]) -> Any:
        database = self._hyperscan.Database()
        try:
            database.compile(
                expressions=[gate.encode() for gate in gates],
                ids=list(range(len(gates))),
                elements=len(gates),
                flags=[self._flags] * len(gates),
            )
        except self._hyperscan.error:  # it does not say for which; what is wrong with it, RE2 says
            return None
        return database

    def open_for(self, window: bytes) -> list[int]:
        """The indexes of the expressions whose gate matches in `window`."""
        if self._database is None:
            return []
        matched: list[int] = []
        self._database.scan(window, match_event_handler=_note, context=matched, scratch=self._scratch())
        return [index for gate in matched for index in self._indexes[gate]]

    def _scratch(self) -> Any:
        try:
            return self._threads.scratch
        except AttributeError:
            self._threads.scratch = self._hyperscan.Scratch(self._database)
            return self._threads.scratch


def _library() -> ModuleType:
    try:
        import hyperscan
    except ImportError as error:
        msg = 'detection.engine: hyperscan is not installed here; install "strongroom[hyperscan]"'
        raise ConfigurationError(msg) from error
    return hyperscan


def _note(gate: int, _start: int, _end: int, _flags: int, matched: list[int]) -> None:
    matched.append(gate)
