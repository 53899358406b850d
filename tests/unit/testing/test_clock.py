"""The cheapest way to read a clock gives what the clock says."""

from __future__ import annotations

import time

from exai_sre.clock import SystemClock, reading
from exai_sre.testing import VirtualClock


class Late(SystemClock):
    """A system clock of the user's own, an hour late."""

    __slots__ = ()

    def monotonic(self) -> float:
        return super().monotonic() - 3600


def test_the_system_clock_is_read_without_a_call_of_ours() -> None:
    assert reading(SystemClock()) is time.monotonic


def test_any_other_clock_is_asked_itself() -> None:
    clock = VirtualClock(5.0, 7.0)
    clock.advance(1)
    assert reading(clock)() == 6.0
    assert reading(Late())() < time.monotonic() - 3599
