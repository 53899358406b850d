"""Alerts from resilience policies: which there are, and with whose numbers."""

from __future__ import annotations

import pytest
import yaml

from exai_sre.errors import SettingError
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.resilience import (
    Thresholds,
    resilience_alert_tests,
    resilience_alerts,
    resilience_rules,
    resilience_runbook,
)
from exai_sre.generate.resilience.alerts import watched
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.names import Metric
from exai_sre.resilience.config import Policies, PolicySpec, load_policies
from server.metrics import build_catalog
from tests.unit.resilience.config.policy_texts import EVERYTHING, YAML

OPTIONS = RuleOptions()


def policies(tmp_path, text):
    path = tmp_path / "resilience.yaml"
    path.write_text(text)
    return load_policies(path)


def pipeline(tmp_path, strategies):
    return policies(tmp_path, f"version: 1\npipelines:\n  p: {strategies}\n")


def names(tmp_path, strategies):
    return [alert.name for alert in resilience_alerts(pipeline(tmp_path, strategies), OPTIONS)]


@pytest.mark.parametrize(
    ("strategies", "expected"),
    [
        ("{breaker: {}}", ["PBreakerOpenTooLong"]),
        ("{bulkhead: {limit: 1}}", ["PCallsRejected"]),
        ("{rate_limit: {rate: 1}}", ["PCallsRejected"]),
        ("{adaptive_limit: {}}", ["PCallsRejected"]),
        ("{load_shedder: {}}", ["PCallsShed"]),
        ("{attempt_timeout: {seconds: 1}}", ["PCallsTimeOut"]),
        ("{retry: {budget: {}}}", ["PRetryBudgetEmpty"]),
        ("{hedge: {after: 1, idempotent: true}}", ["PRetryBudgetEmpty"]),
        ("{retry: {}}", []),
        ("{fallback: {value: 1}, cache: {ttl: 1}}", []),
    ],
)
def test_an_alert_stands_for_a_strategy_that_can_do_it(tmp_path, strategies, expected):
    assert names(tmp_path, strategies) == expected


def test_alerts_of_a_policy_file_carry_its_numbers(tmp_path):
    alerts = {alert.name: alert for alert in resilience_alerts(policies(tmp_path, YAML), OPTIONS)}
    assert sorted(alerts) == [
        "GlmBreakerOpenTooLong",
        "GlmCallsRejected",
        "GlmCallsTimeOut",
        "GlmRetryBudgetEmpty",
        "StoreBreakerOpenTooLong",
        "StoreRetryBudgetEmpty",
    ]
    assert "bulkhead (limit 64, queue 128)" in alerts["GlmCallsRejected"].annotations["description"]
    limits = "timeout (seconds 60, total) and timeout (seconds 15)"
    assert limits in alerts["GlmCallsTimeOut"].annotations["description"]
    # three times the longest open time, in whole minutes: 60 s as the file says, 30 s by default
    assert alerts["GlmBreakerOpenTooLong"].for_ == 180
    assert alerts["StoreBreakerOpenTooLong"].for_ == 120
    assert {alert.severity for alert in alerts.values()} == {"ticket"}


def test_a_breaker_that_two_pipelines_share_has_one_alert(tmp_path):
    text = "version: 1\npipelines:\n  p: {breaker: {name: b}}\n  q: {breaker: {name: b}}\n"
    assert [alert.name for alert in resilience_alerts(policies(tmp_path, text), OPTIONS)] == ["BBreakerOpenTooLong"]


def test_a_strategy_without_numbers_is_named_alone(tmp_path):
    (alert,) = resilience_alerts(pipeline(tmp_path, "{strategies: [{kind: adaptive_limit}]}"), OPTIONS)
    assert "refused by adaptive_limit." in alert.annotations["description"]


def test_files_are_made_of_policies_that_can_be_alerted_on(tmp_path):
    made = policies(tmp_path, YAML)
    (rules,), (tests,), (page,) = (
        make(made).values() for make in (resilience_rules, resilience_alert_tests, resilience_runbook)
    )
    alerts = [rule["alert"] for rule in yaml.safe_load(rules)["groups"][0]["rules"]]
    tested = {case["alert_rule_test"][-1]["alertname"] for case in yaml.safe_load(tests)["tests"]}
    assert set(alerts) == tested
    assert all(f"## {alert}\n" in page for alert in alerts)


def test_every_alert_has_a_case_that_fires_and_moments_of_silence(tmp_path):
    (tests,) = resilience_alert_tests(policies(tmp_path, YAML)).values()
    for case in yaml.safe_load(tests)["tests"]:
        fired = [bool(check["exp_alerts"]) for check in case["alert_rule_test"]]
        assert fired == [False, False, True]


def test_policies_without_anything_to_alert_on_make_no_file():
    for policy in (PolicySpec({}), Policies(PolicySpec({}))):
        for make in (resilience_rules, resilience_alert_tests, resilience_runbook):
            assert make(policy) == {}


def test_every_series_that_a_rule_reads_is_exported_with_these_labels(tmp_path):
    catalog = build_catalog()
    (rules,) = resilience_rules(policies(tmp_path, YAML)).values()
    for rule in yaml.safe_load(rules)["groups"][0]["rules"]:
        assert any(instrument.name in rule["expr"] for instrument in catalog), rule["expr"]


def test_every_decision_that_an_alert_reads_is_a_series_of_its_pipeline_from_the_start(tmp_path):
    made, catalog = policies(tmp_path, EVERYTHING), Catalog()
    made.pipeline("all", metrics=ResilienceMetrics.declare(catalog))
    exported = {series.values for series in catalog.family(Metric.RESILIENCE_DECISIONS).series()}
    watching = [each for each in watched(made, OPTIONS) if each.bad]
    assert len(watching) == 4
    for each in watching:
        read = {*each.bad, each.rest} | ({each.echo} if each.echo else set())
        assert {("all", decided.strategy, decided.decision) for decided in read} <= exported


@pytest.mark.parametrize(
    "choice", [{"rejected": 0}, {"shed": 1}, {"timed_out": -1}, {"budget_empty": 2}, {"minimum_calls": 0}]
)
def test_a_threshold_that_makes_no_sense_is_refused(choice):
    with pytest.raises(SettingError):
        Thresholds(**choice)
