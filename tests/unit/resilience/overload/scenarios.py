"""Overloads of several shapes and kinds of work, and what is said of a run through one of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from exai_sre.resilience import Bulkhead, Pipeline
from exai_sre.resilience.adaptive_limit import AdaptiveLimit
from exai_sre.resilience.load_shedder import LoadShedder
from tests.unit.resilience.overload.simulation import Now, Record, Service, Simulation

BEGIN, END, LAST = 10, 25, 31
"""Seconds: the overload lasts from ``BEGIN`` to ``END``, the run until ``LAST``."""

USUAL, OVERLOAD = 0.7, 3.0
"""Offered load as a multiple of the capacity."""


def step(time: float) -> float:
    return OVERLOAD if BEGIN <= time < END else USUAL


def ramp(time: float) -> float:
    """Up for half of the overload, down for a quarter."""
    half, quarter = BEGIN + (END - BEGIN) / 2, END - (END - BEGIN) / 4
    rise = (time - BEGIN) / (half - BEGIN)
    fall = (END - time) / (END - quarter)
    return USUAL + (OVERLOAD - USUAL) * max(0.0, min(1.0, rise, fall))


def bursts(time: float) -> float:
    """Two seconds of overload out of every five."""
    return OVERLOAD if BEGIN <= time < END and (time - BEGIN) % 5 < 2 else USUAL


SHAPES: dict[str, Callable[[float], float]] = {"step": step, "ramp": ramp, "bursts": bursts}


def heavy_tail(index: float) -> Callable[[random.Random], float]:
    """Pareto with mean 1, cut at 30 times the mean."""
    return lambda rng: min(30.0, rng.paretovariate(index) * (index - 1) / index)


WORK: dict[str, Callable[[random.Random], float]] = {
    "even": lambda rng: rng.uniform(0.5, 1.5),
    "exponential": lambda rng: rng.expovariate(1.0),
    "lognormal": lambda rng: rng.lognormvariate(-0.5, 1.0),
    "heavy tail": heavy_tail(2.1),
    "very heavy tail": heavy_tail(1.5),
}


def protected(clock: Now) -> Pipeline:
    """Load shedder and adaptive limit, both with their defaults."""
    limit = AdaptiveLimit("service")
    return Pipeline("protected", LoadShedder("service", limit=limit), limit, clock=clock)


def unshed(clock: Now) -> Pipeline:
    """The adaptive limit alone."""
    return Pipeline("unshed", AdaptiveLimit("service"), clock=clock)


def bounded_queue(clock: Now) -> Pipeline:
    """What is often done: room for a thousand calls, in service or waiting for it."""
    return Pipeline("bounded queue", Bulkhead(1000), clock=clock)


@dataclass(frozen=True)
class Verdict:
    """What the goals ask of a run.

    Attributes:
        goodput: answers in time during the overload, as a share of what was possible.
        slower: p99 of the highest priority in the overload, as a multiple of the unloaded one.
        served: share of the calls of the highest priority that were answered in time.
        before: share of all calls that were answered in time before the overload.
        recovered: whole seconds after the overload until 95 % of all calls are answered again.
    """

    goodput: float
    slower: float
    served: float
    before: float
    recovered: int


@cache
def unloaded_p99(service: Service, seed: int) -> float:
    """p99 of a service that is nearly idle."""
    record = Simulation(service, lambda _: 0.2, bounded_queue, seed).run(150)
    return record.p99(0, 150, 3)


def possible(service: Service, load: Callable[[float], float]) -> float:
    """Answers that a service with perfect control could give during the overload."""
    steps = 100 * (END - BEGIN)
    shares = [min(1.0, load(BEGIN + (number + 0.5) / 100)) for number in range(steps)]
    return sum(shares) / 100 * service.capacity


def judge(record: Record, service: Service, load: Callable[[float], float], seed: int) -> Verdict:
    """What became of a run."""
    well = [second for second in range(END, LAST) if record.share_answered(second, second + 1) >= 0.95]
    return Verdict(
        goodput=record.answers(BEGIN, END) / possible(service, load),
        slower=record.p99(BEGIN, END, 0) / unloaded_p99(service, seed),
        served=record.share_answered(BEGIN, END, 0),
        before=record.share_answered(BEGIN - 5, BEGIN),
        recovered=min(well, default=LAST) - END,
    )


def run(shape: str, service: Service, make: Callable[[Now], Pipeline], seed: int) -> Verdict:
    """Run a service through an overload and judge it."""
    load = SHAPES[shape]
    return judge(Simulation(service, load, make, seed).run(LAST), service, load, seed)
