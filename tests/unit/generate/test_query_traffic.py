"""Traffic made from the selectors of two queries: what each of them would count."""

from __future__ import annotations

import pytest

from exai_sre.generate.query_traffic import query_kinds
from exai_sre.slo.indicators import QueryIndicator

RANGE = "[{{.window}}]"


def verdicts(**queries):
    """Series by what their events are to the SLO."""
    found = {}
    for kind in query_kinds(QueryIndicator(**{"good": None, "bad": None, **queries})):
        found.setdefault(kind.verdict, []).append(kind.series)
    return found


def test_values_of_a_regular_expression_are_taken_from_its_alternatives():
    found = verdicts(
        bad=f'sum(rate(x_total{{job="a",code=~"(5..|429)"}}{RANGE}))', total=f'sum(rate(x_total{{job="a"}}{RANGE}))'
    )
    assert found["bad"] == [('x_total{code="500",job="a"}',), ('x_total{code="429",job="a"}',)]
    assert found["good"] == [('x_total{code="other",job="a"}',)]
    assert ('x_total{code="other",job="other"}',) in found["foreign"]


def test_good_events_that_are_named_leave_bad_ones():
    found = verdicts(good='x_total{code!~"5.."}', total="x_total")
    assert found == {"bad": [('x_total{code="500"}',)], "good": [('x_total{code="other"}',)]}


def test_an_event_of_two_metrics_counts_in_both():
    found = verdicts(good="good_total", total='all_total{a="b"}')
    assert found == {
        "bad": [('all_total{a="b",event="a"}',)],
        "good": [('all_total{a="b",event="b"}', "good_total")],
    }
    assert verdicts(bad="bad_total", total="all_total")["good"] == [('all_total{event="a"}',)]


@pytest.mark.parametrize(
    ("bad", "total"),
    [
        (f"sum(rate(x_total{RANGE})) * 2", "x_total"),
        ("x_total offset 5m", "x_total"),
        ("x_total", "x_total"),
        ('x_total{a="("}', 'x_total{a=~"("}'),
        ('bad_total{a="b",a="c"}', "all_total"),
    ],
)
def test_what_is_more_than_two_plain_counters_has_no_traffic(bad, total):
    assert verdicts(bad=bad, total=total) == {}
