"""Our rules read a tenth of the samples that Sloth's read, or less, as a real Prometheus counts them."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytestmark = pytest.mark.needs_prometheus


@pytest.fixture(scope="module")
def bench(root):
    spec = importlib.util.spec_from_file_location("bench_rule_cost", root / "benchmarks/bench_rule_cost.py")
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_an_slo_over_thirty_series_reads_a_tenth_of_sloths_samples_or_less(bench):
    costs = bench.rule_costs(30)
    assert costs["sloth"].sli == 276_662
    assert costs["sloth"].sli / costs["ours"].sli >= 10
