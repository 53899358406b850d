"""Carries out small jobs one after the other in a thread of its own, so that none of them delays a call."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from contextvars import copy_context

from exai_sre.names import Event

__all__ = ["Courier"]


class Courier:
    """A queue of jobs and the thread that does them, in order, each with the context it was handed over in.

    The thread is a daemon and begins with the first job. What a job raises is logged. A job that
    finds the queue full is dropped and counted: a slow listener costs events, never calls.

    Args:
        name: name of the thread.
        capacity: most jobs that wait.
    """

    def __init__(self, name: str, capacity: int = 10_000) -> None:
        self._name = name
        self._jobs: queue.Queue[Callable[[], object]] = queue.Queue(capacity)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def __call__(self, job: Callable[[], object]) -> None:
        """Hand over a job; returns at once."""
        context = copy_context()
        try:
            self._jobs.put_nowait(lambda: context.run(job))
        except queue.Full:
            self.dropped += 1
        self._start()

    def drain(self) -> None:
        """Wait until every job handed over so far is done."""
        done = threading.Event()
        self._start()
        self._jobs.put(done.set)
        done.wait()

    def _start(self) -> None:
        with self._lock:
            # a thread does not outlive a fork, its object does
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:
                logging.getLogger(__name__).exception(Event.UNHANDLED_ERROR)
