"""pybreaker storages beside our breakers: in step with others, and never on the path of a call."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pybreaker
import pytest

from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.interop import StorageMirror
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import answer, answer_async, fail, outcome_of_call, small_breaker, trip

PATIENCE = 30.0


class Counting(pybreaker.CircuitMemoryStorage):
    """Notes which thread uses it, and for what; raises while it is down."""

    def __init__(self):
        super().__init__(pybreaker.STATE_CLOSED)
        self.used, self.down, self.looked = [], False, threading.Event()

    def _note(self, what):
        self.used.append((what, threading.current_thread().name))
        if self.down:
            raise ConnectionError("the storage is down")

    @property
    def state(self):
        self._note("get state")
        self.looked.set()
        return self._state

    @state.setter
    def state(self, state):
        self._note(f"set {state}")
        self._state = state

    def reset_counter(self):
        self._note("reset counter")
        super().reset_counter()

    @property
    def uses(self):
        return [what for what, _ in self.used if what != "get state"]


def others_on(storage):
    """A breaker of pybreaker's own on the same storage, as another process may have."""
    return pybreaker.CircuitBreaker(state_storage=storage)


def mirrored(storage, clock, **options):
    breaker = small_breaker(clock, **options)
    return breaker, StorageMirror(breaker, storage, clock=clock)


def test_the_time_between_two_looks_is_more_than_nothing():
    with pytest.raises(OptionError, match="every"):
        StorageMirror(CircuitBreaker("b"), Counting(), every=0.0)


def test_what_opens_here_opens_there_and_what_closes_here_closes_there():
    clock, storage = VirtualClock(), Counting()
    (ours, mine), (others, theirs) = mirrored(storage, clock), mirrored(storage, clock)
    for mirror in (mine, theirs):
        mirror.exchange()
    trip(ours)
    mine.exchange()
    assert storage.opened_at == datetime.fromtimestamp(clock.time(), UTC)
    theirs.exchange()
    assert (others.state, others.snapshot.retry_after) == ("open", 30.0)
    clock.advance(30.0)
    assert ours.call(answer) == "ok"
    mine.exchange()
    assert (storage.state, storage.counter) == ("closed", 0)
    assert others.state == "half_open"
    theirs.exchange()
    assert others.state == "closed"
    assert storage.uses == ["set open", "reset counter", "set closed"]


def test_what_was_taken_over_is_not_published_again():
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    mirror.exchange()
    others_on(storage).open()
    storage.used.clear()
    for _ in range(3):
        mirror.exchange()
    assert (breaker.state, storage.uses) == ("open", [])
    others_on(storage).close()
    storage.used.clear()
    for _ in range(3):
        mirror.exchange()
    assert (breaker.state, storage.uses) == ("closed", [])


def test_that_one_is_half_open_is_not_told_for_it_might_hide_that_another_has_closed():
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    trip(breaker)
    mirror.exchange()
    clock.advance(30.0)
    mirror.exchange()
    assert (breaker.state, storage.uses) == ("half_open", ["set open"])


def test_a_failed_probe_renews_the_time_of_opening():
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    trip(breaker)
    mirror.exchange()
    clock.advance(30.0)
    outcome_of_call(lambda: breaker.call(fail))
    mirror.exchange()
    assert storage.opened_at == datetime.fromtimestamp(clock.time(), UTC)
    assert storage.uses == ["set open", "set open"]


def test_others_that_are_half_open_change_nothing_here():
    storage = Counting()
    breaker, mirror = mirrored(storage, VirtualClock())
    others_on(storage).half_open()
    mirror.exchange()
    assert breaker.state == "closed"


def test_a_probe_that_fails_elsewhere_ends_the_probing_here():
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    others = others_on(storage)
    others.open()
    mirror.exchange()
    clock.advance(30.0)
    others.half_open()
    mirror.exchange()
    assert breaker.state == "half_open"
    others.open()
    mirror.exchange()
    assert (breaker.state, breaker.snapshot.retry_after) == ("open", 30.0)
    clock.advance(29.0)
    others.half_open()
    mirror.exchange()
    others.open()
    mirror.exchange()
    assert breaker.snapshot.retry_after == 1.0


def test_a_storage_that_says_open_for_ever_holds_nobody_up():
    clock, storage = VirtualClock(), Counting()
    storage.state = "open"
    breaker, mirror = mirrored(storage, clock)
    mirror.exchange()
    clock.advance(30.0)
    mirror.exchange()
    assert breaker.call(answer) == "ok"
    mirror.exchange()
    assert (breaker.state, storage.state) == ("closed", "closed")


@pytest.mark.parametrize("by_hand", ["force_open", "disable", "metrics_only"])
def test_what_is_set_by_hand_concerns_one_process(by_hand):
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    getattr(breaker, by_hand)()
    state = breaker.state
    mirror.exchange()
    others = others_on(storage)
    for change in (others.open, others.close):
        change()
        mirror.exchange()
        assert breaker.state == state
    storage.used.clear()
    breaker.reset()
    mirror.exchange()
    assert storage.uses == []


def test_news_that_were_overtaken_by_hand_are_not_published():
    storage = Counting()
    breaker, mirror = mirrored(storage, VirtualClock())
    trip(breaker)
    breaker.force_open()
    mirror.exchange()
    assert storage.uses == []


def test_a_state_that_nobody_knows_is_left_alone():
    storage = Counting()
    breaker, mirror = mirrored(storage, VirtualClock())
    storage.state = "ajar"
    mirror.exchange()
    assert breaker.state == "closed"


def test_a_storage_that_has_lost_its_data_closes_nothing():
    """What ``CircuitRedisStorage`` says while its server is gone: closed, and never opened."""
    storage = Counting()
    breaker, mirror = mirrored(storage, VirtualClock())
    others_on(storage).open()
    mirror.exchange()
    storage.opened_at, storage.state = None, "closed"
    mirror.exchange()
    assert breaker.state == "open"
    others_on(storage).open()
    others_on(storage).close()
    mirror.exchange()
    assert breaker.state == "closed"


def test_while_the_storage_is_down_the_breaker_goes_on_alone_and_catches_up(caplog):
    clock, storage = VirtualClock(), Counting()
    breaker, mirror = mirrored(storage, clock)
    storage.down = True
    mirror.exchange()
    trip(breaker)
    for _ in range(3):
        mirror.exchange()
    assert (breaker.state, mirror.reached, len(caplog.records)) == ("open", False, 1)
    storage.down = False
    storage.used.clear()
    mirror.exchange()
    assert (mirror.reached, storage.uses) == (True, ["set open"])


async def test_no_call_ever_touches_the_storage():
    """pybreaker itself makes two storage operations for each success and three for each failure."""
    storage = Counting()
    breaker = CircuitBreaker("upstream", minimum_calls=2, open_for=3600.0)
    with StorageMirror(breaker, storage, every=3600.0):
        assert storage.looked.wait(PATIENCE)
        for _ in range(500):
            assert await breaker.call_async(answer_async) == "ok"
            assert breaker.call(answer) == "ok"
        breaker.reset()
        for _ in range(500):
            outcome_of_call(lambda: breaker.call(fail))
        assert breaker.state == "open"
        ends = time.monotonic() + PATIENCE
        while "set open" not in storage.uses and time.monotonic() < ends:
            time.sleep(0)
    assert {thread for _, thread in storage.used} == {"storage of breaker upstream"}
    assert len(storage.used) <= 12


def test_two_breakers_find_each_other_through_threads():
    storage = Counting()
    one, other = (CircuitBreaker("upstream", minimum_calls=2, open_for=3600.0) for _ in range(2))
    with StorageMirror(one, storage, every=0.01), StorageMirror(other, storage, every=0.01):
        trip(one)
        ends = time.monotonic() + PATIENCE
        while other.state != "open" and time.monotonic() < ends:
            time.sleep(0)
    assert other.state == "open"


def test_a_mirror_can_be_started_and_stopped_again_and_writes_what_is_left():
    storage = Counting()
    breaker = CircuitBreaker("upstream", minimum_calls=2)
    mirror = StorageMirror(breaker, storage, every=3600.0)
    mirror.stop()
    mirror.start()
    mirror.start()
    assert threading.active_count() >= 2
    mirror.stop()
    mirror.stop()
    trip(breaker)
    with mirror:
        pass
    assert storage.uses == ["set open"]
