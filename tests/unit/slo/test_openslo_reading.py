"""OpenSLO documents that are read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog, Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, Source, load_slos, read_slos
from exai_sre.slo.reading import validate_slos
from server.metrics import build_catalog

Write = Callable[..., Path]

INLINE = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
  displayName: Calls succeed
  labels: {team: [a, b], tier: gold}
  annotations: {example.com/wiki: calls}
spec:
  description: Calls.
  service: shop
  indicator:
    metadata: {name: calls-ok}
    spec:
      description: Share of good calls.
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: exai-sre
            spec: {labels: {outcome: ok}}
        total:
          metricSource:
            type: exai-sre
            spec:
              instrument: calls_total
              filter: {tool: [a, b, a], outcome: {not: [client_error, cancelled]}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: Good, target: 0.9950}]
  alertPolicies: []
"""

REFERENCE = """\
- apiVersion: openslo/v1
  kind: Service
  metadata: {name: shop}
  spec: {description: A shop.}
- apiVersion: openslo/v1
  kind: SLI
  metadata: {name: queries}
  spec:
    ratioMetric:
      bad:
        metricSource: {type: Prometheus, spec: {query: " sum(rate(bad[{{.window}}])) "}}
      total:
        metricSource: {type: Prometheus, spec: {query: "sum(rate(all[{{.window}}]))"}}
- apiVersion: openslo/v1
  kind: SLO
  metadata: {name: b}
  spec:
    service: shop
    indicatorRef: queries
    timeWindow: [{duration: 30d, isRolling: true}]
    budgetingMethod: Occurrences
    objectives: [{targetPercent: 99.9}]
"""


def test_an_inline_indicator_over_the_catalog_is_read_whole(write: Write, catalog: Catalog) -> None:
    path = write(INLINE)
    (slo,) = load_slos(path, catalog=catalog)
    assert slo.id == "shop-availability"
    assert (slo.display_name, slo.description) == ("Calls succeed", "Calls.")
    assert slo.labels == {"team": "a,b", "tier": "gold"}
    assert slo.annotations == {"example.com/wiki": "calls"}
    assert slo.window == 28 * 86400
    assert slo.source == Source(str(path), 1)
    assert slo.indicator == EventsIndicator(
        "calls_total",
        (Matcher("tool", ("a", "b")), Matcher("outcome", ("client_error", "cancelled"), negated=True)),
        good=(Matcher("outcome", ("ok",)),),
    )


def test_a_target_keeps_the_digits_that_were_written(write: Write) -> None:
    (slo,) = load_slos(write(INLINE.replace("0.9950", "0.99900000000000000001")))
    assert slo.budget == Decimal("0.00099999999999999999")
    (slo,) = load_slos(write(INLINE))
    assert str(slo.objective) == "0.995"


def test_a_list_of_documents_with_a_referenced_indicator_is_read(write: Write) -> None:
    (slo,) = load_slos(write(REFERENCE))
    assert slo.indicator == QueryIndicator(None, "sum(rate(bad[{{.window}}]))", "sum(rate(all[{{.window}}]))")
    assert slo.objective == Decimal("0.999")
    assert slo.source.line == 14


def test_a_reference_may_point_into_another_file(write: Write, tmp_path: Path) -> None:
    parts = REFERENCE.split("- apiVersion")
    write("- apiVersion" + parts[3], "a/slo.yml")
    write("- apiVersion" + parts[2], "b/sli.yaml")
    write("not: [yaml", "a/.hidden/broken.yaml")
    write("not: [yaml", "a/notes.txt")
    assert [slo.id for slo in load_slos(tmp_path)] == ["shop-b"]


def test_bounds_and_labels_may_stand_together(write: Write, catalog: Catalog) -> None:
    text = INLINE.replace("calls_total", "call_seconds").replace(
        "{labels: {outcome: ok}}", "{within: 0.5, labels: {outcome: ok}}"
    )
    (slo,) = load_slos(write(text), catalog=catalog)
    assert isinstance(slo.indicator, EventsIndicator)
    assert slo.indicator.within == 0.5


def test_without_a_catalog_only_the_structure_is_checked(write: Write) -> None:
    (slo,) = load_slos(write(INLINE.replace("calls_total", "unheard_of_total")))
    assert isinstance(slo.indicator, EventsIndicator)


def test_empty_documents_are_skipped(write: Write) -> None:
    assert len(load_slos(write("---\n# nothing\n---\n" + INLINE))) == 1


def test_slos_come_ordered_by_id_and_each_file_once(write: Write, tmp_path: Path) -> None:
    first = write(INLINE, "z.yaml")
    write(INLINE.replace("name: availability", "name: a-first"), "a.yaml")
    reading = read_slos([first, tmp_path])
    assert [slo.id for slo in reading.slos] == ["shop-a-first", "shop-availability"]
    assert reading.faults == []


def test_a_folder_without_an_slo_is_an_error_for_the_program_that_needs_one(write: Write) -> None:
    path = write("# nothing here\n")
    with pytest.raises(SpecError, match="no SLO is defined here"):
        load_slos(path)


def test_the_committed_slos_load_with_the_servers_catalog(root: Path) -> None:
    slos = load_slos(root / "slo", catalog=build_catalog())
    assert len(slos) == 14
    assert {slo.window for slo in slos} == {30 * 86400}


@pytest.mark.needs_vectors
def test_public_examples_are_valid_or_not_as_the_reference_sdk_says(vectors: Callable[[], Path]) -> None:
    """Verdicts of OpenSLO/go-sdk 0.9.2, which forbids ``op`` beside an inline ratioMetric."""
    refused = {"ratio-timeslices.yaml", "timeslices-slo.yaml", "slos.yaml"}
    folder = vectors() / "slo"
    for file in [*folder.glob("openslo-v1/*.yaml"), *folder.glob("openslo-spec/*.yaml")]:
        invalid = validate_slos([file])
        assert bool(invalid) == (file.name in refused), file
        assert all("op has no meaning" in fault.what and fault.line and fault.remedy for fault in invalid)


@pytest.mark.needs_vectors
def test_a_valid_example_over_another_source_is_told_to_be_beyond_us(vectors: Callable[[], Path]) -> None:
    reading = read_slos([vectors() / "slo" / "openslo-spec" / "occurences-slo.yaml"])
    assert reading.invalid == []
    (fault,) = reading.faults
    assert "not compilable: source type 'Any'" in fault.what
    assert fault.field == "spec.indicator.spec.thresholdMetric.metricSource.type"
