"""Compiling many SLOs to rule files: CPU seconds, most memory in MB, and bytes of rules, from 100 to 1,000 SLOs.

Each size runs in a process of its own, so that its memory is its own. A quarter of the SLOs each counts
events, asks the user's query, judges a gauge in slices, and combines two components.

``python benchmarks/bench_compile.py [SLOS ...]``
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from decimal import Decimal
from typing import Final

from exai_sre.generate import prometheus_rules
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, Slo, make_slo
from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, Indicator, SliceIndicator

__all__ = ["compile_cost", "many_slos"]

SIZES: Final = (100, 200, 500, 1000)
_CHILD: Final = "--child"


def many_slos(count: int) -> list[Slo]:
    """That many SLOs over different series."""
    return [make_slo(f"slo-{number}", "bench", Decimal("0.999"), _indicator(number)) for number in range(count)]


def _indicator(number: int) -> Indicator:
    events = EventsIndicator(f"calls_{number}_total", good=(Matcher("outcome", ("ok",)),))
    gauge = GaugeIndicator(f"probe_{number}_success", "gte", Decimal(1))
    query = QueryIndicator(good=None, bad=f"bad_{number}_total", total=f"all_{number}_total")
    parts = (Component("events", Decimal(2), events), Component("probe", Decimal(1), gauge))
    kinds: tuple[Indicator, ...] = (
        events,
        query,
        SliceIndicator(gauge, 300, Decimal("0.95")),
        CompositeIndicator(parts),
    )
    return kinds[number % len(kinds)]


def compile_cost(count: int) -> tuple[float, int]:
    """CPU seconds and bytes of the rule files of that many SLOs."""
    slos = many_slos(count)
    start = time.process_time()
    files = prometheus_rules(slos)
    return time.process_time() - start, sum(map(len, files.values()))


def main(sizes: list[int]) -> None:
    """Print one row for each number of SLOs."""
    print(f"{'SLOs':>6} {'CPU s':>8} {'ms per SLO':>11} {'peak MB':>8} {'MB of rules':>12}", flush=True)
    for size in sizes:
        subprocess.run([sys.executable, __file__, _CHILD, str(size)], check=True)


def child(size: int) -> None:
    """Print the row of one number of SLOs."""
    seconds, length = compile_cost(size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{size:>6} {seconds:>8.2f} {seconds / size * 1000:>11.2f} {peak:>8.0f} {length / 1e6:>12.1f}")


if __name__ == "__main__":
    if _CHILD in sys.argv:
        child(int(sys.argv[-1]))
    else:
        main([int(argument) for argument in sys.argv[1:]] or list(SIZES))
