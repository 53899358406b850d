"""Alerts: what each carries, which are made, which are left out."""

from __future__ import annotations

import pytest

from exai_sre.errors import SettingError
from exai_sre.generate import Alert, Guidance, RuleOptions, alerts_of
from exai_sre.generate.alert import anchor_of, camel_case
from exai_sre.generate.symptoms import SYMPTOMS, symptom_alerts
from exai_sre.metrics import Catalog


@pytest.fixture(scope="module")
def alerts(slos, catalog):
    return alerts_of(slos, catalog=catalog)


def test_each_reachable_tier_has_one_alert_and_each_slo_those_of_its_budget_and_data(slos, alerts):
    for slo in slos:
        own = [alert for alert in alerts if alert.slo is slo]
        assert [alert.tier for alert in own] == [*slo.tiers, None, None, None]
        assert [alert.kind for alert in own[-3:]] == ["forecast", "exhausted", "no-data"]
        assert own[-1].expr.startswith("absent(slo:sli_total:increase5m{")


def test_a_tier_that_can_never_fire_has_no_alert(slos, alerts):
    half = next(slo for slo in slos if slo.name == "latency-p50")
    assert [alert.tier.name for alert in alerts if alert.slo is half and alert.tier] == ["1x"]


def test_burn_alerts_carry_both_severities_and_their_tier(alerts):
    for alert in alerts:
        assert alert.labels["severity"] == alert.severity
        if alert.tier:
            assert alert.labels["sloth_severity"] == alert.tier.severity == alert.severity
            assert alert.labels["burnrate_tier"] == alert.tier.name
            assert alert.labels["sloth_id"] == alert.slo.id


def test_every_alert_has_its_texts_and_links(alerts):
    for alert in alerts:
        assert alert.annotations["summary"]
        assert alert.annotations["description"]
        assert alert.annotations["runbook_url"] == f"docs/runbooks/{alert.topic}.md#{alert.anchor}"
        assert alert.severity == "none" or alert.annotations["dashboard_url"].startswith("/d/exai-mcp-")


def test_no_label_depends_on_the_value(alerts):
    assert not any("$value" in text for alert in alerts for text in alert.labels.values())


def test_links_take_their_prefixes(slos, catalog):
    options = RuleOptions(runbook_base="https://git.example/", dashboard_base="https://grafana.example")
    for alert in alerts_of(slos, catalog=catalog, options=options):
        assert alert.annotations["runbook_url"].startswith("https://git.example/docs/runbooks/")
        assert alert.annotations.get("dashboard_url", "https://grafana.example/d/").startswith(
            "https://grafana.example/d/"
        )


def test_pages_do_not_wait_except_for_a_lost_target(alerts):
    waiting = {alert.name for alert in alerts if alert.severity == "page" and alert.for_}
    assert waiting == {"ServerTargetDown"}


def test_symptoms_without_their_instrument_are_left_out(catalog):
    names = [alert.name for alert in symptom_alerts([], catalog, RuleOptions())]
    assert len(names) == len(SYMPTOMS)
    for nothing in (None, Catalog()):
        assert [alert.name for alert in symptom_alerts([], nothing, RuleOptions())] == ["ServerTargetDown", "Watchdog"]


@pytest.mark.parametrize(("scrape", "window"), [(1, "4s"), (15, "1m"), (30, "2m")])
def test_symptom_windows_hold_four_scrapes(catalog, scrape, window):
    alert = symptom_alerts([], catalog, RuleOptions(scrape_interval=scrape))[0]
    assert alert.expr.count(f"[{window}]") == 3
    assert not alert.for_


def test_a_slow_scrape_stretches_the_latency_window_too(catalog):
    alert = symptom_alerts([], catalog, RuleOptions(scrape_interval=120))[2]
    assert "[8m]" in alert.expr
    assert "[5m]" not in alert.expr


def test_scraping_more_often_than_each_second_is_refused():
    with pytest.raises(SettingError, match="below one second"):
        RuleOptions(scrape_interval=0)


def test_headings_become_the_anchors_of_github_and_mkdocs():
    assert anchor_of("ShopApiErrorBudgetBurn 14.4x") == "shopapierrorbudgetburn-144x"
    assert anchor_of("  What to do?  ") == "what-to-do"


def test_ids_become_alert_names():
    assert camel_case("exai-mcp-latency-p95") == "ExaiMcpLatencyP95"


def test_an_alert_without_a_dashboard_has_no_dashboard_link():
    alert = Alert("A", "up == 0", "page", Guidance("m", ("s",)), "t").made(RuleOptions(), "s", "d")
    assert set(alert.annotations) == {"description", "runbook_url", "summary"}


def test_the_package_knows_its_public_names_and_no_others():
    import exai_sre.generate

    for name in exai_sre.generate.__all__:
        assert getattr(exai_sre.generate, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = exai_sre.generate.nothing
