"""Each check of rules speaks of a planted fault, with its line, and is silent on sound ones."""

from __future__ import annotations

import pytest

from exai_sre.generate import alertmanager_config, generated_files
from exai_sre.generate.checks import check_paths
from exai_sre.generate.finding import Finding

RUNBOOK = "# Runbook\n\n## Broken 6x\n\n<a id='own'></a>\n"


@pytest.fixture
def check(tmp_path, small_catalog):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/book.md").write_text(RUNBOOK)

    def run(text, name="x.rules.yaml", catalog=small_catalog, **more):
        file = tmp_path / name
        file.write_text(text)
        found = check_paths([file], catalog=catalog, folder=tmp_path, **more)
        return [(finding.line, finding.code, finding.message) for finding in found]

    return run


def record(expr, name="a:b", more=""):
    return f"groups:\n- name: g\n  rules:\n  - record: {name}\n    expr: {expr}\n{more}"


def alert(expr="depth > 1", severity="page", url="docs/book.md#broken-6x", more=""):
    return (
        "groups:\n- name: g\n  rules:\n  - alert: Broken\n"
        f"    expr: {expr}\n    labels: {{severity: {severity}}}\n"
        f"    annotations:\n      summary: s\n      description: d\n      runbook_url: '{url}'\n{more}"
    )


SOUND = [
    record('sum by (outcome) (rate(calls_seconds_count{outcome=~"ok|error"}[5m]))'),
    record('sum(rate(calls_seconds_bucket{le="0.5",job="x"}[1m]))'),
    record("histogram_quantile(0.9, sum by (le) (rate(calls_seconds_bucket[5m])))"),
    record('sum without (queue) (increase(jobs_total{queue="any"}[5m]))'),
    record('calls_seconds_count{outcome=~"o.+"}'),
    record('calls_seconds_count{outcome=""}'),
    record('label_replace(depth, "x", "$1", "job", "(.*)")'),
    record("jobs_total / ignoring(queue) calls_seconds_count"),
    record("-max_over_time((depth)[5m:1m])"),
    record("topk(3, jobs_total) or vector(time())"),
    record("ALERTS{severity='page'}"),
    alert(),
    alert("absent(up{job='x'})"),
    alert("up unless depth"),
    alert("depth > 1 and on (job) up == 0"),
    alert("vector(1)", severity="none"),
    alert(url="https://elsewhere.example/x"),
    alert(url="docs/book.md#own"),
]


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_rule_has_no_finding(check, text):
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "line", "code", "said"),
    [
        (record("sum(rate(x[5m])"), 5, "promql", "a:b: unclosed left parenthesis"),
        (record("rate(callz_seconds_count[5m])"), 5, "unknown-metric", "callz_seconds_count is neither exported nor"),
        (record("'{outcome=\"ok\"}'"), 5, "unknown-metric", "a selector without a name"),
        (record('depth{outcome="ok"}'), 5, "unknown-label", "depth has no label 'outcome'; it has instance, job"),
        (record("sum by (queue) (calls_seconds_sum)"), 5, "unknown-label", "groups by 'queue'"),
        (record("sum by (le) (calls_seconds_sum)"), 5, "unknown-label", "groups by 'le'"),
        (record('jobs_total{outcome="okay"}'), 5, "unknown-label-value", "jobs_total never has outcome='okay'"),
        (record('jobs_total{outcome!~"ok|eror"}'), 5, "unknown-label-value", "outcome='eror'"),
        (record('calls_seconds_bucket{le="0.7"}'), 5, "unknown-label-value", "le='0.7'"),
        (record("rate(jobs_total[30s])"), 5, "rate-range", "take 1m or more"),
        (record("rate(depth[5m])"), 5, "rate-of-gauge", "rate of the gauge depth"),
        (record("depth", more="  - record: a:b\n    expr: depth\n"), 6, "duplicate-rule", "x.rules.yaml:4 too"),
        (alert("depth"), 5, "alert-condition", "always fires"),
        (alert("depth > bool 1"), 5, "alert-condition", "always fires"),
        (alert(severity="critical"), 4, "alert-severity", "'critical' is not among none, page, ticket"),
        (alert(url=""), 4, "alert-annotation", "has no runbook_url"),
        (alert(url="docs/none.md#x"), 4, "alert-runbook", "there is no runbook docs/none.md"),
        (alert(url="docs/book.md#x"), 4, "alert-runbook", "docs/book.md has no section #x"),
        (alert(url="docs/book.md"), 4, "alert-runbook", "names no section of docs/book.md"),
        (alert(more="      x: '{{ $labels.queue }}'\n"), 4, "alert-template", "the label 'queue'"),
        (alert(severity="'{{ $value }}'"), 4, "alert-template", "changes with the value"),
    ],
)
def test_a_planted_fault_is_found(check, text, line, code, said):
    assert any(
        (found_line, found_code) == (line, code) and said in message for found_line, found_code, message in check(text)
    ), check(text)


def test_a_template_about_an_unparsable_rule_is_left_to_the_parser(check):
    assert {code for _, code, _ in check(alert("sum("))} == {"promql"}


def test_labels_of_recorded_series_are_known(check):
    first = record("sum by (outcome) (jobs_total)", more="    labels: {team: one}\n")
    reading = "  - record: c:d\n    expr: {}\n"
    assert check(first + reading.format('a:b{outcome="ok",team="one"}')) == []
    assert [code for _, code, _ in check(first + reading.format('a:b{queue="x"}'))] == ["unknown-label"]


def test_a_rule_that_does_not_parse_records_a_series_of_unknown_labels(check):
    text = record("sum(", more="  - record: c:d\n    expr: a:b{anything='x'}\n")
    assert [code for _, code, _ in check(text)] == ["promql"]


def test_without_a_catalog_names_are_not_judged(check):
    assert check(record('anything{at="all"}'), catalog=None) == []
    assert check(alert("anything > 1"), catalog=None) == []


def test_ranges_follow_the_scrape_interval(check):
    assert check(record("rate(jobs_total[4s])"), scrape_interval=1) == []
    assert [code for _, code, _ in check(record("rate(jobs_total[1m])"), scrape_interval=30)] == ["rate-range"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("groups:\n- name: g\n  rules:\n  - record: a\n\texpr: b\n", 5, "is no YAML"),
        ("groups: {}\n", 1, "groups is no list"),
        ("groups: [x]\n", 1, "a group is no mapping"),
        ("groups:\n- rules: []\n", 2, "a group's name is missing"),
        ("groups:\n- name: g\n  rules:\n  - expr: x\n", 4, "a rule's name"),
        ("groups:\n- name: g\n  rules:\n  - record: a\n", 4, "expr of a is missing"),
        ("groups:\n- name: g\n  rules:\n  - record: a\n    expr: [b]\n", 5, "expr of a is missing or no text"),
        (
            "groups:\n- name: g\n  rules:\n  - record: a\n    expr: depth\n    labels: x\n",
            6,
            "labels of a is no mapping",
        ),
    ],
)
def test_a_file_of_the_wrong_shape_is_one_finding_with_its_line(check, text, line, said):
    ((found, code, message),) = check(text)
    assert (found, code) == (line, "unreadable")
    assert said in message


def test_bytes_that_are_no_text_and_names_that_are_no_file_are_findings(tmp_path, small_catalog):
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "nul.yaml").write_text("a: \x00")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden/x.yaml").write_text("groups: 1\n")
    found = check_paths([tmp_path, tmp_path / "empty", tmp_path / "none.yaml"], catalog=small_catalog)
    said = {finding.file.rpartition("/")[2]: finding.message for finding in found}
    assert said["bad.yaml"].startswith("is not UTF-8 text (byte 0)")
    assert said["nul.yaml"].startswith("is no YAML")
    assert said["empty"] == "holds no .yaml, .yml or .json file"
    assert said["none.yaml"] == "cannot be read: No such file or directory"
    assert len(found) == 4


def test_values_that_are_no_text_count_as_missing(check):
    text = alert().replace("summary: s", "summary: [s]")
    assert [(code, message) for _, code, message in check(text)] == [("alert-annotation", "Broken: has no summary")]


def test_other_checkers_files_are_left_to_them(check, slos):
    assert check("rule_files: [x]\ntests: []\n") == []
    assert check(alertmanager_config(slos)) == []


def test_a_file_that_is_nothing_we_know_is_read_as_a_definition(check):
    ((_, code, message),) = check("kind: Something\n", name="x.yaml")
    assert code == "slo"
    assert message
    assert [code for _, code, _ in check("- 1\n", name="y.yaml")] == ["slo"]


def test_an_unreachable_tier_is_a_warning_at_its_definition(root, catalog):
    found = check_paths([root / "slo"], catalog=catalog)
    assert {(finding.code, finding.severity) for finding in found} == {("unreachable-tier", "warning")}
    assert len(found) == 3
    assert "burns only 2 times as fast" in found[0].message
    assert found[0].line


def test_what_is_generated_has_no_finding(tmp_path, slos, catalog):
    for path, text in generated_files(slos, catalog=catalog).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    assert check_paths([tmp_path / "alerts", tmp_path / "dashboards"], catalog=catalog, folder=tmp_path) == []


def test_a_finding_is_one_line_or_one_object():
    finding = Finding("a.yaml", 3, "some-code", "what is wrong", "warning")
    assert finding.to_text() == "a.yaml:3: warning: some-code: what is wrong"
    assert Finding("a.yaml", 0, "c", "m").to_text() == "a.yaml: c: m"
    assert finding.to_json() == {
        "file": "a.yaml", "line": 3, "code": "some-code", "message": "what is wrong", "severity": "warning",
    }  # fmt: skip
