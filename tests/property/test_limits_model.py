"""Retry budget and bulkhead against slow plain references, by scripts of bytes."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exai_sre.resilience import RetryBudget
from exai_sre.resilience.bulkhead_engine import BulkheadEngine, Ticket
from exai_sre.testing import VirtualClock
from tests.property.reference_limits import ReferenceBudget, ReferenceBulkhead

SCRIPTS = st.binary(min_size=800, max_size=800)

LOCKSTEP = settings(
    max_examples=40, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=HealthCheck
)

# multiples of 1/8 add without rounding
BUDGETS = st.fixed_dictionaries(
    {
        "share": st.sampled_from([0.0, 0.125, 0.5]),
        "per_second": st.sampled_from([0.0, 0.125, 1.0]),
        "reserve": st.sampled_from([0.0, 2.0, 5.0]),
        "cap": st.sampled_from([5.0, 8.0]),
    }
)


@LOCKSTEP
@given(BUDGETS, SCRIPTS)
def test_the_budget_grants_what_its_reference_grants(options, script):
    clock = VirtualClock()
    budget, reference = RetryBudget(**options, clock=clock), ReferenceBudget(**options)
    for byte in script:
        action, eighths = byte % 4, byte // 4 % 16
        if action == 0:
            budget.earn()
            reference.earn()
        elif action == 1:
            assert budget.spend() == reference.spend()
        elif action == 2:
            clock.advance(eighths / 8)
            reference.wait(eighths / 8)
        else:
            assert budget.balance == reference.tokens


class Bulkheads:
    """The engine and the reference, told the same."""

    def __init__(self, limit: int, queue: int) -> None:
        self.engine = BulkheadEngine(limit, queue)
        self.reference = ReferenceBulkhead(limit, queue)
        self.tickets: dict[int, Ticket] = {}
        self.woken: list[int] = []
        self.born = 0

    def arrive(self) -> None:
        name, self.born = self.born, self.born + 1
        expected = self.reference.arrive(name)
        if self.engine.admit():
            assert expected == "runs"
            return
        ticket = self.engine.enqueue(lambda: self.woken.append(name))
        assert expected == ("refused" if ticket is None else "waits")
        if ticket is not None:
            self.tickets[name] = ticket

    def leave(self, name: int) -> None:
        waiting = list(self.reference.waiting)
        self.reference.leave(name)
        if name in waiting:
            self.engine.withdraw(self.tickets.pop(name))
        elif name in self.tickets and name % 2:
            # one that was handed a slot and gives up before it takes it: the same as an end
            self.engine.withdraw(self.tickets.pop(name))
        else:
            self.engine.release()
        for gone in set(waiting) - set(self.reference.waiting) - {name}:
            assert self.woken.pop() == gone
            assert self.tickets[gone].granted

    def compare(self) -> None:
        assert self.engine.running == len(self.reference.running)
        assert self.engine.waiting == len(self.reference.waiting)
        assert not self.woken


@LOCKSTEP
@given(st.integers(1, 4), st.integers(0, 4), SCRIPTS)
def test_the_bulkhead_lets_run_and_wait_whom_its_reference_does(limit, queue, script):
    pair = Bulkheads(limit, queue)
    for byte in script:
        present = pair.reference.running + pair.reference.waiting
        if byte < 140 or not present:
            pair.arrive()
        else:
            pair.leave(present[byte % len(present)])
        pair.compare()
