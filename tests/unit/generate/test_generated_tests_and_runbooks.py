"""Every alert is tested in both directions and has its runbook section."""

from __future__ import annotations

from collections import defaultdict

import pytest

from exai_sre.generate import RuleOptions, alerts_of
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.runbooks import runbooks
from exai_sre.slo import QueryIndicator
from tests.unit.generate.rig import parsed

ALWAYS_FIRES = {"Watchdog": "its absence is what alarms, so there is no state in which it must be silent"}


def identity(labels):
    return (labels.get("sloth_id", ""), labels.get("burnrate_tier", ""))


def directions(files):
    """By alert and tier: whether it fires in some check, and is silent in another of the same name."""
    fires, silent = defaultdict(set), defaultdict(list)
    for text in files.values():
        for case in parsed(text)["tests"]:
            for check in case.get("alert_rule_test", ()):
                firing = {identity(each["exp_labels"]) for each in check["exp_alerts"]}
                fires[check["alertname"]] |= firing
                silent[check["alertname"]].append(firing)
    return fires, silent


@pytest.fixture(scope="module")
def files(slos, catalog):
    return alert_tests(slos, catalog=catalog)


def test_every_alert_fires_in_one_check_and_is_silent_in_another(slos, catalog, files):
    fires, silent = directions(files)
    for alert in alerts_of(slos, catalog=catalog):
        own = identity(alert.labels)
        assert own in fires[alert.name], alert.title
        if alert.name not in ALWAYS_FIRES:
            assert any(own not in firing for firing in silent[alert.name]), alert.title


def test_every_file_gives_the_order_of_its_groups(files):
    for name, text in files.items():
        content = parsed(text)
        assert content["group_eval_order"], name
        assert all(path.startswith("../") for path in content["rule_files"])


def test_a_plain_query_is_tested_by_its_recorded_series(slo_of):
    slo = slo_of(QueryIndicator(good=None, bad="bad_total{{.window}}", total="all_total{{.window}}"))
    cases = parsed(alert_tests([slo])["shop-api.test.yaml"])["tests"]
    assert len(cases) == 3
    fires, silent = directions(alert_tests([slo]))
    assert len(fires["ShopApiErrorBudgetBurn"]) == 4
    assert set() in silent["ShopApiErrorBudgetBurn"]


def test_what_is_evaluated_at_other_intervals_has_files_of_its_own(slo_of):
    apart = {"shop-api.min-failures.test.yaml", "tiles.test.yaml", "windows.test.yaml", "symptoms.test.yaml"}
    assert set(alert_tests([slo_of()])) == {"shop-api.test.yaml", *apart}
    quick = alert_tests([slo_of()], options=RuleOptions(scrape_interval=5))
    assert set(quick) == {"shop-api.test.yaml", "shop-api.5s.test.yaml", *apart}
    assert parsed(quick["shop-api.5s.test.yaml"])["evaluation_interval"] == "5s"


def test_every_alert_has_its_section(slos, catalog):
    pages = runbooks(slos, catalog=catalog)
    assert sorted(pages) == ["exai-mcp.md", "monitoring.md", "server.md", "upstreams.md"]
    for alert in alerts_of(slos, catalog=catalog):
        assert pages[f"{alert.topic}.md"].count(f"\n## {alert.title}\n") == 1


def test_sections_say_what_it_means_what_to_do_and_when_it_fires(slos, catalog):
    pages = runbooks(slos, catalog=catalog)
    for alert in alerts_of(slos, catalog=catalog):
        section = pages[f"{alert.topic}.md"].split(f"\n## {alert.title}\n")[1].split("\n## ")[0]
        assert alert.guidance.meaning in section
        assert f"1. {alert.guidance.steps[0]}" in section
        assert alert.expr in section


def test_anchors_are_unique_within_a_page(slos, catalog):
    seen = [(alert.topic, alert.anchor) for alert in alerts_of(slos, catalog=catalog)]
    assert len(set(seen)) == len(seen)
