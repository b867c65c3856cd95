"""Models of the operator's own, each checked against its digest before a byte of it is loaded.

    [detection.plugins.names]
    kind = "onnx"
    path = "/var/lib/strongroom/models/names"
    sha256 = "…"                                  # strongroom classify pin /var/lib/strongroom/models/names

Must never: load a model whose digest differs, or go on without one that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from strongroom.adapters.model_directory import require_model
from strongroom.classify.recognizer import Recognizer
from strongroom.errors import ConfigurationError, ExtraMissingError
from strongroom.identity import require_name
from strongroom.settings import Plugin, keep_models_offline

Loader = Callable[[str, Path, Plugin], Recognizer]


def _spacy(name: str, directory: Path, plugin: Plugin) -> Recognizer:
    from strongroom.adapters.recognizer_spacy import SpacyRecognizer

    return SpacyRecognizer(directory, name=name, labels=plugin.labels)


def _onnx(name: str, directory: Path, plugin: Plugin) -> Recognizer:
    from strongroom.adapters.recognizer_onnx import OnnxRecognizer

    return OnnxRecognizer(
        directory, name=name, labels=plugin.labels, threshold=plugin.threshold, threads=plugin.threads
    )


def _presidio(name: str, directory: Path, plugin: Plugin) -> Recognizer:
    from strongroom.adapters.recognizer_presidio import PresidioRecognizer

    return PresidioRecognizer(
        directory, name=name, labels=plugin.labels, threshold=plugin.threshold, language=plugin.language
    )


def _gliner(name: str, directory: Path, plugin: Plugin) -> Recognizer:
    from strongroom.adapters.recognizer_gliner import GlinerRecognizer

    return GlinerRecognizer(
        directory, name=name, labels=plugin.labels, threshold=plugin.threshold, threads=plugin.threads
    )


LOADERS: Final[Mapping[str, tuple[Loader, str]]] = {
    "spacy": (_spacy, "pip install 'strongroom[spacy]'"),
    "onnx": (_onnx, "pip install 'strongroom[onnx]'"),
    "presidio": (_presidio, "pip install 'strongroom[presidio]'"),
    "gliner": (_gliner, "pip install gliner"),  # no extra: with it comes torch, which is several GB
}
"""By kind: what loads it, and what to do when the package it needs is not installed."""


def build_plugins(plugins: Mapping[str, Plugin]) -> list[Recognizer]:
    """The recognizers of `plugins`, in the order of the settings, loaded and warm.

    Raises `ModelChangedError` for a directory that is not the one pinned, `ModelRefusedError` for one that cannot
    be used, `ExtraMissingError` with what to install, `ConfigurationError` for a path that depends on where the
    program was started.
    """
    if plugins:
        keep_models_offline()  # before the first import: the libraries read it once
    return [_built(name, plugin) for name, plugin in plugins.items()]


def _built(name: str, plugin: Plugin) -> Recognizer:
    require_name(name, "plug-in")
    directory = plugin.path.expanduser()
    if not directory.is_absolute():
        msg = f"plug-in {name}: path has to begin with / or ~"
        raise ConfigurationError(msg)
    require_model(directory, plugin.sha256)
    load, install = LOADERS[plugin.kind]
    try:
        return load(name, directory, plugin)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("strongroom"):
            raise
        msg = f"plug-in {name}: {plugin.kind} needs the package {error.name}: {install}"
        raise ExtraMissingError(msg) from None
