"""Sloth's documents that are refused: each with file, line, field and what to do."""

from __future__ import annotations

import pytest

from tests.unit.slo.foreign_rig import read

GOOD = """\
version: prometheus/v1
service: shop
labels: {owner: web}
slo_plugins: {chain: [{id: sloth.dev/core/noop/v1}]}
slos:
  - name: orders
    objective: 99.9
    sli:
      events:
        error_query: bad[{{.window}}]
        total_query: all[{{.window}}]
    alerting:
      name: OrdersFail
      page_alert: {disable: false}
"""
OBJECT = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop}
spec:
  service: shop
  slos:
    - name: orders
      objective: 99.9
      sli: {raw: {errorRatioQuery: "bad[{{.window}}]"}}
"""
ITEM = "  - {name: NAME, objective: 99, sli: {raw: {error_ratio_query: 'bad[{{.window}}]'}}}\n"

TABLE = [
    # what is written instead of what, line, field, words of the message
    ("prometheus/v1", "prometheus/v2", 1, "version", "write prometheus/v1"),
    ("version: prometheus/v1\n", "", 1, "", "the field 'version' is missing"),
    ("prometheus/v1", "[prometheus/v1]", 1, "version", "must be a single value"),
    ("service: shop\n", "", 1, "", "the field 'service' is missing"),
    ("service: shop", "service: 404", 2, "service", "put it in quotes: '404'"),
    ("service: shop", "service: 'a b'", 2, "service", "'a b' is no valid name"),
    ("service: shop", "service: s", 2, "service", "use two or more"),
    ("service: shop", "service: shop\nservise: shop", 3, "servise", "did you mean 'service'?"),
    ("disable: false", "for: soon", 14, "slos[0].alerting.page_alert.for", "write for example 5m"),
    ("owner: web", "'own er': web", 3, "labels.own er", "is no label name"),
    ("owner: web", "__name__: web", 3, "labels.__name__", "is no label name"),
    ("owner: web", "owner: [web]", 3, "labels.owner", "must be text, not a list"),
    ("owner: web", "owner: {a: b}", 3, "labels.owner", "must be text, not a mapping"),
    ("owner: web", "owner: ", 3, "labels.owner", "must be text, not empty"),
    ("{owner: web}", "[owner]", 3, "labels", "must be a mapping, not a list"),
    (
        "core/noop",
        "core/other",
        4,
        "slo_plugins.chain[0].id",
        "SLO plugin 'sloth.dev/core/other/v1' is not run; remove it",
    ),
    ("{id: sloth.dev/core/noop/v1}", "{ids: x}", 4, "slo_plugins.chain[0].ids", "did you mean 'id'?"),
    ("chain: [{id", "chain: [7, {id", 4, "slo_plugins.chain[0]", "must be a mapping"),
    ("noop/v1", "noop/v1, priority: high", 4, "slo_plugins.chain[0].priority", "must be a number"),
    (
        "core/noop/v1",
        "contrib/info_labels/v1, config: {metricName: x}",
        4,
        "slo_plugins.chain[0].config",
        "'labels' is missing",
    ),
    (
        "core/noop/v1",
        "contrib/info_labels/v1, config: {metricName: x, labels: {a: b}}",
        4,
        "slo_plugins.chain[0].config.metricName",
        "info series 'x' is not read; write sloth_slo_info",
    ),
    (
        "core/noop",
        "contrib/remove_labels",
        4,
        "slo_plugins.chain[0].id",
        "remove it, and from the SLO the labels that shall not stand on its series",
    ),
    ("chain: [{id: sloth.dev/core/noop/v1}]", "", 4, "slo_plugins", "the field 'chain' is missing"),
    ("slos:\n", "slos: []\nold:\n", 5, "slos", "holds no SLO"),
    ("name: orders", "name: o_", 6, "slos[0].name", "is no valid name"),
    ("name: orders\n    objective", "objective", 6, "slos[0]", "the field 'name' is missing"),
    ("objective: 99.9", "objective: 100", 7, "slos[0].objective", "must lie between 0 and 100"),
    ("objective: 99.9", "objective: 0", 7, "slos[0].objective", "must lie between 0 and 100"),
    ("objective: 99.9", "objective: '99.9'", 7, "slos[0].objective", "must be a number"),
    ("objective: 99.9", "objective: .nan", 7, "slos[0].objective", "must be a number"),
    ("objective: 99.9", f"objective: 99.{'9' * 40}", 7, "slos[0].objective", "write at most 15 digits"),
    ("      events:\n", "      event:\n", 9, "slos[0].sli.event", "did you mean 'events'?"),
    (
        "      events:\n",
        "      raw: {error_ratio_query: 'x[{{.window}}]'}\n      events:\n",
        8,
        "slos[0].sli",
        "has both events and raw",
    ),
    (
        "error_query: bad[{{.window}}]",
        "error_query: bad[5m]",
        10,
        "slos[0].sli.events.error_query",
        "write [{{.window}}]",
    ),
    (
        "error_query: bad[{{.window}}]",
        "error_query: (bad[{{.window}}]",
        10,
        "slos[0].sli.events.error_query",
        "missing at the end",
    ),
    ("error_query: bad[{{.window}}]", "error_query: 5", 10, "slos[0].sli.events.error_query", "must be text"),
    ("error_query: bad", "errorQuery: bad", 10, "slos[0].sli.events.errorQuery", "did you mean 'error_query'?"),
    ("error_query: bad", "error_query: all", 9, "slos[0].sli.events", "are the same query"),
    ("        total_query: all[{{.window}}]\n", "", 9, "slos[0].sli.events", "the field 'total_query' is missing"),
    (
        "page_alert: {disable: false}",
        "page_alert: {disable: yes}",
        14,
        "slos[0].alerting.page_alert.disable",
        "must be true or false",
    ),
    (
        "page_alert: {disable: false}",
        "page_alert: {labels: {a-b: x}}",
        14,
        "slos[0].alerting.page_alert.labels.a-b",
        "is no label name",
    ),
    (
        "page_alert: {disable: false}",
        "annotations: {a b: x}",
        14,
        "slos[0].alerting.annotations.a b",
        "is no label name",
    ),
    ("page_alert:", "pageAlert:", 14, "slos[0].alerting.pageAlert", "did you mean 'page_alert'?"),
    ("name: OrdersFail", "name: [a]", 13, "slos[0].alerting.name", "must be a single value"),
]
OBJECT_TABLE = [
    ("slok.dev/v1", "slok.dev/v2", 1, "apiVersion", "write sloth.slok.dev/v1"),
    ("kind: Prom", "kind: Bom", 2, "kind", "write PrometheusServiceLevel"),
    ("{name: shop}", "{namespace: shop}", 3, "metadata", "the field 'name' is missing"),
    ("{name: shop}", "{name: Shop}", 3, "metadata.name", "as in RFC 1123"),
    ("{name: shop}", "{name: shop, label: x}", 3, "metadata.label", "did you mean 'labels'?"),
    ("{name: shop}", "{name: shop, annotations: {a: [b]}}", 3, "metadata.annotations.a", "must be text"),
    (
        "errorRatioQuery",
        "error_ratio_query",
        9,
        "spec.slos[0].sli.raw.error_ratio_query",
        "did you mean 'errorRatioQuery'?",
    ),
    ("  service: shop\n", "", 4, "spec", "the field 'service' is missing"),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "words"), TABLE)
def test_a_fault_names_its_line_field_and_remedy(old: str, new: str, line: int, field: str, words: str) -> None:
    assert old in GOOD
    slos, faults = read(GOOD.replace(old, new, 1))
    assert slos == []
    assert [(fault.file, fault.line, fault.field) for fault in faults if words in str(fault)] == [
        ("slo.yaml", line, field)
    ]
    assert all(fault.remedy for fault in faults)


@pytest.mark.parametrize(("old", "new", "line", "field", "words"), OBJECT_TABLE)
def test_so_does_one_in_the_kubernetes_form(old: str, new: str, line: int, field: str, words: str) -> None:
    assert read(OBJECT)[1] == []
    slos, faults = read(OBJECT.replace(old, new, 1))
    assert slos == []
    assert [(fault.line, fault.field) for fault in faults if words in str(fault)] == [(line, field)]


def test_an_indicator_of_a_plugin_is_refused_by_its_name() -> None:
    plugin = "plugin: {id: our_latency, options: {job: shop}}"
    slos, (fault,) = read(OBJECT.replace('raw: {errorRatioQuery: "bad[{{.window}}]"}', plugin))
    assert slos == []
    assert str(fault) == (
        "slo.yaml:9: spec.slos[0].sli.plugin: SLI plugin 'our_latency' is not run; "
        "write the queries that it makes as sli.events with errorQuery and totalQuery"
    )


def test_an_empty_indicator_is_told_what_it_needs() -> None:
    (fault,) = read(OBJECT.replace('{raw: {errorRatioQuery: "bad[{{.window}}]"}}', "{}"))[1]
    assert str(fault) == "slo.yaml:9: spec.slos[0].sli: the field 'events' or 'raw' is missing; give exactly one"


def test_all_faults_come_at_once_and_sound_slos_are_still_read() -> None:
    text = "version: prometheus/v1\nservice: shop\nslos:\n" + "".join(
        ITEM.replace("NAME", name) for name in ("one", "t w o", "three", "one")
    )
    slos, faults = read(text.replace("three, objective: 99", "three, objective: 101"))
    assert [slo.name for slo in slos] == ["one"]
    assert [str(fault).split(": ", 1)[1].partition(";")[0] for fault in faults] == [
        "slos[1].name: 't w o' is no valid name",
        "slos[2].objective: must lie between 0 and 100, both excluded, not 101",
        "slos[3].name: SLO 'one' is defined twice",
    ]
    assert faults[2].remedy == "rename one; the first is in line 4"


def test_a_key_given_twice_is_a_fault_and_no_traceback() -> None:
    (fault,) = read(GOOD.replace("service: shop", "service: shop\nversion: prometheus/v1"))[1]
    assert "is given twice" in str(fault)
