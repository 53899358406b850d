"""A second opinion on the dashboards: Grafana's own generated models and builders.

The SDK ships no JSON schema, but its models are generated from the same schemas. So each dashboard
is read into them and written out again: what they do not know is lost, and a lost key is a key that
Grafana does not know. Beside that, each panel is built a second time by the SDK's builders.
"""

from __future__ import annotations

import importlib
import json
from decimal import Decimal
from importlib.metadata import version

import pytest
from packaging.version import Version

from exai_sre.generate.grafana import grafana_dashboards
from exai_sre.generate.grafana.dashboards import compile_dashboards
from exai_sre.generate.grafana.model import Panel
from exai_sre.metrics import Catalog, Chart
from exai_sre.slo.model import QueryIndicator, make_slo
from server.metrics import build_catalog
from tests.contract.grafana_sdk import (
    BUILDERS,
    builders,
    common,
    common_builders,
    lost,
    members,
    models,
    plain,
    prometheus,
    register_default_plugins,
    units,
)


def definitions():
    catalog = build_catalog()
    catalog.histogram(
        "queue_wait_seconds", "Waiting.", buckets=(0.1, 1.0), chart=Chart("overview", "Queue wait", "heatmap")
    )
    slos = [
        make_slo(name, "exai-mcp", Decimal(target), QueryIndicator(None, "bad_total", "all_total"), display_name=name)
        for name, target in (("availability", "0.995"), ("latency", "0.95"))
    ]
    return slos, catalog


@pytest.fixture(scope="module")
def ours():
    register_default_plugins()
    slos, catalog = definitions()
    return grafana_dashboards(slos, catalog)


@pytest.fixture(scope="module")
def compiled():
    slos, catalog = definitions()
    return {f"{each.name}.json": each for each in compile_dashboards(slos, catalog)}


def test_the_installed_sdk_is_the_maintained_line_and_not_the_one_with_an_epoch():
    installed = Version(version("grafana-foundation-sdk"))
    assert installed.epoch == 0
    assert installed == Version("0.0.21")


@pytest.mark.parametrize("name", ["overview.json", "slo-detail.json", "upstreams.json"])
def test_the_sdk_knows_every_key_and_value(ours, name):
    read = models.Dashboard.from_json(ours[name])
    assert list(lost(ours[name], plain(read))) == []


@pytest.mark.parametrize("name", ["overview.json", "slo-detail.json", "upstreams.json"])
def test_every_value_has_the_type_that_the_sdk_declares(ours, name):
    assert list(members(models.Dashboard.from_json(ours[name]))) == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda d: d.update(hideControls=False), "hideControls"),
        (lambda d: d["panels"][1].update(span=6), "span"),
        (lambda d: d["panels"][1]["targets"][0].update(step=10), "step"),
        (lambda d: d["panels"][1]["options"].update(cards={}), "cards"),
        (lambda d: d["panels"][1]["fieldConfig"]["defaults"].update(sides=2), "sides"),
        (lambda d: d["templating"]["list"][0].update(useTags=False), "useTags"),
    ],
)
def test_a_planted_key_of_the_old_schema_is_lost(ours, plant, found):
    dashboard = json.loads(json.dumps(ours["overview.json"]))
    plant(dashboard)
    assert [path.rpartition(".")[2] for path in lost(dashboard, plain(models.Dashboard.from_json(dashboard)))] == [
        found
    ]


def test_a_planted_mistyped_value_is_found(ours):
    dashboard = json.loads(json.dumps(ours["overview.json"]))
    dashboard["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = "null"
    dashboard["panels"][1]["options"]["graphMode"] = "sideways"
    assert len(list(members(models.Dashboard.from_json(dashboard)))) == 2


def second(panel: Panel):
    """The same panel by the SDK's builders."""
    build = BUILDERS[panel.kind]().title(panel.title).description(panel.description)
    if panel.kind == "text":
        return plain(build.content(panel.content).build())
    build.unit(panel.unit).datasource(common.DataSourceRef(type_val="prometheus", uid="${datasource}"))
    build.thresholds(
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(each.value, each.color) for each in panel.thresholds])
    )
    if panel.kind == "stat":
        build.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    for at, query in enumerate(panel.queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + at))
        build.with_target(target)
    return plain(build.build())


def said(panel):
    """What a panel says, whichever way it was made."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    return {
        "type": panel["type"],
        "title": panel["title"],
        "description": panel["description"],
        "unit": defaults.get("unit"),
        "thresholds": defaults.get("thresholds"),
        "queries": [(each["refId"], each["expr"], each.get("legendFormat")) for each in panel.get("targets", ())],
        "datasource": panel.get("datasource"),
    }


def described(panel):
    made = said(panel)
    if made["thresholds"]:
        made["thresholds"] = [(step.get("value"), step["color"]) for step in made["thresholds"]["steps"]]
    return made


@pytest.mark.parametrize("name", ["overview.json", "slo-detail.json", "upstreams.json"])
def test_both_ways_of_making_a_panel_say_the_same(ours, compiled, name):
    panels = [panel for panel in ours[name]["panels"] if panel["type"] != "row"]
    assert len(panels) == len(compiled[name].panels) > 0
    for panel, model in zip(panels, compiled[name].panels, strict=True):
        assert described(panel) == described(second(model))


def test_a_heatmap_is_among_what_was_compared(compiled):
    assert "heatmap" in {panel.kind for panel in compiled["overview.json"].panels}


def test_options_are_complete_beside_the_sdk_s(ours):
    """Whatever the SDK writes by default for a panel type, ours has too."""
    modules = {"state-timeline": "statetimeline"}
    for dashboard in ours.values():
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                module = modules.get(panel["type"], panel["type"])
                options = importlib.import_module(f"grafana_foundation_sdk.models.{module}").Options()
                assert set(plain(options)) <= set(panel["options"]), panel["type"]


def test_units_are_in_the_sdk_s_list(ours):
    known = {value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_")}
    used = {
        panel["fieldConfig"]["defaults"]["unit"]
        for dashboard in ours.values()
        for panel in dashboard["panels"]
        if panel["type"] not in ("row", "text")
    }
    assert used <= known


def test_an_empty_catalog_needs_no_opinion():
    assert grafana_dashboards([], Catalog()) == {}
