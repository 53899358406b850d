"""Processes forked from one another: each writes to a file of its own, whatever it bound before."""

from __future__ import annotations

import os
import signal

import pytest

from exai_sre.errors import StoreError
from exai_sre.metrics.families import ProcessMetrics
from exai_sre.metrics.multiprocess_files import CellDirectory
from exai_sre.metrics.process import ProcessSampler
from tests.unit.metrics.workers_group import SERVED, Worker, cell_files


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "group"


def test_a_forked_child_counts_for_itself_and_holds_no_lock_of_its_parent(directory):
    worker = Worker(directory)
    series, timed, running = worker.calls.labels(client="a"), worker.seconds.labels(), worker.running.labels()
    series.inc()
    running.set(1)
    assert worker.workers.lead()
    tick = series.tick
    ready, tell = os.pipe()
    end, let_end = os.pipe()
    child = os.fork()
    if child == 0:
        series.inc(10)
        tick()
        timed.observe(0.5)
        running.set(5)
        os.write(tell, str(int(worker.workers.lead())).encode())
        os.read(end, 1)
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.read(ready, 1) == b"0"
    series.inc(100)
    read = worker.read()
    assert (read['calls_total{client="a"}'], read["call_seconds_count"], read["running_calls"]) == (112, 1, 6)
    worker.die()
    other = Worker(directory)
    assert other.read()["running_calls"] == 5
    assert other.workers.lead()
    os.write(let_end, b"x")
    os.waitpid(child, 0)
    assert other.read()["running_calls"] == 0
    other.workers.fold()
    assert other.read()['calls_total{client="a"}'] == 112
    assert len(cell_files(directory)) == 2
    for descriptor in (ready, tell, end, let_end):
        os.close(descriptor)


@pytest.fixture
def forked(directory, monkeypatch):
    """A worker, and what turns it into the child that was forked from it."""
    hooks = {}
    monkeypatch.setattr(os, "register_at_fork", lambda **given: hooks.update(given))
    worker = Worker(directory)

    def become_child():
        hooks["before"]()
        hooks["after_in_child"]()

    worker.hooks, worker.become_child = hooks, become_child
    return worker


def test_what_was_bound_before_a_fork_writes_to_the_childs_file(directory, forked):
    series, timed, running = forked.calls.labels(client="a"), forked.seconds.labels(), forked.running.labels()
    series.inc()
    timed.observe(0.5)
    running.set(2)
    assert forked.workers.lead()
    forked.become_child()
    assert (series.value, timed.count, running.value) == (0, 0, 0)
    series.inc(10)
    timed.observe(0.05)
    running.set(5)
    other = Worker(directory)
    assert other.workers.lead()
    read = other.read()
    # The lock of the old file is gone with the parent, which does not live here.
    assert (read['calls_total{client="a"}'], read["call_seconds_count"], read["running_calls"]) == (11, 2, 5)
    assert forked.read() == read


def test_a_fork_leaves_the_parent_as_it_was(forked):
    series = forked.calls.labels(client="a")
    series.inc()
    forked.hooks["before"]()
    forked.hooks["after_in_parent"]()
    series.inc()
    assert forked.read()['calls_total{client="a"}'] == 2


def test_nothing_is_done_for_a_group_that_was_left_or_forgotten(directory, forked, monkeypatch):
    files = set(cell_files(directory))
    forked.die()
    forked.become_child()
    assert set(cell_files(directory)) == files
    kept = []
    monkeypatch.setattr("weakref.ref", lambda _shared: kept.append(1) or (lambda: None))
    forgotten = Worker(directory)
    for hook in ("before", "after_in_parent", "after_in_child"):
        forked.hooks[hook]()
    assert kept
    assert len(cell_files(directory)) == 2
    forgotten.die()


def test_a_child_that_gets_no_file_counts_for_itself_alone(directory, forked, monkeypatch, caplog):
    series = forked.calls.labels(client="a")
    series.inc()
    monkeypatch.setattr(CellDirectory, "create", refuse)
    forked.become_child()
    series.inc(10)
    assert series.value == 10
    assert "shared_cells_lost" in caplog.text
    monkeypatch.undo()
    assert Worker(directory).read()['calls_total{client="a"}'] == 1


def test_a_child_forked_after_the_end_begins_nothing(directory):
    worker = Worker(directory)
    worker.die()
    before = set(cell_files(directory))
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert set(cell_files(directory)) == before


def test_a_child_without_a_file_of_its_own_does_not_write_to_its_parents(directory, monkeypatch):
    worker = Worker(directory)
    series = worker.calls.labels(client="a")
    series.inc()
    monkeypatch.setattr(CellDirectory, "create", refuse)
    child = os.fork()
    if child == 0:
        series.inc(10)
        os._exit(int(series.value))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 10
    assert worker.read()['calls_total{client="a"}'] == 1


def test_a_gauge_that_a_child_has_not_set_is_neither_the_least_nor_the_largest(directory):
    worker = Worker(directory)
    ProcessSampler(ProcessMetrics.declare(worker.workers.catalog), version="1")
    left = worker.workers.catalog.gauge("left_ratio", "L.", unit="ratio", across="min", chart=SERVED).labels()
    left.set(0.9)
    worker.worst.labels().set(-1)
    ready, tell = os.pipe()
    end, let_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(tell, b"x")
        os.read(end, 1)
        os._exit(0)
    os.read(ready, 1)
    read = worker.read()
    os.write(let_end, b"x")
    os.waitpid(child, 0)
    assert (read["left_ratio"], read["worst_ratio"]) == (0.9, -1)
    assert read["process_start_time_seconds"] > 0
    for descriptor in (ready, tell, end, let_end):
        os.close(descriptor)


def refuse(_directory):
    raise StoreError("no more", path="x")
