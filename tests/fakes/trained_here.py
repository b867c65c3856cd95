"""Models small enough to be made in a test, in the formats the large ones come in."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

FIRST = ("Anna", "Boris", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo")
FRAMES = ("Please call {} today", "I met {} in the office", "{} wrote to us", "The file of {} is here")
TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")
WORDS: Mapping[str, str] = {
    "Anna": "B-PER", "Kowalski": "I-PER", "Boris": "B-PER", "Acme": "B-ORG", "Works": "I-ORG",
}  # fmt: skip


def trained_spacy(directory: Path) -> Path:
    """A pipeline whose named-entity component was trained, on sentences with first names."""
    import spacy
    from spacy.training import Example

    chance = random.Random(7)  # noqa: S311 - the same model every time
    nlp = spacy.blank("en")
    nlp.add_pipe("ner").add_label("PERSON")
    sentences = [(frame.format(name), name) for frame in FRAMES for name in FIRST]
    examples = []
    for text, name in sentences:
        start = text.index(name)
        examples.append(
            Example.from_dict(nlp.make_doc(text), {"entities": [(start, start + len(name), "PERSON")]})
        )
    spacy.util.fix_random_seed(7)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(12):
        chance.shuffle(examples)
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(directory)
    return directory


def ruled_spacy(directory: Path, patterns: Sequence[Mapping[str, str]]) -> Path:
    """A pipeline that finds what it is told, such as ``{"label": "ORG", "pattern": "Acme"}``."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(list(patterns))
    nlp.to_disk(directory)
    return directory


def onnx_classifier(
    directory: Path,
    *,
    tags: Sequence[str] = TAGS,
    words: Mapping[str, str] = WORDS,
    window: int = 32,
    inputs: Sequence[str] = ("input_ids", "attention_mask", "token_type_ids"),
    sure: float = 6.0,
    introduced_by: str = "",
) -> Path:
    """A token classifier that knows `words` by heart; any other word is outside.

    With `introduced_by` it knows them only directly behind that word, which it therefore has to see too.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "##son": 3}
    for word in (*words, *filter(None, [introduced_by])):
        vocabulary[word] = len(vocabulary)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_truncation(window)  # exporters leave this in; nothing may be cut off for it
    directory.mkdir(parents=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    table = np.zeros((len(vocabulary), len(tags)), dtype=np.float32)
    table[:, tags.index("O")] = sure / 2
    for word, tag in words.items():
        table[vocabulary[word], tags.index(tag)] = sure
    behind = np.zeros_like(table)
    if introduced_by:
        behind[vocabulary[introduced_by], :] = table[vocabulary[next(iter(words))]] * 2
        table[[vocabulary[word] for word in words]] = table[0]
    (directory / "model.onnx").write_bytes(lookup_model(table, behind, inputs))
    config = {
        "id2label": {str(number): tag for number, tag in enumerate(tags)},
        "max_position_embeddings": window,
        "model_type": "bert",
    }
    (directory / "config.json").write_text(json.dumps(config))
    return directory


Table = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def lookup_model(table: Table, behind: Table, inputs: Sequence[str]) -> bytes:
    """An ONNX graph: each token's row of `table`, plus the row of `behind` of the token before it.

    The other inputs are there and unused.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    shape = ["batch", "tokens"]
    numbers = {"zero": [0], "last": [-1], "axis": [1], "front": [0, 1, 0, 0, 0, 0]}
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["own"]),
            helper.make_node("Gather", ["behind", "input_ids"], ["given"]),
            helper.make_node("Slice", ["given", "zero", "last", "axis"], ["all_but_last"]),
            helper.make_node("Pad", ["all_but_last", "front"], ["shifted"]),
            helper.make_node("Add", ["own", "shifted"], ["logits"]),
        ],
        "lookup",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*shape, table.shape[1]])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(behind, "behind"),
            *(numpy_helper.from_array(np.array(value, dtype=np.int64), name) for name, value in numbers.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    return bytes(model.SerializeToString())


ANALYZER = """\
supported_languages: [en]
default_score_threshold: 0
nlp_configuration:
  nlp_engine_name: spacy
  models:
    - lang_code: en
      model_name: pipeline
  ner_model_configuration:
    model_to_presidio_entity_mapping: {PERSON: PERSON, ORG: ORGANIZATION}
recognizer_registry:
  global_regex_flags: 26
  recognizers:
    - name: SpacyRecognizer
      type: predefined
    - name: CreditCardRecognizer
      type: predefined
    - name: EmailRecognizer
      type: predefined
    - name: TicketRecognizer
      type: custom
      supported_language: en
      supported_entity: TICKET
      patterns:
        - name: ticket
          regex: "TCK-[0-9]{6}"
          score: 0.7
"""


def presidio_analyzer(directory: Path, analyzer: str = ANALYZER) -> Path:
    """Presidio's analyzer with a pipeline that knows two names, three of its recognizers and one of ours."""
    directory.mkdir(parents=True)
    ruled_spacy(
        directory / "pipeline",
        [{"label": "PERSON", "pattern": "Anna Kowalski"}, {"label": "ORG", "pattern": "Acme"}],
    )
    (directory / "analyzer.yaml").write_text(analyzer)
    return directory
