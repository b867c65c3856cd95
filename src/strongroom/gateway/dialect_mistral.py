"""How Mistral's chat completions number and end what they stream: like OpenAI's, with text in chunks or without.

Must never: look at the text of an event; only at its numbers and types.
"""

from __future__ import annotations

from strongroom.gateway.dialect import ChatChunks, FlatPath

_CONTENT = 4
"""Of ``("choices", number, "delta", "content")``."""


class MistralChunks(ChatChunks):
    """See the module. What a choice says is one text, as a string or as the text of chunks in an array."""

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The path of the content, wherever in its chunks a piece stands."""
        return path[:_CONTENT] if path[3:_CONTENT] == ("content",) else path
