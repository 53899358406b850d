"""A fixed sample of the mutants of one rule file: the shipped tests notice them. All of them: ``make mutants``."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from exai_sre.metrics import Matcher
from exai_sre.slo.indicators import EventsIndicator
from exai_sre.slo.model import make_slo
from exai_sre.slo.tiers import BurnTier
from tests.mutants.judge import Judge
from tests.mutants.liveness import can_yield
from tests.mutants.mutations import mutants
from tests.mutants.slices import Slicer
from tests.mutants.subjects import Subject, subject_of

EVERY = 47
"""Every that many mutants one is tried: with all kinds of change, in rules of all kinds."""

TINY_RULES = """
groups:
- name: recordings
  rules:
  - {record: shop:a, expr: sum(a)}
  - {record: shop:b, expr: sum(b) > 2}
- name: alerts
  rules:
  - {alert: High, expr: 'shop:a > 3', for: 1m, labels: {severity: page}}
  - {alert: Gone, expr: absent(shop:b), labels: {severity: ticket}}
"""
TINY_TEST = """
rule_files: [../tiny.rules.yaml]
evaluation_interval: 1m
group_eval_order: [recordings, alerts]
tests:
- name: both are summed
  interval: 1m
  input_series: [{series: 'a{x="1"}', values: 3 4 4}, {series: b, values: 1 5 5}]
  alert_rule_test:
  - {alertname: High, eval_time: 2m, exp_alerts: [{exp_labels: {severity: page}}]}
  - {alertname: High, eval_time: 1m, exp_alerts: []}
  promql_expr_test:
  - {expr: 'shop:b', eval_time: 1m, exp_samples: [{labels: 'shop:b', value: 5}]}
- name: nothing comes in
  interval: 1m
  input_series: []
  alert_rule_test:
  - {alertname: Gone, eval_time: 0s, exp_alerts: [{exp_labels: {severity: ticket}}]}
"""


def rules_with(expr):
    return {"groups": [{"name": "g", "rules": [{"alert": "X", "expr": expr, "labels": {"a": "b"}, "for": "10m"}]}]}


def test_each_threshold_window_label_and_comparison_is_changed():
    made = {
        (mutant.kind, mutant.what) for mutant in mutants(rules_with('x{l="v"}[5m] > 2.5 and ratio_rate1h == bool 0'))
    }
    assert made == {
        ("label", "X: = -> != at 3"),
        ("label", 'X: "v" -> "vx" at 4'),
        ("label", "X: a=b changed"),
        ("window", "X: 5m -> 10m at 9"),
        ("window", "X: 5m -> 2m30s at 9"),
        ("window", "X: 1h -> 2h at 33"),
        ("window", "X: 1h -> 30m at 33"),
        ("window", "X: for 10m doubled"),
        ("window", "X: for dropped"),
        ("comparison", "X: > -> >= at 13"),
        ("comparison", "X: > -> <= at 13"),
        ("comparison", "X: and -> or at 19"),
        ("comparison", "X: and -> unless at 19"),
        ("comparison", "X: == -> != at 36"),
        ("threshold", "X: 2.5 -> 2.75 at 15"),
        ("threshold", "X: 2.5 -> 2.25 at 15"),
        ("threshold", "X: 0 -> 1 at 44"),
    }


@pytest.mark.parametrize(
    ("expr", "names", "expected"),
    [
        ("rate(a[5m]) / b", {"a"}, False),
        ("rate(a[5m]) / b", {"a", "b"}, True),
        ("a or b", {"b"}, True),
        ("a and b", {"b"}, False),
        ("a unless b", {"a"}, True),
        ("sum by (x) (-a)", {"b"}, False),
        ("absent(a)", set(), True),
        ("vector(1) > 0", set(), True),
        ('{__name__=~"a.*"}', set(), True),
        ("sum_over_time((a * 2)[30m:1m])", {"a"}, True),
    ],
)
def test_a_query_can_have_a_result_where_its_series_are(expr, names, expected):
    assert can_yield(expr, names) == expected


def tiny_slices(number, expr):
    rules, test = yaml.safe_load(TINY_RULES), yaml.safe_load(TINY_TEST)
    slicer = Slicer(rules, {"tiny.test.yaml": test})
    changed = {**[rule for group in rules["groups"] for rule in group["rules"]][number], "expr": expr}
    return [slicer.files(each, changed) for each in slicer.slices(number, changed)]


def test_a_slice_holds_what_sees_the_changed_rule_and_no_more():
    ((rules, test),) = tiny_slices(0, "max(a)")
    assert [[rule.get("expr") for rule in group["rules"]] for group in rules["groups"]] == [["max(a)"], ["shop:a > 3"]]
    (case,) = test["tests"]
    assert len(case["alert_rule_test"]) == 2
    assert case["promql_expr_test"] == []
    assert [each["series"] for each in case["input_series"]] == ['a{x="1"}']


def test_a_rule_without_results_in_a_case_is_not_seen_there():
    # In the second case there is nothing to sum, whatever it is compared with; but what is always there shows.
    assert [test["tests"][0]["name"] for _, test in tiny_slices(1, "sum(b) > 3")] == ["both are summed"]
    assert len(tiny_slices(1, "sum(b) > 3 or vector(1)")) == 2


@pytest.mark.needs_prometheus
def test_only_changes_that_no_check_sees_survive(tmp_path):
    judge = Judge(Subject("tiny", TINY_RULES, {"tiny.test.yaml": TINY_TEST}), tmp_path)
    made = list(mutants(judge.rules))
    assert len(made) == 12
    assert [mutant.what for mutant in judge.survivors(made)] == [
        "shop:b: > -> >= at 7",
        "shop:b: 2 -> 2.2 at 9",
        "shop:b: 2 -> 1.8 at 9",
        "High: 3 -> 3.3 at 9",
    ]


@pytest.mark.needs_prometheus
def test_a_test_that_fails_anyway_judges_nobody(tmp_path):
    wrong = TINY_TEST.replace("value: 5", "value: 6")
    judge = Judge(Subject("tiny", TINY_RULES, {"tiny.test.yaml": wrong}), tmp_path)
    with pytest.raises(AssertionError, match="fails on the rules as generated"):
        judge.survivors(list(mutants(judge.rules)))


@pytest.mark.needs_prometheus
def test_a_sample_of_mutants_is_noticed(tmp_path):
    good = EventsIndicator("calls_total", (Matcher("method", ("call",)),), good=(Matcher("outcome", ("ok",)),))
    tier = BurnTier("1.5x", Decimal("1.5"), 6 * 3600, 1800, "page", 10)
    judge = Judge(subject_of(make_slo("api", "shop", Decimal("0.5"), good, tiers=(tier,))), tmp_path)
    sample = list(mutants(judge.rules))[::EVERY]
    assert len(sample) >= 12
    assert {mutant.kind for mutant in sample} >= {"label", "window", "threshold", "comparison"}
    survivors = [mutant.what for mutant in judge.survivors(sample)]
    assert len(survivors) <= len(sample) // 20, survivors
