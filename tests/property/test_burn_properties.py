"""Burn rates in closed form against a simulation on a fine grid."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.slo import BurnTier, detection_time, reset_time

STEPS = 8000


def simulated(
    tier: BurnTier, budget: Decimal, rate: float, history: float, duration: float
) -> tuple[float | None, float | None, float]:
    """First firing after the start, first silence after the end, and the grid's step, all in seconds."""
    step = (duration + 2 * tier.long) / STEPS
    threshold = float(tier.threshold(budget))

    def ratio(now: float, window: int) -> float:
        begin = max(now - window, -history)
        bad = rate * max(min(now, duration) - max(begin, 0.0), 0.0)
        return bad / (now - begin) if now > begin else 0.0

    def fires(now: float) -> bool:
        return ratio(now, tier.long) > threshold and ratio(now, tier.short) > threshold

    times = [number * step for number in range(STEPS + 1)]
    detected = next((now for now in times if now <= duration and fires(now)), None)
    if detected is None:
        return None, None, step
    reset = next(now - duration for now in times if now > duration and not fires(now))
    return detected, reset, step


@settings(max_examples=60, deadline=None)
@given(
    factor=st.decimals("0.5", "20", places=1),
    budget=st.sampled_from([Decimal("0.001"), Decimal("0.005"), Decimal("0.05")]),
    rate=st.floats(0.001, 1.0),
    short=st.integers(60, 600),
    times=st.integers(2, 12),
    history_share=st.floats(0, 2),
    duration_share=st.floats(0.01, 2),
)
def test_detection_and_reset_are_what_a_simulation_finds(
    factor: Decimal, budget: Decimal, rate: float, short: int, times: int, history_share: float, duration_share: float
) -> None:
    tier = BurnTier("t", factor, short * times, short, "page")
    history, duration = history_share * tier.long, duration_share * tier.long
    detected = detection_time(tier, budget, rate, history)
    reset = reset_time(tier, budget, rate, duration, history)
    seen_detected, seen_reset, step = simulated(tier, budget, rate, history, duration)
    if seen_detected is None:
        assert detected is None or detected > duration - step
    else:
        assert detected is not None
        assert detected - step <= seen_detected <= detected + step * 1.01
    if seen_reset is not None and reset is not None:
        assert abs(seen_reset - reset) <= 1.01 * step


@settings(max_examples=60, deadline=None)
@given(rate=st.floats(0.02, 1), earlier=st.floats(0, 10_000), later=st.floats(0, 10_000))
def test_more_clean_history_never_speeds_detection_up(rate: float, earlier: float, later: float) -> None:
    tier, budget = BurnTier("14.4x", Decimal("14.4"), 3600, 300, "page"), Decimal("0.001")
    less, more = sorted((earlier, later))
    quick, slow = detection_time(tier, budget, rate, less), detection_time(tier, budget, rate, more)
    assert quick is not None
    assert slow is not None
    assert quick <= slow <= 3600
