"""Processes that come, count, fold each other and are killed at any moment: nothing is lost or counted twice."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exai_sre.metrics import OVERFLOW
from exai_sre.metrics.multiprocess_files import CellDirectory
from tests.unit.metrics.workers_group import BOUND, Worker, cell_files

CLIENTS = st.sampled_from([f"client {number}" for number in range(2 * BOUND)])
WHICH = st.integers(0, 10)


class Killed(BaseException):
    """The process ends here."""


def killing(*_args: object) -> None:
    raise Killed


def after(step: Callable[..., None]) -> Callable[..., None]:
    """``step``, and death right behind it."""

    def doing(*args: object) -> None:
        step(*args)
        raise Killed

    return doing


REMOVE = CellDirectory.remove
DEATHS = {
    "before the archive": ("replace_archive", killing),
    "after the archive": ("replace_archive", after(CellDirectory.replace_archive)),
    "before files go": ("remove", killing),
    "between two files": ("remove", lambda self, names: (REMOVE(self, sorted(names)[:1]), killing())),
    "after files went": ("remove", after(CellDirectory.remove)),
}


class Group(RuleBasedStateMachine):
    """The group beside a plain count of what was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.directory = Path(self.folder.name)
        self.living: list[Worker] = []
        self.clients: Counter[str] = Counter()
        self.ticks = 0
        self.seconds: list[float] = []

    @initialize()
    def begin(self) -> None:
        self.living.append(Worker(self.directory))

    @precondition(lambda self: len(self.living) < 5)
    @rule()
    def start(self) -> None:
        self.living.append(Worker(self.directory))
        assert len(cell_files(self.directory)) <= len(self.living) + 1

    @rule(which=WHICH, client=CLIENTS, ticks=st.integers(0, 3), seconds=st.sampled_from([0.05, 0.3, 7.0]))
    def serve(self, which: int, client: str, ticks: int, seconds: float) -> None:
        worker = self.living[which % len(self.living)]
        worker.calls.labels(client=client).inc()
        worker.seconds.labels().observe(seconds)
        for _ in range(ticks):
            worker.calls.labels(client=client).tick()
        self.clients[client] += 1 + ticks
        self.seconds.append(seconds)

    @precondition(lambda self: len(self.living) > 1)
    @rule(which=WHICH)
    def kill(self, which: int) -> None:
        self.living.pop(which % len(self.living)).die()

    @precondition(lambda self: len(self.living) > 1)
    @rule(which=WHICH, victims=st.integers(1, 3), death=st.sampled_from(sorted(DEATHS)))
    def kill_while_it_folds(self, which: int, victims: int, death: str) -> None:
        folder = self.living.pop(which % len(self.living))
        for _ in range(min(victims, len(self.living))):
            self.living.pop().die()
        method, dying = DEATHS[death]
        with patch.object(CellDirectory, method, dying), suppress(Killed):
            folder.workers.fold()
        folder.die()
        if not self.living:
            self.living.append(Worker(self.directory))

    @rule()
    def restart_everything(self) -> None:
        for worker in self.living:
            worker.die()
        self.living = [Worker(self.directory)]

    @invariant()
    def every_process_reads_the_same_and_all_of_it(self) -> None:
        reads = [worker.read() for worker in self.living]
        assert all(read == reads[0] for read in reads)
        for read in reads[:1]:
            calls = {name: value for name, value in read.items() if name.startswith("calls_total")}
            assert sum(calls.values()) == self.clients.total()
            own = {
                client: calls[name] for client in self.clients if (name := f'calls_total{{client="{client}"}}') in calls
            }
            assert all(value == self.clients[client] for client, value in own.items())
            assert len(own) == min(len(self.clients), BOUND)
            assert (len(self.clients) > BOUND) == (f'calls_total{{client="{OVERFLOW}"}}' in calls)
            assert read.get("call_seconds_count", 0.0) == len(self.seconds)
            assert abs(read.get("call_seconds_sum", 0.0) - sum(self.seconds)) < 1e-9

    @rule(which=WHICH)
    def fold(self, which: int) -> None:
        self.living[which % len(self.living)].workers.fold()
        assert len(cell_files(self.directory)) <= len(self.living) + 1

    def teardown(self) -> None:
        for worker in self.living:
            worker.die()
        self.folder.cleanup()


TestGroup = Group.TestCase
TestGroup.settings = settings(
    max_examples=int(os.environ.get("EXAI_WORKER_HISTORIES", "15")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
