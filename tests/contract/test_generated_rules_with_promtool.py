"""What we generate, as the real promtool judges it."""

from __future__ import annotations

import subprocess

import pytest

from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.slo import load_slos
from server.metrics import build_catalog

pytestmark = pytest.mark.needs_prometheus


def promtool(*arguments, cwd):
    return subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def names(folder, pattern):
    return sorted(path.name for path in folder.glob(pattern))


def test_every_committed_rule_file_is_accepted(root):
    done = promtool("check", "rules", *names(root / "alerts", "*.rules.yaml"), cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["exai-mcp-availability", "exai-mcp-latency-p95", "symptoms"])
def test_committed_alert_tests_pass(root, name):
    """One of each shape; ``make rules`` runs them all."""
    done = promtool("test", "rules", f"{name}.test.yaml", cwd=root / "alerts/tests")
    assert done.returncode == 0, done.stdout + done.stderr


def written(folder, rules, tests):
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    for name, text in rules.items():
        (folder / name).write_text(text)
    for name, text in tests.items():
        (folder / "tests" / name).write_text(text)
    return folder


@pytest.mark.parametrize("choice", [{"scrape_interval": 1}, {"windows": "raw"}, {"scrape_interval": 30}])
def test_other_choices_make_rules_that_pass_their_tests_too(tmp_path, choice):
    catalog, options = build_catalog(), RuleOptions(**choice)
    slos = [slo for slo in load_slos("slo", catalog=catalog) if slo.name in ("availability", "storage-p95")]
    rules = prometheus_rules(slos, catalog=catalog, options=options)
    folder = written(tmp_path, rules, alert_tests(slos, catalog=catalog, options=options))
    done = promtool("test", "rules", *names(folder / "tests", "*"), cwd=folder / "tests")
    assert done.returncode == 0, done.stdout + done.stderr
