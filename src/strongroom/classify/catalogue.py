"""The catalogue: every entity type Strongroom knows, read from YAML and checked completely before use.

The shipped files stand in `catalogue/`; a user's own files use the same form and may add types but not
redefine one, and move thresholds. `defaults` in a file are what its types say unless they say otherwise. Examples
and counter-examples in the files are run as tests.

Must never: load in part. A type that does not validate makes the whole load fail, with file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from strongroom.classify.normalize import NORMALIZERS
from strongroom.errors import ConfigurationError, PolicyInvalidError
from strongroom.label import Label, Level

SHIPPED: Final = Path(__file__).parent / "catalogue"
SUFFIX_LEN: Final = 12
"""Hexadecimal digits of the content digest that name a catalogue's version."""

FILE_BYTES_MAX: Final = 4 << 20
"""A catalogue file is written by people; 4 MiB is far beyond any of them."""

_LINE = "__line__"
_TOP: Final = frozenset({"types", "sink_sets", "defaults", "thresholds"})

Category = Literal["pii", "financial", "health", "credentials", "business", "operational", "public"]


class PatternRule(BaseModel):
    """One pattern of a type: what proposes a candidate, what confirms it, and what its surroundings add.

    `regex` is RE2 syntax; its first group that takes part, if any, is the value. `gate`, when given, is a cheaper
    pattern that matches wherever `regex` does. `score` is the confidence without context; `context` words nearby
    raise it, `against` words lower it (a trailing ``*`` lets a word continue). `reach` is how many characters
    before the value are looked at. With `digits` a match without a digit does not count, so places without any are
    not looked at. `multiline` patterns may cross line ends. `origin`, file and line, is set by whoever reads it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    regex: str
    gate: str = ""
    score: float = Field(gt=0, lt=1)
    validator: str = ""
    context: tuple[str, ...] = ()
    context_case: bool = False
    against: tuple[str, ...] = ()
    digits: bool = False
    reach: int = Field(default=48, ge=8, le=96)
    multiline: bool = False
    origin: str = ""


class EntityType(BaseModel):
    """One kind of value: what it is called, how sensitive it is, where it may go and how it is recognized.

    `prefix` begins its surrogates, and `style` says what they are: a ``code`` is restored at the `sinks`, a
    ``reference`` nowhere. `retention_days` is how long a sealed value is worth keeping unless a policy says
    otherwise. `fields` are column and JSON key names (words; a leading ``=`` asks for the whole name). `propagate`
    says whether a value met in a field is searched for in later text, or not because it is an everyday word.
    `shape` bounds what a field's value may look like.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")
    title: str = Field(min_length=1)
    category: Category
    level: Level
    prefix: str = Field(pattern=r"^[A-Z]{2,10}$")
    sinks: frozenset[str]
    normalizer: str
    style: Literal["code", "reference"] = "code"
    retention_days: int = Field(default=0, ge=0)
    propagate: Literal["phrase", "word", "never"] = "phrase"
    shape: Literal["any", "name", "text"] = "any"
    fields: tuple[str, ...] = ()
    patterns: tuple[PatternRule, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    field_values: tuple[str, ...] = ()
    not_field_values: tuple[str, ...] = ()

    @property
    def reversible(self) -> bool:
        """Whether a value can be had back from its surrogate at all."""
        return self.style == "code"

    @property
    def kept_days(self) -> int:
        """`retention_days`, or what its category says where the type is silent."""
        return self.retention_days or CATEGORY_RETENTION[self.category]

    @field_validator("normalizer")
    @classmethod
    def _known_normalizer(cls, name: str) -> str:
        if name not in NORMALIZERS:
            msg = f"there is no normalizer {name!r}"
            raise ValueError(msg)
        return name


class _Loader(yaml.CSafeLoader):
    """YAML without objects, refusing duplicate keys, remembering the line of each mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.MarkedYAMLError(problem="a key appears twice", problem_mark=node.start_mark)
        found = super().construct_mapping(node, deep=deep)
        found[_LINE] = node.start_mark.line + 1
        return found


CATEGORY_LEVELS: Final[Mapping[str, Level]] = MappingProxyType(
    {
        "public": Level.PUBLIC,
        "operational": Level.INTERNAL,
        "business": Level.CONFIDENTIAL,
        "pii": Level.CONFIDENTIAL,
        "financial": Level.RESTRICTED,
        "health": Level.RESTRICTED,
        "credentials": Level.RESTRICTED,
    }
)
"""The level of a thing of which only the category is known, such as a file or a conversation."""

CATEGORY_THRESHOLDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "credentials": 0.5,
        "financial": 0.5,
        "health": 0.5,
        "pii": 0.5,
        "business": 0.55,
        "operational": 0.6,
        "public": 0.6,
    }
)
"""The score a candidate needs: what harms less when it is missed has to be surer. A file may move them."""

CATEGORY_RETENTION: Final[Mapping[str, int]] = MappingProxyType(
    {
        "credentials": 1,
        "operational": 90,
        "health": 365,
        "financial": 365,
        "pii": 365,
        "business": 1095,
        "public": 3650,
    }
)
"""Days a sealed value of a category is kept where its type says nothing (GDPR Article 5(1)(e): no longer than
needed). A proposal for policy; nothing is deleted by this table alone."""


class Catalogue:
    """All entity types, by kind. Immutable; `version` names its exact content."""

    def __init__(
        self, types: Iterable[EntityType], version: str, thresholds: Mapping[str, float] | None = None
    ) -> None:
        self.thresholds: Mapping[str, float] = MappingProxyType({**CATEGORY_THRESHOLDS, **(thresholds or {})})
        self.types: Mapping[str, EntityType] = MappingProxyType({t.kind: t for t in types})
        self.version = version
        self.by_prefix: Mapping[str, EntityType] = MappingProxyType({t.prefix: t for t in self.types.values()})

    @classmethod
    def load(cls, paths: Sequence[Path] | None = None) -> Catalogue:
        """Read the shipped files, then `paths` (files of the same form).

        Raises `PolicyInvalidError` naming file and line for YAML that does not parse, an unknown or wrong field,
        a kind or prefix that appears twice, or a name (sink set, normalizer) that does not exist.
        """
        types: list[EntityType] = []
        thresholds: dict[str, float] = {}
        digest = hashlib.sha256()
        for path in [*sorted(SHIPPED.glob("*.yaml")), *(paths or ())]:
            raw = _read(path)
            digest.update(path.name.encode() + b"\0" + len(raw).to_bytes(8, "big") + raw)
            document = _document(path, raw)
            thresholds |= _thresholds(path, document)
            types += _parse(path, document, taken={t.kind for t in types} | {t.prefix for t in types})
        return cls(types, digest.hexdigest()[:SUFFIX_LEN], thresholds)

    def type_of(self, kind: str) -> EntityType:
        """The type called `kind`; raises `ConfigurationError` when the catalogue has none."""
        try:
            return self.types[kind]
        except KeyError as error:
            msg = f"the catalogue has no entity type {kind!r}"
            raise ConfigurationError(msg) from error

    def label(self, kind: str, subject: str = "", source: str = "") -> Label:
        """The label of a value of `kind`, about `subject` and found through `source`."""
        entity = self.type_of(kind)
        return Label(entity.category, entity.level, kind, subject, source, entity.sinks)

    def category_level(self, category: str) -> Level:
        """The level of things of `category`; raises `KeyError` when there is no such category."""
        return CATEGORY_LEVELS[category]

    def normalize(self, kind: str, value: str) -> str:
        """The form of `value` under which equal values get equal surrogates. Total: any text has one."""
        return NORMALIZERS[self.type_of(kind).normalizer](value)


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"catalogue {path.name}: cannot be read ({error.strerror})"
        raise PolicyInvalidError(msg) from error
    if len(raw) > FILE_BYTES_MAX:
        msg = f"catalogue {path.name}: larger than {FILE_BYTES_MAX} bytes"
        raise PolicyInvalidError(msg)
    return raw


def _document(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        document = yaml.load(raw, Loader=_Loader)  # noqa: S506 - derived from CSafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _invalid(path, line, str(error.problem)) from error
    except yaml.YAMLError as error:
        raise _invalid(path, 0, "not YAML") from error
    if not isinstance(document, dict) or not isinstance(document.get("types"), list):
        raise _invalid(path, 1, "a catalogue is a mapping with a list called types")
    document.pop(_LINE)
    if document.keys() - _TOP:
        raise _invalid(path, 1, f"beside types only {', '.join(sorted(_TOP - {'types'}))} may stand")
    for name in _TOP - {"types"}:
        if not isinstance(document.setdefault(name, {}), dict):
            raise _invalid(path, 1, f"{name} is a mapping")
    return document


def _thresholds(path: Path, document: dict[str, Any]) -> dict[str, float]:
    given = {name: value for name, value in document["thresholds"].items() if name != _LINE}
    for name, value in given.items():
        if name not in CATEGORY_THRESHOLDS or not isinstance(value, float) or not 0 < value < 1:
            line = document["thresholds"][_LINE]
            raise _invalid(path, line, f"thresholds: a category with a number between 0 and 1, not {name}")
    return given


def _parse(path: Path, document: dict[str, Any], taken: set[str]) -> list[EntityType]:
    defaults = {name: value for name, value in document["defaults"].items() if name != _LINE}
    out = []
    for entry in document["types"]:
        found = _entity(path, entry, defaults, document["sink_sets"])
        for name in {found.kind, found.prefix}:
            if name in taken:
                raise _invalid(path, entry[_LINE], f"the kind or prefix {name} is taken")
            taken.add(name)
        out.append(found)
    return out


def _entity(path: Path, entry: Any, defaults: dict[str, Any], sink_sets: dict[str, Any]) -> EntityType:
    if not isinstance(entry, dict):
        raise _invalid(path, 0, "each entry of types is a mapping")
    line = entry[_LINE]
    plain = defaults | {key: value for key, value in entry.items() if key != _LINE}
    rules = plain.get("patterns")
    if isinstance(rules, list):
        plain["patterns"] = [
            {**{k: v for k, v in rule.items() if k != _LINE}, "origin": f"catalogue {path.name}:{rule[_LINE]}"}
            if isinstance(rule, dict)
            else rule
            for rule in rules
        ]
    if isinstance(plain.get("sinks"), str):
        named = sink_sets.get(plain["sinks"])
        if named is None:
            raise _invalid(path, line, f"there is no sink set {plain['sinks']!r}")
        plain["sinks"] = named
    try:
        return EntityType.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(path, line, f"{where}: {first['msg']}") from error


def _invalid(path: Path, line: int, why: str) -> PolicyInvalidError:
    return PolicyInvalidError(f"catalogue {path.name}:{line}: {why}")
