"""Writes in the midst of a write or a read of the same thread: from finalizers, signals and the log."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal

import pytest

from exai_sre.metrics import Catalog, Label, exposition
from exai_sre.metrics.multiprocess import Workers
from exai_sre.middleware.telemetry import configure_telemetry
from tests.unit.metrics.own_thread import ends
from tests.unit.metrics.workers_group import SERVED


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "group"


@pytest.fixture
def _collector_as_it_was():
    """Leaves the garbage collector as it was; what lives already is left out, so that a collection is short."""
    before = gc.get_threshold()
    gc.freeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


class Garbage:
    """A cycle, which only the garbage collector ends."""

    def __init__(self, last_words):
        self.me = self
        self.last_words = last_words

    def __del__(self):
        self.last_words()


def while_collected(work, last_words, allocations):
    """Do ``work``; after so many allocations the collector comes, and ``last_words`` are called in the midst of it."""
    gc.collect()
    gc.disable()
    Garbage(last_words)
    gc.set_threshold(allocations)
    gc.enable()
    work()
    gc.disable()


@pytest.mark.usefixtures("_collector_as_it_was")
def test_a_finalizer_that_writes_while_its_thread_reads_neither_hangs_nor_is_lost():
    catalog = Catalog()
    running = catalog.gauge("running", "R.", chart=SERVED).labels()
    seconds = catalog.histogram("h_seconds", "H.", buckets=(1, 2), chart=SERVED).labels()
    seconds.observe(1)
    seconds.settle()

    def read():
        for allocations in range(1, 60):
            while_collected(seconds.point, running.dec, allocations)
        gc.collect()

    assert ends(read)
    assert running.value == -59


@pytest.mark.usefixtures("_collector_as_it_was")
@pytest.mark.parametrize("shared", [True, False])
def test_a_finalizer_that_makes_series_while_its_thread_makes_one_gets_cells_of_its_own(directory, shared):
    catalog = Workers(directory).catalog if shared else Catalog()
    calls = catalog.counter("calls_total", "C.", labels=(Label("client", bound=1000),), chart=SERVED)
    made = []

    def write():
        for number in range(1, 150):

            def finalize(number=number):
                calls.labels(client=f"finalized {number}").inc()
                made.append(number)

            while_collected(lambda number=number: calls.labels(client=f"{number}").inc(), finalize, number)
        gc.collect()

    assert ends(write)
    lines = exposition(catalog)[0].decode().splitlines()
    counted = [line.rpartition(" ")[2] for line in lines if not line.startswith("#")]
    assert counted == ["1.0"] * (149 + len(made))
    assert len(made) == 149


def test_a_signal_handler_may_write_while_its_thread_holds_the_lock(directory):
    workers = Workers(directory)
    signals = workers.catalog.counter("signals_total", "S.", chart=SERVED).labels()

    def hang(*_):
        raise TimeoutError

    before = {signal.SIGALRM: signal.signal(signal.SIGALRM, hang)}
    before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, lambda *_: signals.inc())
    signal.alarm(10)
    try:
        with workers._shared._store.lock:
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
    assert signals.value == 1


def test_the_line_about_a_full_disk_is_counted_in_the_store_that_met_it(directory, monkeypatch):
    """Whoever makes a series holds the store's lock, and finds no space; the line that says so is counted there."""
    workers = Workers(directory)
    telemetry = configure_telemetry("shop", workers=workers, stream=io.StringIO(), share=False)
    calls = workers.catalog.counter("calls_total", "C.", labels=(Label("client", bound=2000),), chart=SERVED)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)

    def serve():
        for number in range(1500):
            calls.labels(client=str(number)).inc()

    assert ends(serve)
    assert telemetry.metrics.log_events.labels(level="error").value >= 1
    assert sum(series.value for series in calls.series()) == 1500
