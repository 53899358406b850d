"""Whatever stands in a document of Sloth or Pyrra: SLOs or located faults, never a traceback."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.slo.foreign_rig import read

HEADS = [
    {"version": "prometheus/v1"},
    {"version": "prometheus/v2"},
    {"apiVersion": "sloth.slok.dev/v1", "kind": "PrometheusServiceLevel"},
    {"apiVersion": "pyrra.dev/v1alpha1", "kind": "ServiceLevelObjective"},
    {"apiVersion": "pyrra.dev/v2"},
]
SELECTOR = 'requests_total{code=~"5.."}'
TEXTS = ["", "shop", "a b", "99.9", "0.999", "100", "4w", "30d", "1s", "200ms", "up", SELECTOR, "sum(up[{{.window}}])"]
TEXTS += ["(up[{{.window}}]", 'd_bucket{le="1"}', "__name__", "\u2028", "sloth.dev/core/noop/v1", "abort", "dynamic"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 101),
    st.floats(allow_nan=True),
    st.sampled_from(TEXTS),
    st.text(max_size=8),
    st.dates(),
)
KEYS = [
    "absent",
    "absentName",
    "alerting",
    "annotations",
    "bool_gauge",
    "burnRateType",
    "burnrates",
    "chain",
    "config",
    "description",
    "disable",
    "disabled",
    "errorQuery",
    "errorRatioQuery",
    "error_query",
    "error_ratio_query",
    "errors",
    "events",
    "grouping",
    "id",
    "indicator",
    "infoLabels",
    "interval",
    "labels",
    "latency",
    "latencyNative",
    "metadata",
    "metric",
    "name",
    "namespace",
    "objective",
    "options",
    "overridePrevious",
    "pageAlert",
    "page_alert",
    "partial_response_strategy",
    "performanceOverAccuracy",
    "plugin",
    "plugins",
    "priority",
    "ratio",
    "raw",
    "ruleOutput",
    "service",
    "severities",
    "sli",
    "sloPlugins",
    "slo_plugins",
    "slos",
    "spec",
    "status",
    "success",
    "target",
    "ticketAlert",
    "ticket_alert",
    "total",
    "totalQuery",
    "total_query",
    "window",
]
NAMES = st.one_of(st.sampled_from(KEYS), st.text(max_size=4))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)

SLOTH: dict[str, Any] = {
    "service": "shop",
    "labels": {"a": "b"},
    "slo_plugins": {"chain": [{"id": "sloth.dev/core/noop/v1", "priority": 1}]},
    "slos": [
        {
            "name": "orders",
            "objective": 99.9,
            "labels": {"c": "d"},
            "sli": {"events": {"error_query": "bad[{{.window}}]", "total_query": "all[{{.window}}]"}},
            "alerting": {"name": "A", "page_alert": {"disable": False, "labels": {"e": "f"}}},
        },
        {"name": "latency", "objective": 95, "sli": {"raw": {"error_ratio_query": "r[{{.window}}]"}}},
    ],
}
PYRRA: dict[str, Any] = {
    "metadata": {"name": "api", "labels": {"pyrra.dev/team": "web"}},
    "spec": {
        "target": "99.9",
        "window": "30d",
        "indicator": {
            "ratio": {"errors": {"metric": SELECTOR}, "total": {"metric": "requests_total"}, "grouping": ["route"]}
        },
        "alerting": {"name": "A", "absent": False},
    },
}
WHOLE = [
    {"version": "prometheus/v1", **SLOTH},
    {"apiVersion": "pyrra.dev/v1alpha1", "kind": "ServiceLevelObjective", **PYRRA},
]


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    """The value with one part of it, chosen by chance, taken away or exchanged for anything."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    if not inner or draw(st.integers(0, 3)) == 0:
        return draw(ANYTHING)
    chosen, part = draw(st.sampled_from(inner))
    kept = dict(value) if isinstance(value, dict) else list(value)
    if draw(st.integers(0, 5)) == 0:
        del kept[chosen]
    else:
        kept[chosen] = _spoil(draw, part)
    return kept


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A sound document that is spoilt in one or two places; it still says whose it is."""
    whole = document = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(1, 2))):
        changed = _spoil(draw, document)
        document = changed if isinstance(changed, dict) else document
    return {**document, **{key: whole[key] for key in ("version", "apiVersion") if key in whole}}


def _written(document: Any) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _check(text: str) -> None:
    slos, faults = read(text)
    for fault in faults:
        assert fault.file == "slo.yaml"
        assert fault.line > 0
        assert fault.remedy
    for slo in slos:
        assert 0 < slo.objective < 1
        assert slo.window > 0
        assert slo.name
        assert slo.service
    assert slos or faults


@settings(max_examples=80, deadline=None)
@given(head=st.sampled_from(HEADS), rest=st.dictionaries(NAMES, ANYTHING, max_size=4))
def test_arbitrary_documents_give_slos_or_located_faults(head: dict[str, Any], rest: dict[str, Any]) -> None:
    _check(_written({**rest, **head}))


@settings(max_examples=150, deadline=None)
@given(document=spoilt())
def test_a_sound_document_spoilt_anywhere_gives_slos_or_located_faults(document: dict[str, Any]) -> None:
    _check(_written(document))


@settings(max_examples=80, deadline=None)
@given(text=st.sampled_from([_written(whole) for whole in WHOLE]), at=st.integers(0, 700), new=st.text(max_size=3))
def test_any_change_of_a_few_characters_behind_the_version_gives_slos_or_located_faults(
    text: str, at: int, new: str
) -> None:
    first, rest = text.split("\n", 1)
    at %= len(rest)
    slos, faults = read(f"{first}\n{rest[:at]}{new}{rest[at + 1 :]}")
    assert slos or faults


HOSTILE = st.text(alphabet="\"'`\\{}[](),=~!#\n abx1_:", max_size=12)


@settings(max_examples=100, deadline=None)
@given(label=HOSTILE, value=HOSTILE)
def test_no_text_in_a_selector_leaves_it(label: str, value: str) -> None:
    """What is read of a metric is one selector again, so a name or a value cannot become another expression."""
    from exai_sre.slo.indicators import QueryIndicator
    from exai_sre.slo.vector_selector import parse_selector

    document = {**WHOLE[1], "spec": {**PYRRA["spec"], "indicator": {"ratio": {"errors": {}, "total": {"metric": "a"}}}}}
    document["spec"]["indicator"]["ratio"]["errors"] = {"metric": f'b{{{label}="{value}"}}'}
    for slo in read(_written(document))[0]:
        assert isinstance(slo.indicator, QueryIndicator)
        assert slo.indicator.bad is not None
        assert str(parse_selector(slo.indicator.bad)) == slo.indicator.bad
