"""The breaker's engine and a slow plain reference never disagree, whatever happens in whatever order."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exai_sre.outcome import Outcome
from exai_sre.resilience.breaker_engine import BreakerEngine, Permit, Rejection
from exai_sre.resilience.breaker_options import BreakerOptions, BreakerState
from tests.property.breaker_script import VERDICTS, growing
from tests.property.reference_breaker import ReferenceBreaker, ReferencePermit

# multiples of 1/8 add without rounding, so that times can meet limits exactly
TIMES = st.integers(0, 200).map(lambda eighths: eighths / 8)


class BreakerAgainstReference(RuleBasedStateMachine):
    """Calls begin, answer and end at any time; time passes; someone turns the switches."""

    @initialize(
        failure_rate=st.sampled_from([0.1, 0.3, 0.5, 1.0]),
        slow_rate=st.sampled_from([0.3, 1.0]),
        slow_after=st.sampled_from([None, 1.0]),
        minimum_calls=st.integers(1, 5),
        half_open_calls=st.integers(1, 3),
        half_open_limit=st.sampled_from([2.0, 20.0]),
        open_for=st.sampled_from([5.0, growing]),
    )
    def build(self, **options):
        self.now = 1000.0
        settled = {"window": 10.0, **options}
        self.told = [BreakerState.CLOSED]
        self.engine = BreakerEngine(BreakerOptions(**settled), self.changed)
        self.reference = ReferenceBreaker(**settled)
        self.running: list[tuple[Permit, ReferencePermit]] = []

    def changed(self, old, new):
        assert old == self.told[-1]
        assert old != new
        self.told.append(new)

    @rule()
    def begin(self):
        mine, theirs = self.engine.admit(self.now), self.reference.admit(self.now)
        assert isinstance(mine, Rejection) == isinstance(theirs, tuple)
        if isinstance(mine, Rejection):
            least, most = theirs
            assert 0 < least <= mine.retry_after <= most
        else:
            self.running.append((mine, theirs))

    @rule(count=st.integers(2, 6), outcome=st.sampled_from([Outcome.OK, Outcome.UPSTREAM_ERROR]))
    def several_calls(self, count, outcome):
        for _ in range(count):
            before = len(self.running)
            self.begin()
            if len(self.running) > before:
                self.finish(*self.running.pop(), outcome)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def answer(self, data):
        mine, theirs = data.draw(st.sampled_from(self.running))
        if mine.answered_at is None:
            mine.answered_at = theirs.answered = self.now

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(list(Outcome)))
    def end(self, data, outcome):
        at = data.draw(st.integers(0, len(self.running) - 1))
        self.finish(*self.running.pop(at), outcome)

    def finish(self, mine, theirs, outcome):
        self.engine.record(mine, outcome, self.now)
        self.reference.record(theirs, VERDICTS[outcome], self.now)

    @rule(seconds=TIMES)
    def wait(self, seconds):
        self.now += seconds

    @rule(seconds=st.sampled_from([2.0, 5.0, 10.0, 20.0]))
    def wait_to_a_limit(self, seconds):
        self.now += seconds

    @rule(state=st.sampled_from(["forced_open", "disabled", "metrics_only", "closed"]))
    def switch(self, state):
        self.engine.put(BreakerState(state), self.now)
        self.reference.put(state, self.now)

    @invariant()
    def same_state_and_counts(self):
        self.reference.catch_up(self.now)
        assert self.engine.state(self.now) == self.reference.state == self.told[-1]
        recent = self.reference.in_window(self.now)
        counts = len(recent), sum(failed for _, failed, _ in recent), sum(slow for _, _, slow in recent)
        assert self.engine.counts(self.now) == counts
        assert (self.engine.retry_after(self.now) > 0) == self.reference.refuses()


TestBreakerAgainstReference = BreakerAgainstReference.TestCase
TestBreakerAgainstReference.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
