"""Each lint rule speaks on a planted fault, and none speaks on what is generated."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from exai_sre.generate.grafana import check_dashboard
from exai_sre.generate.grafana.lint import EXEMPTIONS, RULES
from exai_sre.generate.grafana.lint.expression import parse_expression

LINTER_RULES = {
    "panel-datasource",
    "panel-no-targets",
    "panel-title-description",
    "panel-units",
    "target-counter-agg",
    "target-instance",
    "target-job",
    "target-logql",
    "target-logql-auto",
    "target-promql",
    "target-rate-interval",
    "template-datasource",
    "template-instance",
    "template-job",
    "template-label-promql",
    "template-on-time-change-reload",
    "uneditable-dashboard",
}
SCOPE = 'job=~"$job", instance=~"$instance"'
COUNT = "mcp_server_operation_duration_seconds_count"


def first(dashboard: dict[str, Any], kind: str = "timeseries") -> dict[str, Any]:
    return next(panel for panel in dashboard["panels"] if panel["type"] == kind)


def variable(dashboard: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in dashboard["templating"]["list"] if each["name"] == name)


def without(dashboard: dict[str, Any], name: str) -> None:
    dashboard["templating"]["list"] = [each for each in dashboard["templating"]["list"] if each["name"] != name]


def expr(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda dashboard: first(dashboard)["targets"][0].update(expr=text)


def loki(text: str) -> Callable[[dict[str, Any]], None]:
    target = {"datasource": {"type": "loki", "uid": "${datasource}"}, "expr": text, "refId": "A"}
    return lambda dashboard: first(dashboard).update(targets=[target])


@pytest.fixture
def check(dashboards, catalog, recorded):
    def run(plant: Callable[[dict[str, Any]], Any] = lambda _: None, name: str = "overview.json", **kwargs: Any):
        dashboard = copy.deepcopy(dashboards[name])
        plant(dashboard)
        return check_dashboard(name, dashboard, catalog=catalog, recorded=recorded, **kwargs)

    return run


def test_all_rules_of_the_linter_are_restated():
    assert set(RULES) == LINTER_RULES | {"unknown-label", "unknown-label-value", "unknown-metric"}
    assert len(LINTER_RULES) == 17


@pytest.mark.parametrize("name", ["overview.json", "slo-detail.json", "upstreams.json"])
def test_what_is_generated_has_no_finding(check, name):
    assert check(name=name) == []


def test_exemptions_carry_reasons_and_each_is_needed(check):
    assert all(len(each.reason) > 20 for each in EXEMPTIONS)
    for each in EXEMPTIONS:
        rest = [other for other in EXEMPTIONS if other is not each]
        assert {finding.code for finding in check(exemptions=rest)} == {"target-instance", "target-job"}


PLANTED = [
    ("template-datasource", lambda d: without(d, "datasource"), "exactly one"),
    ("template-datasource", lambda d: variable(d, "datasource").update(name="ds"), "not named for its type"),
    ("template-job", lambda d: without(d, "job"), "no variable 'job'"),
    ("template-job", lambda d: variable(d, "job").update(query="label_values(up, instance)"), "no query"),
    ("template-job", lambda d: variable(d, "job").update(multi=False), "one value only"),
    ("template-instance", lambda d: without(d, "instance"), "no variable 'instance'"),
    ("template-instance", lambda d: variable(d, "instance").update(type="custom"), "no query"),
    ("template-label-promql", lambda d: variable(d, "job").update(query="label_values(up{, job)"), "invalid PromQL"),
    ("template-label-promql", lambda d: variable(d, "job").update(query="up"), "no label_values"),
    ("template-on-time-change-reload", lambda d: variable(d, "job").update(refresh=1), "set refresh to 2"),
    ("uneditable-dashboard", lambda d: d.update(editable=True), "editable to false"),
    ("panel-datasource", lambda d: first(d).update(datasource={"uid": "abc"}), "reads from 'abc'"),
    ("panel-datasource", lambda d: first(d).pop("datasource"), "reads from None"),
    ("panel-title-description", lambda d: first(d).update(title=""), "no title"),
    ("panel-title-description", lambda d: first(d).pop("description"), "no description"),
    ("panel-units", lambda d: first(d)["fieldConfig"]["defaults"].update(unit="parsecs"), "'parsecs'"),
    ("panel-units", lambda d: first(d).pop("fieldConfig"), "None"),
    ("panel-no-targets", lambda d: first(d).update(targets=[]), "has no query"),
    ("target-promql", expr("sum(rate(x[5m])"), "no valid PromQL"),
    ("target-logql", loki("app=x"), "selects no stream"),
    ("target-logql-auto", loki('rate({app="x"}[5m])'), "use [$__auto]"),
    ("target-rate-interval", expr(f"sum (rate({COUNT}{{{SCOPE}}}[5m]))"), "use $__rate_interval"),
    ("target-job", expr(f'sum (rate({COUNT}{{instance=~"$instance"}}[$__rate_interval]))'), "no matcher on job"),
    ("target-instance", expr(f'sum (rate({COUNT}{{job=~"$job"}}[$__rate_interval]))'), "no matcher on instance"),
    ("target-counter-agg", expr(f"sum (exai_mcp_cancellations_total{{{SCOPE}}})"), "take its rate or increase"),
    ("unknown-metric", expr(f"sum (rate(nobody_counts_this{{{SCOPE}}}[$__rate_interval]))"), "exported by nothing"),
    ("unknown-metric", expr(f'sum ({{{SCOPE}, __name__=~"x.*"}})'), "a nameless selector"),
    ("unknown-label", expr(f'sum (rate({COUNT}{{{SCOPE}, colour="red"}}[$__rate_interval]))'), "no label 'colour'"),
    ("unknown-label", expr(f"sum by (le) (rate({COUNT}{{{SCOPE}}}[$__rate_interval]))"), "no label 'le'"),
    ("unknown-label-value", expr(f'-({COUNT}{{{SCOPE}, outcome="great"}} offset 1m)'), "outcome='great'"),
    ("unknown-label-value", expr(f'sum ({COUNT}{{{SCOPE}, outcome=~"ok|gr\\\\.eat"}})'), "outcome='gr\\\\.eat'"),
]


@pytest.mark.parametrize(("code", "plant", "says"), PLANTED)
def test_a_planted_fault_is_found(check, code, plant, says):
    findings = check(plant)
    assert code in {finding.code for finding in findings}
    assert any(says in finding.message for finding in findings if finding.code == code), findings
    assert all(finding.file == "overview.json" for finding in findings)


def test_every_rule_has_a_planted_fault():
    assert {code for code, _, _ in PLANTED} == set(RULES)


@pytest.mark.parametrize(
    "text",
    [
        f'sum (rate({COUNT}{{{SCOPE}, outcome=~"o.*|err.r"}}[$__rate_interval]))',
        f'sum (rate({COUNT}{{{SCOPE}, outcome=~"$outcome"}}[$__rate_interval]))',
        f'sum (rate({COUNT}{{{SCOPE}, outcome!="_OTHER"}}[${{__rate_interval}}]))',
        f"sum without (outcome) (increase({COUNT}{{{SCOPE}}}[[[hours]]h])) / 2".replace("[[hours]]h", "1h"),
        f"max_over_time((sum ({COUNT}{{{SCOPE}}}))[1h:1m])",
    ],
)
def test_sound_queries_pass(check, text):
    assert check(expr(text)) == []


def test_a_sound_loki_query_passes(check):
    assert check(loki('sum (rate({app="x"} |= "y" [$__auto]))')) == []


def test_a_dashboard_over_recorded_series_alone_needs_no_target_variables(check):
    def plant(dashboard):
        dashboard["panels"] = [panel for panel in dashboard["panels"] if panel["type"] == "stat"]
        without(dashboard, "job")
        without(dashboard, "instance")

    assert check(plant) == []


def test_panels_inside_a_collapsed_row_are_seen(check):
    def plant(dashboard):
        broken = {**first(dashboard), "description": ""}
        dashboard["panels"] = [{"type": "row", "title": "Row", "collapsed": True, "panels": [broken]}]

    assert [finding.code for finding in check(plant)] == ["panel-title-description"]


def test_a_variable_s_query_may_be_an_object(check):
    assert check(lambda d: variable(d, "job").update(query={"query": "label_values(up, job)", "refId": "x"})) == []


def test_an_empty_dashboard_is_told_what_it_lacks(catalog):
    codes = {finding.code for finding in check_dashboard("x.json", {}, catalog=catalog, recorded=set())}
    assert codes == {"template-datasource", "uneditable-dashboard"}


def test_selections_know_their_function_and_their_groups():
    parsed = parse_expression("sum by (a) (rate(x_total[$__rate_interval])) / on (a) sum by (b) (y)")
    assert [(each.series, each.function, each.groups) for each in parsed.selections] == [
        ("x_total", "rate", ("a",)),
        ("y", "", ("b",)),
    ]
    assert [each.range_is_rate_interval for each in parsed.selections] == [True, None]


def test_a_number_selects_nothing():
    assert parse_expression("1 + 2").selections == ()
