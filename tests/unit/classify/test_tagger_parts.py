import itertools

import numpy as np
import pytest

from strongroom.classify.tagger.features import COLUMNS, LISTS, Words, features, keys, shape
from strongroom.classify.tagger.marginals import BLOCK, CONTEXT, marginals
from strongroom.classify.tagger.reading import Reader
from strongroom.classify.tagger.tokens import LINK, MAIL, tokens
from strongroom.classify.tagger.weights import Emissions, Lists, Weights, decode, lists, merged
from strongroom.primitives.digest import sha256

LABELS = ("O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE")


def nothing(_: str) -> list[bool]:
    return [False] * len(LISTS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Jean-Luc O'Brien", ["Jean", "-", "Luc", "O", "'", "Brien"]),
        ("to a.b+c@mail.example.org.", ["to", MAIL, "."]),
        ("see https://example.com/Anna_Meier.", ["see", LINK]),
        ("12a, Elm\nBath", ["12a", ",", "Elm", "\n", "Bath"]),
        ("x_y", ["x", "_", "y"]),
        ('"Ann\\nBath"', ['"', "Ann", "\n", "Bath", '"']),
    ],
)
def test_text_falls_into_tokens(text: str, words: list[str]) -> None:
    found, starts, ends = tokens(text)
    assert found == words
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


@pytest.mark.parametrize("letters", ["a.", "a@", "a-", "www.", "http://", "a@b."])
def test_tokens_of_hostile_text_cover_it_without_going_back(letters: str) -> None:
    text = letters * 20_000
    words, starts, _ = tokens(text)
    assert words
    assert starts[0] == 0


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Anna", "Xx"), ("anna", "x"), ("ANNA", "XX"), ("McCoy", "XxX"), ("iPhone", "xX"), ("X", "X"), ("26", "00"),
     ("12a", "0x"), ("A320", "X0"), (",", ","), ("a", "x1")],
)  # fmt: skip
def test_the_shape_of_a_word(word: str, expected: str) -> None:
    assert shape(word) == expected


def test_keys_and_neighbours_past_signs() -> None:
    words = ["name", ":", '"', "Ann", '"', ",", "age", "\n", "bye"]
    key, left, right, case = keys(words)
    assert key[3] == 0
    assert key[6] == -1
    assert left[3] == 0
    assert right[0] == 3
    assert right[6] == -1
    assert case[:7] == [0] * 7
    assert case[8] == 1


def test_features_depend_on_neighbours_and_not_on_what_was_asked_before() -> None:
    words, fresh = Words(nothing), Words(nothing)
    first = features(words.columns(["Dear", "Ann"]), ["Dear", "Ann"])
    words.columns(["something", "else"])
    assert (features(words.columns(["Dear", "Ann"]), ["Dear", "Ann"]) == first).all()
    assert (features(fresh.columns(["Dear", "Ann"]), ["Dear", "Ann"]) == first).all()
    other = features(words.columns(["Near", "Ann"]), ["Near", "Ann"])
    assert (other[1] != first[1]).any()
    assert (other[1, :COLUMNS] == first[1, :COLUMNS]).all()


def brute(emissions: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    count, labels = emissions.shape
    total = np.zeros((count, labels))
    for path in itertools.product(range(labels), repeat=count):
        weight = np.exp(
            sum(emissions[at, label] for at, label in enumerate(path))
            + sum(transitions[a, b] for a, b in itertools.pairwise(path))
        )
        for at, label in enumerate(path):
            total[at, label] += weight
    result: np.ndarray = total / total.sum(axis=1, keepdims=True)
    return result


def test_marginals_are_those_of_all_paths_counted() -> None:
    draw = np.random.default_rng(4)
    emissions = draw.normal(size=(5, 3)).astype(np.float32)
    transitions = draw.normal(size=(3, 3)).astype(np.float32)
    assert np.allclose(marginals(emissions, transitions), brute(emissions, transitions), atol=1e-5)


WHOLE = BLOCK + 2 * CONTEXT


@pytest.mark.parametrize("count", [0, 1, BLOCK, WHOLE, WHOLE + 1, 3 * BLOCK, 3 * BLOCK + 5])
def test_blocks_tell_what_the_whole_would(count: int) -> None:
    draw = np.random.default_rng(count)
    emissions = draw.normal(scale=3, size=(count, 5)).astype(np.float32)
    emissions[:, 0] += 2
    transitions = draw.normal(size=(5, 5)).astype(np.float32)
    found = marginals(emissions, transitions)
    assert found.shape == (count, 5)
    if count:
        padded = np.vstack((emissions, np.zeros((1, 5), dtype=np.float32)))[:count]
        whole = _whole(padded, transitions)
        assert np.abs(found - whole)[CONTEXT:-CONTEXT].max(initial=0) < 0.02


def _whole(emissions: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    from strongroom.classify.tagger.marginals import _blocks

    result: np.ndarray = _blocks(emissions[None], transitions)[0]
    return result


def test_extreme_scores_do_not_overflow() -> None:
    emissions = np.array([[0, 500], [-500, 0], [300, -300]], dtype=np.float32)
    found = marginals(emissions, np.full((2, 2), -12, dtype=np.float32))
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(axis=1), 1)


def rows(*labels: str, sure: float = 0.94) -> np.ndarray:
    out = np.full((len(labels), len(LABELS)), (1 - sure) / (len(LABELS) - 1), dtype=np.float32)
    for at, label in enumerate(labels):
        out[at, LABELS.index(label)] = sure
    return out


def steps(**given: float) -> np.ndarray:
    """Transitions: what no label may follow is forbidden, `given` as FROM_TO say otherwise."""
    out = np.zeros((len(LABELS), len(LABELS)), dtype=np.float32)
    for behind, label in enumerate(LABELS):
        if label.startswith("I-"):
            out[:, behind] = -12
            out[[LABELS.index(f"B-{label[2:]}"), behind], behind] = 0
    for pair, weight in given.items():
        before, after = (LABELS.index(name.replace("0", "-")) for name in pair.split("_"))
        out[before, after] = weight
    return out


def read(
    words: list[str], marks: np.ndarray, threshold: float = 0.5, transitions: np.ndarray | None = None
) -> list[tuple[str, str]]:
    reader = Reader(LABELS, steps() if transitions is None else transitions)
    scores = np.log(marks.clip(min=1e-6))
    return [
        (" ".join(words[found.first : found.behind]), found.kind)
        for found in reader.read(words, marks, scores, threshold)
    ]


def test_neighbours_of_one_kind_are_one_name_unless_the_second_begins() -> None:
    assert read(["Ann", "Lee"], rows("B-PERSON", "I-PERSON")) == [("Ann Lee", "PERSON")]
    assert read(["Ann", "Lee"], rows("B-PERSON", "B-PERSON")) == [("Ann", "PERSON"), ("Lee", "PERSON")]
    assert read(["Ann", "Bath"], rows("B-PERSON", "B-PLACE")) == [("Ann", "PERSON"), ("Bath", "PLACE")]


def test_words_that_are_read_together_are_of_the_kind_that_suits_them_together() -> None:
    marks = rows("B-PERSON", "B-PLACE", sure=0.5)
    marks[1] = [0.05, 0.1, 0.3, 0.5, 0.05]
    assert read(["Ann", "Bath"], marks) == [("Ann", "PERSON"), ("Bath", "PLACE")]
    unlikely = steps(B0PERSON_B0PLACE=-6)
    assert read(["Ann", "Bath"], marks, transitions=unlikely) == [("Ann Bath", "PERSON")]


def test_what_is_read_is_the_best_of_all_readings() -> None:
    draw = np.random.default_rng(7)
    for count in range(1, 6):
        scores = draw.normal(scale=2, size=(count, len(LABELS))).astype(np.float32)
        transitions = draw.normal(size=(len(LABELS), len(LABELS))).astype(np.float32)
        inside = range(1, len(LABELS))

        def worth(path: tuple[int, ...], scores: np.ndarray = scores, t: np.ndarray = transitions) -> float:
            along = sum(t[a, b] for a, b in itertools.pairwise((0, *path, 0)))
            return float(along + sum(scores[at, label] for at, label in enumerate(path)))

        best = max(itertools.product(inside, repeat=count), key=worth)
        assert Reader(LABELS, transitions)._path(scores[:, 1:]) == [label - 1 for label in best]


def test_a_joining_sign_begins_no_name() -> None:
    assert read(["Ann", "-", "Bath"], rows("B-PERSON", "O", "B-PLACE")) == [("Ann", "PERSON"), ("Bath", "PLACE")]


def test_signs_stay_outside_except_between_the_parts_of_a_name() -> None:
    assert read(["Ann", "-", "Lee", ","], rows("B-PERSON", "O", "I-PERSON", "I-PERSON")) == [
        ("Ann - Lee", "PERSON")
    ]
    assert read([","], rows("B-PERSON")) == []


def test_a_sure_name_is_taken_again_where_something_speaks_for_it() -> None:
    marks = rows("B-PERSON", "O", "O")
    marks[2] = [0.9, 0.1, 0, 0, 0]
    assert read(["Lee", "and", "Lee"], marks) == [("Lee", "PERSON"), ("Lee", "PERSON")]
    marks[2] = [0.999, 0.001, 0, 0, 0]
    assert read(["Lee", "and", "Lee"], marks) == [("Lee", "PERSON")]


def test_weights_survive_their_file_and_score_by_their_features() -> None:
    entries, masks = lists({"given": ["ann"], "common": ["ann", "and"]})
    weights = Weights(
        LABELS, np.zeros((5, 5), dtype=np.float32), np.full(5, 12.7, dtype=np.float32),
        np.array([7, 9], dtype=np.uint32), np.array([[1, 0, 0, 0, 0], [10, 0, 0, 0, -5]], dtype=np.int8), entries,
        masks,
    )  # fmt: skip
    raw = weights.encode()
    again = decode(raw, sha256(raw).hex())
    assert again.encode() == raw
    scores = Emissions(again).scores(np.array([[7, 9, 0], [9, 1 << 21 | 7, 3]], dtype=np.uint32))
    assert np.allclose(scores, [[1.1, 0, 0, 0, -0.5], [1.0, 0, 0, 0, -0.5]])
    listed = Lists(again.entries, again.masks)
    assert [name for name, flag in zip(LISTS, listed("ann"), strict=True) if flag] == ["given", "common"]
    assert not any(listed("bob"))
    entries, masks = merged(entries, masks, {"given": ["and"]})
    assert Lists(entries, masks)("and")[0]
