"""What an answer used is read from where its provider reports it, however the stream is cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.gateway.usage import LINE_MAX, Usage, UsageReader

OPENAI = {"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 9, "total_tokens": 39}}
WHOLE: list[tuple[Any, Usage]] = [
    (OPENAI, Usage(30, 9)),
    ({"usage": {"input_tokens": 3, "cache_read_input_tokens": 70, "output_tokens": 5}}, Usage(73, 5)),
    ({"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}}, Usage(8, 6)),
    ([{"usageMetadata": {"promptTokenCount": 8}}, {"usageMetadata": {"candidatesTokenCount": 2}}], Usage(8, 2)),
    ({"data": [], "usage": {"total_tokens": 12}}, Usage(12, 0)),
    ({"usage": {"prompt_tokens": True, "completion_tokens": -5}}, Usage(0, 0)),
    ({"choices": [{"message": {"content": '{"usage": {"prompt_tokens": 999}}'}}]}, Usage(7, 0, exact=False)),
    ({"content": [{"input": {"usage": {"output_tokens": 0}}}]}, Usage(7, 0, exact=False)),
    ({"usage": None}, Usage(7, 0, exact=False)),
]
ANTHROPIC = (
    b'event: message_start\ndata: {"message":{"usage":{"input_tokens":11,"output_tokens":1}}}\n\n'
    b'event: content_block_delta\ndata: {"delta":{"text":"usage usage_"}}\n\n'
    b'event: message_delta\ndata: {"usage":{"output_tokens":42}}\n\n'
)
RESPONSES = (
    b'data: {"type":"response.completed","response":{"usage":{"input_tokens":4,"output_tokens":2}}}\r\n\r\n'
)
SILENT = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n' * 5 + b"data: [DONE]\n\n"


@pytest.mark.parametrize(("answer", "usage"), WHOLE)
def test_whole_answers(answer: Any, usage: Usage) -> None:
    reader = UsageReader(7)
    reader.whole(json.dumps(answer).encode())
    assert reader.usage == usage


def test_what_is_no_json_counts_as_its_guess() -> None:
    reader = UsageReader(7)
    reader.whole(b'{"usage": {')
    assert reader.usage == Usage(7, 0, exact=False)


@given(st.sampled_from([ANTHROPIC, RESPONSES, SILENT, ANTHROPIC * 3]), st.data())
def test_a_stream_counts_the_same_however_it_is_cut(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    whole, cut = UsageReader(7), UsageReader(7)
    whole.feed(stream)
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        cut.feed(stream[start:end])
    assert cut.usage == whole.usage
    expected = {ANTHROPIC: Usage(11, 42), RESPONSES: Usage(4, 2), SILENT: Usage(7, 6, exact=False)}
    assert whole.usage == expected.get(stream, Usage(11, 42))


def test_a_line_without_an_end_is_not_kept() -> None:
    reader = UsageReader()
    for _ in range(40):
        reader.feed(b"x" * (LINE_MAX // 10))
    assert len(reader._rest) <= LINE_MAX
    reader.feed(b'\ndata: {"usage":{"input_tokens":4,"output_tokens":2}}\n\n')
    assert reader.usage == Usage(4, 2)
