"""Made-up input of every kind of indicator, what its rules count in it, and why some has none."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from exai_sre.generate import RuleOptions
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.no_data_alert import no_data_alert
from exai_sre.generate.signal_cases import undriven
from exai_sre.generate.signals import NotSimple, Script, signals_of
from exai_sre.slo import QueryIndicator
from exai_sre.slo.indicators import (
    Component,
    CompositeIndicator,
    EventsIndicator,
    GaugeIndicator,
    RawIndicator,
    SliceIndicator,
)

SCRIPT = Script(60, begin=2, length=2, last=8)
PROBE = GaugeIndicator('probe_success{job="x"}', "gte", Decimal(1))


def signal(slo):
    (made,) = signals_of(slo, SCRIPT).values()
    return made


def test_a_gauge_counts_at_each_evaluation_and_stands_on_its_threshold(slo_of):
    made = signal(slo_of(PROBE))
    assert made.series() == {
        'probe_success{job="x",replica="0"}': "1+0x2 1+0x1 1+0x3",
        'probe_success{job="x",replica="1"}': "1+0x2 0+0x1 1+0x3",
        'probe_success{job="other"}': "0+0x2 0+0x1 0+0x3",
    }
    assert made.counts(5, 0) == (0, 2)
    assert made.counts(5, 4) == (2, 10)
    assert made.counts(5, 8) == (1, 10)


@pytest.mark.parametrize(
    ("op", "good", "bad"), [("lt", "4+0x2", "5+0x1"), ("lte", "5+0x2", "6+0x1"), ("gt", "6+0x2", "5+0x1")]
)
def test_the_value_of_the_threshold_is_on_the_side_that_the_comparison_says(slo_of, op, good, bad):
    values = list(signal(slo_of(GaugeIndicator("x", op, Decimal(5)))).series().values())[1]
    assert values.startswith(f"{good} {bad} ")


def test_an_age_is_a_moment_that_moves_on(slo_of):
    made = signal(slo_of(GaugeIndicator("time() - done_seconds", "lt", Decimal(100))))
    assert made.series()['done_seconds{replica="1"}'] == "-99+60x2 80+60x1 201+60x3"


def test_a_ready_made_ratio_is_the_mean_of_its_samples(slo_of):
    made = signal(slo_of(RawIndicator('share{team="a"}', success=True)))
    assert made.series()['share{team="a"}'] == "1+0x2 0.75+0x1 1+0x3"
    assert made.labels == {"team": "a"}
    assert made.counts(5, 5) == (Fraction(1, 4) * 2 / 6, 1)


def test_slices_are_judged_when_they_end(slo_of):
    made = signal(slo_of(SliceIndicator(PROBE, 120, Decimal("0.8"))))
    # Slices end at 0, 2, 4, 6 and 8; that of the third and fourth evaluation is bad.
    assert [made.counts(2, at) for at in (2, 4, 6)] == [(0, 1), (1, 1), (0, 1)]
    assert made.counts(1, 4) == (Fraction(1, 2), Fraction(1, 2))
    assert made.ratio(9, 8) == Fraction(1, 5)


@pytest.mark.parametrize(
    ("indicator", "words"),
    [
        (QueryIndicator(good="x(a[{{.window}}])", bad=None, total="b"), "more than sums of counters"),
        (EventsIndicator("calls", good=(), within=0.5, native=True), "native histograms"),
        (GaugeIndicator("max(x)", "gt", Decimal(1)), "more than a selector"),
        (SliceIndicator(PROBE, 7200), "more than 30 evaluations"),
        (SliceIndicator(PROBE, 90), "do not end at evaluations"),
        (CompositeIndicator(tuple(Component(name, Decimal(1), PROBE) for name in "ab")), "read the same metric"),
        (GaugeIndicator('x{a=~"("}', "gt", Decimal(1)), "no series can be made up"),
    ],
)
def test_what_cannot_be_made_up_says_why_in_the_file(slo_of, indicator, words):
    slo = slo_of(indicator)
    with pytest.raises(NotSimple, match=words):
        signals_of(slo, SCRIPT)
    comment = alert_tests([slo])["shop-api.test.yaml"].splitlines()[1]
    assert comment.startswith("# The input series of this SLO are not made up: ")
    assert words in comment


def test_a_selector_by_the_labels_of_the_groups_is_not_made_up(slo_of):
    assert "labels of its groups" in undriven(slo_of(PROBE, group_by=("job",)), None, RuleOptions())


def test_evaluations_that_do_not_divide_five_minutes_have_no_made_up_input(slo_of):
    assert "a whole number of times" in undriven(slo_of(PROBE), None, RuleOptions(scrape_interval=7))


def test_a_composite_has_data_while_a_component_has(slo_of):
    parts = (Component("a", Decimal(1), PROBE), Component("b", Decimal(2), RawIndicator("share")))
    expr = no_data_alert(slo_of(CompositeIndicator(parts), missing="good"), RuleOptions()).expr
    assert expr.startswith("absent(")
    assert "sum_over_time(slo:sli_component_total:evaluation" in expr
    assert "\n  or\n  (avg(avg_over_time(share[5m]))" in expr
