"""No number of label values makes an instrument grow beyond its limit, and none of them is lost."""

from __future__ import annotations

import gc
import sys
import types

import pytest

from exai_sre.errors import CatalogError
from exai_sre.metrics import OTHER, OVERFLOW, Catalog, Label, NotCharted, exposition
from exai_sre.metrics.families.buckets import MCP_DURATION
from exai_sre.metrics.instrument import SERIES_LIMITS, Instrument
from exai_sre.metrics.label_guard import LONGEST_VALUE
from exai_sre.names import REDACTION_FAILED

CHART = NotCharted("a test")
OPEN = (Label("user", bound=10_000), Label("path", bound=10_000), Label("outcome", values=("ok", "error")))
LABEL_SETS = 40_000
SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType)


def size_of(root):
    """Bytes of everything that is reached from an object, but for code and what it shares with all others."""
    seen, waiting, size = set(), [root], 0
    while waiting:
        here = waiting.pop()
        if id(here) not in seen and not isinstance(here, SHARED):
            seen.add(id(here))
            size += sys.getsizeof(here)
            waiting += gc.get_referents(here)
    return size


def numbers(family):
    points = list(family.points())
    if family.instrument.kind == "histogram":
        return {point.labels: sum(point.numbers[:-1]) for point in points}
    return {point.labels: point.numbers[0] for point in points}


@pytest.mark.parametrize("kind", ["counter", "histogram"])
def test_an_instrument_under_a_flood_of_label_sets_stays_below_two_megabytes_and_counts_each(kind):
    catalog = Catalog()
    if kind == "counter":
        family = catalog.counter("x_total", "H.", labels=OPEN, chart=CHART)
    else:
        family = catalog.histogram("x_seconds", "H.", labels=OPEN, buckets=MCP_DURATION, chart=CHART)
    for number in range(LABEL_SETS):
        bound = family.labels(user=f"user-{number}", path=f"/path/{number % 997}", outcome="ok")
        if kind == "counter":
            bound.inc()
        else:
            bound.observe(0.1)
    assert size_of(catalog) <= 2_000_000
    counted = numbers(family)
    assert sum(counted.values()) == LABEL_SETS
    assert len(counted) == SERIES_LIMITS[kind] + 1
    assert counted[OVERFLOW, OVERFLOW, "ok"] == LABEL_SETS - SERIES_LIMITS[kind]


def test_closed_labels_stay_exact_beyond_the_limit():
    family = Catalog().counter("x_total", "H.", labels=OPEN, chart=CHART, series_limit=3)
    for number in range(10):
        family.labels(user=str(number), path="/", outcome="error" if number % 2 else "ok").inc()
    counted = numbers(family)
    assert counted[OVERFLOW, OVERFLOW, "ok"] + counted[OVERFLOW, OVERFLOW, "error"] == 7
    by_outcome = {name: sum(value for key, value in counted.items() if key[2] == name) for name in ("ok", "error")}
    assert by_outcome == {"ok": 5, "error": 5}


def test_series_that_were_there_before_the_limit_keep_counting():
    family = Catalog().counter("x_total", "H.", labels=OPEN[:1], chart=CHART, series_limit=2)
    first = family.labels(user="first")
    for number in range(10):
        family.labels(user=str(number)).inc()
    first.inc()
    family.labels(user="first").inc()
    assert numbers(family) == {("first",): 2, ("0",): 1, (OVERFLOW,): 9}


def test_a_declared_set_of_values_is_never_cut_off():
    closed = tuple(Label(name, values=("a", "b", "c")) for name in "xyz")
    family = Catalog().counter("x_total", "H.", labels=closed, chart=CHART, series_limit=2)
    family.ensure()
    assert family.size == 27
    assert family.labels(x="z", y="a", z="a").values == (OTHER, "a", "a")


def test_a_label_that_is_within_its_bound_keeps_its_value_while_another_overflows():
    labels = (Label("user", bound=2), Label("tool", bound=50))
    family = Catalog().counter("x_total", "H.", labels=labels, chart=CHART)
    for number in range(5):
        family.labels(user=str(number), tool="t").inc()
    assert numbers(family) == {("0", "t"): 1, ("1", "t"): 1, (OVERFLOW, "t"): 3}


def test_a_caller_cannot_get_a_label_longer_than_the_longest():
    family = Catalog().counter("x_total", "H.", labels=OPEN[:1], chart=CHART)
    family.labels(user="x" * LONGEST_VALUE).inc()
    family.labels(user="x" * (LONGEST_VALUE + 1)).inc()
    family.labels(user="y" * 10_000_000).inc()
    assert numbers(family) == {("x" * LONGEST_VALUE,): 1, (OVERFLOW,): 2}


def test_what_is_no_text_is_refused_by_the_name_of_its_label():
    family = Catalog().counter("x_total", "H.", labels=OPEN[:1], chart=CHART)
    with pytest.raises(CatalogError, match="x_total: label user takes a text, got 7"):
        family.labels(user=7)


def test_a_negative_limit_is_refused():
    with pytest.raises(CatalogError, match="not negative"):
        Instrument("x", "gauge", "H.", "", (), (), CHART, series_limit=-1)


def test_the_limit_belongs_to_what_is_declared():
    catalog = Catalog()
    catalog.gauge("x", "H.", chart=CHART, series_limit=5)
    with pytest.raises(CatalogError, match="declared twice"):
        catalog.gauge("x", "H.", chart=CHART, series_limit=6)


def test_secrets_never_become_label_values():
    def redact(text):
        if "bad" in text:
            raise ValueError(text)
        return text.replace("hunter2", "***")

    catalog = Catalog()
    family = catalog.counter("x_total", "H.", labels=OPEN, chart=CHART)
    catalog.redact_labels(redact)
    family.labels(user="hunter2", path="bad", outcome="ok").inc()
    family.labels(user="***", path=REDACTION_FAILED, outcome="ok").inc()
    assert numbers(family) == {("***", REDACTION_FAILED, "ok"): 2}
    assert b"hunter2" not in exposition(catalog)[0]


def test_a_redaction_that_counts_in_the_same_catalog_does_not_block():
    catalog = Catalog()
    redactions = catalog.counter("r_total", "H.", labels=OPEN[:1], chart=CHART)

    def redact(text):
        if "rule" not in text:
            redactions.labels(user="rule").inc()
        return text

    catalog.redact_labels(redact)
    catalog.counter("x_total", "H.", labels=OPEN[:1], chart=CHART).labels(user="someone").inc()
    assert numbers(redactions) == {("rule",): 2}
