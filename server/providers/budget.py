"""The token budget of a request, checked before anything is sent and paid for."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Final

from server.providers.base import Message

__all__ = ["MIN_OUTPUT_TOKENS", "estimate_tokens", "output_budget"]

MIN_OUTPUT_TOKENS: Final = 256
"""Room that an answer gets at least where the caller did not say how long it may be."""

_PER_MESSAGE: Final = 8
_ASCII_PER_TOKEN: Final = 3.5


def estimate_tokens(messages: Iterable[Message]) -> int:
    """About how many tokens ``messages`` take, rather too many than too few.

    Without the vendors' tokenizers: 3.5 ASCII characters per token (prose has four to five, code
    about three and a half), one token per other character, eight tokens of frame per message.
    """
    total = 0.0
    for message in messages:
        text = message.content
        others = 0 if text.isascii() else sum(sign > "\x7f" for sign in text)
        total += _PER_MESSAGE + others + (len(text) - others) / _ASCII_PER_TOKEN
    return ceil(total)


def output_budget(prompt: int, asked: int | None, *, context: int, max_output: int) -> int | None:
    """Tokens that the answer may have; ``None`` where prompt and answer do not fit the context.

    Args:
        prompt: tokens of the prompt.
        asked: what the caller asked for; without it, the most that fits.
        context: tokens of prompt and answer together.
        max_output: the model's own bound on an answer.
    """
    room = context - prompt
    if asked is not None:
        wanted = min(asked, max_output)
        return wanted if wanted <= room else None
    granted = min(max_output, room)
    return granted if granted >= min(MIN_OUTPUT_TOKENS, max_output) else None
