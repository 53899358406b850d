"""Every kind of indicator, grouped and not, as promtool computes it: counts, ratios and budgets."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.generate import RuleOptions
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, make_slo
from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, RawIndicator, SliceIndicator
from exai_sre.slo.model import Calendar
from tests.contract.promtool_rig import assert_holds, steps

pytestmark = pytest.mark.needs_prometheus

CALLS = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
PROBE = GaugeIndicator('probe_success{job="x"}', "gte", Decimal(1))
SHARE = 'sum(rate(calls_total{outcome="error"}[{{.window}}])) / sum(rate(calls_total[{{.window}}]))'
BY_TOOL = 'sum by (tool) (rate(jobs_total{ok="no"}[{{.window}}])) / sum by (tool) (rate(jobs_total[{{.window}}]))'

TRAFFIC = {
    # A minute's sixth is bad for ten minutes from the sixtieth on.
    'calls_total{outcome="ok",instance="a"}': steps((60, 60), (50, 10), (60, 80)),
    'calls_total{outcome="error",instance="a"}': steps((0, 60), (10, 10), (0, 80)),
    'probe_success{job="x",instance="1"}': "1x59 0x29 1x60",
    'probe_success{job="x",instance="2"}': "1x150",
    "satisfaction": "0.75x150",
    'age_seconds{job="backup"}': "0+60x150",
    **{
        f'jobs_total{{tool="{tool}",ok="{ok}",instance="a"}}': steps((rate if ok == "yes" else bad, 150))
        for tool, rate, bad in (("a", 60, 0), ("b", 30, 1), ("c", 6, 2), ("other", 3, 3))
        for ok in ("yes", "no")
    },
    'spans_bucket{le="1",instance="go"}': steps((9, 150)),
    'spans_bucket{le="+Inf",instance="go"}': steps((10, 150)),
    'spans_count{instance="go"}': steps((10, 150)),
}


UNASKED = ("rate2h", "rate1d", "rate3d", "increase1d", "increase3d")
"""Ends of names of series that no statement is about: leaving them out makes promtool quicker."""


def groups(**indicators):
    """The rules of one SLO for each indicator, which may come with more of :func:`make_slo`."""
    made = []
    for name, given in indicators.items():
        indicator, more = given if isinstance(given, tuple) else (given, {})
        slo = make_slo(name, "shop", Decimal("0.99"), indicator, **more)
        rules = [*sli_rules(slo, RuleOptions()), *meta_rules(slo)]
        made.append({"name": name, "rules": [rule for rule in rules if not rule["record"].endswith(UNASKED)]})
    return made


def is_(at, series, slo, value, tolerance=1e-9, **labels):
    chosen = ",".join(f'{name}="{text}"' for name, text in {"sloth_slo": slo, **labels}.items())
    return at, f"abs({series}{{{chosen}}} - {value}) <= {tolerance}"


def ratio(at, window, slo, value, tolerance=1e-9, **labels):
    return is_(at, f"slo:sli_error:ratio_rate{window}", slo, value, tolerance, **labels)


def errors(at, slo, value, **labels):
    return is_(at, "slo:sli_error:increase5m", slo, value, **labels)


def total(at, slo, value, **labels):
    return is_(at, "slo:sli_total:increase5m", slo, value, **labels)


def test_each_kind_counts_what_it_says(tmp_path):
    made = groups(
        probe=PROBE,
        stale=GaugeIndicator("age_seconds", "lt", Decimal(3600)),
        slices=SliceIndicator(CALLS, 300, Decimal("0.95")),
        shares=SliceIndicator(CALLS, 300),
        probing=SliceIndicator(PROBE, 600, Decimal("0.9")),
        ready=RawIndicator(SHARE),
        gauge=RawIndicator("satisfaction", success=True),
        computed=RawIndicator("1 - satisfaction * 1"),
        fast=EventsIndicator("spans", good=(), within=1.0),
    )
    assert_holds(
        tmp_path,
        made,
        TRAFFIC,
        [
            total("70m", "probe", 10),
            errors("70m", "probe", 5),
            ratio("90m", "30m", "probe", 29 / 60),
            ratio("120m", "1h", "probe", 29 / 120),
            ratio("120m", "30d", "probe", 30 / 240, 0.003),
            # Younger than an hour up to the sixtieth minute.
            ratio("120m", "30m", "stale", 1),
            ratio("89m", "1h", "stale", 0.5),
            errors("66m", "slices", 1),
            total("66m", "slices", 1),
            ratio("120m", "1h", "slices", 2 / 12),
            ratio("120m", "30d", "slices", 2 / 24, 0.005),
            errors("66m", "shares", 1 / 6),
            ratio("120m", "1h", "shares", 2 / 12 / 6),
            # Three of the six slices of ten minutes had an instance down.
            ratio("120m", "1h", "probing", 0.5),
            total("120m", "probing", 0.5),
            ratio("120m", "1h", "ready", 10 / 360 / 1.0, 1e-9),
            total("120m", "ready", 1),
            ratio("120m", "1h", "gauge", 0.25),
            ratio("120m", "30d", "gauge", 0.25),
            ratio("120m", "1h", "computed", 0.25),
            # Go writes the bound as 1, Python as 1.0.
            ratio("120m", "1h", "fast", 0.1),
        ],
    )


def test_a_composite_is_the_weighted_mean_of_what_has_data(tmp_path):
    gone = GaugeIndicator("not_there", "gte", Decimal(1))
    parts = (Component("calls", Decimal("3"), CALLS), Component("probe", Decimal("1"), PROBE))
    made = groups(
        both=CompositeIndicator(parts),
        some=CompositeIndicator((*parts, Component("gone", Decimal("4"), gone))),
        sliced=CompositeIndicator((Component("shares", Decimal("0.5"), SliceIndicator(CALLS, 300)),)),
    )
    hour = (3 * 100 / 3600 + 30 / 120) / 4
    component = 'slo:sli_component_error:ratio_rate5m{sloth_slo="both",sli_component="probe"}'
    assert_holds(
        tmp_path,
        made,
        TRAFFIC,
        [
            ratio("118m", "1h", "both", hour, 1e-3),
            ratio("118m", "1h", "some", hour, 1e-3),
            ratio("70m", "5m", "both", (3 / 6 + 1 / 2) / 4),
            ("70m", f"{component} == 0.5"),
            total("70m", "both", 310),
            errors("70m", "both", 310 / 4),
            ratio("118m", "30d", "both", (3 * 100 / 7200 + 30 / 240) / 4, 2e-3),
            ratio("120m", "1h", "sliced", 2 / 12 / 6),
            ("120m", 'slo:period_error_budget_remaining:ratio{sloth_slo="both"} < 0'),
        ],
    )


def test_each_group_has_its_budget_and_the_rest_is_counted_together(tmp_path):
    jobs = EventsIndicator("jobs_total", good=(Matcher("ok", ("yes",)),))
    template = QueryIndicator(
        good=None,
        bad='sum by (tool) (rate(jobs_total{ok="no"}[{{.window}}]))',
        total="sum by (tool) (rate(jobs_total[{{.window}}]))",
    )
    by = {"group_by": ("tool",)}
    capped = {**by, "group_limit": 2}
    made = groups(
        all=(jobs, by),
        two=(jobs, capped),
        asked=(template, capped),
        ready=(RawIndicator(BY_TOOL), capped),
        probe=(PROBE, {"group_by": ("instance",), "group_limit": 1}),
        sliced=(SliceIndicator(jobs, 300, Decimal("0.9")), capped),
        parts=(CompositeIndicator((Component("jobs", Decimal("2"), jobs),)), capped),
    )
    ours = "slo:period_error_budget_remaining:ratio"
    assert_holds(
        tmp_path,
        made,
        TRAFFIC,
        [
            ratio("40m", "1h", "all", 0.25, tool="c"),
            ratio("40m", "1h", "all", 0.5, tool="other"),
            ("40m", 'count(slo:sli_total:increase5m{sloth_slo="all"}) == 4'),
            # A group that is called like the rest is one of the rest: 5 of 14 events.
            *(ratio("40m", window, "two", 5 / 14, tool="other") for window in ("5m", "1h", "6h", "30d")),
            *(ratio("40m", window, "two", 1 / 31, tool="b") for window in ("5m", "1h", "6h", "30d")),
            ("40m", 'count(slo:sli_total:increase5m{sloth_slo="two"}) == 3'),
            ratio("40m", "1h", "asked", 5 / 14, tool="other"),
            total("40m", "asked", 70, tool="other"),
            is_("40m", ours, "two", 1, tool="a"),
            is_("40m", ours, "two", 1 - (1 / 31) / 0.01, tool="b"),
            # Ready-made ratios weigh the same, so any two may be chosen; the rest is one.
            ("40m", 'count(slo:sli_error:ratio_rate1h{sloth_slo="ready"}) == 3'),
            ("40m", 'count(slo:sli_error:ratio_rate1h{sloth_slo="ready",tool="other"}) == 1'),
            ("40m", 'count(slo:sli_total:increase5m{sloth_slo="probe"}) == 2'),
            ratio("40m", "1h", "sliced", 1, tool="other"),
            ratio("40m", "1h", "sliced", 0, tool="b"),
            ratio("40m", "1h", "parts", 1 / 31, tool="b"),
            ratio("40m", "30d", "parts", 5 / 14, tool="other"),
        ],
    )


def test_a_group_keeps_its_place_until_it_is_gone(tmp_path):
    jobs = EventsIndicator("jobs_total", good=(Matcher("ok", ("yes",)),))
    series = {
        'jobs_total{tool="early",ok="yes"}': f"{steps((5, 200))} _x200",
        'jobs_total{tool="later",ok="yes"}': f"_x60 {steps((500, 340))}",
    }
    assert_holds(
        tmp_path,
        groups(one=(jobs, {"group_by": ("tool",), "group_limit": 1})),
        series,
        [
            ("180m", 'slo:sli_group:member{tool="early"} == 1'),
            total("180m", "one", 2500, tool="other"),
            ("6h", 'slo:sli_group:member{tool="later"} == 1'),
            ("6h", "count(slo:sli_group:member) == 1"),
        ],
    )


OF_A_PERIOD = ("index", "increase5m", "tile30m", "ratio_rate30d")
"""Ends of names of the series from which the budget of a period comes."""

EDGES = {
    # promtool's clock begins in 1970, in Berlin an hour after local midnight, in Kolkata five and a half.
    "day": (Calendar("2026-01-05T05:00:00", "Europe/Berlin", "d"), 4),
    "kolkata": (Calendar("1970-01-01T10:00:00", "Asia/Kolkata", "d"), 4.5),
    "week": (Calendar("1970-01-01T05:00:00", "UTC", "w"), 5),
    "month": (Calendar("1970-01-01T04:00:00", "UTC", "M"), 4),
    "quarter": (Calendar("1969-10-01T04:00:00", "UTC", "Q"), 4),
    "year": (Calendar("1969-01-01T04:00:00", "UTC", "Y"), 4),
}


def test_the_budget_of_a_calendar_window_begins_anew_at_its_start(tmp_path):
    # Every second event is bad from the first to the second hour, and none later.
    series = {
        'calls_total{outcome="ok"}': steps((60, 7 * 60)),
        'calls_total{outcome="error"}': steps((0, 60), (60, 60), (0, 5 * 60)),
    }
    made = groups(**{name: (CALLS, {"calendar": calendar}) for name, (calendar, _) in EDGES.items()})
    for group in made:
        group["rules"] = [rule for rule in group["rules"] if rule["record"].endswith(OF_A_PERIOD)]
    statements = []
    for name, (_, edge) in EDGES.items():
        minutes = int(edge * 60)
        statements += [
            ratio(f"{minutes - 5}m", "30d", name, 3600 / (60 * (minutes - 5) + 3600), 0.005),
            ratio(f"{minutes + 5}m", "30d", name, 0),
            ratio(f"{minutes + 60}m", "30d", name, 0),
        ]
    assert_holds(tmp_path, made, series, statements, evaluation="5m")
