"""``exai-sre generate`` and ``check`` in a project that has resilience policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exai_sre.cli.main import run
from exai_sre.generate.checks import check_paths
from exai_sre.generate.files import generated_files
from exai_sre.resilience.config import read_policies
from server.metrics import build_catalog
from tests.unit.resilience.config.policy_texts import TOML


@pytest.fixture
def project(tmp_path):
    (tmp_path / "resilience.toml").write_text(TOML)
    return tmp_path


def test_rules_tests_and_runbook_follow_from_the_policies(project):
    plain = generated_files([], catalog=build_catalog())
    files = generated_files([], catalog=build_catalog(), policies=read_policies(project / "resilience.toml"))
    assert sorted(set(files) - set(plain)) == [
        "alerts/resilience.rules.yaml",
        "alerts/tests/resilience.test.yaml",
        "docs/runbooks/resilience.md",
    ]
    assert "GlmCallsRejected" in json.dumps(files["dashboards/upstreams.json"])


def test_the_alerts_have_no_finding_but_the_runbook_that_is_not_there_yet(project):
    files = generated_files([], catalog=build_catalog(), policies=read_policies(project / "resilience.toml"))
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = check_paths([project / "alerts"], catalog=build_catalog(), folder=project)
    assert [finding for finding in found if "resilience" in finding.file and finding.severity == "error"] == []


def test_check_finds_the_policy_file_of_a_folder(project):
    (project / "resilience.toml").write_text(TOML.replace("attempts = 3", "atempts = 3"))
    found = check_paths([project], catalog=None)
    assert [(Path(finding.file).name, finding.line, finding.code) for finding in found] == [
        ("resilience.toml", 18, "policies")
    ]


def test_the_command_writes_them(project, monkeypatch, root):
    monkeypatch.chdir(project)
    assert run(["generate", "-i", str(root / "slo" / "platform.yaml"), "-o", ".", "--only", "rules,tests"]) == 0
    assert (project / "alerts" / "resilience.rules.yaml").is_file()
