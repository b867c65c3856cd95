"""Where a value may come out: sinks, and which sink each parameter of a declared tool is.

A label lists sink *kinds*; a tool's declaration says which kind each of its parameters is. A parameter
nobody declared is of kind ``tool``, at which the shipped policy restores nothing above *internal*.

Must never: guess a kind from a tool's or parameter's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.errors import ConfigurationError

USER = "user"
UNDECLARED = "tool"

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sink:
    """One place a value may come out at. `name` is what the log shows."""

    kind: str
    tool: str = ""
    parameter: str = ""

    @property
    def name(self) -> str:
        """``user``, or ``tool.parameter``."""
        return f"{self.tool}.{self.parameter}" if self.tool else self.kind

    @classmethod
    def user(cls) -> Sink:
        """The final answer, shown to the person or program that asked."""
        return cls(USER)


class Tools:
    """The declared tools: name → parameter → sink kind."""

    def __init__(self, declared: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._kinds: dict[tuple[str, str], str] = {}
        for tool, parameters in (declared or {}).items():
            for parameter, kind in parameters.items():
                if not _KIND.fullmatch(kind):
                    msg = f"tools.{tool}.{parameter}: a sink kind looks like message.recipient"
                    raise ConfigurationError(msg)
                self._kinds[tool, parameter] = kind

    def is_declared(self, tool: str, parameter: str) -> bool:
        """Whether somebody said what this parameter is."""
        return (tool, parameter) in self._kinds

    def sink(self, tool: str, parameter: str) -> Sink:
        """The sink that `parameter` of `tool` is; of kind ``tool`` when it was not declared."""
        return Sink(self._kinds.get((tool, parameter), UNDECLARED), tool, parameter)
