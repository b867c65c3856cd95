"""A value that comes back into JSON stays inside its string, however the answer is cut; prose is left alone."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.surrogates.json_text import JsonText
from strongroom.surrogates.restore import Restorer

NAME = 'Zoë "Zed" \\ Ünal\nand sons'
VALUES = {"PERSON_7KQ2M9X": NAME, "CARD_0X4T1ZB": "4111"}
S = "PERSON_7KQ2M9X"


def restored(text: str, *, step: int = 0) -> str:
    restorer = Restorer(VALUES.get, keep_json=True)
    pieces = [text[at : at + step] for at in range(0, len(text), step)] if step else [text]
    return "".join([restorer.feed(piece) for piece in pieces]) + restorer.flush()


@pytest.mark.parametrize("step", [0, 1, 3, 7])
@pytest.mark.parametrize(
    "value",
    [
        {"name": S}, [S, {"who": f"is {S}, yes"}], {S: 1.5}, {"a": True, "b": None, "c": -1e9, "d": [[]], "e": S},
        {"deep": json.dumps({"name": S, "deeper": json.dumps([S])})}, {'é\u2028"\\': S},
    ],
)  # fmt: skip
def test_a_structured_answer_stays_json_on_every_level(value: object, step: int) -> None:
    for text in (json.dumps(value), " \n" + json.dumps(value, ensure_ascii=False, indent=1)):
        assert json.loads(restored(text, step=step)) == _with_names(value)


def _with_names(value: object) -> object:
    if isinstance(value, dict):
        return {_with_names(key): _with_names(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_names(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(_with_names(json.loads(value)), ensure_ascii=False)
    return value.replace(S, NAME) if isinstance(value, str) else value


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(
    "text",
    [
        f'He is called "{S}".', f'[1] "{S}" said', f'{{"a": 1}} and "{S}"', f'{{name: "{S}"', f'["a\n", "{S}"]',
        f'{{"a\\q": "{S}"}}', f'{{"a\\u00zz": "{S}"}}', f'"{S}"', f"[{S}]", f'{{"{S}',
    ],
)  # fmt: skip
def test_prose_gets_the_value_as_it_is(text: str, step: int) -> None:
    if text == f'{{"{S}':  # still inside a string: it may become JSON yet
        assert restored(text, step=step) == '{"' + json.dumps(NAME, ensure_ascii=False)[1:-1]
    else:
        assert restored(text, step=step) == text.replace(S, NAME)


def test_each_text_of_a_restorer_begins_anew() -> None:
    restorer = Restorer(VALUES.get, keep_json=True)
    assert restorer.feed(f"is {S} ") + restorer.flush() == f"is {NAME} "
    assert json.loads(restorer.feed(json.dumps([S])) + restorer.flush()) == [NAME]


def test_prose_is_known_from_its_first_character() -> None:
    said = JsonText()
    said.feed("  ")
    assert not said.is_plain
    said.feed("D")
    assert said.is_plain


PIECES = st.sampled_from(
    ['{"', '"}', '": "', "[", "]", S, "CARD_0X4T1ZB", "\\", "\\u0041", "x_", " ", '"', "TABLE__7F3A9C1"]
)


@given(text=st.lists(PIECES, max_size=12).map("".join), cuts=st.lists(st.integers(0, 120)))
def test_every_cut_gives_what_the_whole_gives(text: str, cuts: list[int]) -> None:
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    restorer = Restorer(VALUES.get, keep_json=True)
    out = [restorer.feed(text[a:b]) for a, b in pairwise(bounds)]
    assert "".join(out) + restorer.flush() == restored(text)


@given(st.recursive(st.sampled_from([S, "x", 'a"b', "é\n"]) | st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", S, '"']), inner, max_size=3), max_leaves=8).filter(lambda made: isinstance(made, list | dict)))  # fmt: skip  # noqa: E501 - one strategy
def test_any_json_stays_json(value: object) -> None:
    assert json.loads(restored(json.dumps(value))) == _with_names(value)
