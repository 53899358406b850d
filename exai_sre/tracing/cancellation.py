"""Telling a withdrawn call from a failed one."""

from __future__ import annotations

import asyncio

__all__ = ["is_cancellation"]


def is_cancellation(error: BaseException) -> bool:
    """Whether the call was withdrawn, which is no failure of it; a closed generator counts."""
    return isinstance(error, asyncio.CancelledError | GeneratorExit)
