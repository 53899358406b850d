"""A catalog as a YAML file: what it may say, and how each fault is told."""

from __future__ import annotations

import pytest

from exai_sre.cli.catalog import load_catalog
from exai_sre.errors import SpecError
from exai_sre.generate.onboarding import read_catalog
from exai_sre.metrics import Chart, NotCharted

GOOD = """\
apiVersion: exai-sre/v1
kind: Catalog
instruments:
- name: answers
  kind: counter
  help: Answers.
  labels:
    code: {values: [2xx, 5xx, '']}
    path: {bound: 50}
  chart: {dashboard: overview, title: Answers, shows: rate, by: [code]}
- name: wait.time
  kind: histogram
  unit: milliseconds
  buckets: [0.5, 1, 2.50]
  notCharted: nobody looks at it
- name: state
  kind: gauge
  help: ''
  chart: {dashboard: overview, title: State, shows: states, states: [closed, 'open']}
"""


def test_a_catalog_file_declares_foreign_instruments():
    catalog = read_catalog(GOOD, "catalog.yaml")
    answers, state, wait = catalog
    assert (answers.foreign, answers.kind, answers.series_names) == (True, "counter", ("answers",))
    assert answers.label("code").values == ("2xx", "5xx", "")
    assert answers.label("path").bound == 50
    assert answers.chart == Chart("overview", "Answers", "rate", by=("code",))
    assert state.chart.states == ("closed", "open")
    assert (wait.buckets, wait.unit) == ((0.5, 1.0, 2.5), "milliseconds")
    assert wait.chart == NotCharted("nobody looks at it")
    assert catalog.by_series("wait.time_bucket") is wait


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("exai-sre/v1", "exai-sre/v2", "catalog.yaml:1: apiVersion: unknown version 'exai-sre/v2'"),
        ("kind: Catalog", "kind: SLO", "catalog.yaml:2: kind: unknown kind 'SLO'"),
        ("kind: Catalog\n", "", "catalog.yaml:1: the field 'kind' is missing"),
        ("- name: answers\n  ", "- ", "catalog.yaml:4: instruments[0]: the field 'name' is missing"),
        ("kind: counter", "kind: count", "catalog.yaml:5: instruments[0].kind: unknown kind 'count'"),
        ("kind: counter", "kind: histogram", "catalog.yaml:4: instruments[0]: answers: a histogram has buckets"),
        ("  help: Answers.", "  helps: Answers.", "catalog.yaml:6: instruments[0].helps: unknown key 'helps'"),
        ("{bound: 50}", "{bound: 0}", "catalog.yaml:9: instruments[0].labels.path.bound: must be a whole number"),
        ("{bound: 50}", "{bound: 1.5}", "catalog.yaml:9: instruments[0].labels.path.bound: must be a whole number"),
        ("{bound: 50}", "{}", "catalog.yaml:9: instruments[0].labels.path: has not exactly one of"),
        ("{bound: 50}", "{values: []}", "catalog.yaml:9: instruments[0].labels.path.values: needs at least one"),
        ("{bound: 50}", "{values: [a, a]}", "catalog.yaml:9: instruments[0].labels.path.values: needs at least one"),
        ("path:", "__path:", "catalog.yaml:9: instruments[0].labels.__path: __path: is no valid label name"),
        ("1, 2.50", "1, 1", "catalog.yaml:14: instruments[1].buckets[2]: 1 does not ascend after 1"),
        ("1, 2.50", "one", "catalog.yaml:14: instruments[1].buckets[1]: must be a number"),
        ("shows: rate", "shows: pie", "catalog.yaml:10: instruments[0].chart.shows: unknown chart 'pie'"),
        (
            "  notCharted: nobody looks at it\n",
            "",
            "catalog.yaml:11: instruments[1]: the field 'chart' or 'notCharted'",
        ),
        ("- name: state", "- name: answers", "catalog.yaml:16: instruments[2]: answers is declared twice"),
        ("- name: state", "- name: __state", "catalog.yaml:16: instruments[2]: __state: is no valid metric name"),
        ("instruments:", "instruments: {", "catalog.yaml"),
    ],
)
def test_each_fault_names_file_line_field_and_remedy(old, new, text):
    assert old in GOOD
    with pytest.raises(SpecError) as error:
        read_catalog(GOOD.replace(old, new, 1), "catalog.yaml")
    assert str(error.value).startswith(text)
    assert error.value.remedy


def test_both_a_chart_and_none_is_a_fault():
    with pytest.raises(SpecError, match="both a chart and notCharted"):
        read_catalog(GOOD.replace("  chart: {dash", "  notCharted: no\n  chart: {dash", 1), "catalog.yaml")


def test_an_empty_file_is_a_fault():
    with pytest.raises(SpecError, match="declares no metric"):
        read_catalog("# nothing\n", "catalog.yaml")


def test_a_catalog_file_is_named_on_the_command_line_or_in_pyproject(tmp_path):
    file = tmp_path / "catalog.yaml"
    file.write_text(GOOD)
    assert len(load_catalog(str(file), tmp_path / "elsewhere")) == 3
    (tmp_path / "pyproject.toml").write_text('[tool.exai_sre]\ncatalog = "catalog.yaml"\n')
    assert len(load_catalog(None, tmp_path)) == 3


def test_a_missing_catalog_file_is_a_clear_error(tmp_path):
    with pytest.raises(SpecError, match=r"none.yaml: cannot be read"):
        load_catalog(str(tmp_path / "none.yaml"), tmp_path)
