"""Active users: distinct, by window, in bounded memory."""

from __future__ import annotations

import sys
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.metrics import Catalog
from exai_sre.metrics.active_users import ActiveUsers, DistinctCounter
from exai_sre.metrics.families.business import USER_WINDOWS, BusinessMetrics
from exai_sre.names import LabelName
from exai_sre.testing import VirtualClock

WINDOWS = {"short": 10.0, "long": 100.0}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 20)), max_size=60), st.floats(0, 150))
def test_few_users_are_counted_exactly(visits, later):
    counter, now, seen = DistinctCounter(100.0), 0.0, {}
    for user, pause in visits:
        now += pause
        counter.add(str(user), now)
        seen[user] = now
    now += later
    for window, seconds in WINDOWS.items():
        assert counter.counts(WINDOWS, now)[window] == sum(at > now - seconds for at in seen.values())


@pytest.mark.parametrize("users", [100, 1_000, 5_000, 50_000])
def test_many_users_are_counted_to_within_a_few_per_cent_in_bounded_memory(users):
    counter = DistinctCounter(100.0, capacity=1024)
    for user in range(users):
        counter.add(f"user-{user}", 1.0)
        counter.add(f"user-{user}", 2.0)
    # four standard deviations: one over the square root of half the capacity
    assert counter.counts({"w": 100.0}, 3.0)["w"] == pytest.approx(users, rel=4 / 512**0.5 if users > 1024 else 0)
    assert len(counter._seen) <= 1024


def test_room_of_those_who_left_is_used_again():
    counter = DistinctCounter(100.0, capacity=10)
    for user in range(10):
        counter.add(str(user), 0.0)
    for user in range(10, 20):
        counter.add(str(user), 200.0)
    assert counter.counts(WINDOWS, 200.0) == {"short": 10, "long": 10}


def test_after_all_have_left_counting_is_exact_again():
    counter = DistinctCounter(100.0, capacity=8)
    for user in range(100):
        counter.add(str(user), 0.0)
    assert counter.counts(WINDOWS, 500.0) == {"short": 0, "long": 0}
    for user in range(8):
        counter.add(str(user), 500.0)
    assert counter.counts(WINDOWS, 500.0) == {"short": 8, "long": 8}


def test_the_gauges_are_fresh_whenever_they_are_read():
    clock, catalog = VirtualClock(), Catalog()
    metrics = BusinessMetrics.declare(catalog, ("chat",))
    users = ActiveUsers(metrics, clock)
    users.attach(catalog)
    users.seen("alice")
    clock.advance(200)
    users.seen("bob")
    users.seen("bob\ud800")
    clock.advance(200)
    catalog.refresh()
    found = {window: metrics.active_users.labels(**{LabelName.WINDOW: window}).value for window in USER_WINDOWS}
    assert found == {"5m": 2, "1h": 3, "1d": 3}


def test_a_push_may_read_from_its_own_thread_while_users_come():
    clock, catalog = VirtualClock(), Catalog()
    users = ActiveUsers(BusinessMetrics.declare(catalog, ("chat",)), clock)
    users.attach(catalog)
    for user in range(5_000):
        users.seen(str(user))
    failed, done = [], Event()

    def read():
        while not done.is_set():
            try:
                catalog.refresh()
            except RuntimeError as error:
                failed.append(error)

    reader = Thread(target=read)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        reader.start()
        for user in range(3_000):
            users.seen(f"new {user}")
    finally:
        done.set()
        reader.join()
        sys.setswitchinterval(before)
    assert failed == []
