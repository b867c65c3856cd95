"""The demo on somebody's own data, and on a model behind a URL."""

import csv
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from strongroom.demo.gateway_process import GatewayProcess, Place, run_command
from strongroom.demo.rehearsal import Rehearsal
from strongroom.demo.run import DemoOptions, run_demo
from strongroom.errors import ConfigurationError, UpstreamError

PEOPLE = [
    ("K-1001", "Anna Weißgerber", "anna.weissgerber@example.com", "+49 30 23125501", "Lindenallee 4"),
    ("K-1002", "Jörg Ćosić", "jc@example.org", "+49 40 66969123", "Am Ring 12"),
    ("K-1003", "Mary O'Neill", "mary.oneill@example.net", "+1 415-555-0142", "12 Elm Street"),
]
COLUMNS = ("Kundennummer", "Name", "E-Mail", "Telefon", "Straße")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    directory = tmp_path / "own"
    directory.mkdir()
    with (directory / "kunden.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerows([COLUMNS, *PEOPLE])
    (directory / "brief1.txt").write_text(
        "Ich bitte um Rückzahlung von 19,90 EUR für ORD-2024-00001. anna.weissgerber@example.com, Anna Weißgerber",
        encoding="utf-8",
    )
    (directory / "letter2.txt").write_text(
        "Where is my parcel ORD-2024-00003? MARY O'NEILL, mary.oneill@example.net, +1 (415) 555-0142",
        encoding="utf-8",
    )
    return directory


@pytest.fixture
def provider() -> Iterator[Rehearsal]:
    with Rehearsal() as running:
        yield running


@pytest.mark.e2e
def test_the_demo_holds_on_a_users_own_files(own: Path) -> None:
    report = run_demo(DemoOptions(input=own))
    assert report.failed == ()
    states = {check.check: check.passed for check in report.checks}
    assert states["forbidden reveal refused"] is None  # there is no card in this input
    assert states["planted values upstream"] is True
    assert report.figures["customers"] == len(PEOPLE)


@pytest.mark.e2e
def test_a_real_upstream_is_recorded_on_the_way(provider: Rehearsal) -> None:
    secret = "key-of-the-provider-0123456789"
    report = run_demo(
        DemoOptions(upstream=f"{provider.url}/v1", upstream_key=secret, model="m", customers=80, tickets=40)
    )
    assert report.failed == ()
    states = {check.check: check.passed for check in report.checks}
    assert states["anthropic: ticket resolved"] is None
    assert states["openai 2: ticket resolved"] is True
    arrived = provider.recording.snapshot()
    assert len(arrived) == report.figures["requests_upstream"]
    assert all(f"Bearer {secret}".encode() in received.headers for received in arrived)


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.e2e
def test_an_upstream_that_is_not_there_fails_the_run_and_nothing_else_breaks() -> None:
    report = run_demo(
        DemoOptions(upstream=f"http://127.0.0.1:{free_port()}/v1", model="m", customers=40, tickets=20)
    )
    assert "openai: ticket resolved" in report.failed
    assert not {"planted values upstream", "planted values in the store", "audit log verifies"} & set(
        report.failed
    )


def test_a_directory_in_use_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="not empty"):
        run_demo(DemoOptions(work=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.e2e
def test_a_gateway_that_cannot_start_is_said_and_not_waited_for(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.make()
    (place.home / "strongroom.db").write_bytes(b"this is no store" * 100)
    with pytest.raises(UpstreamError, match="ended with"), GatewayProcess(place, {}):
        pass
    with pytest.raises(UpstreamError, match=r"credential issue ended with \d \(store"):
        run_command(place, "credential", "issue", "somebody")
