"""The simulation behind the headline against a real Prometheus that holds the same samples."""

from __future__ import annotations

import sys
from math import isnan

import pytest

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.slo.tiers import TIERS
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running

pytestmark = pytest.mark.needs_prometheus

START, MINUTES, BUDGET = 1_767_225_600, 600, 0.001


@pytest.fixture(scope="module")
def bench(root):
    sys.path.insert(0, str(root / "benchmarks"))
    yield
    sys.path.remove(str(root / "benchmarks"))


@pytest.fixture(scope="module")
def days(bench):
    from noisy_days.days import Service, make_days
    from noisy_days.incidents import Outage

    outages = [
        Outage("a", "", "", 0, 3.0, ((25, 0.3),), ("slice",)),
        Outage("b", "", "", 0, 5.0, ((120, 0.01),), ("slice",)),
        Outage("c", "", "", 0, 8.5, ((9, 1.0),), ("slice",)),
    ]
    service = Service("slice", 2, 4.0, 0.5, 0.004, crashes=900, gaps=300, lost=1500)
    return make_days(service, outages, 3, MINUTES)


@pytest.fixture(scope="module")
def prometheus(days, tmp_path_factory):
    series = {}
    for one in days.series:
        code = "500" if one.bad else "200"
        points = [
            (float(START + 60 * (one.first + at) + one.offset), value)
            for at, value in enumerate(one.values)
            if not isnan(value)
        ]
        series[f'requests_total{{code="{code}",instance="{one.instance}"}}'] = points
    directory = tmp_path_factory.mktemp("headline") / "data"
    import_history(directory, openmetrics(series))
    with prometheus_running(directory) as url:
        yield PrometheusApi(url)


def asked(prometheus, expr):
    """Values of an expression at the end of each minute."""
    found = prometheus.query_range(expr, START + 60, START + 60 * MINUTES, 60)
    return {round(at - START) // 60 - 1: value for one in found for at, value in one.points}


ALL, BAD = "requests_total", 'requests_total{code="500"}'


@pytest.mark.parametrize("window", [5, 15, 30, 60, 360])
def test_each_increase_is_that_of_prometheus(prometheus, days, window):
    from noisy_days.rates import increases

    mine = increases(days.series, window, MINUTES)
    for selector, values in ((ALL, mine.total), (BAD, mine.bad)):
        theirs = asked(prometheus, f"sum(increase({selector}[{window}m]))")
        assert theirs.keys() == {at for at in range(MINUTES) if mine.present[at]}
        assert [values[at] for at in theirs] == pytest.approx(list(theirs.values()), rel=1e-9, abs=1e-9)


def sloth_page(windows=(("5m", "1h", 0.0144), ("30m", "6h", 0.006))):
    def ratio(window):
        return f"(sum(rate({BAD}[{window}])) / sum(rate({ALL}[{window}])))"

    return " or ".join(f"({ratio(short)} > {limit} and {ratio(long)} > {limit})" for short, long, limit in windows)


def our_page():
    """Our two page tiers, with what the rules record as subqueries; one step short of the window's left edge."""
    errors, total = f"sum(increase({BAD}[5m]))", f"sum(increase({ALL}[5m]))"

    def gate(tier):
        long = f"{tier.long // 60 - 1}m59s"
        least = tier.min_failures - 0.5
        return f"(max_over_time(({errors})[4m59s:1m]) > {least} or sum_over_time(({errors})[{long}:1m]) / 5 > {least})"

    def ratio(window, *, summed):
        if summed:
            text = f"{window // 60 - 1}m59s"
            return f"(sum_over_time(({errors})[{text}:1m]) / sum_over_time(({total})[{text}:1m]))"
        return f"(sum(increase({BAD}[{window}s])) / sum(increase({ALL}[{window}s])))"

    parts = []
    for tier in (tier for tier in TIERS if tier.severity == "page"):
        limit = float(tier.factor) * BUDGET
        long = ratio(tier.long, summed=tier.long > 7200)
        parts.append(f"({ratio(tier.short, summed=False)} > {limit} and {long} > {limit} and {gate(tier)})")
    return " or ".join(parts)


def test_the_rules_page_in_the_same_minutes_as_in_prometheus(prometheus, days):
    from noisy_days.rules import RULES, Raw

    raw = Raw(days)
    for name, expr in (("Sloth", sloth_page()), ("exai-sre", our_page())):
        pages = RULES[name](raw, BUDGET).pages
        assert pages
        assert pages == sorted(asked(prometheus, expr)), name


def test_the_thirty_days_of_sloth_are_those_of_prometheus(prometheus, days):
    from noisy_days.rules import RULES, Raw

    expr = f"avg_over_time((sum(rate({BAD}[5m])) / sum(rate({ALL}[5m])))[{MINUTES - 1}m59s:1m])"
    theirs = prometheus.query(expr, START + 60 * MINUTES)[0].value
    assert RULES["Sloth"](Raw(days), BUDGET).ratio == pytest.approx(theirs, rel=1e-9, nan_ok=True)


def test_the_headline_has_a_row_for_each_promise(bench):
    import headline

    tally = headline.Tally(1, ["x"], {"busy": [1, 2], "quiet": []}, [0.01, float("nan")])
    text = headline.table(dict.fromkeys(("Sloth", "naive", "exai-sre"), tally))
    assert "| False pages | 1 | 1 | 1 |" in text
    assert "none paged" in text
    assert "no value (NaN)" in text
    assert len({line.count("|") for line in text.splitlines()}) == 1


def test_the_samples_that_the_headline_counts_are_those_that_prometheus_reads(bench):
    from noisy_days.rules import samples_per_evaluation

    from benchmarks.bench_rule_cost import rule_costs

    counted = rule_costs(30)
    for name, rules in (("Sloth", "sloth"), ("exai-sre", "ours")):
        assert samples_per_evaluation(name, 20, 10) == pytest.approx(counted[rules].total, rel=0.1)
