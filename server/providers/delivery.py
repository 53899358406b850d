"""The way of chunks to the caller: when the first one came, and what follows from that."""

from __future__ import annotations

from exai_sre.clock import Clock
from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome
from server.providers.base import ChatChunk, ChunkSink

__all__ = ["CallerGone", "Delivery", "StreamInterrupted"]


class StreamInterrupted(ExaiSreError):
    """A streamed answer that broke off after its caller had seen a part of it.

    It is never repeated: a second attempt would give the caller another answer's text.

    Attributes:
        outcome: outcome of the failure that broke it.
        retryable: always false.
    """

    retryable = False

    def __init__(self, provider: str, outcome: Outcome, cause: str) -> None:
        self.outcome = outcome
        super().__init__(f"{provider}: the answer broke off ({cause})")


class CallerGone(ExaiSreError):
    """The caller no longer takes chunks; no fault of the upstream.

    Attributes:
        outcome: always ``cancelled``.
        retryable: always false.
    """

    outcome = Outcome.CANCELLED
    retryable = False


class Delivery:
    """Hands chunks on and remembers when the first came.

    Args:
        sink: the caller's; ``None`` when it only wants the whole answer.
        clock: the monotonic clock.
    """

    def __init__(self, sink: ChunkSink | None, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self.first_at: float | None = None
        self._shown = False

    @property
    def started(self) -> bool:
        """Whether the caller has seen a part of an answer; reasoning alone is shown to nobody."""
        return self._shown

    async def __call__(self, chunk: ChatChunk) -> None:
        """Hand on one chunk; chunks without text are not what a caller waits for.

        Raises:
            CallerGone: the caller's sink failed.
        """
        if not (chunk.text or chunk.reasoning):
            return
        if self.first_at is None:
            self.first_at = self._clock.monotonic()
        if self._sink is None:
            return
        self._shown = self._shown or bool(chunk.text)
        try:
            await self._sink(chunk)
        except Exception as error:
            raise CallerGone("the caller takes no more chunks") from error
