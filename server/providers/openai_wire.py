"""The OpenAI-shaped wire that both vendors speak: bodies out, answers, chunks and errors in; no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from exai_sre.errors import ExaiSreError
from exai_sre.resilience.classifiers import OPENAI, Vendor, Verdict, vendor_verdict
from server.providers.base import ChatChunk, ChatRequest, ChatResult, Usage

__all__ = ["DONE", "Dialect", "MalformedAnswer"]

DONE: Final = "[DONE]"
"""Data of the event that ends a stream."""


class MalformedAnswer(ExaiSreError, ValueError):
    """A body that is not what the wire promises."""


class Dialect:
    """The shared wire; a vendor overrides what differs.

    Attributes:
        vendor: whose wire it is, with its own error codes and what each means.
    """

    vendor: Vendor = OPENAI

    @property
    def provider(self) -> str:
        """Name of the upstream."""
        return self.vendor.name

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The JSON body of ``POST /chat/completions``."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in request.messages],
            "max_tokens": request.max_tokens,
            "stream": request.stream,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.thinking is not None:
            body["thinking"] = {"type": "enabled" if request.thinking else "disabled"}
        return body

    def classify(
        self, status: int, body: object, headers: Mapping[str, str] | None = None, now: float = 0.0
    ) -> Verdict:
        """What an answer means that is no completion: by the body's code where it is known, else by the HTTP status.

        Args:
            status: HTTP status; a success with an error inside is one of the vendor's own.
            body: the decoded JSON; ``None`` where it is no JSON.
            headers: header fields of the response.
            now: seconds since the Unix epoch, for dates in ``Retry-After``.
        """
        return vendor_verdict(self.vendor, status if status >= 300 else 500, body, headers, now)

    def error_of(self, body: object) -> tuple[str, str] | None:
        """Code and message of an error body; ``None`` where ``body`` is none."""
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, str):
            return "", error
        if not isinstance(error, dict):
            return None
        return self.error_code(error), str(error.get("message", ""))

    def error_code(self, error: Mapping[str, Any]) -> str:
        """The code inside an error object."""
        return next((str(error[field]) for field in self.vendor.fields if error.get(field)), "")

    def answer(self, body: object) -> ChatResult:
        """A whole answer.

        Raises:
            MalformedAnswer: ``body`` is no answer.
        """
        whole = _mapping(body, "answer")
        choice = _choice(whole)
        message = _mapping(choice.get("message"), "message")
        return ChatResult(
            text=_text(message, "content"),
            reasoning=_text(message, "reasoning_content"),
            finish_reason=str(choice.get("finish_reason") or "stop"),
            usage=_usage(whole.get("usage")) or Usage(),
            model=str(whole.get("model") or ""),
        )

    def chunk(self, body: object) -> ChatChunk:
        """One piece of a streamed answer; a piece without choices may still carry usage.

        Raises:
            MalformedAnswer: ``body`` is no chunk.
        """
        whole = _mapping(body, "chunk")
        if not whole.get("choices"):
            return ChatChunk(usage=_usage(whole.get("usage")))
        choice = _choice(whole)
        delta = _mapping(choice.get("delta") or {}, "delta")
        # Kimi puts a stream's usage into the last choice, OpenAI and GLM beside the choices.
        usage = _usage(whole.get("usage")) or _usage(choice.get("usage"))
        reason = choice.get("finish_reason")
        return ChatChunk(
            _text(delta, "content"), _text(delta, "reasoning_content"), str(reason) if reason else None, usage
        )

    @staticmethod
    def parse(data: str | bytes) -> Any:
        """The JSON in ``data``.

        Raises:
            MalformedAnswer: there is none.
        """
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise MalformedAnswer("is no JSON") from error


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedAnswer(f"{what} is no object")
    return value


def _choice(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = whole.get("choices")
    if not isinstance(choices, list) or not choices:
        raise MalformedAnswer("choices are missing")
    return _mapping(choices[0], "choice")


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedAnswer(f"{key} is no text")
    return value


def _usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    return Usage(_count(value.get("prompt_tokens")), _count(value.get("completion_tokens")))


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
