"""What a phase of the script should bring about, and when."""

from __future__ import annotations

from server.demo.flow import Beat, Flow
from server.demo.prediction import Prediction, breaker_prediction, burn_predictions, page_prediction
from server.demo.script import OUTAGE, SLOW_DOWN, Phase
from server.demo.stage import Rhythm, Stage

__all__ = ["forecast"]


def forecast(phase: Phase, stage: Stage, rate: float, *, tick: Beat, rhythm: Rhythm | None) -> list[Prediction]:
    """The predictions of ``phase``, soonest first; none for one without a known fault.

    Args:
        phase: what begins now.
        stage: the server, with what its windows hold.
        rate: calls per second.
        tick: the tracker's ticks, in seconds since the fault.
        rhythm: when Prometheus looks, in seconds since the fault; ``None`` without one.
    """
    if phase.name == OUTAGE:
        found = _outage(phase, stage, rate, tick, rhythm)
    elif phase.name == SLOW_DOWN:
        flow = Flow(rate, (phase.fault["first_chunk"] + stage.timing.answer,))
        found = _burn("first-token", phase, stage, flow, tick, phase.seconds)
    else:
        found = []
    return sorted(found, key=lambda each: each.predicted)


def _outage(phase: Phase, stage: Stage, rate: float, tick: Beat, rhythm: Rhythm | None) -> list[Prediction]:
    """Every attempt fails; each call makes as many as retry allows, one after the other."""
    timing = stage.timing
    again = timing.answer + timing.retry_wait
    flow = Flow(rate, tuple(timing.answer + number * again for number in range(timing.attempts)))
    name = f"upstream-{phase.provider}"
    history = sum(status.good for status in stage.statuses() if status.slo.name == name) / rate
    found = breaker_prediction(
        phase.provider, flow, stage.breaker, fault=phase.name, within=phase.seconds, history=history
    )
    # Once the breaker is open hardly an attempt is made, so nothing more is burnt.
    burning = min([phase.seconds, *(each.predicted - tick.every / 2 for each in found)])
    found += _burn(name, phase, stage, flow, tick, burning)
    if rhythm is not None:
        found += page_prediction(flow, rhythm, fault=phase.name, within=phase.seconds)
    return found


def _burn(name: str, phase: Phase, stage: Stage, flow: Flow, tick: Beat, within: float) -> list[Prediction]:
    status = next((status for status in stage.statuses() if status.slo.name == name), None)
    if status is None:
        return []
    return burn_predictions(status.slo, flow, fault=phase.name, events=status.good, tick=tick, within=within)
