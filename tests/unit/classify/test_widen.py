from __future__ import annotations

import pytest
import re2

from strongroom.classify import Catalogue
from strongroom.classify.widen import widened

RULES = [
    (entity.kind, rule.regex, (*entity.examples, *entity.counter_examples))
    for entity in Catalogue.load().types.values()
    for rule in entity.patterns
]


@pytest.mark.parametrize(
    ("regex", "wide"),
    [
        (r"[2-6]\d{3}", r"\d\d{3}"),
        (r"(?:0[1-9]|1[0-2])x", r"(?:\d\d)x"),
        (r"(?:1|22)", r"(?:\d|\d\d)"),
        (r"[0-9A-F]{2}", r"[0-9A-F]{2}"),
        (r"[^0-9]7", r"[^0-9]\d"),
        (r"\x41\x{2019}\11\p{Greek}3", r"\x41\x{2019}\11\p{Greek}\d"),
        (r"[]1]2", r"[]1]\d"),
        (r"[[:alpha:]1]2", r"[[:alpha:]1]\d"),
        (r"[\]1]2", r"[\]1]\d"),
        (r"(?P<n1>1)", r"(?P<n1>1)"),
        (r"\Q1\E", r"\Q1\E"),
        (r"(?i)a{2,3}\.5", r"(?i)a{2,3}\.\d"),
    ],
)
def test_digits_become_any_digit(regex: str, wide: str) -> None:
    assert widened(regex) == wide


@pytest.mark.parametrize(("kind", "regex", "texts"), RULES, ids=[f"{k}-{i}" for i, (k, _, _) in enumerate(RULES)])
def test_nothing_is_lost_by_widening(kind: str, regex: str, texts: tuple[str, ...]) -> None:
    narrow, wide = re2.compile(regex), re2.compile(widened(regex))
    for text in texts:
        if narrow.search(text):
            assert wide.search(text), (kind, text)
