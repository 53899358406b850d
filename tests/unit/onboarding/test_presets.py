"""Presets: what they recognise, what they call bad, and where they put thresholds."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from exai_sre.generate.onboarding import PRESETS, counted, declared, propose, read_page, sighting_of
from exai_sre.generate.onboarding.preset import translations
from exai_sre.metrics import Catalog, CatalogCollector
from exai_sre.metrics.families import McpMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics
from exai_sre.names import LabelName
from tests.unit.onboarding.pages import ENVOY, INGRESS_NGINX, ISTIO, NGINX, NGINX_PLUS, SHOP

HAND_WRITTEN = [
    (ENVOY, {"envoy-downstream-availability": (10, 100), "envoy-downstream-latency": (27, 107),
             "envoy-upstream-availability": (10, 1000)}),
    (ISTIO, {"istio-availability": (8, 88)}),
    (INGRESS_NGINX, {"ingress-availability": (5, 100), "ingress-latency": (5, 95)}),
    (NGINX_PLUS, {"nginx-plus-availability": (3, 100)}),
    (SHOP, {"http-availability": (3, 100), "http-latency": (10, 100)}),
]  # fmt: skip


@pytest.mark.parametrize(("page", "truth"), HAND_WRITTEN, ids=lambda each: "" if isinstance(each, dict) else each[7:25])
def test_the_proposed_slos_count_what_the_page_says(page, truth):
    sighting = read_page(page, "page")
    plan = propose(sighting, PRESETS)
    assert {each.name: counted(sighting, each) for each in plan.proposals} == truth


def test_nothing_is_proposed_where_no_status_is_counted_and_the_reason_is_said():
    plan = propose(read_page(NGINX, "page"), PRESETS)
    assert plan.proposals == ()
    assert "has no status" in " ".join(plan.notes)
    assert "nothing to propose" in " ".join(plan.notes)


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_proposes_slos_on_its_own_usual_series(name):
    sighting = sighting_of(PRESETS[name])
    plan = propose(sighting, {name: PRESETS[name]}, by_rule=False)
    assert plan.proposals
    for proposal in plan.proposals:
        within = proposal.indicator.within
        assert within is None or within in [float(bound) for bound in proposal.family.bounds]
        assert counted(sighting, proposal) is None
    assert {each.name for each in declared(sighting, plan)} == set(sighting.families)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_was_made_for_and_why(name):
    preset = PRESETS[name]
    assert preset.about
    assert not preset.about.endswith(".")
    for text in (*preset.notes, *(why for signal in preset.signals for why in signal.why)):
        assert text.endswith(".")


OTEL = """\
# TYPE {name} histogram
{name}_bucket{{{status}="200",le="500"}} 8
{name}_bucket{{{status}="200",le="+Inf"}} 9
{name}_sum{{{status}="200"}} 1
{name}_count{{{status}="200"}} 9
{name}_bucket{{{status}="",le="500"}} 1
{name}_bucket{{{status}="",le="+Inf"}} 1
{name}_sum{{{status}=""}} 1
{name}_count{{{status}=""}} 1
"""
UTF8 = """\
# TYPE "{name}" histogram
{{"{name}_bucket","{status}"="200",le="500"}} 8
{{"{name}_bucket","{status}"="200",le="+Inf"}} 9
{{"{name}_sum","{status}"="200"}} 1
{{"{name}_count","{status}"="200"}} 9
{{"{name}_bucket","{status}"="",le="500"}} 1
{{"{name}_bucket","{status}"="",le="+Inf"}} 1
{{"{name}_sum","{status}"=""}} 1
{{"{name}_count","{status}"=""}} 1
"""


@pytest.mark.parametrize(
    "name", [name for side in ("server", "client") for name in translations(f"http.{side}.duration", "_milliseconds")]
)
@pytest.mark.parametrize("status", translations("http.status_code"))
def test_opentelemetry_is_recognised_under_each_translation(name, status):
    page = (UTF8 if "." in name + status else OTEL).format(name=name, status=status)
    sighting = read_page(page, "page")
    plan = propose(sighting, PRESETS)
    assert counted(sighting, plan.proposals[0]) == (1, 10)
    assert {each.preset.name for each in plan.recognised} <= {"opentelemetry-http-server", "opentelemetry-http-client"}
    bounds = [each.indicator.within for each in plan.proposals if each.indicator.within]
    assert bounds == [500.0], "milliseconds are no seconds, whether the name says so or not"


def test_the_stable_conventions_win_where_an_application_exports_both():
    pages = [
        OTEL.format(name=name, status=status)
        for name, status in (
            ("http_server_duration_milliseconds", "http_status_code"),
            ("http_server_request_duration_seconds", "http_response_status_code"),
        )
    ]
    plan = propose(read_page("".join(pages), "page"), PRESETS)
    assert [each.family.name for each in plan.proposals] == ["http_server_request_duration_seconds"] * 2


def test_exact_statuses_are_told_from_classes_by_what_the_page_shows():
    page = SHOP.replace("2xx", "200").replace("5xx", "500").replace("4xx", "404")
    plan = propose(read_page(page, "page"), PRESETS)
    assert plan.proposals[0].indicator.bad[0].values == ("", "5..")


def test_a_condition_on_a_label_that_is_not_exported_is_left_out():
    page = SHOP.replace('handler="/ok",', "").replace('handler="/metrics",', "").replace('handler="none",', "")
    lines = [line for line in page.splitlines() if "5000" not in line]
    plan = propose(read_page("\n".join(lines) + "\n", "page"), PRESETS)
    assert [matcher.label for matcher in plan.proposals[0].indicator.filter] == ["status"]


def test_our_own_mcp_families_are_recognised_on_the_page_that_they_make():
    catalog = Catalog()
    metrics = McpMetrics.declare(catalog, tools=["search"])
    for outcome, seconds in (("ok", 0.1), ("ok", 0.9), ("upstream_error", 0.1), ("client_error", 0.1)):
        labels = {LabelName.MCP_METHOD: "tools/call", LabelName.OUTCOME: outcome}
        metrics.operation_duration.labels(**labels, **{LabelName.TOOL: "search"}).observe(seconds)
        metrics.added_latency.labels(**labels).observe(seconds)
    registry = CollectorRegistry()
    registry.register(CatalogCollector(catalog))
    sighting = read_page(generate_latest(registry).decode(), "page")
    plan = propose(sighting, PRESETS)
    assert {each.name: counted(sighting, each) for each in plan.proposals} == {
        "mcp-availability": (1, 3),
        "mcp-own-faults": (0, 3),
        "mcp-server-latency": (1, 2),
    }


def test_the_pack_of_a_preset_is_declared_as_its_library_declares_it():
    catalog = Catalog()
    McpMetrics.declare(catalog)
    McpLoopMetrics.declare(catalog)
    preset = PRESETS["mcp"]
    sighting = sighting_of(preset)
    made = {each.name: each for each in declared(sighting, propose(sighting, {"mcp": preset}, by_rule=False))}
    assert set(made) == {each.name for each in catalog}
    for instrument in catalog:
        found = made[instrument.name]
        assert (found.help, found.chart, found.buckets, found.foreign) == (
            instrument.help, instrument.chart, instrument.buckets, True,
        )  # fmt: skip
        assert {each.name: each.values for each in found.labels} == {e.name: e.values for e in instrument.labels}


def test_a_label_that_a_packed_family_really_has_is_kept():
    page = """\
# TYPE exai_mcp_agent_loops_total counter
exai_mcp_agent_loops_total{pod="a"} 1
# TYPE mcp_server_operation_duration_seconds histogram
mcp_server_operation_duration_seconds_bucket{mcp_method_name="ping",outcome="ok",le="0.5"} 1
mcp_server_operation_duration_seconds_bucket{mcp_method_name="ping",outcome="ok",le="+Inf"} 1
mcp_server_operation_duration_seconds_count{mcp_method_name="ping",outcome="ok"} 1
"""
    sighting = read_page(page, "page")
    loops, duration = declared(sighting, propose(sighting, PRESETS))
    assert (loops.label_names, duration.label_names, duration.buckets) == (
        ("pod",),
        ("mcp_method_name", "outcome"),
        (0.5,),
    )
