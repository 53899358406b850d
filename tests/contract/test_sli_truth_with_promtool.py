"""What recorded series say where naive rules lie: gaps, first errors, total failure, groups, missing data."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exai_sre.generate import RuleOptions
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, make_slo
from exai_sre.slo.indicators import GaugeIndicator
from tests.contract.promtool_rig import assert_holds, steps

pytestmark = pytest.mark.needs_prometheus

GOOD = (Matcher("outcome", ("ok",)),)
CALLS = EventsIndicator("calls_total", good=GOOD)
SPLIT = EventsIndicator("calls_total", good=(*GOOD, Matcher("instance", ("a",))))
"""Good events that no one selector of bad ones complements."""
RATIO, ERRORS, TOTAL = "slo:sli_error:ratio_rate", "slo:sli_error:increase5m", "slo:sli_total:increase5m"
LEFT = "slo:period_error_budget_remaining:ratio"
UNASKED = ("rate2h", "rate1d", "increase1d")
"""Ends of names of series that no statement is about: leaving them out makes promtool quicker."""


def rules(*indicators, options=None, **more):
    """The rules of an SLO for each indicator, named by their numbers from 0 on."""
    made = []
    for number, indicator in enumerate(indicators):
        slo = make_slo(str(number), "shop", Decimal("0.999"), indicator, **more)
        every = [*sli_rules(slo, options or RuleOptions()), *meta_rules(slo)]
        made.append({"name": slo.id, "rules": [rule for rule in every if not rule["record"].endswith(UNASKED)]})
    return made


def each(count, statements):
    """Statements about every one of so many SLOs: ``$`` stands for the selector of one."""
    return [
        (at, query.replace("$", f'{{sloth_slo="{number}"}}')) for number in range(count) for at, query in statements
    ]


def calls(outcome, *stretches, where='job="shop",instance="a"', **labels):
    more = "".join(f',{name}="{value}"' for name, value in labels.items())
    return {f'calls_total{{outcome="{outcome}",{where}{more}}}': " ".join(stretches)}


def near(query, value, tolerance=1e-9):
    return f"abs({query} - {value}) <= {tolerance}"


def none(query):
    return f"absent({query})"


def test_an_idle_gap_leaves_neither_nan_nor_a_hole(tmp_path):
    series = calls("ok", steps((60, 60), (0, 60), (60, 60))) | calls("error", steps((0, 30), (6, 30), (0, 120)))
    # NaN is not at least 0, and a missing value holds for nothing.
    statements = [(at, f"{RATIO}{window} >= 0") for at in ("80m", "110m", "150m") for window in ("6h", "3d", "30d")]
    statements += [("110m", none(f"{RATIO}5m")), ("110m", f"{TOTAL} == 0"), ("150m", f"{RATIO}5m == 0")]
    statements += [("110m", near(LEFT, "(1 - slo:sli_error:ratio_rate30d / 0.001)", 1e-6))]
    statements += [("110m", near(f"{RATIO}30d", 180 / 3780, 0.002))]
    assert_holds(tmp_path, rules(CALLS), series, statements)


@pytest.mark.parametrize("windows", ["recorded", "raw"])
def test_before_the_first_error_there_is_an_sli_and_it_is_0(tmp_path, windows):
    indicators = (
        CALLS,
        EventsIndicator("calls_total", bad=(Matcher("outcome", ("error",)),)),
        SPLIT,
        QueryIndicator(good=None, bad='sum(rate(calls_total{outcome="error"}[{{.window}}]))', total="calls_total"),
        QueryIndicator(good='calls_total{outcome="ok"}', bad=None, total="sum(calls_total)"),
    )
    statements = [("40m", f"{RATIO}{window}$ == 0") for window in ("5m", "30m", "1h", "6h", "3d", "30d")]
    statements += [("40m", f"{LEFT}$ == 1"), ("40m", f"{ERRORS}$ == 0")]
    made = rules(*indicators, options=RuleOptions(windows=windows))
    assert_holds(tmp_path, made, calls("ok", steps((60, 50))), each(len(indicators), statements))


def test_the_first_error_of_a_new_series_counts(tmp_path):
    indicators = (
        CALLS,
        SPLIT,
        QueryIndicator(good=None, bad='calls_total{outcome="error"}', total="calls_total"),
        QueryIndicator(
            good='sum(increase(calls_total{outcome="ok"}[{{.window}}]))',
            bad=None,
            total="sum(increase(calls_total[{{.window}}]))",
        ),
    )
    series = calls("ok", steps((60, 180))) | calls("error", "_x60 2x119")
    statements = [
        ("60m", near(f"{ERRORS}$", 2)),
        ("64m", near(f"{ERRORS}$", 2)),
        ("70m", near(f"{ERRORS}$", 0)),
        ("64m", near(f"{RATIO}5m$", 2 / 302)),
        ("110m", near(f"{RATIO}1h$", 2 / 3602)),
        # The events of the first five minutes are not yet in recorded increases.
        ("110m", near(f"{RATIO}6h$", 2 / 6480, 2e-6)),
        ("110m", near(f"{RATIO}30d$", 2 / 6480, 2e-6)),
    ]
    assert_holds(tmp_path, rules(*indicators), series, each(len(indicators), statements))


def test_what_comes_back_with_its_target_is_no_first_error(tmp_path):
    # Twenty minutes without a scrape, then counters that have lived for long.
    gap = "_x20"
    series = calls("ok", "9000+60x59", gap, "13800+60x60") | calls("error", "500x59", gap, "500x60")
    statements = [(f"{minute}m", f"(sum({ERRORS}) or vector(0)) == 0") for minute in (5, 62, 79, 80, 81, 90, 130)]
    statements += [("130m", f"{RATIO}{window} == 0") for window in ("1h", "6h", "30d")]
    assert_holds(tmp_path, rules(CALLS), series, statements)


def test_the_first_event_of_all_counts_where_the_target_was_up(tmp_path):
    job = (Matcher("job", ("shop",)),)
    series = {'up{job="shop",instance="a"}': "1x120"} | calls("error", "_x29 1x90")
    statements = [("30m", near(TOTAL, 1)), ("30m", near(f"{RATIO}5m", 1)), ("50m", near(f"{RATIO}1h", 1))]
    assert_holds(tmp_path, rules(EventsIndicator("calls_total", job, good=GOOD)), series, statements)


@pytest.mark.parametrize("windows", ["recorded", "raw"])
def test_a_service_that_only_ever_failed_has_ratio_1(tmp_path, windows):
    statements = [("40m", near(f"{RATIO}{window}$", 1)) for window in ("5m", "1h", "6h", "30d")]
    made = rules(CALLS, SPLIT, options=RuleOptions(windows=windows))
    assert_holds(tmp_path, made, calls("error", steps((6, 60))), each(2, statements))


@pytest.mark.parametrize(("missing", "low", "high"), [("excluded", 0, 0), ("good", 0, 0), ("bad", 0.2, 0.27)])
def test_a_scrape_gap_spends_budget_only_where_the_slo_says_so(tmp_path, missing, low, high):
    series = calls("ok", "0+60x119", "_x60", "7200+60x60") | calls("error", "0x119 _x60 0x60")
    statements = [("3h58m", f"({RATIO}{window} >= {low}) <= {high}") for window in ("6h", "30d")]
    if missing == "excluded":
        statements += [("2h40m", none(TOTAL)), ("2h40m", near(f"{RATIO}30d", 0))]
    else:
        # As many events as usual: the first half-hour of the history was not a full one.
        statements += [("2h40m", near(TOTAL, 240, 30)), ("2h40m", near(f"{RATIO}5m", int(missing == "bad")))]
    statements += [("3h58m", f"({TOTAL} > 290) < 310")]
    assert_holds(tmp_path, rules(CALLS, missing=missing), series, statements)


def test_an_slo_whose_missing_data_are_bad_is_bad_before_any_came(tmp_path):
    probe = GaugeIndicator("probe_success", "gte", Decimal(1))
    made = rules(CALLS, probe, missing="bad")
    assert_holds(
        tmp_path, made, {"unrelated": "0x60"}, each(2, [("40m", f"{RATIO}30d$ == 1"), ("40m", f"{RATIO}1h$ == 1")])
    )


UNEVEN = (TOTAL, ERRORS, "slo:sli_total:tile30m", "slo:sli_error:tile30m", f"{RATIO}5m", f"{RATIO}4d")
PERIOD = 4
"""Days of the period: longer than what is summed minute by minute, and short enough for promtool."""


def test_the_budget_of_a_period_is_weighted_by_events_on_uneven_traffic(tmp_path):
    # Eight hours a day with 600 events a minute, sixteen with 6; one hour of the second day with a tenth bad.
    rates = [600 if 8 <= at % 24 < 16 else 6 for at in range(24 * PERIOD + 1)]
    end, series, made, statements = 24 * PERIOD, {}, [], []
    for case, hour in (("peak", 12), ("night", 2)):
        bad = [rate / 10 if at == 24 + hour else 0 for at, rate in enumerate(rates)]
        good = [rate - failed for rate, failed in zip(rates, bad, strict=True)]
        series |= {
            f'{case}_total{{outcome="ok"}}': steps(*((rate, 60) for rate in good)),
            f'{case}_total{{outcome="error"}}': steps(*((rate, 60) for rate in bad)),
        }
        slo = make_slo(case, "shop", Decimal("0.999"), EventsIndicator(f"{case}_total", good=GOOD))
        every = sli_rules(replace(slo, window=PERIOD * 86_400), RuleOptions())
        made.append({"name": case, "rules": [rule for rule in every if rule["record"] in UNEVEN]})
        truth, which = sum(bad[:end]) / sum(rates[:end]), f'{{sloth_slo="{case}"}}'
        mean = f"avg_over_time({RATIO}5m{which}[{PERIOD}d]) / {truth}"
        statements += [
            (f"{end}h", near(f"({RATIO}{PERIOD}d{which} / {truth})", 1, 0.005)),
            # The mean of ratios, which is what Sloth records, is off by a factor of more than two.
            (f"{end}h", f"{mean} < 0.5" if case == "peak" else f"{mean} > 2"),
        ]
    assert_holds(tmp_path, made, series, statements, evaluation="5m")
