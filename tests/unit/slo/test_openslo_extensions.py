"""Annotations ``exai-sre/...`` on an SLO: what each means, and how a wrong one is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.slo import load_slos, read_slos
from exai_sre.slo.model import Alerting, BurnTier, Notice, Slo
from exai_sre.slo.tiers import tiers_for

Write = Callable[..., Path]

TEXT = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: a
  annotations: %s
spec:
  service: shop
  indicator:
    metadata: {name: i}
    spec:
      ratioMetric:
        rawType: failure
        raw: {metricSource: {type: Prometheus, spec: {query: r}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""


def annotated(write: Write, **said: str) -> Path:
    return write(TEXT % json.dumps({f"exai-sre/{name.replace('_', '-')}": text for name, text in said.items()}))


def read(write: Write, **said: str) -> Slo:
    (slo,) = load_slos(annotated(write, **said))
    return slo


def test_without_annotations_everything_is_as_the_window_wants(write: Write) -> None:
    slo = read(write)
    assert slo.tiers == tiers_for(30 * 86400)
    assert (slo.missing, slo.group_by, slo.group_limit, slo.depends_on) == ("excluded", (), 50, ())
    assert slo.alerting == Alerting()
    assert slo.annotations == {}


def test_simple_annotations_fill_their_fields(write: Write) -> None:
    slo = read(
        write,
        missing_data="bad",
        group_by="tool, tenant,tool",
        group_limit="7",
        depends_on="shop-db, shop-cache | shop-spare",
        runbook="https://wiki/shop",
        name="Shop_API",
        display_name="x" * 99,
        description="y" * 2000,
    )
    assert (slo.missing, slo.group_by, slo.group_limit) == ("bad", ("tool", "tenant"), 7)
    assert slo.depends_on == ("shop-db", "shop-cache|shop-spare")
    assert slo.alerting.annotations == {"runbook_url": "https://wiki/shop"}
    assert (slo.id, len(slo.display_name), len(slo.description)) == ("shop-Shop_API", 99, 2000)


def test_tiers_are_data(write: Write) -> None:
    slo = read(write, tiers="14.4x 1h/5m page; 6x 6h/30m ticket")
    assert slo.tiers == (
        BurnTier("14.4x", Decimal("14.4"), 3600, 300, "page", 3),
        BurnTier("6x", Decimal(6), 21600, 1800, "ticket", 10),
    )
    assert [tier.min_failures for tier in read(write, tiers="9x 1h/5m page, 2x 1d/2h page min 4").tiers] == [0, 4]
    assert read(write, tiers="none").tiers == ()
    assert read(write, tiers="default", min_failures="5").tiers == tiers_for(30 * 86400, fastest=5, rest=5)
    assert [tier.min_failures for tier in read(write, min_failures="1, 2").tiers] == [1, 2, 2, 2]


def test_alerting_is_json(write: Write) -> None:
    content = {
        "name": "ShopDown",
        "labels": {"team": "shop"},
        "annotations": {"summary": "Down."},
        "noData": False,
        "page": {"enabled": False},
        "ticket": {"labels": {"severity": "low"}, "annotations": {"a": "b"}},
    }
    assert read(write, alerting=json.dumps(content)).alerting == Alerting(
        "ShopDown",
        {"team": "shop"},
        {"summary": "Down."},
        Notice(enabled=False),
        Notice(labels={"severity": "low"}, annotations={"a": "b"}),
        no_data=False,
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("teirs", "none", "unknown annotation 'exai-sre/teirs'; did you mean 'exai-sre/tiers'?"),
        ("tiers", "fast", "'fast' is no burn tier"),
        ("tiers", "6x 6h/30m page; 6x 1h/5m page", "two tiers have the same burn rate"),
        ("tiers", "6x 60d/30m page", "looks back 60d, longer than the SLO's window"),
        ("min-failures", "1,2,3", "must be one or two whole numbers"),
        ("min-failures", "-1", "must be one or two whole numbers"),
        ("missing-data", "ignored", "unknown meaning of missing data 'ignored'"),
        ("group-by", "a b", "'a b' is no name of a label"),
        ("group-by", "__name__", "is no name of a label"),
        ("group-limit", "0", "must be a whole number from 1"),
        ("group-limit", "many", "must be a whole number from 1"),
        ("depends-on", "a b", "'a b' is no id of an SLO"),
        ("depends-on", "a|", "'' is no id of an SLO"),
        ("name", "-a", "'-a' is no valid name"),
        ("alerting", "{", "is no JSON"),
        ("alerting", "[]", "must be a JSON object"),
        ("alerting", '{"nam": "x"}', "unknown key 'nam'; did you mean 'name'?"),
        ("alerting", '{"name": 1}', "name must be text"),
        ("alerting", '{"noDataName": 1}', "noDataName must be text"),
        ("alerting", '{"page": {"targets": "pager"}}', "targets must be a list"),
        ("alerting", '{"page": {"targets": ["pager"]}}', "must be a JSON object"),
        ("alerting", '{"page": {"targets": [{"nam": "a"}]}}', "unknown key 'nam'"),
        ("alerting", '{"page": {"targets": [{"target": "email"}]}}', "a target must have a name"),
        (
            "alerting",
            '{"page": {"targets": [{"name": "a", "target": 1}]}}',
            "a target must have a name, and texts only",
        ),
        ("alerting", '{"noData": "x"}', "noData must be true or false"),
        ("alerting", '{"page": {"labels": {"a": 1}}}', "labels must be an object of texts"),
        ("alerting", '{"labels": {"a b": "c"}}', "'a b' is no name of a label"),
    ],
)
def test_a_wrong_annotation_is_told_with_its_place_though_the_document_is_valid(
    write: Write, name: str, text: str, words: str
) -> None:
    reading = read_slos([annotated(write, **{name: text})])
    assert reading.invalid == []
    assert reading.slos == []
    (fault,) = reading.faults
    assert words in str(fault)
    assert fault.remedy
    assert fault.line


def test_gates_are_given_once(write: Write) -> None:
    (fault,) = read_slos([annotated(write, tiers="6x 6h/30m page min 2", min_failures="3")]).faults
    assert fault.field == "metadata.annotations.exai-sre/min-failures"


def test_an_annotation_of_ours_elsewhere_is_told(write: Write) -> None:
    text = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a, annotations: {exai-sre/tiers: none}}\n"
    (fault,) = read_slos([write(text)]).faults
    assert "means nothing on a Service" in fault.what


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("labels: {a_: b}", "no valid key of a label"),
        ("labels: {a: [b, 1]}", "must be text"),
        ("annotations: {a_: b}", "no valid key of an annotation"),
        ("annotations: {X.y/a: b}", "no valid key of an annotation"),
        ("annotations: {a: 1}", "must be text"),
        (f"displayName: {'x' * 64}", "has 64 characters; 63 are allowed"),
    ],
)
def test_metadata_is_as_strict_as_the_reference(write: Write, metadata: str, words: str) -> None:
    reading = read_slos([write((TEXT % "{}").replace("annotations: {}", metadata))])
    assert words in str(reading.invalid[0])
    lax = (TEXT % "{a: }").replace("name: a\n", "name: a\n  labels: {a: [], b: , c: ''}\n")
    assert read_slos([write(lax)]).slos[0].labels == {"a": "", "b": "", "c": ""}
