"""Sloth's documents that are read: what becomes of each field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.generate.sli_rules import meta_rules
from exai_sre.slo import pyrra_spec, sloth_spec
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.indicators import QueryIndicator, RawIndicator
from exai_sre.slo.model import Alerting, Notice, Source
from exai_sre.slo.windows import DAY
from tests.unit.slo.foreign_rig import read, read_one

PLAIN = """\
version: prometheus/v1
service: shop
labels: {owner: web, tier: 2, critical: true}
slos:
  - name: orders_2.ok
    objective: 99.95
    description: "Orders are taken."
    labels: {tier: "1"}
    sli:
      events:
        error_query: |
          sum(rate(orders_total{code=~"5.."}[{{.window}}]))  # all of ours
        total_query: sum(rate(orders_total[{{ .window }}]))
    alerting:
      name: OrdersFail
      labels: {category: sales}
      annotations: {summary: "Orders fail", retries: 3}
      page_alert:
        labels: {severity: pager}
        annotations: {runbook: http://runbooks/orders}
      ticket_alert: {disable: true}
  - name: latency
    objective: 95
    sli:
      raw: {error_ratio_query: "slow:ratio{window='{{.window}}'}"}
"""
KUBERNETES = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata:
  name: shop-slos
  namespace: monitoring
  uid: 1b4e28ba-2fa1-11d2-883f-0016d3cca427
  generation: 3
  annotations: {a: b}
spec:
  service: shop
  labels: {owner: web, tier: 2, critical: true}
  slos:
    - name: orders_2.ok
      objective: 99.95
      description: "Orders are taken."
      labels: {tier: "1"}
      sli:
        events:
          errorQuery: sum(rate(orders_total{code=~"5.."}[{{.window}}]))
          totalQuery: sum(rate(orders_total[{{ .window }}]))
      alerting:
        name: OrdersFail
        labels: {category: sales}
        annotations: {summary: "Orders fail", retries: 3}
        pageAlert:
          labels: {severity: pager}
          annotations: {runbook: http://runbooks/orders}
        ticketAlert: {disable: true}
    - name: latency
      objective: 95
      sli:
        raw: {errorRatioQuery: "slow:ratio{window='{{.window}}'}"}
status: {processedSLOs: 2}
"""
CHAINS = """\
version: prometheus/v1
service: shop
slo_plugins:
  OVERRIDE
  chain:
    - {id: sloth.dev/contrib/info_labels/v1, config: {labels: {a-b: x, c: 1}}}
    - {id: sloth.dev/core/debug/v1, priority: -99, config: {msg: hello}}
slos:
  - name: orders
    objective: 99
    infoLabels: {d: z}
    interval: {all: 5m}
    plugins: {PLUGINS}
    sli: {raw: {error_ratio_query: "bad[{{.window}}]"}}
    alerting: {page_alert: {labels: {severity: pager}}}
"""


def test_every_field_of_the_plain_form_is_kept() -> None:
    (orders, latency), faults = read(PLAIN)
    assert faults == []
    assert (orders.id, orders.service, orders.name) == ("shop-orders_2.ok", "shop", "orders_2.ok")
    assert orders.objective == Decimal("0.9995")
    assert str(orders.budget) == "0.0005"
    assert (orders.window, orders.description, orders.source) == (30 * DAY, "Orders are taken.", Source("slo.yaml", 5))
    assert orders.labels == {"owner": "web", "tier": "1", "critical": "true"}
    assert orders.indicator == QueryIndicator(
        None, 'sum(rate(orders_total{code=~"5.."}[{{.window}}]))', "sum(rate(orders_total[{{ .window }}]))"
    )
    assert orders.alerting == Alerting(
        name="OrdersFail",
        labels={"category": "sales"},
        annotations={"summary": "Orders fail", "retries": "3"},
        page=Notice(labels={"severity": "pager"}, annotations={"runbook": "http://runbooks/orders"}),
        ticket=Notice(enabled=False),
    )
    assert latency.indicator == RawIndicator("slow:ratio{window='{{.window}}'}")
    assert latency.alerting == Alerting()


def test_the_kubernetes_form_says_the_same() -> None:
    plain, kubernetes = read(PLAIN)[0], read(KUBERNETES)
    assert kubernetes[1] == []
    assert [slo.source.line for slo in kubernetes[0]] == [13, 29]
    for one, two in zip(plain, kubernetes[0], strict=True):
        assert (one.id, one.objective, one.indicator, one.labels, one.alerting, one.description) == (
            two.id,
            two.objective,
            two.indicator,
            two.labels,
            two.alerting,
            two.description,
        )


@pytest.mark.parametrize(
    ("percent", "ratio"), [("99.9", "0.999"), ("99.99", "0.9999"), ("0.5", "0.005"), ("9.5e1", "0.95"), ("90.0", "0.9")]
)
def test_an_objective_is_exact(percent: str, ratio: str) -> None:
    slo = read_one(PLAIN.split("  - name: latency")[0].replace("99.95", percent))
    assert str(slo.objective) == ratio


@pytest.mark.parametrize(
    ("override", "plugins", "alerts"),
    [
        ("overridePrevious: false", "chain: []", True),
        ("overridePrevious: true", "chain: []", False),
        ("overridePrevious: true", "chain: [{id: sloth.dev/core/alert_rules/v1}]", True),
        ("overridePrevious: false", "overridePrevious: true, chain: [{id: sloth.dev/core/sli_rules/v1}]", False),
    ],
)
def test_a_chain_that_leaves_the_alerts_out_silences_them(override: str, plugins: str, alerts: bool) -> None:
    slo = read_one(CHAINS.replace("OVERRIDE", override).replace("PLUGINS", plugins))
    assert (slo.alerting.page.enabled, slo.alerting.ticket.enabled) == (alerts, alerts)
    assert slo.alerting.page.labels == {"severity": "pager"}


HELD = """\
version: prometheus/v1
service: shop
slo_plugins: {chain: [{id: sloth.dev/PLUGIN/v1}]}
slos:
  - name: orders
    objective: 99.9
    sli: {raw: {error_ratio_query: "bad[{{.window}}]"}}
    alerting: {page_alert: {for: 5m}, ticket_alert: {for: HOLD}}
"""


@pytest.mark.parametrize(
    ("plugin", "hold", "holds"),
    [
        ("contrib/alert_for", "1h30m", [300, 300, 5400, 5400]),
        ("contrib/alert_for", "0s", [300, 300, 0, 0]),
        ("core/noop", "1h", [0, 0, 0, 0]),
    ],
)
def test_alerts_wait_only_where_the_plugin_for_that_is_in_the_chain(plugin: str, hold: str, holds: list[int]) -> None:
    slo = read_one(HELD.replace("PLUGIN", plugin).replace("HOLD", hold))
    assert [tier.hold for tier in slo.tiers] == holds


def test_the_info_series_is_the_only_one_that_can_have_labels_of_its_own() -> None:
    named = "info_labels/v1, config: {metricName: sloth_slo_info, "
    slo = read_one(
        CHAINS.replace("OVERRIDE", "overridePrevious: false")
        .replace("PLUGINS", "chain: []")
        .replace("info_labels/v1, config: {", named)
    )
    (info,) = [rule for rule in meta_rules(slo) if rule["record"] == "sloth_slo_info"]
    assert {name: info["labels"].get(name) for name in ("a-b", "c", "d")} == {"a-b": None, "c": "1", "d": "z"}
    assert info["labels"]["sloth_objective"] == "99"
    others = [rule["labels"] for rule in meta_rules(slo) if rule is not info and rule["record"] != "sloth_slo_info"]
    assert not any({"c", "d"} & set(labels) for labels in others)


def test_labels_of_the_info_series_cannot_override_what_tells_an_slo_apart() -> None:
    slo = read_one(HELD.replace("PLUGIN", "core/noop").replace("HOLD", "1h"))
    forged = replace(slo, annotations={"sloth_slo_info/sloth_id": "x", "sloth_slo_info/__a": "y"})
    (info,) = [rule for rule in meta_rules(forged) if rule["record"] == "sloth_slo_info"]
    assert (info["labels"]["sloth_id"], "__a" in info["labels"]) == ("shop-orders", False)


def test_labels_for_the_info_series_are_kept_as_annotations() -> None:
    slo = read_one(CHAINS.replace("OVERRIDE", "overridePrevious: false").replace("PLUGINS", "chain: []"))
    assert slo.annotations == {"sloth_slo_info/a-b": "x", "sloth_slo_info/c": "1", "sloth_slo_info/d": "z"}


@pytest.mark.needs_vectors
@pytest.mark.parametrize(("name", "count"), [("in-base.yaml", 2), ("home-wifi.yml", 2), ("getting-started.yml", 1)])
def test_the_examples_of_sloth_are_read(name: str, count: int, vectors: Callable[[], Path]) -> None:
    slos, faults = read((vectors() / "slo" / "sloth" / name).read_text(encoding="utf-8"))
    assert (len(slos), faults) == (count, [])


@pytest.mark.parametrize(
    ("text", "sloth", "pyrra"),
    [
        ("version: prometheus/v1", True, False),
        ("version: prometheus/v9", True, False),
        ("{service: a, slos: []}", True, False),
        ("apiVersion: sloth.slok.dev/v2", True, False),
        ("apiVersion: pyrra.dev/v1alpha1", False, True),
        ("apiVersion: pyrra.dev/v2", False, True),
        ("apiVersion: openslo/v1", False, False),
        ("{apiVersion: [prometheus/v1], version: prometheus/v1}", False, False),
        ("{version: 1, slos: []}", False, False),
        ("{? [a, b] : c}", False, False),
        ("text", False, False),
    ],
)
def test_a_document_is_claimed_by_what_it_says_of_itself(text: str, sloth: bool, pyrra: bool) -> None:
    (document,) = read_documents(text, "slo.yaml", Faults())
    assert (sloth_spec.claims(document), pyrra_spec.claims(document)) == (sloth, pyrra)
