"""OpenAI Embeddings, field by field.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). Numbers in place of words
are tokens of a text that cannot be read here, so they cannot be inspected.

Must never: let the numbers of an answer be anything but opaque.
"""

from __future__ import annotations

from strongroom.gateway.wires.table import Arr, Either, Obj, binary, opaque, structural, text

_S = structural()
_TOKENS = binary("tokens of a text")

REQUEST = Obj(
    {
        **dict.fromkeys(("model", "dimensions", "encoding_format", "truncate_prompt_tokens", "truncate"), _S),
        "input": Either(string=text(), arr=Arr(Either(string=text(), arr=Arr(_TOKENS), scalar=_TOKENS))),
        "user": text(why="an identifier: a surrogate keeps it stable"),
    }
)

RESPONSE = Obj(
    {
        **dict.fromkeys(("object", "model", "id", "created"), _S),
        "data": opaque("the embeddings"),
        "usage": opaque("counts of tokens"),
    }
)
