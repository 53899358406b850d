"""``exai-sre generate`` and ``exai-sre check``: what they write, what they say, how they end."""

from __future__ import annotations

import json
import shutil

import pytest

from exai_sre.cli.catalog import configured_catalog, load_catalog
from exai_sre.cli.exits import FINDINGS, OK, USAGE
from exai_sre.cli.main import run
from exai_sre.errors import SettingError


@pytest.fixture(autouse=True)
def in_the_repository(root, monkeypatch):
    monkeypatch.chdir(root)


def generate(tmp_path, *more):
    return run(["generate", "-i", "slo", "-o", str(tmp_path), "--only", "rules,alertmanager", *more])


def test_generate_writes_then_finds_nothing_to_change(tmp_path, capsys):
    assert generate(tmp_path) == OK
    assert "wrote alerts/alertmanager.yaml" in capsys.readouterr().err
    assert generate(tmp_path) == OK
    assert capsys.readouterr().err.endswith("16 files, 0 changed\n")


def test_check_names_what_has_drifted_and_writes_nothing(tmp_path, capsys):
    generate(tmp_path)
    edited = tmp_path / "alerts/symptoms.rules.yaml"
    edited.write_text(edited.read_text().replace("> 0.5", "> 0.9"))
    shutil.copy(tmp_path / "alerts/exai-mcp-availability.rules.yaml", tmp_path / "alerts/gone.rules.yaml")
    (tmp_path / "alerts/alertmanager.yaml").unlink()
    capsys.readouterr()
    assert generate(tmp_path, "--check") == FINDINGS
    assert capsys.readouterr().out.splitlines() == [
        "alerts/alertmanager.yaml: missing",
        "alerts/gone.rules.yaml: stale",
        "alerts/symptoms.rules.yaml: different (it was edited by hand)",
    ]
    assert "> 0.9" in edited.read_text()


def test_diff_shows_the_change_and_with_check_fails(tmp_path, capsys):
    generate(tmp_path)
    edited = tmp_path / "alerts/symptoms.rules.yaml"
    edited.write_text(edited.read_text().replace("> 0.5", "> 0.9"))
    capsys.readouterr()
    assert generate(tmp_path, "--diff") == OK
    shown = capsys.readouterr().out
    assert "-      > 0.9\n+      > 0.5\n" in shown
    assert generate(tmp_path, "--diff", "--check") == FINDINGS
    out, err = capsys.readouterr()
    assert out == shown
    assert err == "alerts/symptoms.rules.yaml: different (it was edited by hand)\n"


def test_choices_reach_the_files(tmp_path):
    choices = ["--scrape-interval", "1s", "--job", "mine", "--webhook-url", "http://127.0.0.1:1/x"]
    assert generate(tmp_path, *choices, "--windows", "raw", "--runbook-base", "https://git.example/") == OK
    symptoms = (tmp_path / "alerts/symptoms.rules.yaml").read_text()
    assert "interval: 1s" in symptoms
    assert 'job="mine"' in symptoms
    assert "https://git.example/docs/runbooks/" in symptoms
    assert "http://127.0.0.1:1/x" in (tmp_path / "alerts/alertmanager.yaml").read_text()
    assert "[6h]))" in (tmp_path / "alerts/exai-mcp-availability.rules.yaml").read_text()


def test_a_faulty_definition_generates_nothing(tmp_path, capsys):
    file = tmp_path / "bad.yaml"
    file.write_text("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: {tarket: 1}\n")
    assert run(["generate", "-i", str(file), "-o", str(tmp_path / "out")]) == FINDINGS
    err = capsys.readouterr().err
    assert f"{file}:" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_definitions_without_an_slo_generate_nothing(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: x}\nspec: {}\n")
    assert run(["generate", "-i", str(tmp_path / "a.yaml"), "-o", str(tmp_path / "out")]) == FINDINGS
    assert "no SLO defined" in capsys.readouterr().err


def test_check_of_what_is_committed_warns_only(capsys):
    assert run(["check", "slo", "alerts", "dashboards"]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(": warning: unreachable-tier: " in line for line in lines)


def test_check_can_speak_to_programs(tmp_path, capsys):
    file = tmp_path / "x.rules.yaml"
    file.write_text("groups:\n- name: g\n  rules:\n  - record: a\n    expr: nothing\n")
    assert run(["check", "--format", "json", str(file)]) == FINDINGS
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["file"], found["line"], found["code"]) == (str(file), 5, "unknown-metric")


def test_check_without_a_catalog_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.rules.yaml").write_text("groups: []\n")
    assert run(["check", "x.rules.yaml"]) == OK
    assert "no catalog is configured" in capsys.readouterr().err


def test_the_catalog_may_be_a_value_or_a_callable(tmp_path):
    assert len(load_catalog("server.metrics:build_catalog", tmp_path)) > 20
    assert load_catalog(None, tmp_path) is None


def test_the_catalog_is_read_from_pyproject(root, tmp_path):
    assert configured_catalog(root) == "server.metrics:build_catalog"
    assert len(load_catalog(None, root)) > 20
    (tmp_path / "pyproject.toml").write_text("[tool.exai_sre]\ncatalog = 3\n")
    with pytest.raises(SettingError, match="is no text"):
        configured_catalog(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(SettingError, match="is no TOML"):
        configured_catalog(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    assert configured_catalog(tmp_path) is None


def test_a_catalog_that_fails_to_build_says_which(tmp_path, monkeypatch, capsys):
    (tmp_path / "broken_catalog.py").write_text(
        "from exai_sre.metrics import Catalog, NotCharted\n"
        "def build():\n    return Catalog().counter('x', 'no suffix', chart=NotCharted('x'))\n"
    )
    monkeypatch.chdir(tmp_path)
    assert run(["check", "broken_catalog.py", "--catalog", "broken_catalog:build"]) == USAGE
    assert "cannot be built: x: a counter's name ends in _total" in capsys.readouterr().err
