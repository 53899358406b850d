"""The breaker's engine and a slow plain reference, over a great many transitions without a divergence.

``EXAI_TRANSITIONS`` sets how many; ``make resilience-proof`` runs a million.
"""

from __future__ import annotations

import os
import time

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exai_sre.resilience.breaker_options import BreakerState
from tests.property.breaker_script import ACTIONS, Lockstep, growing

SCRIPT = 2000
"""Bytes in a script, and so transitions in a case."""

# a divergence is told with the actions before it; to shrink two thousand bytes takes longer than to read them
PHASES = [Phase.reuse, Phase.generate]

TRANSITIONS = int(os.environ.get("EXAI_TRANSITIONS", "200000"))

OPTIONS = st.fixed_dictionaries(
    {
        "failure_rate": st.sampled_from([0.1, 0.3, 0.5, 1.0]),
        "slow_rate": st.sampled_from([0.3, 1.0]),
        "slow_after": st.sampled_from([None, 1.0]),
        "window": st.sampled_from([5.0, 10.0]),
        "minimum_calls": st.integers(1, 8),
        "open_for": st.sampled_from([5.0, growing]),
        "half_open_calls": st.integers(1, 3),
        "half_open_limit": st.sampled_from([2.0, 20.0]),
    }
)


def test_engine_and_reference_never_diverge(capsys):
    seen, done = set(), 0

    @settings(max_examples=-(-TRANSITIONS // SCRIPT), deadline=None, phases=PHASES, suppress_health_check=HealthCheck)
    @given(OPTIONS, st.binary(min_size=SCRIPT, max_size=SCRIPT))
    def lockstep(options, script):
        nonlocal done
        pair = Lockstep(options)
        done += pair.run(script)
        seen.update(pair.states)

    began, cpu = time.perf_counter(), time.process_time()
    while done < TRANSITIONS:
        lockstep()
    with capsys.disabled():
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"\nbreaker against its reference: {done} transitions in {took:.1f} s, {cpu:.1f} s of CPU")
    assert seen == set(BreakerState)


def test_a_byte_stands_for_each_kind_of_action():
    assert len(ACTIONS) == 256
    assert {name for name, _ in ACTIONS} == {"begin", "end", "answer", "wait", "call", "switch"}
