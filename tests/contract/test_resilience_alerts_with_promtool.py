"""Every resilience alert fires where it has to and is silent just short of that, as promtool computes it."""

from __future__ import annotations

import subprocess

import pytest

from exai_sre.generate.options import RuleOptions
from exai_sre.generate.resilience import Thresholds, resilience_alert_tests, resilience_alerts, resilience_rules
from exai_sre.resilience.config import load_policies

pytestmark = pytest.mark.needs_prometheus

ALL_FIVE = """\
version: 1
pipelines:
  p:
    total_timeout: {seconds: 60}
    load_shedder: {}
    adaptive_limit: {}
    bulkhead: {limit: 10}
    retry: {budget: {}}
    breaker: {open_for: 10}
    attempt_timeout: {seconds: 10}
"""


@pytest.fixture
def policies(tmp_path):
    (tmp_path / "resilience.yaml").write_text(ALL_FIVE)
    return load_policies(tmp_path / "resilience.yaml")


def judged(folder, rules, tests):
    """promtool's judgement of these rules by these tests."""
    (folder / "tests").mkdir(exist_ok=True)
    for name, text in rules.items():
        (folder / name).write_text(text)
    for name, text in tests.items():
        (folder / "tests" / name).write_text(text)
    command = ["promtool", "test", "rules", *tests]
    return subprocess.run(command, cwd=folder / "tests", capture_output=True, text=True, check=False)


@pytest.mark.parametrize("interval", [15, 60])
def test_each_alert_fires_and_is_silent(policies, tmp_path, interval):
    options = RuleOptions(scrape_interval=interval)
    done = judged(tmp_path, resilience_rules(policies, options), resilience_alert_tests(policies, options))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_another_threshold_is_noticed_for_each_share(policies, tmp_path, factor):
    other = Thresholds(*(share * factor for share in (0.1, 0.1, 0.1, 0.5)))
    done = judged(tmp_path, resilience_rules(policies, thresholds=other), resilience_alert_tests(policies))
    assert done.returncode != 0
    shares = [alert.name for alert in resilience_alerts(policies, RuleOptions()) if "Breaker" not in alert.name]
    assert [name for name in shares if name not in done.stderr + done.stdout] == []
