"""The settings of the how-to load and mean what it says."""

import re
from pathlib import Path

import pytest

from strongroom.gateway.caretaker import entrance_of
from strongroom.gateway.quota_rules import Rules
from strongroom.identity import Principal
from strongroom.settings import Settings, load_settings

PAGE = (Path(__file__).parents[3] / "docs" / "howto" / "operate-the-gateway.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shown(tmp_path: Path) -> Settings:
    path = tmp_path / "strongroom.toml"
    path.write_text("\n".join(SNIPPETS))
    return load_settings(path)


def test_the_settings_of_the_page_load_and_apply_as_it_says(shown: Settings) -> None:
    rules = Rules(shown.quotas, shown.prices)
    batch = rules.of(Principal("nightly-batch", "acme", "prod"))
    assert [(name, bound.amount) for name, bound in batch.requests] == [("acme/prod/nightly-batch", 5000)]
    assert [(name, bound.what) for name, bound in batch.spending] == [("acme", "cost")]
    other = rules.of(Principal("other", "globex", "prod"))
    assert [(name, bound.seconds) for name, bound in other.spending] == [
        ("globex/prod/other", 60), ("globex/prod/other", 86400),
    ]  # fmt: skip
    assert rules.cost("gpt-5-mini", 10**6, 10**5) == 2_250_000
    entrance_of(shown).require("10.1.2.3")


@pytest.mark.parametrize("name", ["attempts", "wait_max_s", "breaker_failures", "breaker_open_s"])
def test_the_defaults_it_shows_are_the_defaults(shown: Settings, name: str) -> None:
    assert getattr(shown.resilience, name) == getattr(Settings.model_fields["resilience"].default_factory(), name)  # type: ignore[misc, call-arg]


def test_the_bounds_in_its_table_are_the_defaults(shown: Settings) -> None:
    limits = shown.limits
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d]+(?: MiB)?) \|", PAGE, re.MULTILINE))
    assert len(told) == 7
    for name, text in told.items():
        number = int(text.split()[0]) * (1 << 20 if "MiB" in text else 1)
        assert getattr(limits, name) == number, name
