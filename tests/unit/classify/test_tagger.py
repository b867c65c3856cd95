import threading
from pathlib import Path

import pytest

from strongroom.classify import Catalogue, Classifier
from strongroom.classify.span import TAGGER
from strongroom.classify.tagger import Dial, NameTagger, recognizer
from strongroom.classify.tagger.pinned import SHA256
from strongroom.classify.tagger.recognizer import SCORE_MAX, shipped
from strongroom.classify.tagger.weights import Weights, decode
from strongroom.errors import IntegrityError
from strongroom.primitives.digest import sha256

LETTER = (
    "Dear Ms Okonkwo,\n\nThank you for calling. Peter Hallström of Brightwater Logistics Ltd will visit you in "
    "Rotterdam on Monday.\n\nKind regards,\nMaria Fernandez"
)
DULL = "please restart the server and check the log file again; the second step takes about five minutes."


@pytest.fixture(scope="module")
def weights() -> Weights:
    return shipped()


@pytest.fixture(scope="module")
def tagger(weights: Weights) -> NameTagger:
    return NameTagger("balanced", weights)


def found(tagger: NameTagger, text: str) -> set[tuple[str, str]]:
    return {(text[span.start : span.end], span.kind) for span in tagger.spans(text)}


def test_names_organizations_and_places_of_a_letter_are_found(tagger: NameTagger) -> None:
    spans = found(tagger, LETTER)
    assert ("Peter Hallström", "PERSON") in spans
    assert ("Maria Fernandez", "PERSON") in spans
    assert ("Brightwater Logistics Ltd", "ORGANIZATION") in spans
    assert ("Rotterdam", "LOCATION") in spans


def test_text_without_names_has_none(tagger: NameTagger) -> None:
    assert found(tagger, DULL) == set()


@pytest.mark.parametrize("text", ["", "\n\n", " ", "...", "\0", "\ud800", "a", "\\n", "🙂🙂", "́́"])
def test_odd_texts_are_no_trouble(tagger: NameTagger, text: str) -> None:
    for span in tagger.spans(text):
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""


def test_the_dial_only_ever_adds(weights: Weights) -> None:
    dials: tuple[Dial, ...] = ("precision", "balanced", "recall")
    text = LETTER + "\nhello, this is anna from porto, see Will at Target or call Hope"
    places = [
        {at for span in NameTagger(dial, weights).spans(text) for at in range(span.start, span.end)}
        for dial in dials
    ]
    assert places[0] <= places[1] <= places[2]
    assert places[0] != places[2]


def test_scores_stay_below_those_of_patterns_and_say_why(tagger: NameTagger) -> None:
    spans = tagger.spans(LETTER)
    assert spans
    assert all(0 < span.score <= SCORE_MAX and span.source == TAGGER for span in spans)
    assert all("balanced" in span.reasons[0] for span in spans)


def test_a_value_with_a_passed_check_wins_over_a_name(tagger: NameTagger) -> None:
    classifier = Classifier(Catalogue.load(), recognizers=[tagger])
    text = "Regards, Maria Fernandez maria.fernandez@example.com"
    kinds = {text[s.start : s.end]: s.kind for s in classifier.spans(text)}
    assert kinds["maria.fernandez@example.com"] == "EMAIL"
    assert kinds["Maria Fernandez"] == "PERSON"


def test_a_name_met_for_sure_is_found_again_where_little_speaks_for_it(tagger: NameTagger) -> None:
    text = "My name is Katarzyna Wiśniewska.\n" + "The parcel is here.\n" * 3 + "Wiśniewska agrees."
    assert text.rindex("Wiśniewska") in {span.start for span in tagger.spans(text)}


def test_places_are_the_same_wherever_a_long_text_is_cut_into_blocks(tagger: NameTagger) -> None:
    filler = DULL + "\n"
    for times in range(6):
        text = filler * times + LETTER
        shift = len(filler) * times
        assert {(s.start - shift, s.kind) for s in tagger.spans(text)} >= {(LETTER.index("Peter"), "PERSON")}


def test_equal_text_gives_equal_spans_in_any_thread(tagger: NameTagger) -> None:
    expected = tagger.spans(LETTER)
    results: list[bool] = []

    def work() -> None:
        results.extend(tagger.spans(LETTER + " " * number)[: len(expected)] == expected for number in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80


def test_weights_that_were_touched_are_refused(weights: Weights) -> None:
    raw = weights.encode()
    expected = sha256(raw).hex()
    assert decode(raw, expected).labels == weights.labels
    with pytest.raises(IntegrityError, match="weights"):
        decode(raw[:-1] + bytes([raw[-1] ^ 1]), expected)


def test_the_shipped_file_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer, "SHA256", "00" * 32)
    with pytest.raises(IntegrityError):
        shipped()


def test_the_weights_are_small_and_come_with_their_card() -> None:
    package = Path(recognizer.__file__).parent
    assert (package / "names.weights").stat().st_size < 8 << 20
    assert SHA256 in (package / "MODEL_CARD.md").read_text(encoding="utf-8")
