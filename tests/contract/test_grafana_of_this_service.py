"""This service's own dashboards: its SLOs, its catalog, its rules and what is committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from exai_sre.generate import grafana_dashboards, prometheus_rules
from exai_sre.generate.grafana import check_dashboard
from exai_sre.slo import load_slos
from server.metrics import build_catalog


@pytest.fixture(scope="module")
def catalog():
    return build_catalog()


@pytest.fixture(scope="module")
def slos(root, catalog):
    return load_slos(root / "slo", catalog=catalog)


@pytest.fixture(scope="module")
def recorded(slos, catalog):
    files = prometheus_rules(slos, catalog=catalog).values()
    return {rule["record"] for text in files for rule in rules(yaml.safe_load(text)) if "record" in rule}


def rules(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group in document["groups"]:
        yield from group["rules"]


def test_no_dashboard_has_a_finding(slos, catalog, recorded):
    findings = [
        finding
        for name, dashboard in grafana_dashboards(slos, catalog).items()
        for finding in check_dashboard(name, dashboard, catalog=catalog, recorded=recorded)
    ]
    assert findings == []


def test_what_the_rules_record_is_needed_for_the_dashboards_to_pass(slos, catalog):
    dashboard = grafana_dashboards(slos, catalog)["slo-detail.json"]
    codes = {finding.code for finding in check_dashboard("x", dashboard, catalog=catalog, recorded=set())}
    assert "unknown-metric" in codes


def test_every_objective_has_its_verdict(slos, catalog):
    panels = grafana_dashboards(slos, catalog)["overview.json"]["panels"]
    assert {slo.display_name for slo in slos} <= {panel["title"] for panel in panels if panel["type"] == "stat"}


def test_what_is_committed_has_no_finding(root, catalog, recorded):
    files = sorted((root / "dashboards").glob("*.json"))
    assert [file.name for file in files] == ["overview.json", "slo-detail.json", "upstreams.json"]
    for file in files:
        dashboard = json.loads(file.read_text(encoding="utf-8"))
        assert check_dashboard(file.name, dashboard, catalog=catalog, recorded=recorded) == []
