"""What policy is asked and what it answers.

Must never: carry a value; a question is about a label, and its answer may go into the log as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.identity import Principal
from strongroom.label import Label


@dataclass(frozen=True, slots=True)
class Question:
    """May `principal` do `action` with data of `label`, at `sink`, for `purpose`, from `address`?

    `tenant` and `environment` say where the data is; empty, they are the principal's own. `suspended` says that
    the principal was stopped. For administrative actions only the label's category counts.
    """

    principal: Principal
    action: str
    label: Label
    sink: str = ""
    purpose: str = ""
    address: str = "127.0.0.1"
    tenant: str = ""
    environment: str = ""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the ids of the policies that decided it, and the version of the bundle they are from.

    A denial without policies is the default; `nearest` then says which rule came nearest and what it misses.
    """

    allowed: bool
    policies: tuple[str, ...]
    nearest: str
    version: str
