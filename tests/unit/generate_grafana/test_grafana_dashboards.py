"""What stands on the generated dashboards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import pytest

from exai_sre.generate.grafana import dashboard_uid, grafana_dashboards, panel_id, render
from exai_sre.generate.grafana.charts import chart_panels
from exai_sre.metrics import Catalog, Chart, Label, NotCharted

RECORDED = {
    "slo:current_burn_rate:ratio",
    "slo:error_budget:ratio",
    "slo:objective:ratio",
    "slo:period_error_budget_remaining:ratio",
    "slo:sli_error:increase5m",
    "slo:sli_total:increase5m",
    "slo:time_period:days",
} | {f"slo:sli_error:ratio_rate{window}" for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")}


def shown(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def exprs(dashboard):
    return [target["expr"] for panel in shown(dashboard) for target in panel.get("targets", ())]


def small_catalog(**chart):
    catalog = Catalog()
    catalog.histogram("wait_seconds", "Waiting.", buckets=(1.0, 2.0), chart=Chart("board", "Waiting", **chart))
    return catalog


def test_the_server_has_its_three_dashboards(dashboards):
    assert list(dashboards) == ["overview.json", "slo-detail.json", "upstreams.json"]


def test_every_charted_instrument_stands_on_the_dashboard_that_its_chart_names_and_on_no_other(dashboards, catalog):
    for instrument in catalog:
        found = {name for name in dashboards for expr in exprs(dashboards[name]) if f"{instrument.name}" in expr}
        named = {f"{instrument.chart.dashboard}.json"} if isinstance(instrument.chart, Chart) else set()
        assert found == named, instrument.name


def test_the_verdict_comes_first_with_one_panel_for_each_objective(dashboards, slos):
    titles = [panel["title"] for panel in dashboards["overview.json"]["panels"]]
    assert titles[: len(slos) + 1] == ["Objectives", *(slo.display_name for slo in slos)]


def test_a_verdict_links_to_the_detail_of_its_objective(dashboards, slos):
    panel = shown(dashboards["overview.json"])[0]
    assert panel["links"][0]["url"] == "/d/exai-mcp-slo-detail?var-slo=exai-mcp-availability"
    assert "99.5 % over 30d" in panel["description"]


def test_dashboards_read_only_recorded_series_that_rules_make(dashboards, recorded):
    assert recorded == RECORDED


def test_each_burn_tier_has_a_panel_with_its_factor_as_a_line(dashboards):
    tiers = [panel for panel in shown(dashboards["slo-detail.json"]) if panel["title"].startswith("Tier ")]
    lines = [panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] for panel in tiers]
    assert lines == [14.4, 6.0, 3.0, 1.0]
    assert all(panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "line" for panel in tiers)


def test_the_firing_of_alerts_is_shown_without_the_heartbeat(dashboards):
    overview = dashboards["overview.json"]
    (panel,) = [panel for panel in shown(overview) if panel["title"] == "Firing alerts"]
    assert 'alertname=~"BudgetBurn|SlowBurn"' in panel["targets"][0]["expr"]
    assert overview["annotations"]["list"][0]["name"] == "Firing alerts"


def test_without_alerts_nothing_is_marked(slos, catalog):
    overview = grafana_dashboards(slos, catalog)["overview.json"]
    assert overview["annotations"]["list"] == []
    assert "Firing alerts" not in [panel["title"] for panel in shown(overview)]


def test_without_objectives_the_instruments_are_still_charted(catalog):
    made = grafana_dashboards([], catalog)
    assert "Objectives" not in [panel["title"] for panel in made["overview.json"]["panels"]]
    assert [each["name"] for each in made["slo-detail.json"]["templating"]["list"]] == ["datasource", "job", "instance"]


def test_a_dashboard_without_panels_is_left_out(slos):
    assert grafana_dashboards([], Catalog()) == {}
    assert list(grafana_dashboards(slos, Catalog())) == ["overview.json", "slo-detail.json"]


def test_without_scraped_series_there_is_no_job_to_choose(slos):
    made = grafana_dashboards(slos, Catalog())
    assert [each["name"] for each in made["overview.json"]["templating"]["list"]] == ["datasource"]
    assert [each["name"] for each in made["slo-detail.json"]["templating"]["list"]] == ["datasource", "slo"]


def test_a_chart_may_name_a_dashboard_of_its_own():
    made = grafana_dashboards([], small_catalog(shows="quantiles"))
    assert list(made) == ["board.json"]
    assert made["board.json"]["title"] == "Board"


def test_the_target_variables_are_read_from_the_series_with_the_fewest_labels():
    catalog = small_catalog(shows="quantiles")
    assert "label_values(wait_seconds_count, job)" in render(grafana_dashboards([], catalog)["board.json"])
    catalog.gauge("busy", "Busy.", chart=Chart("board", "Busy", "value"))
    assert "label_values(busy, job)" in render(grafana_dashboards([], catalog)["board.json"])


@pytest.mark.parametrize(
    ("shows", "kind", "expr"),
    [
        ("quantiles", "timeseries", "histogram_quantile(0.5, sum by (le) (rate(wait_seconds_bucket{"),
        ("heatmap", "heatmap", "sum by (le) (increase(wait_seconds_bucket{"),
        ("rate", "timeseries", "sum (rate(wait_seconds_count{"),
    ],
)
def test_a_histogram_is_drawn_as_its_chart_says(shows, kind, expr):
    panel = shown(grafana_dashboards([], small_catalog(shows=shows))["board.json"])[0]
    assert panel["type"] == kind
    assert panel["targets"][0]["expr"].startswith(expr)


def test_a_heatmap_asks_for_buckets():
    (panel,) = shown(grafana_dashboards([], small_catalog(shows="heatmap"))["board.json"])
    assert panel["targets"][0]["format"] == "heatmap"
    assert panel["options"]["yAxis"]["unit"] == "s"
    assert panel["options"]["color"]["scheme"] == "Oranges"


def test_many_lines_are_thinned_to_one_quantile():
    catalog = Catalog()
    labels = [Label("route", values=("a", "b", "c", "d", "e")), Label("tenant", bound=3), Label("kind", values=("x",))]
    for at, label in enumerate(labels):
        chart = Chart("board", f"Waiting {at}", "quantiles", by=(label.name,))
        catalog.histogram(f"wait{at}_seconds", "Waiting.", buckets=(1.0,), labels=(label,), chart=chart)
    panels = shown(grafana_dashboards([], catalog)["board.json"])
    assert [len(panel["targets"]) for panel in panels] == [1, 1, 3]
    assert panels[0]["targets"][0]["legendFormat"] == "{{route}} p95"


def test_a_ratio_is_never_summed_over_replicas(dashboards):
    assert all(
        expr.startswith("max by (instance") for expr in exprs(dashboards["slo-detail.json"]) if "_ratio{" in expr
    )


def test_an_instrument_that_is_not_charted_has_no_panel():
    catalog = Catalog()
    constant = catalog.gauge("constant", "Constant.", chart=NotCharted("never changes"))
    assert grafana_dashboards([], catalog) == {}
    assert chart_panels(constant.instrument) == []


def test_panels_neither_overlap_nor_leave_the_grid(dashboards):
    for dashboard in dashboards.values():
        places = [panel["gridPos"] for panel in dashboard["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or above


def test_ids_are_unique_and_stay_when_an_objective_is_added(slos, catalog, dashboards):
    before = {panel["title"]: panel["id"] for panel in dashboards["overview.json"]["panels"]}
    added = replace(slos[0], name="aaa", display_name="Added")
    after = {
        panel["title"]: panel["id"] for panel in grafana_dashboards([added, *slos], catalog)["overview.json"]["panels"]
    }
    assert len(set(before.values())) == len(before)
    assert {title: after[title] for title in before if title != "Firing alerts"} == {
        title: number for title, number in before.items() if title != "Firing alerts"
    }


def test_the_id_of_an_objective_s_panel_comes_from_its_id(dashboards):
    panel = shown(dashboards["overview.json"])[0]
    assert panel["id"] == panel_id("overview", "slo:exai-mcp-availability")


def test_uids_tell_services_apart_and_fit_into_grafana(slos):
    other = replace(slos[0], service="a-service-with-quite-a-long-name-for-its-team")
    assert dashboard_uid("overview", slos) == "exai-mcp-overview"
    assert dashboard_uid("overview", [*slos, other]) == "exai-sre-overview"
    long = {dashboard_uid(name, [other]) for name in ("overview", "upstreams")}
    assert len(long) == 2
    assert all(len(uid) <= 40 for uid in long)


def test_several_services_share_one_title(slos, catalog):
    other = replace(slos[0], service="other")
    assert grafana_dashboards([*slos, other], catalog)["overview.json"]["title"] == "Overview"


def test_text_is_rendered_with_sorted_keys_and_a_newline(dashboards):
    text = render(dashboards["overview.json"])
    assert text.endswith("}\n")
    assert json.loads(text) == dashboards["overview.json"]
    assert list(json.loads(text)) == sorted(dashboards["overview.json"])


SCRIPT = """
from decimal import Decimal
from exai_sre.generate.grafana import grafana_dashboards, render
from exai_sre.slo.model import QueryIndicator, make_slo
from server.metrics import build_catalog
slo = make_slo("a", "exai-mcp", Decimal("0.995"), QueryIndicator(None, "b", "t"))
print("".join(render(each) for each in grafana_dashboards([slo], build_catalog()).values()))
"""


def test_output_does_not_depend_on_the_hash_seed(root):
    made = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4242")
    }
    assert len(made) == 1
