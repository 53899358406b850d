"""What we generate, as the real promtool judges it."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.slo import EventsIndicator, load_slos, make_slo
from exai_sre.slo.indicators import GaugeIndicator
from exai_sre.slo.model import TIERS, Alerting, Notice
from server.metrics import build_catalog
from tests.mutants.kinds import kinds_of_slos

pytestmark = pytest.mark.needs_prometheus


def promtool(*arguments, cwd):
    return subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def names(folder, pattern):
    return sorted(path.name for path in folder.glob(pattern))


def test_every_committed_rule_file_is_accepted(root):
    done = promtool("check", "rules", *names(root / "alerts", "*.rules.yaml"), cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["exai-mcp-latency-p50", "symptoms"])
def test_committed_alert_tests_pass(root, name):
    """One of each shape; ``make rules`` runs them all."""
    done = promtool("test", "rules", f"{name}.test.yaml", cwd=root / "alerts/tests")
    assert done.returncode == 0, done.stdout + done.stderr


def assert_passes(folder, slos, catalog=None, options=None, only=""):
    """Rules pass the tests that are generated with them, or one file of those; two files at a time."""
    (folder / "tests").mkdir()
    for name, text in prometheus_rules(slos, catalog=catalog, options=options).items():
        (folder / name).write_text(text)
    tests = alert_tests(slos, catalog=catalog, options=options)
    tests = {name: text for name, text in tests.items() if only in ("", name)}
    assert tests
    for name, text in tests.items():
        (folder / "tests" / name).write_text(text)
    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(lambda name: promtool("test", "rules", name, cwd=folder / "tests"), tests):
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "choice", [{"scrape_interval": 1}, {"windows": "raw"}, {"scrape_interval": 30}], ids=["quick", "raw", "slow"]
)
def test_other_choices_make_rules_that_pass_their_tests_too(tmp_path, choice):
    catalog = build_catalog()
    slos = [slo for slo in load_slos("slo", catalog=catalog) if slo.name == "latency-p50"]
    assert_passes(tmp_path, slos, catalog, RuleOptions(**choice))


KINDS = {slo.name: slo for slo in kinds_of_slos()}


@pytest.mark.parametrize("name", ["native", "parts", "satisfied", "slices-good", "parts-bad", "grouped-probe"])
def test_rules_of_other_kinds_of_indicator_pass_their_tests(tmp_path, name):
    """The rest of them: ``python -m tests.mutants --kinds``."""
    assert_passes(tmp_path, [KINDS[name]], only=f"kind-{name}.test.yaml")


def test_alerts_that_wait_pass_their_tests(tmp_path):
    tiers = tuple(replace(tier, hold=300) for tier in TIERS[:2])
    slo = make_slo("patient", "shop", Decimal("0.9"), EventsIndicator("calls", good=(), within=0.5), tiers=tiers)
    assert_passes(tmp_path, [slo], only="shop-patient.min-failures.test.yaml")


def test_a_threshold_is_tried_for_as_long_as_its_alert_waits(tmp_path):
    tiers = tuple(replace(tier, hold=300) for tier in TIERS[:2])
    slo = make_slo("patient", "shop", Decimal("0.9"), GaugeIndicator("up", "gte", Decimal(1)), tiers=tiers)
    assert_passes(tmp_path, [slo], only="shop-patient.test.yaml")


def test_an_slo_that_wants_no_alerts_has_no_group_of_them(tmp_path):
    off = Notice(enabled=False)
    quiet = Alerting(page=off, ticket=off, no_data=False)
    slo = make_slo("quiet", "shop", Decimal("0.9"), EventsIndicator("calls", good=(), within=0.5), alerting=quiet)
    groups = yaml.safe_load(prometheus_rules([slo])["shop-quiet.rules.yaml"])["groups"]
    assert [group["name"] for group in groups] == [
        "sloth-slo-sli-recordings-shop-quiet",
        "sloth-slo-meta-recordings-shop-quiet",
    ]
    assert_passes(tmp_path, [slo])
