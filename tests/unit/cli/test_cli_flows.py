"""`strongroom flows` as a person types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_the_map_as_table_json_and_picture(room: Command, person: Path) -> None:
    assert "Nothing was observed in main/prod yet." in room("flows").err
    assert room("tokenize", "write to anna@example.org in Bremen").code == 0
    told = json.loads(room("flows", "--json").out)
    email = next(edge for edge in told["edges"] if edge["kind"] == "EMAIL")
    assert (email["form"], email["boundary"]) == ("surrogate", "people served → model provider")
    table = room("flows", "--svg", "flows.svg").out
    assert "EMAIL" in table
    assert "anna" not in table
    assert (person / "flows.svg").read_text().startswith("<svg")
    assert room("flows", "nonsense").code == 2
