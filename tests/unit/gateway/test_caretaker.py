"""Rules that are read again while a gateway runs, and the last good ones when they do not load."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from strongroom.adapters.counters_memory import MemoryCounters
from strongroom.clock import SystemClock
from strongroom.errors import AuditUnavailableError, PolicyInvalidError
from strongroom.gateway.admission import Admission
from strongroom.gateway.caretaker import Caretaker
from strongroom.gateway.gauges import Gauges
from strongroom.gateway.problems import AddressRefusedError, QuotaExceededError
from strongroom.gateway.quota import Quotas
from strongroom.gateway.quota_rules import Rules
from strongroom.identity import Principal
from strongroom.settings import load_settings

BOT = Principal("bot", "acme", "prod")


class Policy:
    error: Any = None


class Kept:
    """A caretaker on a settings file, and what it looks after."""

    def __init__(self, home: Path) -> None:
        self.path = home / "strongroom.toml"
        self.path.write_text("")
        self.registry = CollectorRegistry()
        self.admission = Admission(quotas=Quotas(Rules({}, {}), MemoryCounters(SystemClock())))
        self.policy = Policy()
        self.failing = False
        self.care = Caretaker(
            path=self.path, read=lambda: load_settings(self.path), admission=self.admission,
            metrics=Gauges(self.registry), policy=self.policy, probe=self.probe,
        )  # fmt: skip
        self.times = 0

    def probe(self) -> None:
        if self.failing:
            raise AuditUnavailableError

    def write(self, text: str) -> None:
        self.times += 1
        self.path.write_text(text)
        os.utime(self.path, ns=(self.times, self.times))
        self.care.tick()

    def ask(self, address: str = "10.0.0.1") -> None:
        visit = self.admission.enter({"client": (address, 1)}, {})
        asyncio.run(visit.admit(BOT))

    def failed(self, what: str) -> float | None:
        return self.registry.get_sample_value("strongroom_gateway_reload_failed", {"what": what})


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_changed_file_is_in_force_at_the_next_look(kept: Kept) -> None:
    for _ in range(5):
        kept.ask()
    kept.write('[quotas.default]\nrequests = ["2/minute"]')
    kept.ask()
    kept.ask()
    with pytest.raises(QuotaExceededError):
        kept.ask()
    kept.write('[access]\naddresses = ["192.0.2.0/24"]')
    kept.ask("192.0.2.1")
    with pytest.raises(AddressRefusedError):
        kept.ask()
    kept.write('[quotas."acme/prod/bot"]\naddresses = ["192.0.2.0/24"]')
    with pytest.raises(AddressRefusedError):
        kept.ask()
    assert kept.failed("settings") == 0


@pytest.mark.parametrize("wrong", ["[quotas", '[quotas.default]\nrequests = ["x"]', "[access]\nnovel = 1"])
def test_what_does_not_load_leaves_the_last_good_rules(
    kept: Kept, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept.write('[quotas.default]\nrequests = ["1/minute"]')
    kept.ask()
    with caplog.at_level(logging.ERROR):
        kept.write(wrong)
    assert "not in force" in caplog.text
    assert kept.failed("settings") == 1
    with pytest.raises(QuotaExceededError):
        kept.ask()


def test_a_policy_that_does_not_load_shows_in_the_metrics(kept: Kept) -> None:
    kept.care.tick()
    assert kept.failed("policy") == 0
    kept.policy.error = PolicyInvalidError("3:1")
    kept.care.tick()
    assert kept.failed("policy") == 1


def test_a_fault_is_a_code(kept: Kept) -> None:
    assert kept.care.fault() == ""
    kept.failing = True
    assert kept.care.fault() == "audit_unavailable"


def test_a_file_that_goes_away_takes_its_rules_with_it(kept: Kept) -> None:
    kept.write('[quotas.default]\nrequests = ["1/minute"]')
    kept.ask()
    kept.care = Caretaker(
        path=kept.path, read=lambda: load_settings(None, home=kept.path.parent), admission=kept.admission,
        metrics=Gauges(CollectorRegistry()),
    )  # fmt: skip
    kept.path.unlink()
    kept.care.tick()
    kept.ask()
