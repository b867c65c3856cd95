"""The reference of MCP's wire is what its tables make."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_reference_is_what_the_tables_make() -> None:
    spec = importlib.util.spec_from_file_location("make_mcp", ROOT / "tools" / "make_mcp_reference.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run tools/make_mcp_reference.py"
