"""What every provider shares: the request, the answer, the protocol and the taxonomy of errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from exai_sre.errors import ExaiSreError
from exai_sre.resilience.classifiers import Verdict

__all__ = [
    "ChatChunk",
    "ChatRequest",
    "ChatResult",
    "ChunkSink",
    "Message",
    "Provider",
    "UpstreamError",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request as it goes to one provider: the model is the provider's own id, all parameters fit it.

    Attributes:
        model: id of the model on the wire.
        messages: the conversation, oldest first.
        max_tokens: upper bound of the answer in tokens; never absent, or the vendor cuts answers short.
        temperature: sampling temperature; ``None`` leaves it to the model.
        thinking: switch reasoning on or off; ``None`` leaves it to the model.
        stream: ask for the answer in chunks.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    thinking: bool | None = None
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the vendor counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatChunk:
    """One piece of a streamed answer.

    Attributes:
        text: the answer's next characters; may be empty.
        reasoning: the next characters of the model's reasoning; may be empty.
        finish_reason: why the answer ended; ``None`` until it did.
        usage: tokens, where this chunk carries them.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ChatResult:
    """A whole answer.

    Attributes:
        text: the answer.
        reasoning: the model's reasoning, where it shows it.
        finish_reason: why the answer ended: ``stop``, ``length``, ``sensitive`` ...
        usage: tokens; zeros where the vendor did not say.
        model: the model that answered, by the vendor's own word.
    """

    text: str
    reasoning: str
    finish_reason: str
    usage: Usage
    model: str

    @property
    def truncated(self) -> bool:
        """Whether ``max_tokens`` cut the answer short."""
        return self.finish_reason == "length"


ChunkSink = Callable[[ChatChunk], Awaitable[None]]
"""Takes the chunks of a streamed answer in order."""


class UpstreamError(ExaiSreError):
    """One attempt at an upstream that brought no answer.

    ``outcome``, ``retryable`` and ``retry_after`` are what retry, breaker and fallback go by.

    Attributes:
        provider: name of the upstream.
        outcome: ``client_error`` for a request that it rightly refused, ``timeout`` or
            ``upstream_error`` otherwise.
        retryable: whether the same request may succeed soon.
        retry_after: seconds that the upstream asked us to wait; ``None`` where it did not.
        sent: whether the request was sent; ``None`` where nobody can say.
        status: HTTP status; 0 where no response came.
        code: the vendor's own code in the body, or a word of ours (``connection``, ``malformed``).
    """

    def __init__(
        self,
        provider: str,
        verdict: Verdict,
        what: str,
        *,
        status: int = 0,
        code: str = "",
    ) -> None:
        self.provider = provider
        self.outcome = verdict.outcome
        self.retryable = verdict.retryable
        self.retry_after = verdict.retry_after
        self.sent = verdict.sent
        self.status = status
        self.code = code
        super().__init__(f"{provider}: {what}")

    @property
    def error_type(self) -> str:
        """Kind of the error with few values, for ``error.type``: ``http_503``, ``malformed`` ..."""
        return f"http_{self.status}" if self.status >= 300 else self.code or self.outcome.value


class Provider(Protocol):
    """One upstream."""

    @property
    def name(self) -> str:
        """Its name in metrics and in the catalogue of models."""
        ...

    async def chat(self, request: ChatRequest, on_chunk: ChunkSink | None = None) -> ChatResult:
        """Make one attempt at an answer; retries and deadlines are the caller's matter.

        Args:
            request: what to ask; with ``stream`` set, each chunk goes to ``on_chunk`` as it comes.
            on_chunk: may suspend, which holds the upstream back.

        Raises:
            UpstreamError: no answer came. Cancelling closes the HTTP request at once.
        """
        ...
