"""Shadow rules: no name in common with those in force, the same values, and nobody is woken."""

from __future__ import annotations

import subprocess
from decimal import Decimal

import pytest
import yaml

from exai_sre.errors import SettingError, SpecError
from exai_sre.generate import prometheus_rules
from exai_sre.generate.alertmanager import merge_alertmanager
from exai_sre.generate.promql_tokens import find_selectors, tokenize
from exai_sre.generate.shadow import shadow_part, shadow_rules
from exai_sre.slo import QueryIndicator, make_slo


def load(text):
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.fixture(scope="module")
def plain(slos, catalog):
    return {f"alerts/{name}": text for name, text in prometheus_rules(slos, catalog=catalog).items()}


@pytest.fixture(scope="module")
def shadow(plain):
    return shadow_rules(plain, "trial")


def groups(files):
    return [group for text in files.values() for group in load(text)["groups"]]


def rules(files):
    return [rule for group in groups(files) for rule in group["rules"]]


def names(files):
    found = {rule.get("record") or rule.get("alert") for rule in rules(files)}
    return found | {group["name"] for group in groups(files)} | set(files)


def read_by(rule):
    tokens = tokenize(rule["expr"])
    return {tokens[each.name].text for each in find_selectors(tokens) if each.name is not None}


def test_no_name_is_shared_with_the_rules_in_force(plain, shadow):
    assert len(names(shadow)) == len(names(plain))
    assert names(shadow).isdisjoint(names(plain))


def test_what_the_shadow_records_it_reads_and_all_else_is_read_from_the_service(plain, shadow):
    recorded = {rule["record"] for rule in rules(plain) if "record" in rule}
    for old, new in zip(rules(plain), rules(shadow), strict=True):
        assert read_by(new) == {f"trial:{name}" if name in recorded else name for name in read_by(old)}


def test_undoing_the_names_gives_the_rules_in_force(plain, shadow):
    for old, new in zip(rules(plain), rules(shadow), strict=True):
        assert new["expr"].replace("trial:", "") == old["expr"]
        assert (new.get("for"), new.get("annotations")) == (old.get("for"), old.get("annotations"))
        if "record" in old:
            assert new["labels"] == old["labels"]
            assert new["record"] == f"trial:{old['record']}"


def test_shadow_alerts_carry_no_severity_that_a_route_could_know(plain, shadow):
    for old, new in zip(rules(plain), rules(shadow), strict=True):
        if "alert" in old:
            assert new["alert"] == f"trial_{old['alert']}"
            assert new["labels"]["severity"] == "none"
            assert new["labels"].get("sloth_severity", "none") == "none"
            assert new["labels"]["shadow"] == "trial"
            assert new["labels"]["shadow_severity"] == old["labels"]["severity"]


def test_a_merged_configuration_drops_shadow_alerts_first():
    route = "route:\n  receiver: x\n  routes:\n  - receiver: x\n    matchers: [sloth_service=~'.+']\n"
    theirs = f"{route}receivers:\n- name: x\n"
    made = load(merge_alertmanager(theirs, shadow_part("trial")))
    assert made["route"]["routes"][0] == {"receiver": "exai-nobody", "matchers": ['shadow="trial"']}
    assert {"name": "exai-nobody"} in made["receivers"]


@pytest.mark.parametrize("name", ["", "Trial", "1a", "a-b", "a" * 33, "a_", "trial:x", "a\n"])
def test_a_name_that_cannot_begin_a_series_is_refused(plain, name):
    with pytest.raises(SettingError, match="cannot begin the name of a series; use lower-case"):
        shadow_rules(plain, name)


@pytest.mark.parametrize(
    "text", ["", "a: [", "groups: x", "groups:\n- name: x\n", "groups:\n- name: x\n  rules: [{record: a}]\n"]
)
def test_what_is_no_rule_file_is_refused(text):
    with pytest.raises(SpecError, match=r"a\.yaml: holds no rule groups"):
        shadow_rules({"a.yaml": text}, "trial")


def test_a_pattern_of_names_is_refused_with_its_place():
    text = "groups: [{name: g, rules: [{record: 'slo:a', expr: '1'}, {alert: B, expr: '{__name__=~\"slo:.\"}'}]}]"
    with pytest.raises(SpecError, match=r"a\.yaml: B: the condition on __name__"):
        shadow_rules({"a.yaml": text}, "trial")


def test_an_alert_without_labels_gets_those_of_the_shadow():
    made = shadow_rules({"a.yaml": "groups: [{name: g, rules: [{alert: A, expr: up}]}]"}, "trial")
    assert list(made) == ["trial-a.yaml"]
    (rule,) = rules(made)
    assert rule["labels"] == {"severity": "none", "shadow": "trial", "shadow_severity": "none"}


@pytest.mark.needs_prometheus
def test_the_shadow_computes_and_fires_as_the_rules_in_force(tmp_path):
    slo = make_slo("api", "shop", Decimal("0.99"), QueryIndicator(None, 'calls_total{code="500"}', "calls_total"))
    plain = {name: text for name, text in prometheus_rules([slo]).items() if "shop" in name}
    for name, text in {**plain, **shadow_rules(plain, "trial")}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    series = [
        {"series": f'calls_total{{code="{code}"}}', "values": f"0+{good}x60 {60 * good}+{bad}x60"}
        for code, good, bad in (("200", 100, 50), ("500", 0, 50))
    ]

    def equal(name):
        return {"expr": f"trial:{name} == bool on (sloth_id) {name}", "eval_time": "90m", "exp_samples": [sample(1)]}

    def sample(value, labels='{sloth_id="shop-api"}'):
        return {"labels": labels, "value": value}

    firing = 'count by (sloth_id) (ALERTS{alertstate="firing", shadow%s"trial", burnrate_tier!=""})'
    tests = {
        "rule_files": sorted(path.name for path in tmp_path.iterdir()),
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [
                    *(equal(f"slo:sli_error:ratio_rate{window}") for window in ("5m", "1h", "6h")),
                    *({"expr": firing % sign, "eval_time": "90m", "exp_samples": [sample(4)]} for sign in ("=", "!=")),
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs_prometheus
def test_promtool_accepts_the_shadow(shadow, tmp_path):
    paths = []
    for number, text in enumerate(shadow.values()):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
