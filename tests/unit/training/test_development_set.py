"""The hand-written development set: readable, in every language, and never a wording of the templates."""

from pathlib import Path

import pytest
from training import pools, wording

from strongroom.classify.corpora import read
from strongroom.classify.evaluation import Example

FILE = Path(pools.__file__).parent / "development" / "handwritten.jsonl"
KINDS = {"PERSON", "ORGANIZATION", "LOCATION", "ADDRESS"}


@pytest.fixture(scope="module")
def texts() -> list[Example]:
    return read(FILE)


def test_spans_are_trimmed_and_apart(texts: list[Example]) -> None:
    for example in texts:
        end = 0
        for span in example.spans:
            assert end <= span.start < span.end <= len(example.text)
            assert example.text[span.start : span.end].strip() == example.text[span.start : span.end]
            end = span.end


def test_every_language_has_texts_with_and_without_names(texts: list[Example]) -> None:
    assert {span.kind for example in texts for span in example.spans} == KINDS
    for language in pools.HOME:
        mine = [bool(example.spans) for example in texts if example.language == language]
        assert len(mine) >= 7
        assert any(mine)
        assert not all(mine)


def test_no_text_is_a_template() -> None:
    fixed = {" ".join(wording.SLOT.sub(" ", template.text).split()) for template in wording.load()}
    assert not [example.text for example in read(FILE) if " ".join(example.text.split()) in fixed]
