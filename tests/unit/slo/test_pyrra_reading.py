"""Pyrra's documents that are read: what becomes of each field and each kind of indicator."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exai_sre.slo.indicators import GaugeIndicator, Indicator, QueryIndicator
from exai_sre.slo.model import Alerting, Notice, Slo, Source
from exai_sre.slo.tiers import TIERS
from exai_sre.slo.windows import DAY, WEEK
from tests.unit.slo.foreign_rig import read_one

GOOD = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: api-errors
  namespace: monitoring
  resourceVersion: "77"
  labels: {prometheus: k8s, pyrra.dev/team: web}
  annotations: {pyrra.dev/runbook_url: http://runbooks/api, note: mine}
spec:
  target: "99.9"
  window: 4w
  description: The API answers.
  partial_response_strategy: warn
  performanceOverAccuracy: true
  indicator:
    ratio:
      errors: {metric: 'requests_total{job="api",code=~"5.."}'}
      total: {metric: 'requests_total{job="api"}'}
      grouping: [route, method]
  alerting: {name: ApiBudgetBurn, absentName: ApiGone, burnrates: true, absent: true, burnRateType: static}
status: {type: PrometheusRule}
"""
HEAD = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api-errors}
spec:
  target: "99"
  window: 30d
"""


def spec(rest: str) -> Slo:
    return read_one(f"{HEAD}  {rest}")


def test_every_field_is_kept() -> None:
    slo = read_one(GOOD)
    assert (slo.id, slo.service, slo.name) == ("monitoring-api-errors", "monitoring", "api-errors")
    assert (slo.objective, slo.window, slo.description) == (Decimal("0.999"), 4 * WEEK, "The API answers.")
    assert slo.labels == {"team": "web"}
    assert slo.owner == "web"
    assert slo.indicator == QueryIndicator(None, 'requests_total{job="api",code=~"5.."}', 'requests_total{job="api"}')
    assert slo.group_by == ("route", "method")
    runbook = {"runbook_url": "http://runbooks/api"}
    assert slo.alerting == Alerting(name="ApiBudgetBurn", annotations=runbook, no_data_name="ApiGone")
    assert slo.annotations == {"pyrra.dev/runbook_url": "http://runbooks/api", "note": "mine"}
    assert slo.source == Source("slo.yaml", 1)


@pytest.mark.parametrize(
    ("metadata", "service"),
    [
        ("{name: api}", "default"),
        ("{name: api, namespace: shop}", "shop"),
        ("{name: api, namespace: shop, labels: {pyrra.dev/service: orders}}", "orders"),
    ],
)
def test_the_service_is_the_label_else_the_namespace(metadata: str, service: str) -> None:
    indicator = "  indicator: {bool_gauge: {metric: up}}"
    slo = read_one(HEAD.replace("{name: api-errors}", metadata) + indicator)
    assert (slo.service, slo.labels) == (service, {})


@pytest.mark.parametrize(
    ("indicator", "wanted"),
    [
        (
            "ratio: {errors: {metric: bad_total}, total: {metric: all_total}}",
            QueryIndicator(None, "bad_total", "all_total"),
        ),
        (
            "ratio: {success: {metric: good_total}, total: {metric: all_total}}",
            QueryIndicator("good_total", None, "all_total"),
        ),
        (
            "ratio: {errors: {metric: bad_total}, success: {metric: good_total}}",
            QueryIndicator(
                None,
                "bad_total",
                "sum(rate(good_total[{{.window}}])) + (sum(rate(bad_total[{{.window}}])) or "
                "0 * sum(rate(good_total[{{.window}}]))) or sum(rate(bad_total[{{.window}}]))",
            ),
        ),
        (
            "ratio: {errors: {metric: bad_total offset 1m}, total: {metric: all_total offset 1m}, grouping: [a, b]}",
            QueryIndicator(
                None,
                "sum by (a, b) (rate(bad_total[{{.window}}] offset 1m))",
                "sum by (a, b) (rate(all_total[{{.window}}] offset 1m))",
            ),
        ),
        (
            "latency: {success: {metric: 'd_bucket{le=\"0.05\"}'}, total: {metric: d_count}}",
            QueryIndicator('d_bucket{le="0.05"}', None, "d_count"),
        ),
        (
            "latencyNative: {total: {metric: 'd{job=\"a\"}'}, latency: 200ms}",
            QueryIndicator(
                'histogram_fraction(0, 0.2, sum(rate(d{job="a"}[{{.window}}])))'
                ' * (histogram_count(sum(rate(d{job="a"}[{{.window}}]))) > 0)',
                None,
                'histogram_count(sum(rate(d{job="a"}[{{.window}}])))',
            ),
        ),
        (
            "latencyNative: {total: {metric: d}, latency: 1h1m1s500ms, grouping: [route]}",
            QueryIndicator(
                "histogram_fraction(0, 3661.5, sum by (route) (rate(d[{{.window}}])))"
                " * (histogram_count(sum by (route) (rate(d[{{.window}}]))) > 0)",
                None,
                "histogram_count(sum by (route) (rate(d[{{.window}}])))",
            ),
        ),
        ("bool_gauge: {metric: 'up{job=\"a\"}'}", GaugeIndicator('up{job="a"}', "gte", Decimal(1))),
    ],
)
def test_each_kind_of_indicator_becomes_one_of_ours(indicator: str, wanted: Indicator) -> None:
    assert spec(f"indicator: {{{indicator}}}").indicator == wanted


def test_a_gauge_can_be_grouped() -> None:
    assert spec("indicator: {bool_gauge: {metric: up, grouping: [instance]}}").group_by == ("instance",)


@pytest.mark.parametrize(
    ("alerting", "burns", "absent"),
    [
        ("{}", True, True),
        ("{disabled: false}", True, True),
        ("{disabled: true}", False, True),
        ("{burnrates: false, absent: true}", False, True),
        ("{burnrates: true, disabled: true}", False, True),
        ("{absent: false}", True, False),
    ],
)
def test_alerts_are_wanted_as_pyrra_would(alerting: str, burns: bool, absent: bool) -> None:
    slo = spec(f"indicator: {{bool_gauge: {{metric: up}}}}\n  alerting: {alerting}")
    assert slo.alerting == Alerting(page=Notice(burns), ticket=Notice(burns), no_data=absent)


@pytest.mark.parametrize(("window", "seconds"), [("4w", 28 * DAY), ("30d", 30 * DAY), ("672h", 28 * DAY)])
def test_a_window_is_a_duration_of_prometheus(window: str, seconds: int) -> None:
    text = HEAD.replace("30d", window) + "  indicator: {bool_gauge: {metric: up}}"
    assert read_one(text).window == seconds


@pytest.mark.parametrize(("target", "ratio"), [("99.9", "0.999"), ("99.99", "0.9999"), ("95", "0.95"), ("90.0", "0.9")])
def test_a_target_is_exact(target: str, ratio: str) -> None:
    text = HEAD.replace("99", target) + "  indicator: {bool_gauge: {metric: up}}"
    assert str(read_one(text).objective) == ratio


GAUGE = "indicator: {bool_gauge: {metric: up}}\n  "


@pytest.mark.parametrize(
    ("severities", "pages", "page", "ticket"),
    [
        ("{}", "yynn", {}, {}),
        ("{fastBurn: critical, slowBurn: warning, absent: warning}", "yynn", {}, {}),
        ("{mediumBurn: warning}", "ynnn", {}, {}),
        ("{fastBurn: warning, mediumBurn: warning}", "nnnn", {}, {}),
        ("{slowBurn: critical, longTermBurn: ''}", "yyyn", {}, {}),
        ("{fastBurn: p1, mediumBurn: p1}", "yynn", {"severity": "p1"}, {}),
        ("{mediumBurn: warning, fastBurn: p1}", "ynnn", {"severity": "p1"}, {}),
        ("{slowBurn: info, longTermBurn: info}", "yynn", {}, {"severity": "info"}),
    ],
)
def test_severities_say_which_tiers_page_and_how_their_alerts_are_labelled(
    severities: str, pages: str, page: dict[str, str], ticket: dict[str, str]
) -> None:
    slo = spec(f"{GAUGE}alerting: {{severities: {severities}}}")
    assert ["ny"[tier.severity == "page"] for tier in slo.tiers] == list(pages)
    assert [replace(tier, severity="page") for tier in slo.tiers] == [replace(tier, severity="page") for tier in TIERS]
    assert (slo.alerting.page.labels, slo.alerting.ticket.labels) == (page, ticket)


def test_where_pyrra_puts_its_rules_changes_nothing_here() -> None:
    labels = "ruleOutput: {shortRulesLabels: {prometheus: a}, longRulesLabels: {b: c}, enableDescriptionAsLabel: false}"
    assert spec(f"{GAUGE}{labels}") == spec(GAUGE)
