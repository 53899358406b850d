"""Writes that wait: whoever reads finds every one of them, whichever thread made it."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.context import TraceContext, current_trace
from exai_sre.metrics import Catalog, Label, Matcher, NotCharted, Selection
from exai_sre.metrics.cells import Store
from exai_sre.metrics.journal import MOST_WAITING

CHART = NotCharted("a test")
BOUNDS = (0.1, 1.0, 10.0)


def direct_catalog():
    """A catalog whose store wants each write at once."""
    store = Store()
    store.direct = True
    return Catalog(store)


def trace_of(number, *, sampled=True):
    return TraceContext(f"{number:032x}", f"{number:016x}", sampled=sampled)


def write(catalog, events):
    """Observe and count each of (value, trace or None); the families."""
    histogram = catalog.histogram("h_seconds", "H.", buckets=BOUNDS, chart=CHART)
    counter = catalog.counter("c_total", "H.", chart=CHART)
    for value, trace in events:
        token = current_trace.set(trace)
        histogram.labels().observe(value)
        counter.labels().inc(abs(value))
        current_trace.reset(token)
    return histogram, counter


traces = st.one_of(st.none(), st.builds(trace_of, st.integers(1, 9), sampled=st.booleans()))
values = st.floats(-20, 20).map(lambda value: round(value, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(values, traces), max_size=60))
def test_what_waited_reads_as_if_it_had_been_written_at_once(events):
    (waited, counted), (at_once, added) = write(Catalog(), events), write(direct_catalog(), events)
    if events:
        assert waited.labels().buckets == at_once.labels().buckets
        assert waited.labels().sum == pytest.approx(at_once.labels().sum)
        assert counted.labels().value == pytest.approx(added.labels().value)
    for bucket in range(len(BOUNDS) + 1):
        mine, theirs = waited.labels().exemplar(bucket), at_once.labels().exemplar(bucket)
        assert (mine and (mine.trace_id, mine.value)) == (theirs and (theirs.trace_id, theirs.value))
    mine, theirs = counted.labels().exemplar, added.labels().exemplar
    assert (mine and (mine.trace_id, mine.value)) == (theirs and (theirs.trace_id, theirs.value))


@settings(deadline=None)
@given(st.lists(st.tuples(values, traces), min_size=1, max_size=60))
def test_the_exemplar_of_a_bucket_is_its_last_sampled_trace(events):
    histogram, _ = write(Catalog(), events)
    last = {bisect_left(BOUNDS, value): trace for value, trace in events if trace is not None and trace.sampled}
    for bucket in range(len(BOUNDS) + 1):
        found = histogram.labels().exemplar(bucket)
        assert (found and found.trace_id) == (last[bucket].trace_id if bucket in last else None)


@pytest.mark.parametrize("made", [Catalog, direct_catalog])
def test_what_is_no_number_counts_where_no_bound_is_and_leaves_the_sum_alone(made):
    histogram = made().histogram("h_seconds", "H.", buckets=BOUNDS, chart=CHART).labels()
    for value in (0.05, math.nan, 0.5, 20.0):
        histogram.observe(value)
    assert histogram.buckets == [1, 1, 0, 2]
    assert histogram.sum == pytest.approx(20.55)


def test_the_writer_itself_adds_up_what_waits_too_long():
    counter = Catalog().counter("c_total", "H.", chart=CHART).labels()
    for _ in range(MOST_WAITING - 1):
        counter.inc()
    assert list(counter.view(1)) == [0]
    counter.inc()
    assert list(counter.view(1)) == [MOST_WAITING]
    histogram = Catalog().histogram("h_seconds", "H.", buckets=BOUNDS, chart=CHART).labels()
    for _ in range(MOST_WAITING):
        histogram.observe(0.5)
    assert list(histogram.view(4)) == [0, MOST_WAITING, 0, 0]


def test_in_a_store_that_others_read_nothing_waits():
    histogram, counter = write(direct_catalog(), [(0.5, None)])
    assert list(counter.labels().view(1)) == [0.5]
    assert list(histogram.labels().view(4)) == [0, 1, 0, 0]


def test_a_selection_sees_what_waits():
    family = Catalog().counter("c_total", "H.", labels=(Label("a", values=("x", "y")),), chart=CHART)
    part = Selection(family, chosen=(Matcher("a", ("x",)),))
    family.labels(a="x").inc()
    assert part.read() == (1, 1)
    family.labels(a="y").inc(2)
    assert part.read() == (1, 3)


def test_an_exemplar_is_stamped_when_it_is_added_to_the_cells():
    catalog = Catalog(now=iter((100.0, 200.0)).__next__)
    histogram, counter = write(catalog, [(0.5, trace_of(1))])
    assert histogram.labels().exemplar(1).time == 100
    assert counter.labels().exemplar.time == 100
    write(catalog, [(0.5, trace_of(2))])
    assert counter.labels().exemplar.time == 200


def test_threads_that_write_and_read_at_once_lose_nothing_and_count_nothing_twice():
    catalog = Catalog()
    counter = catalog.counter("c_total", "H.", chart=CHART).labels()
    histogram = catalog.histogram("h_seconds", "H.", buckets=BOUNDS, chart=CHART).labels()

    def write_some():
        for _ in range(1500):
            counter.inc()
            histogram.observe(0.5)

    def read_some():
        for _ in range(100):
            assert counter.value <= 12_000
            assert histogram.count <= 12_000

    threads = [Thread(target=write_some) for _ in range(8)] + [Thread(target=read_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == histogram.count == 12_000
    assert histogram.sum == pytest.approx(6_000)


@pytest.mark.parametrize("wrong", [None, "1", Decimal(1)])
def test_what_cannot_be_added_is_told_to_its_writer_and_costs_nobody_a_count(wrong):
    catalog = Catalog()
    histogram, counter = write(catalog, [(0.5, None)])
    with pytest.raises(TypeError):
        histogram.labels().observe(wrong)
    with pytest.raises(TypeError):
        counter.labels().inc(wrong)
    assert (histogram.labels().count, counter.labels().value) == (1, 0.5)


@pytest.mark.parametrize("made", [Catalog, direct_catalog])
def test_the_exemplar_of_what_is_no_number_is_where_it_counts(made):
    catalog = made()
    histogram = catalog.histogram("h_seconds", "H.", buckets=BOUNDS, chart=CHART).labels()
    histogram.observe(0.05)
    token = current_trace.set(trace_of(1))
    histogram.observe(math.nan)
    current_trace.reset(token)
    found = [histogram.exemplar(bucket) for bucket in range(len(BOUNDS) + 1)]
    assert [each and each.trace_id for each in found] == [None, None, None, trace_of(1).trace_id]


def test_a_finalizer_that_writes_while_its_thread_adds_up_neither_hangs_nor_is_lost():
    """The garbage collector may run one wherever something is allocated; here the clock stands for it."""

    def collected():
        for _ in range(2 * MOST_WAITING):
            finalized.inc()
        return 0.0

    catalog = Catalog(now=collected)
    finalized = catalog.counter("finalized_total", "F.", chart=CHART).labels()
    _, counter = write(catalog, [(0.5, trace_of(1))])
    reader = Thread(target=lambda: counter.labels().value, daemon=True)
    reader.start()
    reader.join(60)
    assert not reader.is_alive()
    assert finalized.value == 2 * MOST_WAITING


def test_a_counter_is_read_under_the_lock_that_its_exemplar_is_written_under():
    """Without a global lock, half of one trace's id could be read with half of another's."""
    store, taken = Store(), []

    class Lock:
        def __enter__(self):
            taken.append(1)

        def __exit__(self, *_):
            pass

    store.lock = Lock()
    counter = Catalog(store).counter("c_total", "H.", chart=CHART).labels()
    taken.clear()
    counter.point()
    assert taken


@pytest.mark.parametrize("made", [Catalog, direct_catalog])
def test_a_number_that_is_not_real_is_told_to_its_writer_and_costs_nobody_a_count(made):
    catalog = made()
    histogram, counter = write(catalog, [(0.5, None)])
    with pytest.raises(TypeError):
        histogram.labels().observe(1j)
    histogram.labels().observe(0.5)
    assert (histogram.labels().count, counter.labels().value) == (2, 0.5)


@pytest.mark.parametrize("made", [Catalog, direct_catalog])
@pytest.mark.parametrize("trace_id", ["my trace", "f" * 33, "-1", ""])
def test_a_trace_whose_id_is_none_of_w3c_leaves_no_exemplar_and_counts(made, trace_id):
    histogram, counter = write(made(), [(0.5, TraceContext(trace_id, "s", sampled=True)), (0.7, None)])
    assert (histogram.labels().count, histogram.labels().exemplar(1)) == (2, None)
    assert (counter.labels().value, counter.labels().exemplar) == (pytest.approx(1.2), None)


class ToldLock:
    """A lock that tells who asks for it while it is taken."""

    def __init__(self):
        self.lock = threading.RLock()
        self.asked = threading.Event()

    def __enter__(self):
        if not self.lock.acquire(blocking=False):
            self.asked.set()
            self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()


def test_a_thread_reads_what_it_wrote_while_another_one_adds_it_up():
    taken, go_on = threading.Event(), threading.Event()

    def now():
        taken.set()
        go_on.wait(10)
        return 0.0

    catalog = Catalog(now=now)
    lock = catalog._journal._lock = ToldLock()
    counter = write(catalog, [(7, trace_of(1))])[1].labels()
    read = []

    def read_own():
        read.append(counter.value)
        lock.asked.set()  # where it did not have to wait

    threads = [Thread(target=lambda: counter.value), Thread(target=read_own)]
    threads[0].start()
    assert taken.wait(10)
    threads[1].start()
    assert lock.asked.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()
    assert read == [7]
