from __future__ import annotations

from pathlib import Path

import pytest

from strongroom.classify import Catalogue, Classifier, catalogue
from strongroom.errors import ConfigurationError, PolicyInvalidError
from strongroom.label import Level

GOOD = """\
sink_sets:
  desk: [user]
types:
  - kind: BADGE
    title: Badge number
    category: business
    level: 1
    prefix: BADGE
    sinks: desk
    normalizer: alnum
    fields: [badge]
    patterns:
      - regex: "\\\\bBDG-\\\\d{4}\\\\b"
        score: 0.8
    examples: [BDG-1234]
    counter_examples: [BDG-1]
"""


def load(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return Catalogue.load([path])


def test_a_users_own_type_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    own = load(tmp_path, GOOD)
    assert own.types["BADGE"].sinks == {"user"}
    assert [span.kind for span in Classifier(own).spans("see BDG-1234")] == ["BADGE"]


def test_the_version_names_the_content(tmp_path: Path) -> None:
    shipped = Catalogue.load()
    assert shipped.version == Catalogue.load().version
    assert len(shipped.version) == catalogue.SUFFIX_LEN
    assert load(tmp_path, GOOD).version not in (shipped.version, load(tmp_path, GOOD + "#").version)


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("level: 1", "level: 9", 4, "level"),
        ("    title: Badge number\n", "", 4, "title"),
        ("prefix: BADGE", "prefix: B4DGE", 4, "prefix"),
        ("prefix: BADGE", "prefix: EMAIL", 4, "EMAIL is taken"),
        ("kind: BADGE", "kind: EMAIL", 4, "EMAIL is taken"),
        ("sinks: desk", "sinks: table", 4, "sink set"),
        ("normalizer: alnum", "normalizer: nought", 4, "normalizer"),
        ("score: 0.8", "score: 1.8", 4, "patterns.0.score"),
        ("score: 0.8", "scores: 0.8", 4, "patterns.0.score"),
        ("title: Badge number", "title: Badge number\n    title: again", 4, "a key appears twice"),
        ("sinks: desk", "sinks: [", 11, "did not find"),
        ("sink_sets:\n  desk: [user]\n", "sink_sets: [user]\n", 1, "sink_sets"),
        ("sink_sets:", "others: 1\nsink_sets:", 1, "only defaults, sink_sets, thresholds"),
        ("types:", "thresholds: {money: 0.5}\ntypes:", 3, "thresholds"),
        ("types:", "thresholds: {pii: 2}\ntypes:", 3, "thresholds"),
        ("types:", "defaults: []\ntypes:", 1, "defaults is a mapping"),
        ("category: business", "category: secrets", 4, "category"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    with pytest.raises(PolicyInvalidError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert "own.yaml:" in str(caught.value)
    assert why in str(caught.value)
    assert f"own.yaml:{line}:" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "- a", "types: 1", "types: [1]", "\x00", "types: [{patterns: [1]}]", "types: [{patterns: 1}]"]
)
def test_what_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyInvalidError, match=r"own\.yaml:\d"):
        load(tmp_path, text)


def test_a_missing_or_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PolicyInvalidError, match="cannot be read"):
        Catalogue.load([tmp_path / "none.yaml"])
    own = tmp_path / "own.yaml"
    own.write_bytes(b"#" * (max(path.stat().st_size for path in catalogue.SHIPPED.glob("*.yaml")) + 1))
    monkeypatch.setattr(catalogue, "FILE_BYTES_MAX", own.stat().st_size - 1)
    with pytest.raises(PolicyInvalidError, match="larger than"):
        Catalogue.load([own])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("\\\\bBDG", "(?<=x)BDG", "refused by RE2"),
        ("score: 0.8", "score: 0.8\n        gate: '('", "refused by RE2"),
        ("score: 0.8", "score: 0.8\n        validator: nought", "no validator 'nought'"),
        ("score: 0.8", "score: 0.8\n        validator: 'stdnum:zz.none'", "no validator"),
        ("score: 0.8", "score: 0.8\n        validator: 'entropy:much'", "no validator"),
        ("score: 0.8", "score: 0.2", "context words"),
        ("score: 0.8", "score: 0.8\n        multiline: true", "needs a gate"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    own = load(tmp_path, GOOD.replace(old, new))
    with pytest.raises(PolicyInvalidError, match=why):
        Classifier(own)


def test_a_label_carries_what_the_type_says(catalogue: Catalogue) -> None:
    label = catalogue.label("EMAIL", "cust-1", "crm")
    assert (label.category, label.level, label.kind) == ("pii", Level.CONFIDENTIAL, "EMAIL")
    assert (label.subject, label.source) == ("cust-1", "crm")
    assert "message.recipient" in label.sinks


def test_an_unknown_kind_is_a_configuration_error(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError, match="NOUGHT"):
        catalogue.label("NOUGHT")


def test_every_category_has_a_level(catalogue: Catalogue) -> None:
    for entity in catalogue.types.values():
        assert catalogue.category_level(entity.category) in Level
    with pytest.raises(KeyError):
        catalogue.category_level("nought")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("EMAIL", "Anna@Example.COM ", "anna@example.com"),
        ("PHONE", "0171 2345678", "+49 171 2345678"),
        ("PHONE", "0049 171 2345678", "+49 171/2345678"),
        ("PHONE", "ext. 12345", "12345"),
        ("CARD", "4111 1111-1111 1111", "4111111111111111"),
        ("IBAN", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("PERSON", "Anna  SCHMIDT", "anna schmidt"),
        ("DATE_OF_BIRTH", "1.3.1985", "1985-03-01"),
        ("DATE_OF_BIRTH", "March 4,  1979", "march 4, 1979"),
        ("SALARY", " 50 000  EUR", "50 000 EUR"),
    ],
)
def test_one_value_has_one_form(catalogue: Catalogue, kind: str, one: str, other: str) -> None:
    assert catalogue.normalize(kind, one) == catalogue.normalize(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("PASSWORD", "Hunter2", "hunter2"),
        ("DATE_OF_BIRTH", "03/04/1988", "04/03/1988"),
        ("CARD", "n/a", "none"),
        ("PHONE", "+49 171 2345678", "+1 712 345 6789"),
        ("PHONE", "1" * 65, "1" * 66),
    ],
)
def test_different_values_keep_different_forms(catalogue: Catalogue, kind: str, one: str, other: str) -> None:
    assert catalogue.normalize(kind, one) != catalogue.normalize(kind, other)


def test_defaults_of_a_file_fill_what_its_types_leave_out(tmp_path: Path) -> None:
    text = GOOD.replace("    category: business\n    level: 1\n", "").replace(
        "types:", "defaults: {category: health, level: 3, style: reference}\ntypes:"
    )
    badge = load(tmp_path, text).types["BADGE"]
    assert (badge.category, badge.level, badge.reversible) == ("health", Level.RESTRICTED, False)
    assert badge.kept_days == catalogue.CATEGORY_RETENTION["health"]
    own = load(tmp_path, text.replace("title: Badge number", "title: Badge number\n    retention_days: 7"))
    assert own.types["BADGE"].kept_days == 7


def test_a_files_threshold_decides_what_is_reported(tmp_path: Path) -> None:
    low = GOOD.replace("score: 0.8", "score: 0.45")
    with pytest.raises(PolicyInvalidError, match="context words"):
        Classifier(load(tmp_path, low))
    lowered = Classifier(load(tmp_path, "thresholds: {business: 0.4}\n" + low))
    assert [span.kind for span in lowered.spans("see BDG-1234")] == ["BADGE"]
    raised = Classifier(load(tmp_path, "thresholds: {business: 0.9}\n" + GOOD))
    assert raised.spans("see BDG-1234") == []


def test_the_file_in_the_how_to_works(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "howto" / "add-an-entity-type.md"
    first, second = (block.split("```")[0] for block in page.read_text("utf-8").split("```yaml\n")[1:3])
    (tmp_path / "more.yaml").write_text(second, encoding="utf-8")
    (tmp_path / "badges.yaml").write_text(first, encoding="utf-8")
    own = Catalogue.load([tmp_path / "badges.yaml", tmp_path / "more.yaml"])
    assert own.thresholds["financial"] == 0.45
    finds = Classifier(own)
    for example in own.types["BADGE"].examples:
        text = example.replace("«", "").replace("»", "")
        assert [(s.kind, text[s.start : s.end]) for s in finds.spans(text)] == [("BADGE", "123455")]
    for example in own.types["BADGE"].counter_examples:
        assert "BADGE" not in {span.kind for span in finds.spans(example)}
