"""``exai-sre init --preset mcp``: the SLO pack and the dashboards of an MCP server."""

from __future__ import annotations

import json
import sys

import pytest

from exai_sre.cli.main import run
from exai_sre.metrics import Catalog, exposition
from exai_sre.metrics.families import McpMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def pack(tmp_path, monkeypatch):
    assert run(["init", "--preset", "mcp", "--service", "notes", "-o", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_preset_writes_slos_and_dashboards(pack, capsys):
    assert files(pack) == ["catalog.yaml", "dashboards/overview.json", "dashboards/slo-detail.json", "slo/notes.yaml"]
    assert run(["check", "slo", "dashboards", "--catalog", "catalog.yaml"]) == 0, capsys.readouterr().out
    overview = (pack / "dashboards/overview.json").read_text()
    for title in ("Tool calls succeed", "Tool calls are free of our own faults", "Agent loops found", "Cancellations"):
        assert f'"title": "{title}"' in overview


def test_generate_finds_the_dashboards_as_it_would_write_them(pack, capsys):
    wanted = ["generate", "-i", "slo", "-o", ".", "--catalog", "catalog.yaml", "--job", "notes", "--only", "dashboards"]
    assert run([*wanted, "--check"]) == 0, capsys.readouterr().out


def test_own_faults_count_what_is_ours_alone(pack):
    text = (pack / "slo/notes.yaml").read_text()
    own = next(part for part in text.split("---\n") if "name: mcp-own-faults\n" in part)
    assert "target: 0.999" in own
    assert "[error, overload]" in own.replace("\n", "") or "- error" in own
    assert "upstream_error" not in own.partition("bad:")[2].partition("total:")[0]


def test_a_page_of_an_instrumented_server_gives_the_same_dashboards(tmp_path, pack):
    catalog = Catalog()
    McpMetrics.declare(catalog)
    McpLoopMetrics.declare(catalog)
    page = tmp_path / "notes.prom"
    page.write_bytes(exposition(catalog, "")[0])
    assert run(["init", "--from", str(page), "--service", "notes", "-o", str(tmp_path / "seen")]) == 0
    assert files(tmp_path / "seen") == [name for name in files(pack) if not name.startswith(("seen", "notes.prom"))]
    assert titles(tmp_path / "seen") == titles(pack)


def titles(folder):
    dashboard = json.loads((folder / "dashboards/overview.json").read_text())
    return [panel["title"] for panel in dashboard["panels"]]


def test_without_grafanalib_the_rest_is_written_and_the_reason_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "grafanalib", None)
    monkeypatch.setitem(sys.modules, "grafanalib.core", None)
    assert run(["init", "--preset", "mcp", "--service", "notes", "-o", str(tmp_path)]) == 0
    assert files(tmp_path) == ["catalog.yaml", "slo/notes.yaml"]
    assert "no dashboards are written: " in capsys.readouterr().err


def test_no_dashboard_is_overwritten_without_force(tmp_path, capsys):
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/overview.json").write_text("{}")
    assert run(["init", "--preset", "mcp", "--service", "notes", "-o", str(tmp_path)]) == 2
    assert "dashboards/overview.json, which would be lost" in capsys.readouterr().err
    assert files(tmp_path) == ["dashboards/overview.json"]
