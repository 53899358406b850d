"""What a tick costs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from statistics import median

import pytest


@pytest.mark.parametrize("shape", ["counter", "outcome", "bound"])
def test_a_tick_over_twenty_slos_of_thirty_series_takes_at_most_a_millisecond_real_clock(
    root: Path, shape: str
) -> None:
    """The quickest of ten batches counts: the others say how busy the machine is."""
    spec = importlib.util.spec_from_file_location("bench_tracker", root / "benchmarks" / "bench_tracker.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    batches = [median(bench.tick_seconds(shape, busy=False, ticks=50)) for _ in range(10)]
    assert min(batches) <= 1e-3
