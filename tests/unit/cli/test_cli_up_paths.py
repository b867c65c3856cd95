"""Where `strongroom up` says an upstream is served."""

import pytest

from strongroom.cli.up import _path_of


@pytest.mark.parametrize(
    ("upstream", "path"),
    [("openai", "openai/v1"), ("anthropic", "anthropic"), ("mcp-crm", "mcp/crm"), ("mcp-a-b", "mcp/a-b")],
)
def test_an_upstream_is_announced_where_it_is_served(upstream: str, path: str) -> None:
    assert _path_of(upstream) == path
