"""Two rule sets side by side: what differs, for how long, and when there is nothing to compare."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import promql_parser
import pytest

from exai_sre.backtest.prometheus_answers import Series
from exai_sre.backtest.rule_sets import pyrra_rules, shadow_rule_set, sloth_rules
from exai_sre.backtest.shadow_report import compare_rule_sets, compared_windows
from exai_sre.backtest.shadow_text import shadow_data, shadow_text
from exai_sre.slo import QueryIndicator, make_slo

SLO = make_slo("api", "shop", Decimal("0.999"), QueryIndicator("good_total", None, "all_total"))
GROUPED = make_slo(
    "tools", "shop", Decimal("0.99"), QueryIndicator("good_total", None, "all_total"), group_by=("tool",)
)
THEIRS, OURS = sloth_rules(), shadow_rule_set("trial")


def series(*values, start=0, step=60, **labels):
    return Series(labels, [(start + at * step, value) for at, value in enumerate(values) if value is not None])


def compare(answers, slo=SLO, **more):
    asked = []

    def query_range(expr, start, end, step):
        asked.append(expr)
        return answers.get(expr, [])

    found = compare_rule_sets([slo], query_range, theirs=THEIRS, ours=OURS, start=0, end=600, **more)
    return next(found), asked


def ratio(difference, window=300):
    return next(each for each in difference.ratios if each.window == window)


def test_equal_ratios_do_not_differ_and_others_do_by_so_much():
    answers = {
        THEIRS.ratio(SLO, 300): [series(0.0, 0.1, 0.3, None, math.nan, 0.5)],
        OURS.ratio(SLO, 300): [series(0.0, 0.1, 0.1, 0.2, 0.4, 0.5)],
    }
    found = ratio(compare(answers)[0])
    assert (found.compared, found.only_theirs, found.only_ours) == (4, 0, 2)
    assert found.largest == pytest.approx(0.2)
    assert found.mean == pytest.approx(0.05)
    assert found.at == 120


def test_groups_are_compared_with_themselves():
    answers = {
        THEIRS.ratio(GROUPED, 300): [series(0.1, tool="chat"), series(0.4, tool="plan"), series(0.9, tool="old")],
        OURS.ratio(GROUPED, 300): [series(0.1, tool="chat"), series(0.3, tool="plan")],
    }
    found = ratio(compare(answers, GROUPED)[0])
    assert (found.compared, found.only_theirs, found.only_ours) == (2, 1, 0)
    assert found.largest == pytest.approx(0.1)


def test_minutes_in_which_one_alert_fired_alone_are_counted():
    answers = {
        THEIRS.ratio(SLO, 300): [series(0.1)],
        OURS.ratio(SLO, 300): [series(0.1)],
        THEIRS.firing(SLO, "page"): [series(1, 1, 1, a="x"), series(None, None, 1, 1, a="y")],
        OURS.firing(SLO, "page"): [series(None, 1, 1, 1, 1, 1)],
    }
    found, _ = compare(answers)
    page, ticket = found.firing
    assert (page.both, page.only_theirs, page.only_ours) == (3, 1, 2)
    assert (ticket.both, ticket.only_theirs, ticket.only_ours) == (0, 0, 0)
    assert not found.agrees


def test_a_step_of_thirty_seconds_is_half_a_minute():
    answers = {THEIRS.firing(SLO, "ticket"): [series(1, step=30)]}
    assert compare(answers, step=30.0)[0].firing[1].only_theirs == 0.5


def test_the_budget_is_the_last_value_of_the_worst_group():
    answers = {
        THEIRS.remaining(GROUPED): [series(0.9, 0.5, tool="a"), series(0.2, 0.7, tool="b"), Series({"tool": "c"})],
        OURS.remaining(GROUPED): [series(math.nan, tool="a")],
    }
    found, _ = compare(answers, GROUPED)
    assert (found.budget_theirs, found.budget_ours) == (0.5, None)


def test_without_any_data_nothing_agrees():
    found, _ = compare({})
    assert not found.comparable
    assert not found.agrees
    assert "of 1 there is nothing to compare: do both rule sets run?" in shadow_text([found], theirs="a", ours="b")


def test_the_same_on_both_sides_agrees():
    answers = {THEIRS.ratio(SLO, 300): [series(0.1)], OURS.ratio(SLO, 300): [series(0.1)]}
    found, _ = compare(answers)
    assert found.agrees
    assert shadow_text([found], theirs="a", ours="b").endswith("\n\n1 of 1 SLOs alerted in the same minutes\n")


def test_the_text_has_a_row_for_each_window():
    answers = {
        THEIRS.ratio(SLO, 300): [series(0.5)],
        OURS.ratio(SLO, 300): [series(0.25)],
        THEIRS.remaining(SLO): [series(0.75)],
    }
    lines = shadow_text([compare(answers)[0]], theirs="sloth", ours="trial").splitlines()
    assert lines[0] == "shop-api"
    assert lines[2].split() == ["5m", "2.50e-01", "2.50e-01", "1", "0", "0", "1970-01-01", "00:00"]
    assert [line.split()[0] for line in lines[2:10]] == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    assert lines[3].split()[1:] == ["-", "-", "0", "0", "0", "-"]
    assert lines[10] == "  budget left at the end: sloth 75.00%, trial unknown"
    assert lines[11] == "  page: both 0 min, only sloth 0 min, only trial 0 min"


def test_the_data_can_be_written_as_json():
    (made,) = shadow_data([compare({})[0]])
    assert json.loads(json.dumps(made))["comparable"] is False
    assert made["ratios"][0]["window"] == 300


def test_progress_tells_each_slo():
    told = []
    compare({}, progress=told.append)
    assert told == ["shop-api"]


def test_windows_end_with_that_of_the_slo():
    week = make_slo("w", "shop", Decimal("0.99"), SLO.indicator, window=28 * 86_400)
    assert compared_windows(week)[-2:] == [3 * 86_400, 28 * 86_400]


@pytest.mark.parametrize("rules", [THEIRS, OURS, pyrra_rules()], ids=lambda rules: rules.name)
def test_every_query_parses_whatever_the_names(rules):
    odd = make_slo("a", "shop", Decimal("0.99"), SLO.indicator)
    object.__setattr__(odd, "name", 'a"} or vector(1) #')
    queries = [rules.ratio(odd, 300), rules.remaining(odd), rules.firing(odd, "page"), rules.firing(odd, "ticket")]
    for query in filter(None, queries):
        assert type(promql_parser.parse(query)).__name__ == "VectorSelector"


def test_a_shadow_is_never_taken_for_the_rules_in_force():
    assert 'shadow=""' in THEIRS.firing(SLO, "page")
    assert 'shadow="trial"' in OURS.firing(SLO, "page")
    assert OURS.ratio(SLO, 300) == f"trial:{THEIRS.ratio(SLO, 300)}"


def test_pyrra_records_no_budget_and_nothing_is_asked_for_it():
    asked = []

    def query_range(expr, start, end, step):
        asked.append(expr)
        return []

    list(compare_rule_sets([SLO], query_range, theirs=pyrra_rules(), ours=OURS, start=0, end=60))
    assert "" not in asked
    assert '{__name__=~".+:burnrate5m", slo="api"}' in asked
