"""OpenSLO documents that are refused: each with file, line, field and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog
from exai_sre.slo import load_slos, read_slos

Write = Callable[..., Path]

GOOD = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: availability
spec:
  description: Calls.
  service: shop
  indicator:
    metadata: {name: calls-ok}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: exai-sre
            spec:
              within: 0.5
        total:
          metricSource:
            type: exai-sre
            spec:
              instrument: call_seconds
              filter:
                outcome: {not: [client_error]}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
QUERY = "{metricSource: {type: Prometheus, spec: {query: up}}}"

RATIO = "spec.indicator.spec.ratioMetric"
GOOD_METRIC = "            type: exai-sre\n            spec:\n              within: 0.5"
GOOD_SPEC = f"{RATIO}.good.metricSource.spec"
TOTAL_SPEC = f"{RATIO}.total.metricSource.spec"

TABLE = [
    # what is written instead of what, line, field, words of the message
    ("spec:\n  desc", "spec:\n  owner: me\n  desc", 6, "spec.owner", "unknown key 'owner'"),
    ("  service: shop", "  servise: shop", 7, "spec.servise", "did you mean 'service'?"),
    ("  service: shop\n", "", 5, "spec", "the field 'service' is missing"),
    ("  service: shop", "  service:", 5, "spec", "the field 'service' is missing"),
    ("  service: shop", "  service: shop 1", 7, "spec.service", "no valid name"),
    ("  service: shop", "  service: 7", 7, "spec.service", "must be text, not 7; put it in quotes: '7'"),
    ("  service: shop", "  service: ''", 7, "spec.service", "must not be empty"),
    ("  service: shop", "  service: [shop]", 7, "spec.service", "must be a single value, not a list"),
    ("  description: Calls.\n", "  description: a\n  description: b\n", 7, "spec.description", "given twice"),
    ("openslo/v1", "openslo/v2alpha", 1, "apiVersion", "version 'openslo/v2alpha' is not read; write openslo/v1"),
    ("apiVersion: openslo/v1\n", "", 1, "", "the field 'apiVersion' is missing"),
    ("kind: SLO", "kind: SLOO", 2, "kind", "unknown kind 'SLOO'; did you mean 'SLO'?"),
    ("kind: SLO", "kind:", 1, "", "the field 'kind' is missing"),
    ("  name: availability", "  label: {}", 4, "metadata.label", "unknown key 'label'"),
    ("  name: availability", "  name: a\n  labels: [a]", 5, "metadata.labels", "must be a mapping, not a list"),
    ("  name: availability", "  name: a\n  labels: {a: 1}", 5, "metadata.labels.a", "must be text"),
    (
        "  name: availability",
        "  name: a\n  annotations: {exai-sre.dev/tier: x}",
        5,
        "metadata.annotations.exai-sre.dev/tier",
        "is not ours; write exai-sre/tier",
    ),
    ("Occurrences", "Timeslices", 27, "spec.objectives[0]", "the field 'timeSliceTarget' is missing; Timeslices needs"),
    ("Occurrences", "RatioTimeslices", 27, "spec.objectives[0]", "the field 'timeSliceWindow' is missing"),
    ("Occurrences", "Occurences", 26, "spec.budgetingMethod", "did you mean 'Occurrences'?"),
    ("30d", "1h30m", 25, "spec.timeWindow[0].duration", "'1h30m' is no duration; write a whole number and one of m, h"),
    ("30d", "0d", 25, "spec.timeWindow[0].duration", "must be longer than nothing"),
    (
        "30d, isRolling: true",
        "30d, isRolling: false",
        25,
        "spec.timeWindow[0]",
        "the field 'calendar' is missing; add it, or set isRolling: true",
    ),
    ("30d, isRolling: true", "30d, isRolling: maybe", 25, "spec.timeWindow[0].isRolling", "must be true or false"),
    ("isRolling: true", "isRolling: true, calendar: {}", 25, "spec.timeWindow[0]", "a rolling window has no calendar"),
    ("[{duration: 30d, isRolling: true}]", "[]", 25, "spec.timeWindow", "exactly one time window, not 0"),
    (
        "{target: 0.99}",
        "{target: 1}",
        27,
        "spec.objectives[0].target",
        "between 0 and 1, below 1, not 1; write for example 0.995",
    ),
    ("{target: 0.99}", "{targetPercent: 100}", 27, "spec.objectives[0].targetPercent", "between 0 and 100"),
    ("{target: 0.99}", "{target: '0.99'}", 27, "spec.objectives[0].target", "must be a number"),
    ("{target: 0.99}", "{target: .inf}", 27, "spec.objectives[0].target", "must be a number"),
    ("{target: 0.99}", "{displayName: x}", 27, "spec.objectives[0]", "'target' or 'targetPercent' is missing"),
    (
        "{target: 0.99}",
        "{target: 0.9, targetPercent: 90}",
        27,
        "spec.objectives[0]",
        "has both target and targetPercent",
    ),
    ("{target: 0.99}", "{target: 0}", 27, "spec.objectives[0].target", "a target of 0 promises nothing"),
    ("{target: 0.99}", "{target: 0.99, op: lt}", 27, "spec.objectives[0].op", "op has no meaning for a ratioMetric"),
    ("[{target: 0.99}]", "[]", 5, "spec", "holds no objective"),
    (
        "  budgetingMethod",
        "  alertPolicies: [x]\n  budgetingMethod",
        26,
        "spec.alertPolicies[0]",
        "must be a mapping, not a single value",
    ),
    (
        "  indicator:",
        "  indicatorRef: x\n  indicator:",
        5,
        "spec",
        "has both indicator and indicatorRef; give exactly one",
    ),
    ("counter: true", "counter: false", 12, f"{RATIO}.counter", "what the catalog counts are counters"),
    ("        counter: true\n", f"        raw: {QUERY}\n", 11, RATIO, "has both total and raw"),
    (
        "      ratioMetric:",
        f"      thresholdMetric: {QUERY}\n      ratioMetric:",
        10,
        "spec.indicator.spec",
        "has both ratioMetric and thresholdMetric",
    ),
    ("        good:", "        great:", 11, RATIO, "'good' or 'bad' or 'raw' is missing; give exactly one"),
    ("        good:", f"        bad: {QUERY}\n        good:", 11, RATIO, "has both good and bad"),
    (
        GOOD_METRIC,
        GOOD_METRIC.replace("exai-sre", "Prometheus").replace("within: 0.5", "query: up"),
        11,
        RATIO,
        "mixes sources of the types Prometheus and exai-sre",
    ),
    (
        GOOD_METRIC,
        GOOD_METRIC.replace("exai-sre", "exai_sre"),
        15,
        f"{RATIO}.good.metricSource.type",
        "not compilable: source type 'exai_sre'; did you mean 'exai-sre'?",
    ),
    ("within: 0.5", "labels: {outcome: []}", 17, f"{GOOD_SPEC}.labels.outcome", "needs at least one value"),
    ("within: 0.5", "labels: {}", 16, GOOD_SPEC, "'labels' or 'within' is missing"),
    ("within: 0.5", "within: -1", 17, f"{GOOD_SPEC}.within", "must be above 0"),
    (
        "within: 0.5",
        "within: 0.3",
        17,
        f"{GOOD_SPEC}.within",
        "0.3 is no bucket bound of call_seconds; the nearest are 0.1 below and 0.5 above",
    ),
    ("within: 0.5", "within: 30", 17, f"{GOOD_SPEC}.within", "the nearest are 1 below"),
    ("within: 0.5", "within: 0.01", 17, f"{GOOD_SPEC}.within", "the nearest are 0.1 above"),
    ("call_seconds", "calls_total", 17, f"{GOOD_SPEC}.within", "is a counter and has no buckets"),
    (
        "call_seconds",
        "call_second",
        22,
        f"{TOTAL_SPEC}.instrument",
        "unknown metric 'call_second'; did you mean 'call_seconds'?",
    ),
    ("call_seconds", "open_calls", 22, f"{TOTAL_SPEC}.instrument", "open_calls is a gauge"),
    (
        "                outcome:",
        "                outcom:",
        24,
        f"{TOTAL_SPEC}.filter.outcom",
        "call_seconds has no label 'outcom'; did you mean 'outcome'?",
    ),
    (
        "[client_error]",
        "[client_eror]",
        24,
        f"{TOTAL_SPEC}.filter.outcome",
        "never has the value 'client_eror'; did you mean 'client_error'?",
    ),
    (
        "{not: [client_error]}",
        "{nor: ok}",
        24,
        f"{TOTAL_SPEC}.filter.outcome",
        "is no condition on a label; write a value, a list of values, or {not: ...}",
    ),
    (
        "{not: [client_error]}",
        "{not: [ok, error, upstream_error, timeout, overload, client_error, cancelled]}",
        24,
        f"{TOTAL_SPEC}.filter.outcome",
        "no value of label 'outcome' is both counted and good",
    ),
    (
        "within: 0.5",
        "labels: {outcome: client_error}",
        17,
        f"{GOOD_SPEC}.labels.outcome",
        "no value of label 'outcome' is both counted and good",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"), TABLE, ids=[f"{row[2]}-{row[4][:40]}" for row in TABLE]
)
def test_a_fault_names_file_line_field_and_remedy(
    write: Write, catalog: Catalog, old: str, new: str, line: int, field: str, words: str
) -> None:
    assert GOOD.count(old) == 1 or old in ("call_seconds",)
    path = write(GOOD.replace(old, new))
    faults = read_slos([path], catalog=catalog).faults
    located = [(fault.file, fault.line, fault.field) for fault in faults if words in str(fault)]
    assert located == [(str(path), line, field)], [str(fault) for fault in faults]
    with pytest.raises(SpecError) as raised:
        load_slos(path, catalog=catalog)
    assert raised.value.remedy


def test_the_table_starts_from_a_good_document(write: Write, catalog: Catalog) -> None:
    assert len(load_slos(write(GOOD), catalog=catalog)) == 1


def test_all_faults_of_a_document_are_told_at_once_in_the_order_of_lines(write: Write, catalog: Catalog) -> None:
    text = (
        GOOD.replace("service: shop", "service: 7")
        .replace("0.99}", "2}")
        .replace("true\n", "maybe\n")
        .replace("30d", "3")
    )
    faults = read_slos([write(text)], catalog=catalog).faults
    assert [fault.line for fault in faults] == [7, 12, 25, 27]


def test_all_that_cannot_be_compiled_is_told_at_once_too(write: Write, catalog: Catalog) -> None:
    text = GOOD.replace("shop", "a shop").replace("0.99}", "0}").replace("true\n", "false\n").replace("30d", "0d")
    reading = read_slos([write(text)], catalog=catalog)
    assert [fault.line for fault in reading.faults] == [7, 12, 25, 27]
    assert reading.invalid == []


def test_bad_events_are_named_by_labels_alone(write: Write, catalog: Catalog) -> None:
    bad = GOOD.replace("        good:", "        bad:")
    (fault,) = read_slos([write(bad)], catalog=catalog).faults
    assert "unknown key 'within'" in str(fault)
    (fault,) = read_slos([write(bad.replace("within: 0.5", "labels: {}"))], catalog=catalog).faults
    assert "the field 'labels' is missing" in str(fault)
    assert "say which events are bad" in fault.remedy
    (slo,) = load_slos(write(bad.replace("within: 0.5", "labels: {outcome: error}")), catalog=catalog)
    assert slo.name == "availability"


def test_a_query_must_not_be_empty(write: Write) -> None:
    text = (
        GOOD[: GOOD.index("        good:")]
        + (
            "        good: {metricSource: {type: Prometheus, spec: {query: ' '}}}\n"
            "        total: {metricSource: {type: Prometheus, spec: {query: up}}}\n"
        )
        + GOOD[GOOD.index("  timeWindow") :]
    )
    (fault,) = read_slos([write(text)]).faults
    assert fault.field.endswith("good.metricSource.spec.query")


def test_a_duplicate_name_points_at_the_first(write: Write, tmp_path: Path) -> None:
    first = write(GOOD, "a.yaml")
    second = write(GOOD, "b.yaml")
    reading = read_slos([tmp_path])
    (fault,) = reading.faults
    assert (fault.file, fault.line, fault.field) == (str(second), 4, "metadata.name")
    assert f"{first}:1" in fault.remedy
    assert len(reading.slos) == 1


def test_an_undefined_service_is_told_where_services_are_defined(write: Write, tmp_path: Path) -> None:
    write("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shops}\nspec: {}\n", "service.yaml")
    write(GOOD)
    (fault,) = read_slos([tmp_path]).faults
    assert str(fault).endswith("service 'shop' is not defined; did you mean 'shops'?")


REFERRING = GOOD[: GOOD.index("  indicator:")] + "  indicatorRef: calls\n" + GOOD[GOOD.index("  timeWindow") :]
SLI = "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: call}\nspec: {ratioMetric: {}}\n"


def test_an_undefined_indicator_is_told(write: Write) -> None:
    (fault,) = read_slos([write(REFERRING)]).faults
    assert (fault.line, fault.field) == (8, "spec.indicatorRef")
    assert fault.remedy == "define it with kind: SLI"


def test_a_misspelt_indicator_is_told_beside_the_faults_of_the_indicators(write: Write) -> None:
    faults = read_slos([write(REFERRING + SLI)]).faults
    assert faults[0].remedy == "did you mean 'call'?"
    assert {fault.field for fault in faults[1:]} == {"spec.ratioMetric"}


def test_a_reference_to_a_faulty_indicator_adds_no_fault_of_its_own(write: Write) -> None:
    reading = read_slos([write(REFERRING.replace("calls", "call") + SLI)])
    assert reading.slos == []
    assert {fault.field for fault in reading.faults} == {"spec.ratioMetric"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1\nb: 2", 2, "is not readable as YAML"),
        ("a: 'x", 1, "is not readable as YAML"),
        ("a: \x00", 0, "is not readable as YAML: special characters are not allowed"),
        ("[" * 600, 0, "is nested too deeply"),
        ("just text", 1, "must be a mapping, not a single value"),
        ("1: 2", 1, "must be text, not 1"),
        ("- - a", 1, "must be a mapping, not a list"),
        ("kind: SLO", 1, "the field 'apiVersion' is missing"),
        ("apiVersion: openslo/v1\nkind: SLO\nmetadata:\nspec:\n", 1, "the field 'metadata' is missing"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_told(write: Write, text: str, line: int, words: str) -> None:
    path = write(text)
    fault = read_slos([path]).faults[0]
    assert words in str(fault)
    assert (fault.file, fault.line) == (str(path), line)


def test_documents_before_a_syntax_error_are_still_read(write: Write) -> None:
    reading = read_slos([write(GOOD + "---\na: [1\n")])
    assert len(reading.slos) == 1
    assert len(reading.faults) == 1


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    (tmp_path / "empty").mkdir()
    faults = read_slos(
        [tmp_path / "latin.yaml", tmp_path / "empty", tmp_path / "absent.yaml", os.fspath(tmp_path / "no")]
    ).faults
    assert [fault.what for fault in faults] == [
        f"{tmp_path}/absent.yaml: cannot be read: No such file or directory",
        f"{tmp_path}/empty: holds no .yaml or .yml file",
        f"{tmp_path}/latin.yaml: is not UTF-8 text (byte 3)",
        f"{tmp_path}/no: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- "])
def test_a_text_that_is_nested_without_end_is_refused_and_never_ends_the_process(write: Write, bracket: str) -> None:
    [fault] = read_slos([write(bracket * 100_000)]).faults
    assert "nested too deeply" in str(fault)


def test_libyaml_and_plain_python_compose_the_same_nodes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted((root / "slo").glob("*.yaml"))
    quick = read_slos(paths)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert read_slos(paths) == quick
    assert quick.slos
    assert not quick.faults
