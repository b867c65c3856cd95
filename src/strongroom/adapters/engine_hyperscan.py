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
from typing import Any, Final

from strongroom.classify.engine import RE2Finder, RE2Gates
from strongroom.classify.engine_port import Expression, refused
from strongroom.classify.engine_scan import ScanningEngine
from strongroom.errors import ConfigurationError

BY: Final = "Hyperscan"


class HyperscanEngine(ScanningEngine):
    """Built once per process; safe to share between threads, each of which gets a scratch space of its own.

    Raises `ConfigurationError` when the extra is not installed, `PolicyInvalidError` for an expression that
    Hyperscan or RE2 cannot hold.
    """

    def __init__(self, expressions: Sequence[Expression]) -> None:
        super().__init__(expressions, _Gates(expressions), [RE2Finder(one) for one in expressions])


class _Gates:
    """Words by Hyperscan, numbers by RE2."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        numbers = [index for index, one in enumerate(expressions) if one.digits and not one.near]
        words = [index for index, one in enumerate(expressions) if not one.digits or one.near]
        self._digits = [one.digits for one in expressions]
        self._numbers = RE2Gates(expressions, numbers)
        self._words = _Database(expressions, words)

    def open_for(self, window: bytes, *, numbered: bool) -> list[int]:
        """See `Gates.open_for`."""
        opened = self._words.open_for(window)
        if numbered:
            return opened + self._numbers.open_for(window, numbered=True)
        return [index for index in opened if not self._digits[index]]


class _Database:
    """One compiled database, and a scratch space per thread."""

    def __init__(self, expressions: Sequence[Expression], indexes: Sequence[int]) -> None:
        self._hyperscan = _library()
        gates: dict[str, list[int]] = {}
        for index in indexes:
            gates.setdefault(expressions[index].opener(), []).append(index)
        self._indexes = list(gates.values())
        self._flags = self._hyperscan.HS_FLAG_UTF8 | self._hyperscan.HS_FLAG_SINGLEMATCH
        self._database = self._hyperscan.Database()
        self._threads = threading.local()
        if gates:
            self._compile([expressions[indexes[0]] for indexes in self._indexes])

    def _compile(self, expressions: Sequence[Expression]) -> None:
        many = len(expressions)
        try:
            self._database.compile(
                expressions=[one.opener().encode() for one in expressions],
                ids=list(range(many)),
                elements=many,
                flags=[self._flags] * many,
            )
        except self._hyperscan.error as error:  # it does not say which: ask one by one
            for one in expressions:
                self._check(one)
            raise refused(expressions[0], BY, f"all together: {error}") from error

    def _check(self, expression: Expression) -> None:
        try:
            self._hyperscan.Database().compile(expressions=[expression.opener().encode()], flags=self._flags)
        except self._hyperscan.error as error:
            raise refused(expression, BY, str(error)) from error

    def open_for(self, window: bytes) -> list[int]:
        """The indexes of the expressions whose gate matches in `window`."""
        if not self._indexes:
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
