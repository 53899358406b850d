"""Alerts of an SLO: names, labels, minimum of failures, forecast, exhausted budget, absent data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import AlertCheck, Case, Firing, active, close_to
from exai_sre.slo.indicators import RawIndicator
from exai_sre.slo.model import Alerting, Notice
from exai_sre.slo.tiers import tiers_for, with_min_failures

DAY = 86_400


@pytest.fixture
def alerts_of_slo(slo_of):
    """Makes the alerts of an SLO by kind; those of the burn tiers as a list."""

    def make(indicator=None, options=None, **more):
        made = slo_alerts(slo_of(indicator, **more), options or RuleOptions())
        kinds = {alert.kind: alert for alert in made}
        return {**kinds, "burn": [alert for alert in made if alert.kind == "burn"]}

    return make


def test_each_tier_waits_for_its_least_number_of_failures(alerts_of_slo):
    fast, middle, *_ = alerts_of_slo()["burn"]
    assert "[5m]) > 2.5 or sum_over_time(slo:sli_error:increase5m{" in fast.expr
    assert "[1h]) / 5 > 2.5)" in fast.expr
    assert "or slo:sli_error:increase6h{" in middle.expr
    assert "} > 9.5)" in middle.expr


def test_a_sum_over_recordings_knows_how_often_they_are_made(alerts_of_slo):
    fast = alerts_of_slo(options=RuleOptions(scrape_interval=1))["burn"][0]
    assert "[1h]) / 300 > 2.5" in fast.expr


@pytest.mark.parametrize("indicator", [None, RawIndicator("errors_ratio")])
def test_without_a_minimum_or_without_events_there_is_no_gate(alerts_of_slo, indicator):
    tiers = tiers_for(30 * DAY) if indicator else with_min_failures(tiers_for(30 * DAY), fastest=0, rest=0)
    made = alerts_of_slo(indicator, tiers=tiers)
    assert not any("increase" in alert.expr for alert in [*made["burn"], made["forecast"]])


def test_the_exhausted_budget_is_a_ticket(alerts_of_slo):
    alert = alerts_of_slo()["exhausted"]
    assert alert.name == "ShopApiErrorBudgetExhausted"
    assert alert.expr.startswith("max(slo:period_error_budget_remaining:ratio{")
    assert "<= 0" in alert.expr
    assert (alert.severity, alert.labels["sloth_severity"], alert.for_) == ("ticket", "ticket", 900)


def test_the_forecast_looks_a_tenth_of_the_window_ahead(alerts_of_slo):
    alert = alerts_of_slo()["forecast"]
    assert alert.expr.count("* 0.01") == 2
    assert "ratio_rate30m" in alert.expr
    assert "ratio_rate6h" in alert.expr
    assert "within 3d" in alert.annotations["summary"]


def test_without_a_page_the_forecast_looks_at_the_fastest_tier(alerts_of_slo):
    tiers = tuple(replace(tier, severity="ticket") for tier in tiers_for(30 * DAY))
    assert "ratio_rate1h" in alerts_of_slo(tiers=tiers)["forecast"].expr


def test_without_tiers_there_is_no_forecast(alerts_of_slo):
    made = alerts_of_slo(tiers=())
    assert set(made) == {"burn", "exhausted", "no-data"}


@pytest.mark.parametrize(
    ("missing", "words"), [("excluded", "are blind"), ("good", "counts as good"), ("bad", "spends")]
)
def test_absent_data_says_what_it_means_for_the_budget(alerts_of_slo, missing, words):
    assert words in alerts_of_slo(missing=missing)["no-data"].annotations["description"]


def test_names_labels_and_texts_are_those_of_the_definition(alerts_of_slo):
    alerting = Alerting(
        name="ShopBurns",
        labels={"team": "a", "sloth_id": "forged", "no-label": "x", "__x": "y"},
        annotations={"summary": "one", "title": "two"},
        page=Notice(labels={"severity": "pageteam"}, annotations={"summary": "page"}),
    )
    made = alerts_of_slo(alerting=alerting)
    page, ticket = made["burn"][0], made["burn"][-1]
    assert (page.name, made["exhausted"].name) == ("ShopBurns", "ShopBurnsErrorBudgetExhausted")
    assert (page.labels["severity"], ticket.labels["severity"]) == ("pageteam", "ticket")
    assert (page.labels["team"], page.labels["sloth_id"], page.labels["sloth_severity"]) == ("a", "shop-api", "page")
    assert not {"no-label", "__x"} & set(page.labels)
    assert (page.annotations["summary"], ticket.annotations["summary"]) == ("page", "one")
    assert page.annotations["title"] == "two"


def test_a_hold_is_how_long_the_rule_waits_and_is_said(alerts_of_slo):
    held, plain = tiers_for(30 * DAY)[:2]
    fast, middle = alerts_of_slo(tiers=(replace(held, hold=120), plain))["burn"]
    assert (fast.for_, middle.for_) == (120, 0)
    assert "were bad, 3 or more of them, for 2m on end. At" in fast.annotations["description"]
    assert "bad events, and that has lasted for 2m, and falls silent" in fast.guidance.background
    assert "on end" not in middle.annotations["description"]


def test_the_alert_on_missing_data_may_have_a_name_of_its_own(alerts_of_slo):
    named = alerts_of_slo(alerting=Alerting(name="ShopBurns", no_data_name="ShopGone"))
    assert (named["no-data"].name, named["burn"][0].name) == ("ShopGone", "ShopBurns")
    assert alerts_of_slo(alerting=Alerting(no_data_name="ShopGone"))["exhausted"].name.startswith("ShopApi")
    assert alerts_of_slo(alerting=Alerting(name="ShopBurns"))["no-data"].name == "ShopBurnsNoData"


def test_what_the_definition_does_not_want_is_not_made(alerts_of_slo):
    off = Notice(enabled=False)
    only_tickets = alerts_of_slo(alerting=Alerting(page=off))
    assert {alert.severity for alert in only_tickets["burn"]} == {"ticket"}
    assert set(alerts_of_slo(alerting=Alerting(ticket=off, no_data=False))) == {"burn"}
    assert alerts_of_slo(alerting=Alerting(page=off, ticket=off, no_data=False)) == {"burn": []}


def test_braces_in_a_definition_are_no_template(alerts_of_slo):
    alert = alerts_of_slo(display_name='{{ query "up" }}')["burn"][0]
    assert alert.annotations["description"].startswith('{{"{{"}} query "up" }}')
    assert Firing(alert).expected()["exp_annotations"]["description"].startswith('{{ query "up" }}')


def test_texts_that_only_prometheus_can_fill_in_are_checked_by_counting(alerts_of_slo):
    opaque, plain = "{{ $value | humanize }}", "{{$labels.sloth_slo}}"
    alert = alerts_of_slo(alerting=Alerting(annotations={"title": plain, "value": opaque}))["burn"][0]
    made = Case("x", 60, {}, [AlertCheck(60, alert.name, [Firing(alert)])]).to_dict()
    assert "alert_rule_test" not in made
    assert (
        made["promql_expr_test"][0]["expr"] == 'count(ALERTS{alertname="ShopApiErrorBudgetBurn",alertstate="firing"})'
    )
    known = alerts_of_slo(alerting=Alerting(annotations={"title": plain}))["burn"][0]
    assert Firing(known).expected()["exp_annotations"]["title"] == "api"


def test_checks_of_states_and_of_values_are_queries(alerts_of_slo):
    made = alerts_of_slo()
    name = 'alertname="ShopApiErrorBudget'
    assert active(60, made["forecast"], expected=True).expr == f'count(ALERTS{{{name}Forecast"}}) or vector(0)'
    fast = active(60, made["burn"][0], expected=False)
    assert fast.expr == f'count(ALERTS{{{name}Burn",burnrate_tier="14.4x"}}) or vector(0)'
    assert fast.samples == {"{}": 0.0}
    check = close_to(60, "x", {"a": "b"}, 1)
    assert check.samples == {'{a="b"}': 1.0}
