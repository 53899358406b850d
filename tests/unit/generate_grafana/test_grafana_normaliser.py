"""grafanalib's output is brought into today's schema."""

from __future__ import annotations

import builtins

import pytest
from grafanalib import core, formatunits

from exai_sre.errors import MissingExtraError
from exai_sre.generate.grafana import schema
from exai_sre.generate.grafana.backend import to_grafanalib
from exai_sre.generate.grafana.lint.panel_rules import grafana_units
from exai_sre.generate.grafana.model import Dashboard, Panel, Query, Row, Threshold
from exai_sre.generate.grafana.normalise import normalise


def one(panel: Panel):
    dashboard = Dashboard("board", "uid", "Board", "Text.", (Row("Row", (panel,)),))
    return normalise(to_grafanalib(dashboard))["panels"][1]


def nulls(value, path=""):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from nulls(each, f"{path}.{key}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from nulls(each, f"{path}[{at}]")
    elif value is None:
        yield path


def test_nothing_is_null_but_the_base_of_thresholds(dashboards):
    for dashboard in dashboards.values():
        assert all(path.endswith("steps[0].value") for path in nulls(dashboard))


def test_only_keys_of_the_schema_are_left(dashboards):
    for dashboard in dashboards.values():
        assert set(dashboard) <= schema.DASHBOARD
        for panel in dashboard["panels"]:
            assert set(panel) <= (schema.ROW if panel["type"] == "row" else schema.PANEL)
            assert all(set(target) <= schema.TARGET for target in panel.get("targets", ()))


def test_the_schema_version_is_declared_over_the_new_shapes(dashboards):
    assert {dashboard["schemaVersion"] for dashboard in dashboards.values()} == {42}


def test_the_base_threshold_is_null_and_the_others_are_numbers():
    panel = one(Panel("k", "T", "D.", "stat", thresholds=(Threshold(None, "red"), Threshold(0.0, "green"))))
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "red", "value": None},
        {"color": "green", "value": 0.0},
    ]


def test_a_query_over_buckets_shows_exemplars():
    panel = one(Panel("k", "T", "D.", "timeseries", queries=(Query("histogram_quantile(0.5, x)"), Query("y"))))
    assert [target.get("exemplar") for target in panel["targets"]] == [True, None]


def test_an_instant_query_asks_for_no_range():
    panel = one(Panel("k", "T", "D.", "stat", queries=(Query("x", instant=True),)))
    assert panel["targets"][0]["instant"] is True
    assert panel["targets"][0]["range"] is False


def test_a_text_panel_reads_no_data():
    panel = one(Panel("k", "T", "D.", "text", content="# Read me"))
    assert panel["options"] == {"content": "# Read me", "mode": "markdown"}
    assert "datasource" not in panel
    assert "targets" not in panel


def test_a_single_value_has_no_name_beside_it():
    assert one(Panel("k", "T", "D.", "stat", queries=(Query("x"),)))["options"]["textMode"] == "value"


def test_units_are_read_from_grafanalib():
    assert formatunits.SECONDS in grafana_units()
    assert "parsecs" not in grafana_units()


def test_a_missing_grafanalib_names_the_extra(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("grafanalib"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="grafanalib")
        return real(name, *args, **kwargs)

    monkeypatch.setattr("exai_sre.extras.import_module", lambda name: refuse(name))
    with pytest.raises(MissingExtraError, match=r"exai-sre\[grafana\]"):
        to_grafanalib(Dashboard("board", "uid", "Board", "Text.", ()))


def test_grafanalib_still_needs_the_normaliser():
    """Where this fails, grafanalib has caught up and the stage can shrink."""
    raw = core.Stat(title="T").panel_json({})
    assert "span" in raw
    assert raw["cacheTimeout"] is None
