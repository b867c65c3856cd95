"""LlamaIndex behind a door: `protect` wraps any LLM.

    Settings.llm = protect(OpenAI(model="gpt-4o"), door)

What the LLM is sent carries surrogates; what comes back is restored, whole or streamed. The wrapped LLM's own
events and spans are made below the door, so LlamaIndex's instrumentation of it carries surrogates too.

Must never: call the wrapped LLM with what was not inspected, or hand a tool call on before all of it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from strongroom.doors.door import Door
from strongroom.doors.turn import Turn, closing, missing_extra

try:
    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        ChatResponseAsyncGen,
        ChatResponseGen,
        CompletionResponse,
        CompletionResponseAsyncGen,
        CompletionResponseGen,
        LLMMetadata,
        MessageRole,
    )
    from llama_index.core.llms.function_calling import FunctionCallingLLM
    from llama_index.core.llms.llm import LLM, ToolSelection
    from llama_index.core.tools import BaseTool
    from pydantic import Field
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

from strongroom.doors.llamaindex_messages import answer_of, body_of, protected_call, restored_message
from strongroom.doors.llamaindex_stream import ChatRestorer, CompletionRestorer
from strongroom.doors.llamaindex_table import REQUEST

__all__ = ["ProtectedLLM", "protect"]

UPSTREAM = "llamaindex"
"""How policy and the log know the wrapped LLM's provider."""

_SPANNED = "__dispatcher_span_decorated__"
"""What LlamaIndex's mixin looks for on a method before it records its calls."""

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _unspanned(method: _Method) -> _Method:
    """Keeps LlamaIndex from recording what this method is given: the wrapped LLM's own spans are made below."""
    setattr(method, _SPANNED, True)
    return method


class ProtectedLLM(FunctionCallingLLM):
    """See the module; made by `protect`."""

    inner: LLM
    door: Door = Field(exclude=True, repr=False)
    conversation: str = ""

    @classmethod
    def class_name(cls) -> str:
        """The name LlamaIndex knows this class by."""
        return "ProtectedLLM"

    @property
    def metadata(self) -> LLMMetadata:
        """That of the wrapped LLM."""
        return self.inner.metadata

    def _enter(self, messages: Sequence[ChatMessage], kwargs: dict[str, Any]) -> Turn:
        return Turn(
            self.door, body_of(messages, kwargs), REQUEST, upstream=UPSTREAM, conversation=self.conversation
        )

    # --- chat -------------------------------------------------------------------------------------

    @_unspanned
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask the wrapped LLM and restore its answer."""
        with self._enter(messages, kwargs) as turn:
            seen, passed = protected_call(turn, messages, kwargs)
            return _answer(turn, self.inner.chat(seen, **passed))

    @_unspanned
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask the wrapped LLM and restore its answer."""
        with await asyncio.to_thread(self._enter, messages, kwargs) as turn:
            seen, passed = protected_call(turn, messages, kwargs)
            return _answer(turn, await self.inner.achat(seen, **passed))

    @_unspanned
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Ask the wrapped LLM and restore its answer as it comes; the last response has all of it."""

        def stream() -> ChatResponseGen:
            with self._enter(messages, kwargs) as turn:
                seen, passed = protected_call(turn, messages, kwargs)
                restorer = ChatRestorer(turn)
                for response in self.inner.stream_chat(seen, **passed):
                    yield restorer.feed(response)
                yield from restorer.last()

        return stream()

    @_unspanned
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """Ask the wrapped LLM and restore its answer as it comes; the last response has all of it."""

        async def stream() -> ChatResponseAsyncGen:
            with await asyncio.to_thread(self._enter, messages, kwargs) as turn:
                seen, passed = protected_call(turn, messages, kwargs)
                restorer = ChatRestorer(turn)
                async with closing(await self.inner.astream_chat(seen, **passed)) as responses:
                    async for response in responses:
                        yield restorer.feed(response)
                for response in restorer.last():
                    yield response

        return stream()

    # --- completion -------------------------------------------------------------------------------

    @_unspanned
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: FBT001, FBT002 - LlamaIndex's signature
        """Ask the wrapped LLM and restore its answer."""
        asked = _asked(prompt)
        with self._enter(asked, kwargs) as turn:
            seen, passed = protected_call(turn, asked, kwargs)
            return _completion(turn, self.inner.complete(seen[0].content or "", formatted, **passed))

    @_unspanned
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: FBT001, FBT002 - LlamaIndex's signature
        """Ask the wrapped LLM and restore its answer."""
        asked = _asked(prompt)
        with await asyncio.to_thread(self._enter, asked, kwargs) as turn:
            seen, passed = protected_call(turn, asked, kwargs)
            return _completion(turn, await self.inner.acomplete(seen[0].content or "", formatted, **passed))

    @_unspanned
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:  # noqa: FBT001, FBT002 - LlamaIndex's signature
        """Ask the wrapped LLM and restore its answer as it comes."""

        def stream() -> CompletionResponseGen:
            asked = _asked(prompt)
            with self._enter(asked, kwargs) as turn:
                seen, passed = protected_call(turn, asked, kwargs)
                restorer = CompletionRestorer(turn)
                for response in self.inner.stream_complete(seen[0].content or "", formatted, **passed):
                    yield restorer.feed(response)
                yield from restorer.last()

        return stream()

    @_unspanned
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any  # noqa: FBT001, FBT002 - LlamaIndex's signature
    ) -> CompletionResponseAsyncGen:  # fmt: skip
        """Ask the wrapped LLM and restore its answer as it comes."""

        async def stream() -> CompletionResponseAsyncGen:
            asked = _asked(prompt)
            with await asyncio.to_thread(self._enter, asked, kwargs) as turn:
                seen, passed = protected_call(turn, asked, kwargs)
                restorer = CompletionRestorer(turn)
                made = await self.inner.astream_complete(seen[0].content or "", formatted, **passed)
                async with closing(made) as responses:
                    async for response in responses:
                        yield restorer.feed(response)
                for response in restorer.last():
                    yield response

        return stream()

    # --- tools ------------------------------------------------------------------------------------

    def _prepare_chat_with_tools(
        self, tools: Sequence[BaseTool], user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None, verbose: bool = False,  # noqa: FBT001, FBT002 - LlamaIndex's
        allow_parallel_tool_calls: bool = False, tool_required: bool = False,  # noqa: FBT001, FBT002 - signature
        **kwargs: Any,
    ) -> dict[str, Any]:  # fmt: skip
        return _calling(self.inner)._prepare_chat_with_tools_compat(  # noqa: SLF001 - a method for wrappers
            tools, user_msg=user_msg, chat_history=chat_history, verbose=verbose,
            allow_parallel_tool_calls=allow_parallel_tool_calls, tool_required=tool_required, **kwargs,
        )  # fmt: skip

    def _validate_chat_with_tools_response(
        self, response: ChatResponse, tools: Sequence[BaseTool],
        allow_parallel_tool_calls: bool = False,  # noqa: FBT001, FBT002 - LlamaIndex's signature
        **kwargs: Any,
    ) -> ChatResponse:  # fmt: skip
        return _calling(self.inner)._validate_chat_with_tools_response(  # noqa: SLF001 - a method for wrappers
            response, tools, allow_parallel_tool_calls=allow_parallel_tool_calls, **kwargs
        )

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any  # noqa: FBT001, FBT002 - LlamaIndex's signature
    ) -> list[ToolSelection]:  # fmt: skip
        """The calls in a restored answer, read by the wrapped LLM."""
        return _calling(self.inner).get_tool_calls_from_response(response, error_on_no_tool_call, **kwargs)


def protect(llm: LLM, door: Door, conversation: str = "") -> ProtectedLLM:
    """`llm` behind `door`; `conversation` names the conversation, else the door's name for it counts."""
    return ProtectedLLM(
        inner=llm,
        door=door,
        conversation=conversation,
        callback_manager=llm.callback_manager,
        system_prompt=llm.system_prompt,
        messages_to_prompt=llm.messages_to_prompt,
        completion_to_prompt=llm.completion_to_prompt,
        output_parser=llm.output_parser,
        pydantic_program_mode=llm.pydantic_program_mode,
    )


def _calling(llm: LLM) -> FunctionCallingLLM:
    if isinstance(llm, FunctionCallingLLM):
        return llm
    msg = "the wrapped LLM does not call functions"
    raise TypeError(msg)


def _asked(prompt: str) -> list[ChatMessage]:
    return [ChatMessage(role=MessageRole.USER, content=prompt)]


def _answer(turn: Turn, response: ChatResponse) -> ChatResponse:
    return response.model_copy(update={"message": restored_message(turn, response.message)})


def _completion(turn: Turn, response: CompletionResponse) -> CompletionResponse:
    text = restored_message(turn, answer_of(response.text)).content or ""
    return response.model_copy(update={"text": text})
