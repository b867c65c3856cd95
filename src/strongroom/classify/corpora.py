"""Labelled corpora as files: our own JSON Lines, CoNLL columns, and the JSON of presidio-research.

Tokens of CoNLL files are joined into text the way people write (no space before a comma), and labels of foreign
schemes become kinds of the catalogue; labels without a counterpart (titles, works of art, dates) are left out.

Must never: guess a label, or skip a line that does not have the form of its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from strongroom.classify.evaluation import Example, Gold
from strongroom.errors import InputError

LABELS: Final[Mapping[str, str]] = {
    "PER": "PERSON", "PERSON": "PERSON", "LOC": "LOCATION", "LOCATION": "LOCATION", "GPE": "LOCATION",
    "GEO-LOC": "LOCATION", "FACILITY": "LOCATION", "ORG": "ORGANIZATION", "ORGANIZATION": "ORGANIZATION",
    "CORPORATION": "ORGANIZATION", "COMPANY": "ORGANIZATION", "GROUP": "ORGANIZATION",
    "STREET_ADDRESS": "ADDRESS", "ADDRESS": "ADDRESS", "ZIP_CODE": "POSTCODE", "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "US_SSN": "SSN",
    "IP_ADDRESS": "IP_ADDRESS", "US_DRIVER_LICENSE": "DRIVER_LICENSE",
}  # fmt: skip
"""Labels of public corpora, upper-cased, and what they are here."""
_DOCUMENT: Final = "-DOCSTART-"
_LANGUAGE: Final = re.compile(r"([a-z]{2,3}):(?=\S)")
_NO_SPACE_BEFORE: Final = re.compile("[,.;:!?%)\\]}…\u2019”]+|'(?:s|re|ve|ll|d|m|t)?|n't", re.IGNORECASE)
_NO_SPACE_BEHIND: Final = frozenset("([{$£€#@“\u2018„¿¡")
_QUOTE: Final = '"'
_TAGS_TRIED: Final = 200
"""So many lines tell whether tokens name their language."""


def read(path: Path) -> list[Example]:
    """Every text of a corpus: ``.jsonl`` ours, ``.json`` presidio-research, anything else CoNLL columns.

    Raises `InputError` naming file and line when it is none of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path.name}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        raise InputError(msg) from None
    if path.suffix == ".jsonl":
        return list(_json_lines(text, path.name))
    if path.suffix == ".json":
        return list(_presidio_research(text, path.name))
    return list(_conll(text, path.name))


def write_json_lines(examples: Iterable[Example]) -> str:
    """Our own form: one object per line, with text, spans, language and template."""
    return "".join(
        orjson.dumps(
            {
                "text": example.text,
                "spans": [{"start": s.start, "end": s.end, "kind": s.kind} for s in example.spans],
                "language": example.language,
                "template": example.template,
            }
        ).decode()
        + "\n"
        for example in examples
    )


def _json_lines(text: str, name: str) -> Iterator[Example]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            spans = [Gold(int(s["start"]), int(s["end"]), str(s["kind"])) for s in row["spans"]]
            yield _example(row["text"], spans, str(row.get("language", "")), str(row.get("template", "")))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _refused(name, number, error) from None


def _presidio_research(text: str, name: str) -> Iterator[Example]:
    try:
        rows: list[dict[str, Any]] = orjson.loads(text)
        for row in rows:
            spans = [
                Gold(int(span["start_position"]), int(span["end_position"]), kind)
                for span in row["spans"]
                if (kind := LABELS.get(str(span["entity_type"]).upper()))
            ]
            template = row.get("template_id")
            yield _example(row["full_text"], spans, "", "" if template is None else str(template))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused(name, 1, error) from None


def _refused(name: str, line: int, error: Exception) -> InputError:
    """Without the text of the line, which may be anybody's."""
    return InputError(f"{name}:{line}: no labelled text ({type(error).__name__})")


def _example(text: object, spans: list[Gold], language: str, template: str) -> Example:
    if not isinstance(text, str):
        raise TypeError
    if any(not 0 <= span.start < span.end <= len(text) for span in spans):
        raise ValueError
    return Example(text, tuple(sorted(spans)), language, template)


def _conll(text: str, name: str) -> Iterator[Example]:
    lines = text.split("\n")
    if lines[-1].strip():  # cut off in the middle of a sentence
        lines = lines[: max((at for at, line in enumerate(lines) if not line.strip()), default=0)]
    language = _language(lines)
    rows: list[tuple[str, str]] = []
    for number, line in enumerate((*lines, ""), 1):
        columns = [column.strip() for column in (line.split("\t") if "\t" in line else line.split())]
        if not line.strip() or columns[0] == _DOCUMENT:
            if rows:
                yield joined(rows, language)
            rows = []
            continue
        if len(columns) < 2:  # noqa: PLR2004 - a token and its tag
            msg = f"{name}:{number}: no token with a tag"
            raise InputError(msg)
        rows.append((columns[0].removeprefix(f"{language}:") if language else columns[0], columns[-1]))


def _language(lines: list[str]) -> str:
    """The language when every token says it (``de:Haus``), empty otherwise."""
    tried = [line for line in lines if line.strip()][:_TAGS_TRIED]
    prefixes = {match[1] if (match := _LANGUAGE.match(line)) else "" for line in tried}
    return prefixes.pop() if len(prefixes) == 1 else ""


def joined(rows: Iterable[tuple[str, str]], language: str = "") -> Example:
    """One text from tokens and tags ``B-X`` and ``I-X``; a change of X alone begins a new span too."""
    text = ""
    spans: list[Gold] = []
    before, glued, quoted = "O", True, False
    for word, tag in rows:
        closing = word == _QUOTE and quoted
        if not (glued or closing or _NO_SPACE_BEFORE.fullmatch(word)):
            text += " "
        start = len(text)
        text += word
        quoted ^= word == _QUOTE
        glued = word in _NO_SPACE_BEHIND or (word == _QUOTE and quoted)
        kind = LABELS.get(_label(tag).upper())
        if kind and tag != "O":
            if spans and not tag.startswith("B-") and _label(before) == _label(tag):
                spans[-1] = Gold(spans[-1].start, len(text), kind)
            else:
                spans.append(Gold(start, len(text), kind))
        before = tag
    return Example(text, tuple(spans), language)


def _label(tag: str) -> str:
    return tag[2:] if tag[:2] in {"B-", "I-"} else tag
