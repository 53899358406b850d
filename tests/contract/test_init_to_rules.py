"""From a page to rules: what ``init`` writes passes check, generate and promtool, and measures the truth."""

from __future__ import annotations

import subprocess
from decimal import Decimal

import pytest

from exai_sre.cli.main import run
from tests.contract.foreign_rules import measured
from tests.unit.onboarding.pages import ENVOY, INGRESS_NGINX, ISTIO, NGINX_PLUS, SHOP

pytestmark = pytest.mark.needs_prometheus

TRUTH = {
    "envoy": (ENVOY, {"envoy-downstream-availability": (10, 100), "envoy-downstream-latency": (27, 107),
                      "envoy-upstream-availability": (10, 1000)}),
    "istio": (ISTIO, {"istio-availability": (8, 88)}),
    "ingress-nginx": (INGRESS_NGINX, {"ingress-availability": (5, 100), "ingress-latency": (5, 95)}),
    "nginx": (NGINX_PLUS, {"nginx-plus-availability": (3, 100)}),
    "shop": (SHOP, {"http-availability": (3, 100), "http-latency": (10, 100)}),
}  # fmt: skip


def written(folder, page):
    (folder / "page.prom").write_text(page)
    assert run(["init", "--from", str(folder / "page.prom"), "--service", "shop", "-o", str(folder)]) == 0


@pytest.mark.parametrize("name", TRUTH)
def test_the_rules_measure_what_a_page_written_from_the_documents_says(tmp_path, name):
    page, truth = TRUTH[name]
    written(tmp_path, page)
    assert measured(tmp_path, page, {slo: Decimal(bad) / total for slo, (bad, total) in truth.items()}) == ""


@pytest.mark.parametrize("name", TRUTH)
def test_the_written_folder_passes_check_generate_and_promtool(tmp_path, monkeypatch, capsys, name):
    written(tmp_path, TRUTH[name][0])
    monkeypatch.chdir(tmp_path)
    catalog = ["--catalog", "catalog.yaml"]
    assert run(["check", "slo", *catalog]) == 0
    assert run(["generate", "-i", "slo", "-o", ".", "--job", "shop", *catalog]) == 0
    assert run(["generate", "-i", "slo", "-o", ".", "--job", "shop", "--check", *catalog]) == 0
    capsys.readouterr()
    assert run(["check", "slo", "alerts", "dashboards", *catalog]) == 0, capsys.readouterr().out
    rules = sorted(str(path) for path in (tmp_path / "alerts").glob("*.rules.yaml"))
    done = subprocess.run(["promtool", "check", "rules", *rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
