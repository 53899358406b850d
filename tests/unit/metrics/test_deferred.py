"""Writes without a lock: exact once somebody looks, whoever wrote meanwhile."""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.metrics import Catalog, Label, Matcher, NotCharted, Selection
from exai_sre.metrics.deferred import Notes

BOUNDS = (0.1, 1.0, 10.0)


def both():
    """A counter and a histogram of one catalog."""
    catalog, chart = Catalog(), NotCharted("a test")
    family = catalog.counter("t_total", "T.", labels=[Label("kind", ("a", "b"))], chart=chart)
    return family, catalog.histogram("t_seconds", "T.", buckets=BOUNDS, unit="seconds", chart=chart)


def counter():
    return both()[0]


def histogram():
    return both()[1]


def test_ticks_and_increments_add_up():
    series = counter().labels(kind="a")
    for _ in range(3):
        series.tick()
    series.inc(2)
    assert series.value == 5
    series.tick()
    assert (series.value, series.value) == (6, 6)


def test_a_selection_that_was_read_before_sees_later_ticks():
    family = counter()
    series = family.labels(kind="a")
    part = Selection(family, chosen=(Matcher("kind", ("a",)),))
    series.inc()
    assert part.read() == (1, 1)
    series.tick()
    family.labels(kind="b").tick()
    assert part.read() == (2, 3)


def test_a_series_is_deferred_from_its_first_tick_on():
    series = counter().labels(kind="a")
    series.settle()
    assert not series.deferred
    assert series.tick is series.tick
    assert series.deferred


@given(st.lists(st.floats(0, 20)))
def test_notes_fall_into_the_buckets_of_observations(values):
    noted, observed = histogram().labels(), histogram().labels()
    for value in values:
        noted.notes().add(value)
        observed.observe(value)
    assert noted.deferred == bool(values)
    assert noted.buckets == observed.buckets
    assert noted.sum == pytest.approx(observed.sum)
    assert noted.at_most(2) == sum(bisect_left(BOUNDS, value) < 2 for value in values)
    assert noted.count == len(values)


def test_a_histogram_that_is_selected_is_settled():
    family = histogram()
    family.labels().notes().add(0.5)
    assert Selection(family, within=1.0).read() == (1, 1)


def test_notes_are_counted_in_their_counters_too_whichever_is_read_first():
    family, timing = both()
    timed, one, other = timing.labels(), family.labels(kind="a"), family.labels(kind="b")
    shared, alone = timed.notes(one, other), timed.notes(one)
    assert timed.notes(one, other) is shared
    for _ in range(3):
        shared.add(0.5)
    alone.add(20.0)
    one.inc(2)
    other.tick()
    assert (other.value, one.value) == (4, 6)
    assert timed.buckets == [0, 3, 0, 1]
    shared.add(0.0)
    assert (timed.count, one.value, other.value) == (5, 7, 5)
    shared.add(0.5)
    assert [point.numbers for point in timing.points()] == [[1, 4, 0, 1, 22.0]]
    assert [point.numbers[0] for point in family.points()] == [8, 6]


def test_a_counter_is_deferred_once_notes_are_counted_in_it():
    family, timing = both()
    timed = timing.labels()
    part = Selection(family, chosen=(Matcher("kind", ("a",)),))
    one, _ = family.labels(kind="a"), family.labels(kind="b")
    one.settle()
    assert part.read() == (0, 0)
    assert not one.deferred
    notes = timed.notes(one)
    assert one.deferred
    notes.add(0.5)
    assert part.read() == (1, 1)
    notes.add(0.5)
    assert [point.numbers[0] for point in family.points()] == [2, 0]


def test_notes_are_counted_within_one_catalog():
    timed = histogram().labels()
    with pytest.raises(ValueError, match="same catalog"):
        timed.notes(counter().labels(kind="a"))
    assert not timed.deferred


def test_nothing_is_lost_or_counted_twice_while_threads_write_and_read():
    family, timing = both()
    timed, ticked, noted = timing.labels(), family.labels(kind="a"), family.labels(kind="b")
    tick, note = ticked.tick, timed.notes(noted).add

    def write():
        for _ in range(2000):
            tick()
            note(0.5)

    def read():
        for _ in range(200):
            assert ticked.value <= 16_000
            assert noted.value <= timed.count <= 16_000

    threads = [Thread(target=write) for _ in range(8)] + [Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ticked.value == timed.count == noted.value == 16_000


@pytest.mark.parametrize(
    "read", [lambda family: family.labels(kind="b").value, lambda family: Selection(family).read()[1]]
)
def test_no_read_falls_behind_while_another_thread_settles(monkeypatch, read):
    """What that thread has taken and not added yet is waited for."""
    family, timing = both()
    notes = timing.labels().notes(family.labels(kind="b"))
    take, readings = Notes.take, []

    with ThreadPoolExecutor(1) as other:

        def take_and_let_the_other_read(self):
            taken = take(self)
            readings.append(other.submit(read, family))
            with suppress(TimeoutError):
                readings[0].result(0.05)
            return taken

        monkeypatch.setattr(Notes, "take", take_and_let_the_other_read)
        notes.add(0.5)
        timing.labels().settle()
        assert [reading.result() for reading in readings] == [1]
