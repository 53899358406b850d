"""In a case over days, what its rules record has a sample from before: promtool may lose the first one of a series."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from exai_sre.generate import alerts_of, prometheus_rules
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.slo.model import Alerting
from exai_sre.slo.windows import parse_duration
from tests.unit.generate.rig import parsed

LOOKBACK = 10 * 60
"""Seconds: five minutes for a value, and as many for one of five minutes ago."""
HEAD = 36 * 3600
"""Seconds that promtool's storage holds before it writes to disk while rules are evaluated."""


@pytest.fixture(scope="module")
def rules(slos, catalog):
    made = {}
    for name, text in prometheus_rules(slos, catalog=catalog).items():
        made[f"../{name}"] = [rule for group in parsed(text)["groups"] for rule in group["rules"]]
    return made


def long_cases(slos, catalog):
    for name, text in alert_tests(slos, catalog=catalog).items():
        content = parsed(text)
        if parse_duration(content["evaluation_interval"]) > HEAD:
            for case in content["tests"]:
                yield name, content, case


def needed(case, rules):
    """Identities (name and SLO) of the recorded series that the checks of a case read, directly or not."""
    queries = [check["expr"] for check in case.get("promql_expr_test", ())]
    names = {check["alertname"] for check in case.get("alert_rule_test", ())}
    names |= {name for query in queries for name in re.findall(r'alertname="(\w+)"', query)}
    texts = [*queries, *(rule["expr"] for rule in rules if rule.get("alert") in names)]
    records = {(rule["record"], rule["labels"]["sloth_slo"]): rule["expr"] for rule in rules if "record" in rule}
    driven = {identity(each["series"]) for each in case["input_series"] if not is_primer(each)}
    found, read = set(), set()
    while texts:
        for series in re.findall(r"[\w:]+\{[^}]*\}", texts.pop()):
            if identity(series) in records and identity(series) not in read:
                read.add(identity(series))
                if identity(series) not in driven:
                    found.add(identity(series))
                    texts.append(records[identity(series)])
    return found


def identity(series):
    slo = re.search(r'sloth_slo="([^"]*)"', series)
    return series.split("{")[0], slo[1] if slo else ""


def is_primer(series):
    return " -1" in series["values"]


def moments(values, interval):
    """Seconds at which a series has a sample, read from promtool's notation."""
    at = 0
    for part in values.split():
        if part.startswith("_"):
            at += int(part[2:] or 1)
        else:
            yield at * interval
            at += 1


def test_every_recorded_series_that_a_case_over_days_rests_on_has_a_sample_from_before(slos, catalog, rules):
    tried = 0
    for name, content, case in long_cases(slos, catalog):
        own = [rule for path in content["rule_files"] for rule in rules[path]]
        primed = {identity(each["series"]) for each in case["input_series"] if is_primer(each)}
        wanted = needed(case, own)
        assert wanted, (name, case["name"])
        assert wanted <= primed, (name, case["name"], wanted - primed)
        tried += 1
    assert tried == len(slos) + 2


def test_they_have_all_the_labels_under_which_they_are_recorded(slos, catalog):
    checked = "".join(text for name, text in alert_tests(slos, catalog=catalog).items() if "min-failures" not in name)
    tried = set()
    for name, _, case in long_cases(slos, catalog):
        for series in (each["series"] for each in case["input_series"] if is_primer(each)):
            record = identity(series)[0]
            if record.startswith("slo:") and record.endswith(":ratio"):
                assert f"({series} - " in checked or f"'{series}'" in checked, (name, series)
                tried.add(record)
    assert tried >= {"slo:error_budget:ratio", "slo:period_burn_rate:ratio", "slo:period_error_budget_remaining:ratio"}


def test_what_is_made_of_no_series_has_no_groups(slo_of):
    made = parsed(alert_tests([slo_of(group_by=("queue",))])["shop-api.min-failures.test.yaml"])
    (case,) = made["tests"]
    primed = {identity(each["series"])[0]: each["series"] for each in case["input_series"] if is_primer(each)}
    assert "queue=" not in primed["slo:error_budget:ratio"]
    assert 'queue="first"' in primed["slo:period_burn_rate:ratio"]
    assert 'queue="first"' in primed["ALERTS"]


def test_only_slos_that_are_asked_about_have_them(slo_of):
    bad = replace(slo_of(missing="bad"), name="other")
    text = alert_tests([slo_of(), bad])["windows.test.yaml"]
    primed = [each["series"] for case in parsed(text)["tests"] for each in case["input_series"] if is_primer(each)]
    assert primed
    assert not [series for series in primed if bad.id in series]


def test_alerts_that_are_told_by_their_series_have_a_sample_from_before(slos, catalog):
    waiting = {alert.name: bool(alert.for_) for alert in alerts_of(slos, catalog=catalog)}
    for name, _, case in long_cases(slos, catalog):
        primed = " ".join(each["series"] for each in case["input_series"] if is_primer(each))
        asked = " ".join(check["expr"] for check in case.get("promql_expr_test", ()) if "ALERTS" in check["expr"])
        for alert in re.findall(r'alertname="(\w+)"', asked):
            # one that is active in two evaluations running fires in the second
            for state in ("pending", "firing") if waiting[alert] else ("firing",):
                assert f'ALERTS{{alertname="{alert}",alertstate="{state}"' in primed, name


def test_labels_of_alerts_are_quoted(slo_of):
    slo = slo_of(alerting=Alerting(labels={"note": 'say "x"'}))
    made = parsed(alert_tests([slo])["shop-api.min-failures.test.yaml"])
    alerts = [each["series"] for each in made["tests"][0]["input_series"] if each["series"].startswith("ALERTS")]
    assert alerts
    assert all(r'note="say \"x\""' in series for series in alerts)


def test_what_a_case_drives_begins_at_once_as_the_storage_takes_nothing_much_older_than_its_first_sample(slos, catalog):
    for name, _, case in long_cases(slos, catalog):
        driven = [each for each in case["input_series"] if not is_primer(each)]
        assert any(next(moments(each["values"], 1)) == 0 for each in driven), (name, case["name"])


def test_no_query_sees_the_sample_from_before(slos, catalog):
    for _, content, case in long_cases(slos, catalog):
        every, interval = (parse_duration(text) for text in (content["evaluation_interval"], case["interval"]))
        for series in (each for each in case["input_series"] if is_primer(each)):
            for number, moment in enumerate(moments(series["values"], interval), 1):
                assert LOOKBACK < number * every - moment < every
