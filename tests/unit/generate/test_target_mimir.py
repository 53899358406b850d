"""Rule files for Mimir and Thanos: the same groups, apart if wanted, each duplicate counted once."""

from __future__ import annotations

import subprocess
from decimal import Decimal

import promql_parser
import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.generate import prometheus_rules
from exai_sre.generate.document import yaml_document
from exai_sre.generate.targets import MimirOptions, mimir_files, with_aggregation
from exai_sre.slo import QueryIndicator, make_slo


def load(text):
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.fixture(scope="module")
def plain(slos, catalog):
    return {f"alerts/{name}": text for name, text in prometheus_rules(slos, catalog=catalog).items()}


def loaded(files):
    return {path: load(text) for path, text in files.items()}


def rules(files):
    return [rule for made in loaded(files).values() for group in made["groups"] for rule in group["rules"]]


def test_the_groups_are_those_of_the_plain_files(plain):
    made = loaded(mimir_files({**plain, "dashboards/x.json": "{}", "docs/x.md": ""}))
    assert len(made) == len(plain)
    for path, text in plain.items():
        name = path.removeprefix("alerts/").removesuffix(".rules.yaml")
        assert made[f"mimir/{name}.yaml"] == {"namespace": f"exai-sre-{name}", **load(text)}


def test_recordings_and_alerts_can_be_apart_and_nothing_is_lost(plain):
    made = mimir_files(plain, MimirOptions(split=True))
    for path, content in loaded(made).items():
        kind = "record" if path.endswith("-recordings.yaml") else "alert"
        assert all(kind in rule for group in content["groups"] for rule in group["rules"])
        assert content["namespace"].endswith(path.removeprefix("mimir/").removesuffix(".yaml"))
    names = [content["namespace"] for content in loaded(made).values()]
    assert len(names) == len(set(names))
    # Symptoms have no recordings, so there is no empty file for them.
    assert "mimir/symptoms-recordings.yaml" not in made

    def by_text(found):
        return sorted(map(str, found))

    assert by_text(rules(made)) == by_text(rules(plain))


def test_thanos_records_nothing_rather_than_too_little(plain):
    made = loaded(mimir_files(plain, MimirOptions(flavour="thanos", folder="thanos")))
    assert all("namespace" not in content for content in made.values())
    assert all(group["partial_response_strategy"] == "abort" for each in made.values() for group in each["groups"])


def test_tenants_are_named_where_they_are_given(plain):
    made = loaded(mimir_files(plain, MimirOptions(source_tenants=("a", "b"))))
    assert all(group["source_tenants"] == ["a", "b"] for each in made.values() for group in each["groups"])


def test_external_labels_are_asked_for_and_carried_on(plain):
    made = rules(mimir_files(plain, MimirOptions(external_labels={"cluster": "eu"})))
    assert all(rule["labels"]["cluster"] == "eu" for rule in made)
    for rule in made:
        assert rule["expr"].count('cluster="eu"') == selectors(rule["expr"])


def selectors(expr):
    return str(promql_parser.parse(expr)).count('cluster="eu"')


def test_what_is_no_rule_file_is_refused():
    with pytest.raises(SpecError, match=r"a\.rules\.yaml: holds no rule groups"):
        mimir_files({"a.rules.yaml": "x: 1"})


def test_aggregation_labels_are_groups_of_the_slo(slo_of):
    (slo,) = with_aggregation([slo_of(group_by=("tool", "cluster"))], ("cluster", "region"))
    assert slo.group_by == ("tool", "cluster", "region")


def promtool(*arguments, folder):
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.needs_prometheus
@pytest.mark.parametrize(
    "options",
    [
        MimirOptions(),
        MimirOptions(split=True),
        MimirOptions(external_labels={"cluster": "eu"}, replica_labels=("replica",)),
    ],
)
def test_promtool_accepts_the_groups(plain, options, tmp_path):
    for number, content in enumerate(loaded(mimir_files(plain, options)).values()):
        (tmp_path / f"{number}.yaml").write_text(yaml_document({"groups": content["groups"]}), encoding="utf-8")
    done = promtool("check", "rules", *sorted(path.name for path in tmp_path.iterdir()), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs_prometheus
@pytest.mark.parametrize(("labels", "total"), [(("replica",), 100), ((), 200)])
def test_a_pair_of_replicas_does_not_double_counts(labels, total, tmp_path):
    """The control is the plain file, which counts both."""
    slo = make_slo("api", "shop", Decimal("0.99"), QueryIndicator(None, 'calls_total{code="500"}', "calls_total"))
    plain = {f"alerts/{name}": text for name, text in prometheus_rules([slo]).items() if "shop" in name}
    (made,) = loaded(mimir_files(plain, MimirOptions(replica_labels=labels))).values()
    (tmp_path / "rules.yaml").write_text(yaml_document({"groups": made["groups"]}), encoding="utf-8")
    series = [
        {"series": f'calls_total{{code="{code}", replica="{replica}"}}', "values": f"0+{step}x20"}
        for code, step in (("200", 18), ("500", 2))
        for replica in "ab"
    ]
    identity = '{sloth_id="shop-api", sloth_service="shop", sloth_slo="api"}'
    errors = total // 10
    tests = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [
                    {
                        "expr": f"{name}",
                        "eval_time": "15m",
                        "exp_samples": [{"labels": f"{name}{identity}", "value": value}],
                    }
                    for name, value in (("slo:sli_total:increase5m", total), ("slo:sli_error:increase5m", errors))
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    done = promtool("test", "rules", "test.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
