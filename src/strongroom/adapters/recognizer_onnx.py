"""A token classifier in ONNX form from a local directory as a recognizer, on the processor, without a hub.

The directory holds what the Hugging Face exporters write: `model.onnx` (or `onnx/model.onnx`), `tokenizer.json`
and `config.json`, whose `id2label` names the columns of the model's output. A word is what the tokenizer splits
before it looks at its vocabulary; its first token speaks for it, as the models were trained.

Must never: run on more threads than configured, or leave out the tail of a text that is longer than the model's
window.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from strongroom.classify.foreign_names import MODEL_LABELS, kinds_by_label
from strongroom.classify.pieces import pieces
from strongroom.classify.span import PLUGIN, Span
from strongroom.classify.token_tags import Scores, TagScheme
from strongroom.errors import ModelRefusedError

SCORE_MAX: Final = 0.8
"""However sure a model is, a value with a valid check digit is surer."""

WINDOW_MAX: Final = 512
"""Tokens in one run of the model, unless its own window is smaller: attention costs the square of it."""

PIECE_CHARS: Final = 200_000

_MODEL_FILES: Final = ("model.onnx", "onnx/model.onnx")
_INPUTS: Final = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})
_NUMBERS: Final = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_SILENT: Final = 3
"""The runtime prints errors only; what it refuses becomes an error of ours."""


class OnnxRecognizer:
    """See the module. Raises `ModelRefusedError` when the files are not there or do not fit each other."""

    def __init__(
        self, directory: Path, *, name: str, labels: Mapping[str, str], threshold: float, threads: int
    ) -> None:
        self.name = f"{PLUGIN}:{name}"
        self._threshold = threshold
        try:
            config = json.loads((directory / "config.json").read_bytes())
            tags = _tags(config)
            self._tokenizer = Tokenizer.from_buffer((directory / "tokenizer.json").read_bytes())
            self._session = _session(directory, threads)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _refused(name, directory, str(error)) from error
        except (
            Exception
        ) as error:  # the runtime and the tokenizers raise classes of their own, straight from Exception
            raise _refused(name, directory, f"{type(error).__name__}: {error}") from error
        self._scheme = TagScheme(tags)
        self._kinds = kinds_by_label(self._scheme.labels, labels, MODEL_LABELS, name=name)
        self.kinds: Sequence[str] = sorted(set(self._kinds.values()))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._before, self._behind = _specials(self._tokenizer)
        self._window = min(WINDOW_MAX, int(config.get("max_position_embeddings", WINDOW_MAX)))
        self._window -= len(self._before) + len(self._behind) + _reserved(config)
        self._inputs = {spec.name: _NUMBERS.get(spec.type) for spec in self._session.get_inputs()}
        strange = [spec for spec, number in self._inputs.items() if spec not in _INPUTS or number is None]
        if strange or self._window < 1:
            raise _refused(
                name, directory, f"inputs {', '.join(strange)} or its window are not a token classifier's"
            )
        shape = self._scores([0]).shape
        if shape != (1, len(tags)):
            raise _refused(
                name, directory, f"it gives {shape} for one token, and config.json names {len(tags)} labels"
            )

    def spans(self, text: str) -> list[Span]:
        """The entities in `text` that reach the threshold."""
        return [span for start, piece in pieces(text, PIECE_CHARS) for span in self._entities(start, piece)]

    def _entities(self, start: int, text: str) -> list[Span]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        if not encoding.ids:
            return []
        scores = self._long_scores(encoding.ids)
        words = _words(encoding)
        found: list[Span] = []
        for first, last, label, score in self._scheme.decode(scores[[tokens[0] for tokens in words]]):
            kind = self._kinds.get(label)
            if kind is None or score < self._threshold:
                continue
            begin, end = encoding.offsets[words[first][0]][0], encoding.offsets[words[last][-1]][1]
            inner = text[begin:end]
            begin += len(inner) - len(inner.lstrip())
            end -= len(inner) - len(inner.rstrip())
            if begin < end:
                reason = f"a token classifier labelled it {label} at {score:.2f}"
                found.append(
                    Span(start + begin, start + end, kind, min(score, SCORE_MAX), self.name, reasons=(reason,))
                )
        return found

    def _long_scores(self, ids: Sequence[int]) -> Scores:
        """A row per token; where windows share tokens, each counts only where it sees enough on both sides."""
        size = self._window
        if len(ids) <= size:
            return self._scores(ids)
        margin = size // 8
        step = max(size - 2 * margin, 1)
        rows: list[Scores] = []
        have = 0
        for first in range(0, len(ids), step):
            window = self._scores(ids[first : first + size])
            last = first + size >= len(ids)
            until = len(ids) if last else first + size - margin
            rows.append(window[have - first : until - first])
            have = until
            if last:
                break
        return np.concatenate(rows)

    def _scores(self, ids: Sequence[int]) -> Scores:
        tokens = [*self._before, *ids, *self._behind]
        values = {
            "input_ids": tokens,
            "attention_mask": [1] * len(tokens),
            "token_type_ids": [0] * len(tokens),
            "position_ids": list(range(len(tokens))),
        }
        feed = {spec: np.asarray([values[spec]], dtype=number) for spec, number in self._inputs.items()}
        logits = np.asarray(self._session.run(None, feed)[0], dtype=np.float32)[0]
        inner: Scores = logits[len(self._before) : len(tokens) - len(self._behind)]
        return inner


def _session(directory: Path, threads: int) -> Any:
    path = next((directory / name for name in _MODEL_FILES if (directory / name).is_file()), None)
    if path is None:
        msg = f"none of {', '.join(_MODEL_FILES)} is there"
        raise ValueError(msg)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0"
    )  # idle threads give the processor back
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _tags(config: Mapping[str, Any]) -> list[str]:
    named = {int(number): str(tag) for number, tag in config["id2label"].items()}
    if sorted(named) != list(range(len(named))) or not named:
        msg = "id2label of config.json does not number its labels from 0"
        raise ValueError(msg)
    return [named[number] for number in range(len(named))]


def _reserved(config: Mapping[str, Any]) -> int:
    """RoBERTa and its kin count positions from behind their padding token's number."""
    kin = str(config.get("model_type", "")).lower()
    return int(config.get("pad_token_id") or 0) + 1 if "roberta" in kin or kin == "camembert" else 0


def _specials(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The tokens a model wants before and behind every window, such as [CLS] and [SEP]."""
    probe = tokenizer.encode("a", add_special_tokens=True)
    plain = next((at for at, special in enumerate(probe.special_tokens_mask) if not special), len(probe.ids))
    rest = [
        number
        for number, special in zip(probe.ids[plain:], probe.special_tokens_mask[plain:], strict=True)
        if special
    ]
    return list(probe.ids[:plain]), rest


def _words(encoding: Encoding) -> list[list[int]]:
    """The tokens of each word, in order; each token by itself when the tokenizer knows no words."""
    owners = encoding.word_ids
    if len(set(owners)) <= 1:
        return [[token] for token in range(len(encoding.ids))]
    words: list[list[int]] = []
    before: int | None = None
    for token, owner in enumerate(owners):
        if owner is not None and owner == before:
            words[-1].append(token)
        else:
            words.append([token])
        before = owner
    return words


def _refused(name: str, directory: Path, why: str) -> ModelRefusedError:
    told = why.splitlines()[0][:200] if why else "it cannot be read"
    return ModelRefusedError(f"plug-in {name}: {directory} is no token classifier that can be used here: {told}")
