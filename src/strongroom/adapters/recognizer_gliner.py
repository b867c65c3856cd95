"""A GLiNER model from a local directory as a recognizer: it is asked for labels in words.

The directory is what GLiNER's `save_pretrained` writes, with the encoder's configuration and the tokenizer in it.
GLiNER reads only as many words as its configuration says and drops the rest of a text with a warning
(https://urchade.github.io/GLiNER/input_limits.html), so texts are given to it in overlapping pieces.

Must never: load by a name on a hub, run code that a model brings along, or let the tail of a text go unread.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from strongroom.classify.foreign_names import PROMPTS
from strongroom.classify.pieces import worded_pieces
from strongroom.classify.span import PLUGIN, Span
from strongroom.errors import ModelRefusedError

SCORE_MAX: Final = 0.8
"""However sure a model is, a value with a valid check digit is surer."""

WORDS_MAX: Final = 192
"""Words in one run, unless the model takes fewer: its own limit counts words and its encoder's counts pieces of
words, of which an e-mail address has many."""

WORDS_SHARED: Final = 24
"""An address in full has fewer."""

_CONFIG: Final = "gliner_config.json"


class GlinerRecognizer:
    """See the module. `labels` are the words the model is asked for, each with the kind it means.

    Raises `ModelRefusedError` for a directory that is not complete, and `ImportError` without the package.
    """

    def __init__(
        self, directory: Path, *, name: str, labels: Mapping[str, str], threshold: float, threads: int
    ) -> None:
        self.name = f"{PLUGIN}:{name}"
        self._kinds = dict(labels or PROMPTS)
        self._prompts = sorted(self._kinds)
        self._threshold = threshold
        _require_complete(directory, name)
        gliner = import_module("gliner")  # no extra of ours: with it come several GB of torch
        hub = import_module("huggingface_hub.constants")
        if not hub.HF_HUB_OFFLINE:
            msg = (
                f"plug-in {name}: huggingface_hub was imported before with its network on; "
                "set HF_HUB_OFFLINE=1 for the whole program"
            )
            raise ModelRefusedError(msg)
        import_module("torch").set_num_threads(threads)
        try:
            self._model: Any = gliner.GLiNER.from_pretrained(str(directory.resolve()), local_files_only=True)
        except Exception as error:  # the package raises what torch, transformers and safetensors raise
            why = (str(error).splitlines() or [type(error).__name__])[0][:200]
            msg = f"plug-in {name}: {directory} is no GLiNER model that can be loaded here: {why}"
            raise ModelRefusedError(msg) from error
        self._model.eval()
        self._words = min(WORDS_MAX, int(self._model.config.max_len))
        self._turn = threading.Lock()
        self.kinds: Sequence[str] = sorted({kind for kind in self._kinds.values() if kind})

    def spans(self, text: str) -> list[Span]:
        """What the model finds for its labels; what two pieces share may be reported by both."""
        shared = min(WORDS_SHARED, self._words // 4)
        return [
            span
            for start, piece in worded_pieces(text, self._words, shared)
            for span in self._entities(start, piece)
        ]

    def _entities(self, start: int, piece: str) -> list[Span]:
        with self._turn:
            found = self._model.predict_entities(piece, self._prompts, threshold=self._threshold)
        return [
            Span(
                start + entity["start"],
                start + entity["end"],
                self._kinds[entity["label"]],
                min(float(entity["score"]), SCORE_MAX),
                self.name,
                reasons=(f"GLiNER labelled it {entity['label']} at {entity['score']:.2f}",),
            )
            for entity in found
            if self._kinds[entity["label"]]
        ]


def _require_complete(directory: Path, name: str) -> None:
    """Raise `ModelRefusedError` unless nothing has to be fetched, and nothing but weights is brought."""
    try:
        config = json.loads((directory / _CONFIG).read_bytes())
    except (OSError, ValueError) as error:
        msg = f"plug-in {name}: {directory} has no {_CONFIG} that can be read"
        raise ModelRefusedError(msg) from error
    if not config.get("encoder_config") or not (directory / "tokenizer_config.json").is_file():
        msg = (
            f"plug-in {name}: {directory} refers to an encoder or tokenizer elsewhere: "
            "load it once where there is a network, and save_pretrained() it"
        )
        raise ModelRefusedError(msg)
    for path in sorted(directory.rglob("*")):
        if path.suffix in (".py", ".so") or (path.suffix == ".json" and b'"auto_map"' in path.read_bytes()):
            msg = (
                f"plug-in {name}: {path} brings code along; only weights, configuration and tokenizers are loaded"
            )
            raise ModelRefusedError(msg)
