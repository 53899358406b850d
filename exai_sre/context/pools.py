"""A pool of threads whose jobs run under the ids of whoever submitted them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from exai_sre.context.threads import in_context

__all__ = ["ContextThreadPool"]

P = ParamSpec("P")
R = TypeVar("R")


class ContextThreadPool(ThreadPoolExecutor):
    """A ``ThreadPoolExecutor`` that keeps the context.

    ``loop.run_in_executor``, ``submit`` and ``map`` take the ids of the running task along. As the
    default executor of a loop it needs no wrapper anywhere: ``loop.set_default_executor(ContextThreadPool())``.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Schedule ``fn(*args, **kwargs)`` under the ids of the running task."""
        job: Callable[..., Any] = in_context(fn)
        return super().submit(job, *args, **kwargs)
