"""Keeping the ids across an executor, which starts its threads without a context."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["in_context"]

P = ParamSpec("P")
R = TypeVar("R")


def in_context(function: Callable[P, R]) -> Callable[P, R]:
    """``function`` bound to the ids of the running task, for ``run_in_executor`` and raw threads.

    ``asyncio.to_thread`` and ``create_task`` keep the context by themselves. The result may be
    called many times and from several threads at once: each call gets its own copy.
    """
    captured = copy_context()

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return captured.copy().run(function, *args, **kwargs)

    return run
