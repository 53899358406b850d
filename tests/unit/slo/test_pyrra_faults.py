"""Pyrra's documents that are refused: each with file, line, field and what to do."""

from __future__ import annotations

import pytest

from tests.unit.slo.foreign_rig import read

GOOD = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: api-errors
spec:
  target: "99.9"
  window: 28d
  indicator:
    ratio:
      errors: {metric: 'requests_total{code=~"5.."}'}
      total: {metric: requests_total}
      grouping: [route]
  alerting:
    absent: false
"""
RATIO = GOOD[GOOD.index("    ratio:") : GOOD.index("  alerting:")]
LATENCY = "    latency:\n      success: {metric: 'd_bucket{MATCHERS}'}\n      total: {metric: d_count}\n"
NATIVE = "    latencyNative:\n      total: {metric: d}\n      latency: LATENCY\n"
BUCKET = "spec.indicator.latency.success.metric"

TABLE = [
    # what is written instead of what, line, field, words of the message
    ("v1alpha1", "v1", 1, "apiVersion", "write pyrra.dev/v1alpha1"),
    ("kind: Service", "kind: Survice", 2, "kind", "write ServiceLevelObjective"),
    ("  name: api-errors", "  namespace: api", 3, "metadata", "the field 'name' is missing"),
    ("api-errors", "api_errors", 4, "metadata.name", "as in RFC 1123"),
    ('  target: "99.9"\n', "", 5, "spec", "the field 'target' is missing"),
    ('"99.9"', "99.9", 6, "spec.target", "put it in quotes: '99.9'"),
    ('"99.9"', '"99,9"', 6, "spec.target", "must be a percentage"),
    ('"99.9"', '"100"', 6, "spec.target", "must lie between 0 and 100"),
    ('"99.9"', '"0"', 6, "spec.target", "must lie between 0 and 100"),
    ('"99.9"', '"0.999"', 6, "spec.target", "write '99.9'"),
    ("28d", "4 w", 7, "spec.window", "write for example 28d or 4w"),
    ("28d", "1M", 7, "spec.window", "is no duration above zero"),
    ("28d", "30m", 7, "spec.window", "too short"),
    ("28d", "2419200", 7, "spec.window", "must be text"),
    ("  window:", "  latency: '1'\n  window:", 7, "spec.latency", "unknown key 'latency'"),
    ("  window:", "  ruleOutput: 5\n  window:", 7, "spec.ruleOutput", "must be a mapping"),
    ("  window:", "  ruleOutput: {labels: {}}\n  window:", 7, "spec.ruleOutput.labels", "unknown key 'labels'"),
    (
        "  window:",
        "  ruleOutput: {enableDescriptionAsLabel: true}\n  window:",
        7,
        "spec.ruleOutput.enableDescriptionAsLabel",
        "remove it; each alert carries it as an annotation",
    ),
    ("  window:", "  partial_response_strategy: no\n  window:", 7, "spec.partial_response_strategy", "must be text"),
    (
        "  window:",
        "  partial_response_strategy: stop\n  window:",
        7,
        "spec.partial_response_strategy",
        "write abort or warn",
    ),
    (
        "  window:",
        "  performanceOverAccuracy: 1\n  window:",
        7,
        "spec.performanceOverAccuracy",
        "must be true or false",
    ),
    (RATIO, "    {}\n", 8, "spec.indicator", "holds no indicator; give exactly one of ratio, latency"),
    (RATIO, RATIO + "    bool_gauge: {metric: up}\n", 8, "spec.indicator", "has both ratio and bool_gauge"),
    ("    ratio:", "    ration:", 9, "spec.indicator.ration", "did you mean 'ratio'?"),
    (
        "{metric: 'requests_total{code=~\"5..\"}'}",
        "requests_total",
        10,
        "spec.indicator.ratio.errors",
        "must be a mapping",
    ),
    (
        '{code=~"5.."}',
        "",
        9,
        "spec.indicator.ratio",
        "counts the same series twice; select only a part of them in errors",
    ),
    (
        "      total: {metric: requests_total}\n",
        "",
        9,
        "spec.indicator.ratio",
        "has only errors of errors, success and total",
    ),
    ("      total: {", "      success: {metric: good}\n      total: {", 9, "spec.indicator.ratio", "has all of errors"),
    (RATIO, "    ratio: {}\n", 9, "spec.indicator.ratio", "has none of errors"),
    (
        "metric: requests_total}",
        "metric: sum(requests_total)}",
        11,
        "spec.indicator.ratio.total.metric",
        "write one selector",
    ),
    ("metric: requests_total}", "metric: 5}", 11, "spec.indicator.ratio.total.metric", "must be text"),
    ("metric: requests_total}", "}", 11, "spec.indicator.ratio.total", "the field 'metric' is missing"),
    ("[route]", "[route, 'a-b']", 12, "spec.indicator.ratio.grouping[1]", "'a-b' is no label name"),
    ("[route]", "[route, __name__]", 12, "spec.indicator.ratio.grouping[1]", "'__name__' is no label name"),
    ("[route]", "[route, route]", 12, "spec.indicator.ratio.grouping", "names 'route' twice"),
    ("[route]", "route", 12, "spec.indicator.ratio.grouping", "must be a list"),
    ("absent: false", "absent: no", 14, "spec.alerting.absent", "must be true or false"),
    ("absent: false", "burnRateType: dynamic", 14, "spec.alerting.burnRateType", "write static"),
    ("absent: false", "severities: {fast: a}", 14, "spec.alerting.severities.fast", "did you mean 'fastBurn'?"),
    ("absent: false", "severities: {absent: p1}", 14, "spec.alerting.severities.absent", "write warning"),
    (
        "absent: false",
        "severities: {fastBurn: p1}",
        14,
        "spec.alerting.severities",
        "burns that page have different severities: critical, p1; give them the same; the usual word is critical",
    ),
    (
        "absent: false",
        "severities: {slowBurn: a, longTermBurn: b}",
        14,
        "spec.alerting.severities",
        "burns that open a ticket have different severities: a, b",
    ),
    ("absent: false", "absentname: x", 14, "spec.alerting.absentname", "did you mean 'absentName'?"),
    (RATIO, LATENCY.replace("{MATCHERS}", ""), 10, BUCKET, 'add le="..."'),
    (RATIO, LATENCY.replace("MATCHERS", 'le="+Inf"'), 10, BUCKET, "does not select one bucket"),
    (RATIO, LATENCY.replace("MATCHERS", 'le=~"1|2"'), 10, BUCKET, "does not select one bucket"),
    (RATIO, LATENCY.replace("MATCHERS", 'le="1",le="2"'), 10, BUCKET, "does not select one bucket"),
    (
        RATIO,
        LATENCY.replace("{metric: d_count}", "{}"),
        11,
        "spec.indicator.latency.total",
        "the field 'metric' is missing",
    ),
    (RATIO, NATIVE.replace("LATENCY", "0ms"), 11, "spec.indicator.latencyNative.latency", "is no duration above zero"),
    (RATIO, NATIVE.replace("LATENCY", "0.2"), 11, "spec.indicator.latencyNative.latency", "must be text"),
    (RATIO, NATIVE.replace("LATENCY", "fast"), 11, "spec.indicator.latencyNative.latency", "write for example 200ms"),
    (
        RATIO,
        NATIVE.replace("metric: d", "metric: 'd[5m]'"),
        10,
        "spec.indicator.latencyNative.total.metric",
        "from '[5m]' on",
    ),
    (RATIO, "    bool_gauge: {metric: up == 1}\n", 9, "spec.indicator.bool_gauge.metric", "write one selector"),
    (RATIO, "    bool_gauge: {}\n", 9, "spec.indicator.bool_gauge", "the field 'metric' is missing"),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "words"), TABLE)
def test_a_fault_names_its_line_field_and_remedy(old: str, new: str, line: int, field: str, words: str) -> None:
    assert old in GOOD
    slos, faults = read(GOOD.replace(old, new, 1))
    assert slos == []
    assert [(fault.file, fault.line, fault.field) for fault in faults if words in str(fault)] == [
        ("slo.yaml", line, field)
    ]
    assert all(fault.remedy for fault in faults)


def test_the_document_that_the_table_spoils_is_sound() -> None:
    slos, faults = read(GOOD)
    assert ([slo.name for slo in slos], faults) == (["api-errors"], [])


def test_faults_of_all_documents_and_fields_come_at_once() -> None:
    spoilt = GOOD.replace("28d", "no").replace('"99.9"', "no").replace("'requests", "'5requests")
    slos, faults = read(f"{GOOD}---\n{spoilt}")
    assert [slo.name for slo in slos] == ["api-errors"]
    assert [(fault.line, fault.field) for fault in faults] == [
        (21, "spec.target"),
        (22, "spec.window"),
        (25, "spec.indicator.ratio.errors.metric"),
    ]


def test_the_faults_of_both_metrics_of_a_ratio_without_total_are_told() -> None:
    parts = "    ratio:\n      errors: {metric: 5}\n      success: {metric: sum(x)}\n"
    _, faults = read(GOOD.replace(RATIO, parts))
    assert [fault.field for fault in faults] == [
        "spec.indicator.ratio.errors.metric",
        "spec.indicator.ratio.success.metric",
    ]
