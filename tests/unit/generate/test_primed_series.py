"""In a case over days, what its rules record has a sample from before: promtool may lose the first one of a series."""

from __future__ import annotations

import re

import pytest
import yaml

from exai_sre.generate import prometheus_rules
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.slo.windows import parse_duration

LOOKBACK = 5 * 60
HEAD = 36 * 3600
"""Seconds that promtool's storage holds before it writes to disk while rules are evaluated."""


def parsed(text):
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


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


def test_alerts_that_are_told_by_their_series_have_a_sample_from_before(slos, catalog):
    for name, _, case in long_cases(slos, catalog):
        primed = " ".join(each["series"] for each in case["input_series"] if is_primer(each))
        asked = " ".join(check["expr"] for check in case.get("promql_expr_test", ()) if "ALERTS" in check["expr"])
        for alert in re.findall(r'alertname="(\w+)"', asked):
            assert f'ALERTS{{alertname="{alert}"' in primed, name


def test_no_query_sees_the_sample_from_before(slos, catalog):
    for _, content, case in long_cases(slos, catalog):
        every, interval = (parse_duration(text) for text in (content["evaluation_interval"], case["interval"]))
        for series in (each for each in case["input_series"] if is_primer(each)):
            for number, moment in enumerate(moments(series["values"], interval), 1):
                assert LOOKBACK < number * every - moment < every
