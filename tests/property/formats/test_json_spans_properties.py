"""For every JSON text: literals decode to their values, and an edit changes that one value only."""

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from strongroom.formats.json_spans import escape, literal_edits, scan, splice

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def spelled(draw: st.DrawFn) -> bytes:
    """A document and one of its spellings: ASCII escapes or not, escaped slashes or not, spaces or not."""
    document = draw(DOCUMENTS)
    text = json.dumps(document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    if draw(st.booleans()):
        text = text.replace("/", "\\/")
    return text.encode()


@given(spelled())
def test_each_literal_decodes_to_its_value(raw: bytes) -> None:
    for literal in scan(raw, numbers=True):
        content = raw[literal.start : literal.end]
        if literal.kind == "number":
            assert literal.value.encode() == content
            assert isinstance(json.loads(content), int | float)
        else:
            assert json.loads(b'"' + content + b'"') == literal.value


@given(spelled(), st.data())
def test_an_edit_changes_its_characters_and_nothing_else(raw: bytes, data: st.DataObject) -> None:
    values = [item for item in scan(raw) if not item.is_key]
    if not values:
        return
    literal = data.draw(st.sampled_from(values))
    first = data.draw(st.integers(0, len(literal.value)))
    last = data.draw(st.integers(first, len(literal.value)))
    text = data.draw(TEXT)
    edited = splice(raw, literal_edits(raw, literal.start, literal.end, literal.value, [(first, last, text)]))
    wanted = literal.value[:first] + text + literal.value[last:]
    after = scan(edited)
    assert [item.path for item in after] == [item.path for item in scan(raw)]
    for old, new in zip(scan(raw), after, strict=True):
        assert new.value == (wanted if old == literal else old.value)
    assert edited.startswith(raw[: literal.start])
    assert edited.endswith(raw[literal.end :])


@given(TEXT)
def test_escape_is_the_inverse_of_decoding(text: str) -> None:
    assert orjson.loads(b'"' + escape(text) + b'"') == text
