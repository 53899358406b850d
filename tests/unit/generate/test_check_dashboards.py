"""Dashboards are linted by the dashboard rules, and the catalog is held against them in reverse."""

from __future__ import annotations

import json

import pytest

from exai_sre.generate import grafana_dashboards
from exai_sre.generate.checks import check_paths
from exai_sre.generate.grafana import render


@pytest.fixture
def folder(tmp_path, slos, catalog):
    for name, dashboard in grafana_dashboards(slos, catalog).items():
        (tmp_path / name).write_text(render(dashboard))
    return tmp_path


def test_generated_dashboards_pass_alone_because_generated_names_are_known(folder, catalog):
    assert check_paths([folder], catalog=catalog) == []


def test_an_instrument_on_no_panel_is_found(folder, catalog):
    (folder / "upstreams.json").unlink()
    found = check_paths([folder], catalog=catalog)
    assert {finding.code for finding in found} == {"not-charted"}
    assert any("exai_breaker_state is on no panel" in finding.message for finding in found)
    assert {finding.file for finding in found} == {str(folder / "upstreams.json")}


def test_a_panel_about_nothing_is_found(folder, catalog):
    file = folder / "overview.json"
    file.write_text(file.read_text().replace("exai_mcp_in_flight_requests", "exai_mcp_in_flight_request"))
    codes = {finding.code for finding in check_paths([folder], catalog=catalog)}
    assert {"unknown-metric", "not-charted"} <= codes


def test_without_a_catalog_dashboards_are_only_read(folder):
    assert check_paths([folder], catalog=None) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("{\n  x\n}", 2, "is no JSON"),
        (json.dumps({"title": "x"}), 0, "no list of panels"),
        ("[]", 0, "no list of panels"),
    ],
)
def test_a_file_that_is_no_dashboard_is_a_finding(tmp_path, catalog, text, line, said):
    (tmp_path / "x.json").write_text(text)
    (found,) = check_paths([tmp_path], catalog=catalog)
    assert (found.code, found.line) == ("unreadable", line)
    assert said in found.message
