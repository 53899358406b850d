"""A whole answer from the chunks of a streamed one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.providers.base import ChatChunk, ChatResult, Usage
from server.providers.openai_wire import MalformedAnswer

__all__ = ["AnswerBuilder"]


class AnswerBuilder:
    """Adds chunks up; an answer is whole once the vendor said why it ended."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._finish_reason: str | None = None
        self._usage = Usage()
        self._model = ""

    def add(self, chunk: ChatChunk, body: Mapping[str, Any]) -> None:
        """Add one chunk, with the body it was read from."""
        self._text.append(chunk.text)
        self._reasoning.append(chunk.reasoning)
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._usage = chunk.usage or self._usage
        self._model = self._model or str(body.get("model") or "")

    def result(self) -> ChatResult:
        """The answer.

        Raises:
            MalformedAnswer: the stream ended in the middle of an answer.
        """
        if self._finish_reason is None:
            raise MalformedAnswer("the stream ended before the answer did")
        return ChatResult("".join(self._text), "".join(self._reasoning), self._finish_reason, self._usage, self._model)
