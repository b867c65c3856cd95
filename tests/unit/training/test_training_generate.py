"""The generator: labels stand where the values stand, equal seeds give equal texts, the halves share nothing."""

import random
from pathlib import Path

import pytest
from training import pools, wording
from training.generate import Example, examples, render

from strongroom.classify import Catalogue

COUNT = 1500


@pytest.fixture(scope="module")
def drawn() -> list[Example]:
    return list(examples(7, COUNT))


def values(found: list[Example], kind: str) -> set[str]:
    return {e.text[s.start : s.end] for e in found for s in e.spans if s.kind == kind}


def test_spans_are_ascending_trimmed_and_within_the_text(drawn: list[Example]) -> None:
    for example in drawn:
        end = 0
        for span in example.spans:
            assert end <= span.start < span.end <= len(example.text), example
            assert example.text[span.start : span.end].strip() == example.text[span.start : span.end], example
            end = span.end


def test_no_slot_is_left_open(drawn: list[Example]) -> None:
    for example in drawn:
        assert not wording.SLOT.search(example.text), example.template
        assert "[[" not in example.text, example.template


def test_every_kind_is_in_the_catalogue_or_the_taggers(drawn: list[Example]) -> None:
    kinds = {span.kind for example in drawn for span in example.spans}
    assert kinds <= set(Catalogue.load().types) | {"LOCATION"}
    assert {"PERSON", "ORGANIZATION", "LOCATION", "ADDRESS"} <= kinds


def test_equal_seeds_give_equal_texts_and_others_do_not() -> None:
    assert list(examples(3, 50)) == list(examples(3, 50))
    assert list(examples(3, 50)) != list(examples(4, 50))


def test_the_halves_share_no_template_and_no_name(drawn: list[Example]) -> None:
    held_out = list(examples(7, COUNT, split="held-out"))
    assert not {e.template for e in drawn} & {e.template for e in held_out}
    for part, other in ((drawn, False), (held_out, True)):
        first = {
            name
            for example in part
            if example.template.startswith(("en-chat-thanks", "de-chat-danke"))
            for name in values([example], "PERSON")
            if name.istitle()
        }
        assert all(pools.held_out_value(name) is other for name in first), first


@pytest.mark.parametrize("template", wording.load(), ids=lambda template: template.identifier)
def test_every_alternative_of_every_template_can_be_filled(template: wording.Template) -> None:
    rng = random.Random(1)  # noqa: S311 - repeatable on purpose
    flat = " ".join("{" + _spelled(slot) + "}" for slot in template.every_slot())
    made = render(wording.Template("x", template.language, "x", flat), rng, "train")
    assert "{" not in made.text


def _spelled(slot: wording.Slot) -> str:
    part = f".{slot.part}" if slot.part else ""
    return slot.key + part + "".join(f"|{name}" for name in slot.filters)


def test_the_same_slot_is_the_same_entity() -> None:
    text = "{person.first} {person.last} is {person.full}, not {person2.full}"
    made = render(wording.Template("x", "en", "x", text), random.Random(2), "train")  # noqa: S311
    left, _, right = made.text.partition(" is ")
    same, _, other = right.partition(", not ")
    if left.isupper() or left.islower():
        pytest.fail("choose a seed that leaves the case alone")
    assert left == same != other


def test_further_lines_of_an_address_repeat_the_quotation_marks() -> None:
    template = wording.Template("x", "en", "x", "> {address.block}")
    for seed in range(20):
        made = render(template, random.Random(seed), "train")  # noqa: S311
        assert all(line.startswith("> ") for line in made.text.split("\n"))


def test_the_possessive_ending_is_no_part_of_the_name() -> None:
    made = render(wording.Template("x", "en", "x", "{person.last|poss} car"), random.Random(5), "train")  # noqa: S311
    span = made.spans[0]
    assert made.text[span.end] == "'"


def test_an_unknown_slot_part_or_filter_is_refused() -> None:
    for text in ("{nobody}", "{person.shoe}", "{city.first}", "{person|shout}"):
        with pytest.raises(KeyError):
            render(wording.Template("x", "en", "x", text), random.Random(1), "train")  # noqa: S311


def test_a_bad_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "bad.yaml").write_text("language: de\nstyle: x\ntemplates: {}\n")
    monkeypatch.setattr(wording, "TEMPLATES", tmp_path)
    with pytest.raises(wording.TemplateError, match=r"en/bad\.yaml"):
        wording.load.__wrapped__()


def test_escaped_braces_stay_and_filters_inside_alternatives_do_not_split_them() -> None:
    assert list(wording.split_slots("a {{person}} b")) == ["a ", "{person}", " b"]
    assert wording.alternatives("x {city|upper}|y") == ["x {city|upper}", "y"]
