"""What is written as OpenSLO is read back the same, whatever stands in it; what is read never ends in a traceback."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exai_sre.metrics import Matcher
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.indicators import (
    Component,
    CompositeIndicator,
    EventsIndicator,
    GaugeIndicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.model import Alerting, BurnTier, Calendar, Notice, NotificationTarget, Slo, Source, make_slo
from exai_sre.slo.openslo import read_definition
from exai_sre.slo.openslo_compile import compile_definitions
from exai_sre.slo.openslo_write import write_openslo
from exai_sre.slo.reading import read_slos
from exai_sre.slo.tiers import tier_name

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(["plain", "x" * 64])
HOSTILE = st.sampled_from(
    ['"} or vector(1) #', "a\nb: c\n---\nkind: SLO", "{{.window}}", "'", "`", "\\", "y", "1e3", "~"]
)
TEXTS = WORDS | HOSTILE
NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
LOOSE_NAMES = st.from_regex(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,60}[A-Za-z0-9]", fullmatch=True)
LABELS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
KEYS = st.from_regex(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,20}[a-zA-Z0-9])?", fullmatch=True)
RATIOS = st.decimals("0.000001", "0.999999", places=6).map(Decimal.normalize)
NUMBERS = st.decimals(-1_000_000, 1_000_000, places=4).map(Decimal.normalize)
QUERIES = st.sampled_from(["up", 'sum(rate(x{a="}"}[{{.window}}]))', "a\n/\nb", "time() - t", "`#`", 'x{y=~"a|\\"b"}'])
MINUTES = st.integers(1, 500).map(lambda minutes: minutes * 60)
MATCHERS = st.lists(
    st.builds(Matcher, LABELS, st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(tuple), st.booleans()),
    max_size=3,
    unique_by=lambda matcher: matcher.label,
).map(tuple)
SOME_MATCHERS = MATCHERS.filter(bool)
BOUNDS = st.floats(1e-6, 1e6, allow_nan=False)
EVENTS = st.one_of(
    st.builds(EventsIndicator, LABELS, MATCHERS, good=SOME_MATCHERS, native=st.booleans()),
    st.builds(EventsIndicator, LABELS, MATCHERS, good=MATCHERS, within=BOUNDS),
    st.builds(EventsIndicator, LABELS, MATCHERS, bad=SOME_MATCHERS),
)
COUNTABLE = st.one_of(
    EVENTS,
    st.builds(QueryIndicator, QUERIES, st.none(), QUERIES),
    st.builds(QueryIndicator, st.none(), QUERIES, QUERIES),
    st.builds(RawIndicator, QUERIES, st.booleans()),
    st.builds(GaugeIndicator, QUERIES, st.sampled_from(["lt", "lte", "gt", "gte"]), NUMBERS),
)
SLICED = st.builds(SliceIndicator, COUNTABLE, MINUTES, RATIOS)
SHARED = st.builds(SliceIndicator, COUNTABLE, MINUTES)


def composites(indicators: st.SearchStrategy[object]) -> st.SearchStrategy[CompositeIndicator]:
    weights = st.decimals("0.01", 100, places=2).map(Decimal.normalize)
    return st.lists(
        st.builds(Component, NAMES, weights, indicators), min_size=1, max_size=3, unique_by=lambda part: part.name
    ).map(lambda parts: CompositeIndicator(tuple(parts)))


INDICATORS = st.one_of(COUNTABLE, SLICED, SHARED, composites(COUNTABLE), composites(SLICED), composites(SHARED))
TARGETS = st.lists(
    st.builds(NotificationTarget, NAMES, TEXTS, st.text("ab: #'", max_size=9)), max_size=2, unique=True
).map(tuple)
NOTICES = st.builds(
    Notice,
    st.booleans(),
    st.dictionaries(LABELS, TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    st.just(()) | TARGETS,
)
ALERTING = st.builds(
    Alerting,
    st.just("") | TEXTS,
    st.dictionaries(LABELS, TEXTS, max_size=2),
    st.dictionaries(st.just("runbook_url") | TEXTS, TEXTS, max_size=2),
    NOTICES,
    NOTICES,
    st.booleans(),
    st.just(()) | TARGETS,
    st.just("") | TEXTS,
)
CALENDARS = st.builds(
    Calendar,
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat()),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    st.sampled_from(["d", "w", "M", "Q", "Y"]),
    st.integers(1, 9),
)
UNITS = {"d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}


@st.composite
def tiers(draw: st.DrawFn) -> tuple[BurnTier, ...]:
    factors = draw(st.lists(st.decimals("0.1", 100, places=1).map(Decimal.normalize), max_size=4, unique=True))
    return tuple(
        BurnTier(
            tier_name(factor),
            factor,
            draw(st.integers(11, 20)) * 60,
            draw(st.integers(1, 10)) * 60,
            draw(st.sampled_from(["page", "ticket"])),
            draw(st.sampled_from([0, 0, 3, 10, 7])),
            draw(st.sampled_from([0, 0, 60, 7200])),
        )
        for factor in factors
    )


@st.composite
def slos(draw: st.DrawFn) -> Slo:
    calendar = draw(st.none() | CALENDARS)
    window = UNITS[calendar.unit] * 86400 * calendar.count if calendar else draw(st.integers(20, 90_000)) * 60
    chosen = draw(st.none() | tiers())
    alerting = draw(ALERTING)
    if chosen == ():
        alerting = replace(alerting, targets=())
    return make_slo(
        draw(NAMES | LOOSE_NAMES),
        draw(LOOSE_NAMES),
        draw(RATIOS),
        draw(INDICATORS),
        window=window,
        display_name=draw(TEXTS),
        description=draw(st.just("") | TEXTS | st.just("long " * 300)),
        labels=draw(st.dictionaries(KEYS, TEXTS, max_size=2)),
        annotations=draw(st.dictionaries(KEYS, TEXTS, max_size=2)),
        calendar=calendar,
        group_by=draw(st.lists(LABELS, max_size=2, unique=True).map(tuple)),
        group_limit=draw(st.integers(1, 100)),
        missing=draw(st.sampled_from(["excluded", "good", "bad"])),
        alerting=alerting,
        depends_on=draw(st.lists(LOOSE_NAMES, max_size=2, unique=True).map(tuple)),
        tiers=chosen,
    )


def read_back(text: str) -> list[Slo]:
    faults = Faults()
    definitions = [read_definition(document, faults) for document in read_documents(text, "", faults)]
    read = compile_definitions([known for known in definitions if known], None, faults)
    assert not faults.errors
    return [replace(slo, source=Source()) for slo in read]


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(slos())
def test_what_is_written_is_read_back_the_same(slo: Slo) -> None:
    text = write_openslo([slo])
    assert read_back(text) == [slo]
    (document,) = yaml.safe_load_all(text)
    assert document["apiVersion"] == "openslo/v1"
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slo")


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400))
def test_arbitrary_bytes_are_read_or_refused(folder: Path, content: bytes) -> None:
    path = folder / "slo.yaml"
    path.write_bytes(content)
    reading = read_slos([path])
    assert all(fault.file == str(path) and fault.remedy for fault in reading.faults)


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=True) | TEXTS
KEYWORDS = [
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "name",
    "service",
    "indicator",
    "indicatorRef",
    "ratioMetric",
    "thresholdMetric",
    "good",
    "bad",
    "total",
    "raw",
    "rawType",
    "metricSource",
    "type",
    "metricSourceRef",
    "query",
    "timeWindow",
    "duration",
    "isRolling",
    "calendar",
    "budgetingMethod",
    "objectives",
    "target",
    "op",
    "value",
    "timeSliceTarget",
    "timeSliceWindow",
    "alertPolicies",
    "conditions",
    "conditionRef",
    "labels",
    "annotations",
    "instrument",
    "filter",
    "within",
    "counter",
    "compositeWeight",
    "displayName",
    "description",
    "version",
    "slos",
    "sli",
    "events",
    "grouping",
]
VALUES = st.sampled_from(
    ["openslo/v1", "openslo/v1alpha", "SLO", "SLI", "AlertPolicy", "a", "30d", "Prometheus", "exai-sre", "Timeslices"]
)
TREES = st.recursive(
    SCALARS | VALUES,
    lambda deeper: (
        st.lists(deeper, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS) | TEXTS, deeper, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=VALUES,
    version=st.sampled_from(["openslo/v1", "openslo/v1alpha", "sloth.slok.dev/v1", "pyrra.dev/v1alpha1"]),
    metadata=TREES,
    spec=TREES,
)
def test_any_tree_is_read_or_refused(folder: Path, kind: str, version: str, metadata: object, spec: object) -> None:
    path = folder / "slo.yaml"
    tree = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    reading = read_slos([path])
    assert reading.faults or kind in ("Service", "SLI", "DataSource", "AlertPolicy")
