import numpy as np
import pytest

from strongroom.classify.token_tags import Tagged, TagScheme

BIO = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
BIOES = ("O", "B-PER", "I-PER", "E-PER", "S-PER")


def scores(tags: tuple[str, ...], path: list[str], sure: float = 9.0) -> np.ndarray:
    rows = np.zeros((len(path), len(tags)), dtype=np.float32)
    for token, tag in enumerate(path):
        rows[token, tags.index(tag)] = sure
    return rows


def found(tags: tuple[str, ...], path: list[str]) -> list[tuple[int, int, str]]:
    return [(t.first, t.last, t.label) for t in TagScheme(tags).decode(scores(tags, path))]


def test_bio_joins_what_continues_and_parts_what_begins() -> None:
    path = ["O", "B-PER", "I-PER", "B-PER", "O", "B-LOC", "I-LOC", "I-LOC"]
    assert found(BIO, path) == [(1, 2, "PER"), (3, 3, "PER"), (5, 7, "LOC")]


def test_bioes_and_bilou_say_the_same() -> None:
    assert found(BIOES, ["S-PER", "B-PER", "I-PER", "E-PER", "S-PER"]) == [
        (0, 0, "PER"), (1, 3, "PER"), (4, 4, "PER"),
    ]  # fmt: skip
    bilou = ("O", "B-PER", "I-PER", "L-PER", "U-PER")
    assert found(bilou, ["U-PER", "B-PER", "L-PER", "O"]) == [(0, 0, "PER"), (1, 2, "PER")]


def test_plain_labels_and_labels_that_only_continue_need_no_beginning() -> None:
    assert found(("O", "PER"), ["PER", "PER", "O", "PER"]) == [(0, 1, "PER"), (3, 3, "PER")]
    assert found(("O", "I-PER"), ["I-PER", "I-PER", "O"]) == [(0, 1, "PER")]


def test_a_continuation_without_a_beginning_is_not_taken_at_its_word() -> None:
    tags = BIO
    rows = scores(tags, ["O", "I-PER", "I-PER", "O"])
    rows[1, tags.index("B-PER")] = 8.5  # nearly as likely, and the only tag that may stand here
    assert [(t.first, t.last, t.label) for t in TagScheme(tags).decode(rows)] == [(1, 2, "PER")]
    naive = rows.argmax(axis=1)
    assert tags[naive[1]] == "I-PER"  # what taking the best tag of each token would have said


def test_a_text_does_not_start_in_the_middle_of_a_name() -> None:
    tags = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    rows = np.array([[0.0, 0.0, 9.0, 8.9, 0.0], [4.5, 0.0, 5.0, 0.0, 0.0]], dtype=np.float32)
    assert [(t.first, t.last, t.label) for t in TagScheme(tags).decode(rows)] == [(0, 0, "LOC")]


def test_a_beginning_that_is_never_ended_becomes_what_the_scheme_allows() -> None:
    tags = BIOES
    rows = scores(tags, ["O", "B-PER"])
    rows[1, tags.index("S-PER")] = 5.0
    assert [(t.first, t.last) for t in TagScheme(tags).decode(rows)] == [(1, 1)]


def test_the_score_is_the_mean_probability_of_the_tags() -> None:
    tags = ("O", "B-PER", "I-PER")
    rows = np.log(np.array([[0.1, 0.8, 0.1], [0.3, 0.1, 0.6]], dtype=np.float32))
    (one,) = TagScheme(tags).decode(rows)
    assert one[:3] == (0, 1, "PER")
    assert one.score == pytest.approx(0.7, abs=1e-5)


def test_labels_are_named_once_and_nothing_comes_of_nothing() -> None:
    scheme = TagScheme((*BIO, "MISC", ""))
    assert scheme.labels == ("LOC", "MISC", "PER")
    assert scheme.decode(np.zeros((0, 7), dtype=np.float32)) == []


def test_large_scores_do_not_overflow() -> None:
    rows = np.array([[-1e30, 1e30, 0.0]], dtype=np.float32)
    assert TagScheme(("O", "B-PER", "I-PER")).decode(rows) == [Tagged(0, 0, "PER", 1.0)]


def test_a_label_with_a_dash_in_it_is_a_label() -> None:
    assert TagScheme(("O", "B-FIRST-NAME", "I-FIRST-NAME", "x-ray")).labels == ("FIRST-NAME", "x-ray")
