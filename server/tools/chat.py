"""``chat``: one turn with a language model."""

from __future__ import annotations

from typing import Final

from exai_sre.clock import Clock
from exai_sre.outcome import Outcome
from server.providers.base import ChatChunk, Message
from server.providers.completion_result import CompletionFailed, CompletionResult
from server.providers.registry import CompletionRequest, RequestRefused
from server.services import Services
from server.tools.base import Arguments, JsonObject, ToolCall, ToolError, ToolResult, ToolSpec
from server.tools.schema import closed_object, open_object

__all__ = ["SPEC", "ProgressBatch"]

_BATCH_SECONDS: Final = 0.1


class ProgressBatch:
    """Turns chunks into progress notifications, at most ten a second.

    Progress is the number of characters so far, the message the text that is new. A client that
    joins all messages has the answer's text.

    Args:
        call: where progress goes.
        clock: the monotonic clock.
    """

    def __init__(self, call: ToolCall, clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self._pending: list[str] = []
        self._sent = 0
        self._last: float | None = None

    async def __call__(self, chunk: ChatChunk) -> None:
        """Take one chunk; send what is pending when the last notification is long enough ago."""
        if chunk.text:
            self._pending.append(chunk.text)
        now = self._clock.monotonic()
        if self._last is None or now - self._last >= _BATCH_SECONDS:
            await self.flush()

    async def flush(self) -> None:
        """Send what is pending."""
        text = "".join(self._pending)
        if not text:
            return
        self._pending.clear()
        self._sent += len(text)
        self._last = self._clock.monotonic()
        await self._call.progress(float(self._sent), None, text)


def _request(arguments: Arguments, call: ToolCall) -> CompletionRequest:
    system = arguments.get("system")
    turns = [Message("system", system)] if system else []
    max_tokens = arguments.get("max_tokens")
    return CompletionRequest(
        messages=(*turns, Message("user", arguments["prompt"])),
        model=arguments.get("model"),
        # JSON Schema counts 64.0 among the integers.
        max_tokens=None if max_tokens is None else int(max_tokens),
        temperature=arguments.get("temperature"),
        thinking=arguments.get("thinking"),
        stream=arguments.get("stream", call.wants_progress),
    )


async def _run(services: Services, arguments: Arguments, call: ToolCall) -> ToolResult:
    request = _request(arguments, call)
    batch = ProgressBatch(call, services.clock) if request.stream and call.wants_progress else None
    try:
        result = await services.completion.run(request, batch)
    except (CompletionFailed, RequestRefused) as error:
        _note_use(services, request, error.outcome)
        raise _tool_error(error) from error
    _note_use(services, request, Outcome.OK, fallback=result.fallback_from is not None)
    if batch is not None:
        await batch.flush()
    return ToolResult(_text(result), _structured(result))


def _note_use(services: Services, request: CompletionRequest, outcome: Outcome, *, fallback: bool = False) -> None:
    """Tell which features this call made use of; their names are those of ``server.metrics.FEATURES``."""
    used = {
        "fallback": fallback,
        "model_choice": request.model is not None,
        "streaming": request.stream,
        "system_prompt": request.messages[0].role == "system",
        "temperature": request.temperature is not None,
        "thinking": bool(request.thinking),
    }
    for feature, made_use in used.items():
        if made_use:
            services.feature_used(feature, outcome)


def _tool_error(error: CompletionFailed | RequestRefused) -> ToolError:
    retry_after = error.retry_after if isinstance(error, CompletionFailed) else None
    return ToolError(error.outcome, error.what, error.error_type, remedy=error.remedy, retry_after=retry_after)


def _text(result: CompletionResult) -> str:
    remarks = list(result.notes)
    if result.fallback_from is not None:
        remarks.append(f"{result.fallback_from} did not answer, {result.model} of {result.provider} did")
    if result.dropped:
        remarks.append(f"{result.model} does not take {', '.join(result.dropped)}")
    if result.adjusted:
        remarks.append(f"{', '.join(result.adjusted)} lowered to the limit of {result.model}")
    if result.answer.truncated:
        remarks.append("the answer was cut off by max_tokens")
    return "\n\n".join([result.answer.text, *(f"[{remark}]" for remark in remarks)])


def _structured(result: CompletionResult) -> JsonObject:
    answer = result.answer
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "provider": result.provider,
        "model": result.model,
        "requested_model": result.requested,
        "finish_reason": answer.finish_reason,
        "truncated": answer.truncated,
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "cost_usd": result.cost,
        "attempts": result.attempts,
        "fallback_from": result.fallback_from,
        "dropped_parameters": list(result.dropped),
        "adjusted_parameters": list(result.adjusted),
        "notes": list(result.notes),
        "duration_seconds": round(result.seconds, 6),
    }


_INPUT: Final = closed_object(
    {
        "prompt": {"type": "string", "minLength": 1, "description": "What to ask."},
        "system": {"type": "string", "description": "System prompt that goes before it."},
        "model": {
            "type": "string",
            "minLength": 1,
            "description": "Model id or alias from listmodels; without it the server's default.",
        },
        "temperature": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Sampling temperature; left out for models that fix it.",
        },
        "thinking": {"type": "boolean", "description": "Let the model reason first, where it can be switched."},
        "max_tokens": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1_000_000,
            "description": "Longest answer in tokens; without it the most that the model allows.",
        },
        "stream": {
            "type": "boolean",
            "description": "Send the answer's text as progress while it comes; by default if progress is asked for.",
        },
    },
    required=("prompt",),
)

_STRINGS: Final = {"type": "array", "items": {"type": "string"}}

_OUTPUT: Final = open_object(
    {
        "text": {"type": "string", "description": "The answer."},
        "reasoning": {"type": "string", "description": "The model's reasoning; empty where it shows none."},
        "provider": {"type": "string"},
        "model": {"type": "string"},
        "requested_model": {"type": "string"},
        "finish_reason": {"type": "string"},
        "truncated": {"type": "boolean", "description": "Whether max_tokens cut the answer off."},
        "input_tokens": {"type": "integer"},
        "output_tokens": {"type": "integer"},
        "cost_usd": {"type": "number"},
        "attempts": {"type": "integer", "description": "Requests made to upstreams."},
        "fallback_from": {"type": ["string", "null"], "description": "Provider that should have answered."},
        "dropped_parameters": _STRINGS,
        "adjusted_parameters": _STRINGS,
        "notes": _STRINGS,
        "duration_seconds": {"type": "number"},
    }
)

SPEC: Final = ToolSpec(
    name="chat",
    title="Chat",
    description=(
        "Ask a language model (GLM or Kimi) one question. If its provider fails, another one answers "
        "and the result says so."
    ),
    input_schema=_INPUT,
    output_schema=_OUTPUT,
    handler=_run,
    open_world=True,
)
"""The declaration of ``chat``."""
