"""The budget of a group is exact whoever counts: trackers end before and after their saves, workers at any moment."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.metrics import OUTCOME_VALUES, Label, Matcher, NotCharted
from exai_sre.metrics.multiprocess import Workers
from exai_sre.slo import EventsIndicator, Point, SloTracker, make_slo
from exai_sre.testing import VirtualClock

SLO = make_slo("a", "shop", Decimal("0.9"), EventsIndicator("calls_total", bad=(Matcher("outcome", ("error",)),)))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("serve"), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("tick"), st.booleans(), st.just(0)),
        st.tuples(st.just("kill"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("take over"), st.just(0), st.just(0)),
    ),
    max_size=30,
)


class Group:
    """Three workers and the tracker of one of them, beside plain counts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = VirtualClock()
        self.stored: dict[tuple[int, int], Point] = {}
        self.good = self.bad = 0
        self.workers = [self.begin() for _ in range(3)]
        self.take_over()

    def begin(self) -> Workers:
        workers = Workers(self.directory)
        label = Label("outcome", values=OUTCOME_VALUES)
        workers.catalog.counter("calls_total", "C.", labels=(label,), chart=NotCharted("a test")).ensure()
        return workers

    def serve(self, which: int, calls: int) -> None:
        family = self.workers[which].catalog.family("calls_total")
        for number in range(calls):
            outcome = "ok" if number % 3 else "error"
            family.labels(outcome=outcome).inc()
            self.good += outcome == "ok"
            self.bad += outcome == "error"

    def kill(self, which: int) -> None:
        self.workers[which].close()
        self.workers[which] = self.begin()
        if which == 0:
            self.take_over()

    def take_over(self) -> None:
        """The tracker of the first worker is gone; what it did not save is gone with it."""
        self.clock.advance(0.5)
        self.workers[0].gather()
        merged, born = self.workers[0].merged, self.workers[0].born
        self.tracker = SloTracker([SLO], merged, clock=self.clock, replica="r", born=born)
        self.tracker.restore(self.stored.values())

    def tick(self, saved: bool = True) -> None:
        self.clock.advance(1.0)
        self.workers[0].gather()
        self.tracker.tick()
        points = self.tracker.points()
        if saved:
            self.stored.update({(point.resolution, point.slot): point for point in points})
        else:
            # Points of a tick that was not saved are not handed out again: who saves none of them, dies.
            self.take_over()

    def check(self) -> None:
        self.tick()
        (status,) = self.tracker.status()
        assert (status.good, status.total) == (self.good, self.good + self.bad)


@settings(max_examples=int(os.environ.get("EXAI_WORKER_HISTORIES", "15")), deadline=None)
@given(STEPS)
def test_every_event_is_in_the_budget_once(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        group = Group(Path(folder))
        for step, which, calls in steps:
            if step == "serve":
                group.serve(which, calls)
            elif step == "tick":
                group.tick(saved=bool(which))
            elif step == "kill":
                group.kill(which)
            else:
                group.take_over()
        group.check()
        group.take_over()
        group.check()
        for workers in group.workers:
            workers.close()
