"""What ``exai-sre check`` says of SLO definitions: ceilings, dependencies, validity in their own format."""

from __future__ import annotations

import json

import pytest

from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.main import run
from exai_sre.generate.checks import check_conformance, check_paths

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, annotations: {exai-sre/depends-on: "NEEDS"}}
spec:
  service: shop
  indicator:
    metadata: {name: i}
    spec: {thresholdMetric: {metricSource: {type: TYPE, spec: {query: up}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: TARGET, op: gte, value: 1}]
"""


def slo(name, target, needs, kind="Prometheus"):
    text = SLO.replace("NAME", name).replace("TARGET", target).replace("NEEDS", needs).replace("TYPE", kind)
    return text if needs else text.replace(', annotations: {exai-sre/depends-on: ""}', "")


@pytest.fixture
def found(tmp_path):
    def check(*texts):
        (tmp_path / "slos.yaml").write_text("---\n".join(texts))
        findings = check_paths([tmp_path / "slos.yaml"], catalog=None)
        return [(finding.line, finding.code, finding.severity, finding.message) for finding in findings]

    return check


def test_an_objective_above_the_ceiling_of_its_dependencies_is_a_warning(found):
    ((line, code, severity, message),) = found(slo("db", "0.99", ""), slo("web", "0.999", "shop-db"))
    assert (line, code, severity) == (13, "ceiling", "warning")
    assert message.startswith("shop-web promises 99.9 %, but its dependencies allow 99 % at most; lower")


def test_dependencies_that_replace_each_other_raise_the_ceiling(found):
    assert found(slo("a", "0.99", ""), slo("b", "0.99", ""), slo("web", "0.999", "shop-a | shop-b")) == []


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ("shop-bd", "depends on shop-bd, which none of these files defines; check the folder of its SLO, too, or "
                    "mend the name: did you mean 'shop-db'?"),
        ("shop-web", "depends on itself; remove that"),
        ("shop-db|other-x", "depends on other-x, which none of these files defines; check the folder of its SLO, too, "
                            "or mend the name: known are shop-db"),
    ],
)  # fmt: skip
def test_a_dependency_that_leads_nowhere_is_an_error(found, needs, message):
    ((line, code, severity, said),) = found(slo("web", "0.99", needs), slo("db", "0.99", ""))
    assert (line, code, severity, said) == (1, "unknown-dependency", "error", f"shop-web {message}")


def test_a_dependency_of_a_single_slo_may_be_in_another_folder(found):
    ((_, code, _, message),) = found(slo("web", "0.99", "shop-db"))
    assert (code, message.partition("; ")[2]) == ("unknown-dependency", "check the folder of its SLO, too")


def test_conformance_accepts_what_is_valid_although_it_cannot_be_compiled(tmp_path, capsys):
    file, other = tmp_path / "slos.yaml", tmp_path / "ours.yaml"
    file.write_text(slo("web", "0.9", "", "Datadog"))
    other.write_text("groups: []\n")
    assert run(["check", str(tmp_path)]) == FINDINGS
    assert "Datadog" in capsys.readouterr().out
    assert run(["check", "--conformance", str(tmp_path)]) == OK
    assert capsys.readouterr() == ("", "")
    file.write_text(slo("web", "1.5", "", "Datadog"))
    assert run(["check", "--conformance", "--format", "json", str(tmp_path)]) == FINDINGS
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["file"], found["line"], found["code"]) == (str(file), 11, "slo")


def test_conformance_says_what_cannot_be_read(tmp_path):
    (tmp_path / "bad.yaml").write_text("a: [1\n")
    (finding,) = check_conformance([tmp_path])
    assert (finding.file, finding.code) == (str(tmp_path / "bad.yaml"), "unreadable")
