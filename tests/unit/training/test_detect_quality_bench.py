"""The benchmark of quality: families of kinds, and promises that are made where they were made."""

from bench import detect_quality as bench

from strongroom.classify import Catalogue
from strongroom.classify.evaluation import Example, Gold

TEXT = Example("Anna sah Ulm", (Gold(0, 4, "PERSON"), Gold(9, 12, "LOCATION")), "de")


def test_kinds_fall_into_the_families_of_the_structured_corpus() -> None:
    catalogue = Catalogue.load()
    wanted = {
        "CARD": "CARD", "CRYPTO": "WALLET", "BITCOIN_ADDRESS": "WALLET", "GITHUB_TOKEN": "KEY",
        "SSN": "ID", "PERSON": "PERSON", "BIC": "BIC",
    }  # fmt: skip
    assert {kind: bench.family(kind, catalogue) for kind in wanted} == wanted


def test_only_the_corpora_as_a_whole_carry_promises() -> None:
    found = [[Gold(0, 4, "LOCATION")]]
    measured = {name: bench.counted([TEXT], found) for name in ("balanced", "recall", "peer")}
    promised = {row.measure: row.met for row in bench.rows_of(bench.EVERYTHING, measured) if row.target}
    assert promised == {
        f"{bench.EVERYTHING}: F1, balanced": False,
        f"{bench.EVERYTHING}: recall, recall": False,
        f"{bench.EVERYTHING}: precision, recall": True,
    }
    assert [row.target for row in bench.rows_of("tweets", measured)] == [""] * 6
    assert bench.rows_of(bench.ONE_LANGUAGE + "de", measured) == []


def test_the_peers_labels_are_read_as_ours() -> None:
    class Asked:
        def ask(self, case: str, **arguments: object) -> list[list[list[object]]]:
            assert (case, arguments["languages"]) == ("spans", ["de"])
            return [[[0, 4, "PERSON"], [5, 8, "EMAIL_ADDRESS"]]]

    found = bench.peer_spans(Asked(), [TEXT])  # type: ignore[arg-type]
    assert found == [[Gold(0, 4, "PERSON"), Gold(5, 8, "EMAIL")]]
