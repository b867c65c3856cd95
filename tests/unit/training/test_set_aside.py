"""What thresholds are chosen on was not trained on, and is no text that is reported."""

import pytest
from training import calibrate, pools, wording, wordlists
from training.generate import examples

from strongroom.classify.evaluation import Score

SPLITS: tuple[pools.Split, ...] = ("fit", "set-aside", "held-out")


def test_the_parts_share_no_template_and_make_up_the_training_half() -> None:
    every = [template.identifier for template in wording.load()]
    used = {split: {name for name in every if pools.template_belongs(name, split)} for split in (*SPLITS, "train")}
    assert not used["fit"] & used["set-aside"]
    assert used["fit"] | used["set-aside"] == used["train"]
    assert not used["train"] & used["held-out"]
    assert {text.template for text in examples(1, 50, "set-aside")} <= used["set-aside"]


def test_the_parts_share_no_value() -> None:
    values = [f"Name{number}" for number in range(500)]
    parts = {split: set(pools.half(values, split)) for split in (*SPLITS, "train")}
    assert sum(len(parts[split]) for split in SPLITS) == len(values)
    assert parts["fit"] | parts["set-aside"] == parts["train"]
    assert all(len(part) > 50 for part in parts.values())


def test_lists_of_a_part_are_smaller() -> None:
    assert len(wordlists.name_lists("fit")["family"]) < len(wordlists.name_lists("train")["family"])


def score(recall: float, precision: float) -> Score:
    return Score(1000, int(recall * 1000), 1000, int(precision * 1000))


def test_thresholds_do_what_the_dial_says() -> None:
    scores = {0.05: score(0.98, 0.7), 0.1: score(0.965, 0.85), 0.4: score(0.93, 0.93), 0.8: score(0.8, 0.96)}
    assert calibrate.thresholds(scores) == {"precision": 0.8, "balanced": 0.4, "recall": 0.1}


@pytest.mark.parametrize("recall", [0.5, 0.99])
def test_where_nothing_does_it_the_nearest_is_taken(recall: float) -> None:
    scores = {0.1: score(recall, 0.5), 0.5: score(recall, 0.5)}
    assert calibrate.thresholds(scores)["recall"] == (0.5 if recall > calibrate.RECALL else 0.1)
    assert calibrate.thresholds(scores)["precision"] == 0.5
