"""A chat model of LangChain behind a door: any `BaseChatModel` wrapped, in every way LangChain calls one.

It stands where the provider's integration is called, below LangChain's callbacks, middleware and retries: whatever
they did to the messages, this is the last to see them. What it calls is the wrapped model without callbacks, so
that streamed tokens are reported once, restored.

Must never: call the wrapped model with what was not inspected, or let LangChain's cache keep an answer: what it
holds are values.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from strongroom.doors.door import Door
from strongroom.doors.langchain_messages import body_of, protected_call, restored_message
from strongroom.doors.langchain_stream import ChunkRestorer
from strongroom.doors.langchain_table import REQUEST
from strongroom.doors.turn import Turn, closing, missing_extra
from strongroom.errors import ConfigurationError

try:
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.language_models.base import LangSmithParams
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable, RunnableBinding
    from langchain_core.tools import BaseTool
    from pydantic import Field
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

UPSTREAM = "langchain"
"""How policy and the log know a provider that the wrapped model does not name."""


class ProtectedChatModel(BaseChatModel):
    """See the module; make one with `protect`."""

    inner: BaseChatModel
    door: Door = Field(exclude=True, repr=False)
    conversation: str = ""

    def __getattr__(self, name: str) -> Any:
        """What is not ours is the wrapped model's: `model_name` and the like, by which LangChain chooses."""
        if name.startswith("_") or name in type(self).model_fields:
            return super().__getattr__(name)  # type: ignore[misc]
        return getattr(self.inner, name)

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type  # noqa: SLF001 - the one name a model has for its type

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return self.inner._get_ls_params(stop=stop, **kwargs)  # noqa: SLF001 - the provider's and model's name

    def _streaming_disabled(self, **kwargs: Any) -> bool:
        return not self._streams() or self.inner._streaming_disabled(**kwargs)  # noqa: SLF001 - it decides

    def _streams(self) -> bool:
        kind = type(self.inner)
        return kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream  # noqa: SLF001

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools as the wrapped model binds them."""
        bound = self.inner.bind_tools(tools, **kwargs)
        if not isinstance(bound, RunnableBinding) or not isinstance(bound.bound, BaseChatModel):
            msg = "langchain: the wrapped model does not bind tools the way LangChain's models do"
            raise ConfigurationError(msg)
        ours = self if bound.bound is self.inner else protect(bound.bound, self.door, self.conversation)
        return ours.bind(**bound.kwargs)

    def _enter(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> Turn:
        named = self.inner._get_ls_params().get("ls_provider")  # noqa: SLF001 - the provider's name
        return Turn(
            self.door,
            body_of(messages, stop, kwargs),
            REQUEST,
            upstream=named or UPSTREAM,
            conversation=self.conversation,
        )

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - see the module
        **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        with self._enter(messages, stop, kwargs) as turn:
            seen, until, bound = protected_call(turn, messages, stop, kwargs)
            return _restored(turn, self.inner._generate(seen, until, **bound))  # noqa: SLF001

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - see the module
        **kwargs: Any,
    ) -> ChatResult:  # fmt: skip
        with await asyncio.to_thread(self._enter, messages, stop, kwargs) as turn:
            seen, until, bound = protected_call(turn, messages, stop, kwargs)
            return _restored(turn, await self.inner._agenerate(seen, until, **bound))  # noqa: SLF001

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 - see the module
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        with self._enter(messages, stop, kwargs) as turn:
            seen, until, bound = protected_call(turn, messages, stop, kwargs)
            restorer = ChunkRestorer(turn)
            for chunk in self.inner._stream(seen, until, **bound):  # noqa: SLF001
                yield _chunk(restorer.feed(chunk.message), chunk)
            if (rest := restorer.rest()) is not None:
                yield ChatGenerationChunk(message=rest)

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 - see the module
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:  # fmt: skip
        with await asyncio.to_thread(self._enter, messages, stop, kwargs) as turn:
            seen, until, bound = protected_call(turn, messages, stop, kwargs)
            restorer = ChunkRestorer(turn)
            async with closing(self.inner._astream(seen, until, **bound)) as chunks:  # noqa: SLF001
                async for chunk in chunks:
                    yield _chunk(restorer.feed(chunk.message), chunk)
            if (rest := restorer.rest()) is not None:
                yield ChatGenerationChunk(message=rest)


def protect(model: BaseChatModel, door: Door, conversation: str = "") -> ProtectedChatModel:
    """`model` behind `door`; `conversation` names the conversation, else the door's name for it counts."""
    return ProtectedChatModel(
        inner=model,
        door=door,
        conversation=conversation,
        cache=False,
        rate_limiter=model.rate_limiter,
        disable_streaming=model.disable_streaming,
        output_version=model.output_version,
        profile=model.profile,
        name=model.name,
        tags=model.tags,
        metadata=model.metadata,
    )


def _chunk(message: AIMessageChunk, like: ChatGenerationChunk) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message, generation_info=like.generation_info)


def _restored(turn: Turn, result: ChatResult) -> ChatResult:
    generations = [
        ChatGeneration(message=restored_message(turn, made.message), generation_info=made.generation_info)
        for made in result.generations
    ]
    return ChatResult(generations=generations, llm_output=result.llm_output)
