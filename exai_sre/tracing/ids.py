"""Random bits for ids: distinct in every process, also in those that a server forks."""

from __future__ import annotations

import os
import random
import weakref
from collections.abc import Callable

__all__ = ["random_bits"]


def random_bits() -> Callable[[int], int]:
    """A source of integers of so many random bits, seeded by the operating system.

    Ids need distinctness, not secrecy. Workers that a server forks would all go on from the
    parent's state and make the same ids, so a child is seeded anew.
    """
    source = random.Random()  # noqa: S311  # nosec B311
    if hasattr(os, "register_at_fork"):
        # The hook stays for the life of the process; it must not keep the source alive.
        kept = weakref.ref(source)

        def reseed() -> None:
            alive = kept()
            if alive is not None:
                alive.seed()

        os.register_at_fork(after_in_child=reseed)
    return source.getrandbits
