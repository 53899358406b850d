"""Work that may hang, in a thread of its own: the test then fails, and does not wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread


def ends(work: Callable[[], object], within: float = 20.0) -> bool:
    """Whether ``work`` comes to its end in so many seconds; what it raises is raised."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(within)
    if failed:
        raise failed[0]
    return not thread.is_alive()
