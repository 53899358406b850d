"""The unit of work in progress and its deadline."""

from exai_sre.clock import SystemClock
from exai_sre.context import (
    Operation,
    current_deadline,
    current_operation,
    deadline_at,
    remaining,
    report_outcome,
    waiting_for_upstream,
)
from exai_sre.outcome import Outcome


class HandClock(SystemClock):
    """A clock moved by hand, in seconds."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


def test_overlapping_waits_count_once_and_a_running_one_counts_so_far():
    clock = HandClock()
    operation = Operation(clock)
    token = current_operation.set(operation)
    with waiting_for_upstream():
        clock.now += 1.0
        with waiting_for_upstream():
            clock.now += 2.0
            assert operation.waited == 3.0
        clock.now += 4.0
    clock.now += 8.0
    current_operation.reset(token)
    assert operation.waited == 7.0


def test_outside_a_unit_of_work_reports_and_waits_go_nowhere():
    report_outcome(Outcome.ERROR)
    with waiting_for_upstream():
        assert current_operation.get() is None


def test_a_report_reaches_the_operation_around_it():
    operation = Operation(HandClock())
    token = current_operation.set(operation)
    report_outcome(Outcome.OVERLOAD)
    current_operation.reset(token)
    assert operation.outcome is Outcome.OVERLOAD


def test_an_inner_deadline_can_only_be_earlier():
    assert remaining(1.0) is None
    with deadline_at(10.0):
        with deadline_at(20.0):
            assert current_deadline.get() == 10.0
        with deadline_at(5.0):
            assert remaining(4.0) == 1.0
            assert remaining(6.0) == 0.0
        assert remaining(6.0) == 4.0
    assert current_deadline.get() is None
