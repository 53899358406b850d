"""Made-up answers: the same prompt gets the same text."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

__all__ = ["Reply", "make_reply"]

_WORDS: Final = (
    "budget", "burn", "window", "latency", "retry", "breaker", "deadline", "probe", "queue", "replica", "signal",
    "trace", "metric", "alert", "error", "rate", "target", "service", "upstream", "request", "limit", "sample",
)  # fmt: skip
_SHORTEST, _LONGEST = 24, 72


@dataclass(frozen=True, slots=True)
class Reply:
    """A made-up answer.

    Attributes:
        pieces: the text in the chunks in which a stream sends it; one piece is one token.
        finish_reason: ``stop``, or ``length`` where the bound cut it short.
        prompt_tokens: made-up size of the prompt.
    """

    pieces: tuple[str, ...]
    finish_reason: str
    prompt_tokens: int

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


def make_reply(model: str, prompt: str, max_tokens: int | None) -> Reply:
    """An answer to ``prompt``, at most ``max_tokens`` pieces long."""
    number = int.from_bytes(sha256(f"{model}:{prompt}".encode()).digest()[:8])
    length = _SHORTEST + number % (_LONGEST - _SHORTEST)
    words = [_WORDS[number * (at * at + 1) // 97 % len(_WORDS)] for at in range(length)]
    pieces = ("Simulated", " answer", " of", f" {model}:", *(f" {word}" for word in words), ".")
    cut = max_tokens is not None and max_tokens < len(pieces)
    return Reply(
        pieces=pieces[:max_tokens] if cut else pieces,
        finish_reason="length" if cut else "stop",
        prompt_tokens=max(1, len(prompt) // 4),
    )
