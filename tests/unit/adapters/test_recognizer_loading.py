"""The recognizers over models of the operator's own, each with a small real one."""
# ruff: noqa: E402 - what is tested can be imported only where the extras are

import json
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

for package in ("spacy", "onnxruntime", "tokenizers", "presidio_analyzer"):
    pytest.importorskip(
        package, reason=f"{package} is not installed: pip install 'strongroom[spacy,onnx,presidio]'"
    )

from tests.fakes import trained_here

from strongroom.adapters import recognizer_onnx, recognizer_spacy
from strongroom.adapters.recognizer_onnx import OnnxRecognizer
from strongroom.adapters.recognizer_presidio import PresidioRecognizer
from strongroom.adapters.recognizer_spacy import SpacyRecognizer
from strongroom.errors import ModelRefusedError

TEXT = "Please tell Anna Kowalski of Acme Works, and Boris."


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library would like to fetch, here it cannot."""

    def refuse(*_: object, **__: object) -> None:
        msg = "a model tried to reach the network"
        raise AssertionError(msg)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def onnx(directory: Path, *, threshold: float = 0.5, labels: dict[str, str] | None = None) -> OnnxRecognizer:
    return OnnxRecognizer(directory, name="names", labels=labels or {}, threshold=threshold, threads=1)


def said(recognizer: OnnxRecognizer | SpacyRecognizer | PresidioRecognizer, text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.kind) for span in recognizer.spans(text)]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_here.onnx_classifier(tmp_path_factory.mktemp("onnx") / "names")


# --- ONNX ---------------------------------------------------------------------------------------------


def test_a_token_classifier_finds_what_it_knows(classifier: Path) -> None:
    recognizer = onnx(classifier)
    assert said(recognizer, TEXT) == [
        ("Anna Kowalski", "PERSON"), ("Acme Works", "ORGANIZATION"), ("Boris", "PERSON"),
    ]  # fmt: skip
    assert recognizer.kinds == ["ORGANIZATION", "PERSON"]
    (first, *_) = recognizer.spans(TEXT)
    assert first.source == recognizer.name == "plug-in:names"
    assert 0.5 < first.score <= recognizer_onnx.SCORE_MAX
    assert "PER" in first.reasons[0]
    assert "Anna" not in first.reasons[0]


def test_a_text_longer_than_the_window_is_read_to_its_end(classifier: Path) -> None:
    recognizer = onnx(classifier)
    for filler in range(20, 60):
        text = "word " * filler + "Anna Kowalski"
        assert said(recognizer, text) == [("Anna Kowalski", "PERSON")], filler


def test_a_window_sees_the_same_whatever_surrounds_it(classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = onnx(classifier)
    text = ("Boris met Anna Kowalski. " * 40).strip()
    once = recognizer.spans(text)
    assert len(once) == 80
    monkeypatch.setattr(recognizer_onnx, "PIECE_CHARS", 150)
    assert recognizer.spans(text) == once


def test_what_a_word_needs_to_see_is_in_its_window(tmp_path: Path) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m", words={"Boris": "B-PER"}, introduced_by="Herr")
    recognizer = onnx(made)
    assert said(recognizer, "Boris") == []
    for filler in range(20, 60):
        assert said(recognizer, "word " * filler + "Herr Boris") == [("Boris", "PERSON")], filler


def test_a_word_in_several_tokens_is_one_word(classifier: Path) -> None:
    assert said(onnx(classifier), "to Annason!") == [("Annason", "PERSON")]


def test_characters_outside_the_basic_plane_keep_the_places_right(classifier: Path) -> None:
    text = "\U0001f600 ﬁn é Anna"
    assert said(onnx(classifier), text) == [("Anna", "PERSON")]


def test_the_threshold_counts(classifier: Path) -> None:
    assert said(onnx(classifier, threshold=0.99), TEXT) == []


def test_labels_are_mapped_or_left_out(classifier: Path) -> None:
    assert said(onnx(classifier, labels={"PER": "USERNAME", "ORG": ""}), TEXT) == [
        ("Anna Kowalski", "USERNAME"), ("Boris", "USERNAME"),
    ]  # fmt: skip


def test_a_label_nobody_mapped_is_refused(tmp_path: Path) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m", tags=("O", "B-CREATURE"), words={"Rex": "B-CREATURE"})
    with pytest.raises(ModelRefusedError, match="labels CREATURE"):
        onnx(made)
    assert said(onnx(made, labels={"CREATURE": "PERSON"}), "Rex") == [("Rex", "PERSON")]


def test_a_label_the_model_does_not_have_is_refused(classifier: Path) -> None:
    with pytest.raises(ModelRefusedError, match="no label PRE; it has ORG, PER"):
        onnx(classifier, labels={"PRE": "PERSON"})


def test_only_the_inputs_it_has_are_given(tmp_path: Path) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m", inputs=("input_ids",))
    assert said(onnx(made), "Boris") == [("Boris", "PERSON")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: (m / "model.onnx").unlink(), "model.onnx"),
        (lambda m: (m / "model.onnx").write_bytes(b"no model"), "Protobuf|INVALID"),
        (lambda m: (m / "tokenizer.json").write_bytes(b"{}"), "tokenizer|missing|error"),
        (lambda m: (m / "config.json").write_bytes(b'{"id2label": {"1": "O"}}'), "id2label"),
        (lambda m: (m / "config.json").write_bytes(b"[]"), "classifier"),
        (lambda m: (m / "config.json").unlink(), "config.json"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, change: Callable[[Path], object], why: str) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m")
    change(made)
    with pytest.raises(ModelRefusedError, match=why):
        onnx(made)


def test_a_model_with_another_number_of_labels_is_refused(tmp_path: Path) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m")
    config = json.loads((made / "config.json").read_text())
    del config["id2label"]["4"]
    (made / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelRefusedError, match="names 4 labels"):
        onnx(made)


def test_a_model_that_wants_pictures_is_refused(tmp_path: Path) -> None:
    made = trained_here.onnx_classifier(tmp_path / "m", inputs=("input_ids", "pixel_values"))
    with pytest.raises(ModelRefusedError, match="pixel_values"):
        onnx(made)


def test_threads_share_a_recognizer(classifier: Path) -> None:
    recognizer = onnx(classifier)
    wanted = recognizer.spans(TEXT)
    seen: list[object] = []

    def work() -> None:
        seen.extend(recognizer.spans(TEXT) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert all(spans == wanted for spans in seen)


# --- spaCy --------------------------------------------------------------------------------------------


def test_a_trained_pipeline_finds_names(tmp_path: Path) -> None:
    recognizer = SpacyRecognizer(trained_here.trained_spacy(tmp_path / "m"), name="names", labels={})
    assert recognizer.kinds == ["PERSON"]
    text = "Please call Elif today"
    assert said(recognizer, text) == [("Elif", "PERSON")]
    assert recognizer.spans(text)[0].score == recognizer_spacy.SCORE


RULES = [{"label": "ORG", "pattern": "Acme"}, {"label": "PERSON", "pattern": "Anna Kowalski"}]


def test_rules_count_too_and_a_long_text_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = SpacyRecognizer(trained_here.ruled_spacy(tmp_path / "m", RULES), name="names", labels={"ORG": ""})
    monkeypatch.setattr(recognizer_spacy, "PIECE_CHARS", 40)
    text = "a line of text\n" * 9 + "Anna Kowalski\n" + "more of it\n" * 9 + "Anna Kowalski"
    assert said(recognizer, text) == [("Anna Kowalski", "PERSON")] * 2


def test_words_of_a_text_do_not_stay_in_the_pipeline(tmp_path: Path) -> None:
    recognizer = SpacyRecognizer(trained_here.ruled_spacy(tmp_path / "m", RULES), name="names", labels={})
    recognizer.spans("warm up")
    strings = recognizer._nlp.vocab.strings
    before = len(strings)
    recognizer.spans("Anna Kowalski says xylograph")
    assert len(strings) == before
    assert "xylograph" not in strings


def test_a_pipeline_without_entities_is_refused(tmp_path: Path) -> None:
    import spacy

    spacy.blank("en").to_disk(tmp_path / "m")
    with pytest.raises(ModelRefusedError, match="no component that finds entities"):
        SpacyRecognizer(tmp_path / "m", name="names", labels={})


def test_what_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(ModelRefusedError, match="not a spaCy pipeline"):
        SpacyRecognizer(tmp_path / "m", name="names", labels={})
    (tmp_path / "m" / "config.cfg").write_text('[nlp]\nlang = "en"\npipeline = ["x"]\n[components]\n')
    with pytest.raises(ModelRefusedError, match="not a spaCy pipeline"):
        SpacyRecognizer(tmp_path / "m", name="names", labels={})


def test_a_pipeline_that_asks_a_language_model_is_refused(tmp_path: Path) -> None:
    made = trained_here.ruled_spacy(tmp_path / "m", RULES)
    config = (made / "config.cfg").read_text().replace('factory = "entity_ruler"', 'factory = "llm_ner"')
    (made / "config.cfg").write_text(config)
    with pytest.raises(ModelRefusedError, match="language model elsewhere"):
        SpacyRecognizer(made, name="names", labels={})


# --- Presidio -----------------------------------------------------------------------------------------

MINE = {"TICKET": "CONTRACT_NUMBER", "LOCATION": "", "NRP": ""}


def presidio(directory: Path, labels: dict[str, str] | None = None, threshold: float = 0.3) -> PresidioRecognizer:
    return PresidioRecognizer(
        directory, name="presidio", labels=MINE if labels is None else labels, threshold=threshold, language="en"
    )


def test_an_analyzer_finds_what_its_recognizers_find(tmp_path: Path) -> None:
    recognizer = presidio(trained_here.presidio_analyzer(tmp_path / "m"))
    text = "Anna Kowalski of Acme, TCK-123456, 4111 1111 1111 1111, anna@example.org"
    assert sorted(said(recognizer, text)) == [
        ("4111 1111 1111 1111", "CARD"),
        ("Acme", "ORGANIZATION"),
        ("Anna Kowalski", "PERSON"),
        ("TCK-123456", "CONTRACT_NUMBER"),
        ("anna@example.org", "EMAIL"),
    ]
    assert recognizer.kinds == ["CARD", "CONTRACT_NUMBER", "EMAIL", "ORGANIZATION", "PERSON"]
    assert logging.getLogger("presidio-analyzer").getEffectiveLevel() == logging.ERROR


def test_words_of_a_text_do_not_stay_in_an_analyzer(tmp_path: Path) -> None:
    recognizer = presidio(trained_here.presidio_analyzer(tmp_path / "m"))
    recognizer.spans("Anna Kowalski")
    strings = recognizer._pipeline.vocab.strings
    before = len(strings)
    assert said(recognizer, "Anna Kowalski says xylograph") == [("Anna Kowalski", "PERSON")]
    assert len(strings) == before
    assert "xylograph" not in strings


def test_an_analyzers_threshold_counts(tmp_path: Path) -> None:
    recognizer = presidio(trained_here.presidio_analyzer(tmp_path / "m"), threshold=0.8)
    assert said(recognizer, "TCK-123456 of Acme") == [("Acme", "ORGANIZATION")]


def test_an_entity_nobody_mapped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match="TICKET"):
        presidio(trained_here.presidio_analyzer(tmp_path / "m"), labels={})


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("model_name: pipeline", "model_name: en_core_web_lg", "not a spaCy pipeline in the directory"),
        ("model_name: pipeline", "model_name: ../elsewhere", "not a spaCy pipeline in the directory"),
        ("model_name: pipeline", "model_name: /", "not a spaCy pipeline in the directory"),
        ("nlp_engine_name: spacy", "nlp_engine_name: transformers", "transformers"),
        ("name: EmailRecognizer", "name: AzureAILanguageRecognizer", "AzureAILanguageRecognizer"),
        ("name: EmailRecognizer", "name: Mine\n      class_name: GLiNERRecognizer", "GLiNERRecognizer"),
        (
            "    - name: EmailRecognizer\n      type: predefined",
            "    - LangExtractRecognizer",
            "LangExtractRecognizer",
        ),
        ("nlp_configuration:", "other:", "no nlp_configuration"),
        ("recognizer_registry:", "other:", "no recognizer_registry"),
        ("  recognizers:", "  other:", "names no recognizers"),
        ("supported_languages: [en]", "supported_languages: [de]", "makes no analyzer for en"),
    ],
)
def test_a_configuration_that_is_incomplete_or_reaches_outside_is_refused(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    assert old in trained_here.ANALYZER
    made = trained_here.presidio_analyzer(tmp_path / "m", trained_here.ANALYZER.replace(old, new))
    with pytest.raises(ModelRefusedError, match=why):
        presidio(made)


def test_an_analyzer_without_its_file_is_refused(tmp_path: Path) -> None:
    made = trained_here.presidio_analyzer(tmp_path / "m", "- a list\n")
    with pytest.raises(ModelRefusedError, match="not a mapping"):
        presidio(made)
    (made / "analyzer.yaml").unlink()
    with pytest.raises(ModelRefusedError, match=r"no analyzer\.yaml"):
        presidio(made)
