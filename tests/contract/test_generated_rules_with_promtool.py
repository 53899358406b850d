"""What we generate, as the real promtool judges it."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal

import pytest

from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.document import yaml_document
from exai_sre.generate.promtool import Case, ExprCheck, counter, promtool_file
from exai_sre.generate.rules import group_names, rule_file
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, detection_time, load_slos, make_slo, reset_time
from server.metrics import build_catalog

pytestmark = pytest.mark.needs_prometheus

HOUR, MINUTE = 3600, 60


def promtool(*arguments, cwd):
    return subprocess.run(["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def names(folder, pattern):
    return sorted(path.name for path in folder.glob(pattern))


def test_every_committed_rule_file_is_accepted(root):
    done = promtool("check", "rules", *names(root / "alerts", "*.rules.yaml"), cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_committed_alert_test_passes(root):
    folder = root / "alerts/tests"
    done = promtool("test", "rules", *names(folder, "*.test.yaml"), cwd=folder)
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


MUTATIONS = [
    ("> 0.072)", "> 0.073)", "the fast tier's threshold"),
    ("> 0.005)", "> 0.004)", "the slow tier's threshold"),
    ("> 0.03) without (sloth_window)\n        and", "< 0.03) without (sloth_window)\n        and", "a comparison"),
    ("without (sloth_window)\n        and", "without (sloth_window)\n        or", "both windows of a tier"),
    ("max(slo:sli_error:ratio_rate1h{", "max(slo:sli_error:ratio_rate2h{", "a long window"),
    ("max(slo:sli_error:ratio_rate30m{", "max(slo:sli_error:ratio_rate5m{", "a short window"),
    ("[6h]", "[5h]", "the range of a recorded window"),
    ("[1d]", "[25h]", "the range of another recorded window"),
    ("[30d]", "[31d]", "the range of the period"),
    ('outcome!~"client_error|cancelled"', 'outcome!~"client_error"', "a filter's value"),
    ('mcp_method_name="tools/call",', "", "a filter"),
    ('outcome!~"client_error|cancelled|ok"', 'outcome=~"error|timeout|overload"', "what is bad"),
    ("0 * sum", "1 * sum", "nothing is no error"),
    ("> 0)", ">= 0)", "no ratio without events"),
    ("for: 10m", "for: 20m", "the patience of the absent-data alert"),
    ("severity: page", "severity: ticket", "a severity"),
    ("burnrate_tier: '6x'", "burnrate_tier: '7x'", "a tier's label"),
    ("summary: ", "summary: not ", "a text"),
]


@pytest.mark.parametrize(("old", "new", "what"), MUTATIONS, ids=[what for *_, what in MUTATIONS])
def test_the_tests_notice_a_change_of(tmp_path, root, old, new, what):
    rules = tmp_path / "exai-mcp-availability.rules.yaml"
    text = (root / "alerts" / rules.name).read_text()
    assert old in text, what
    rules.write_text(text.replace(old, new))
    (tmp_path / "tests").mkdir()
    own = "exai-mcp-availability.test.yaml"
    shutil.copy(root / "alerts/tests" / own, tmp_path / "tests" / own)
    windows = [slo for slo in load_slos(root / "slo", catalog=build_catalog()) if slo.name == "availability"]
    (tmp_path / "tests/windows.test.yaml").write_text(alert_tests(windows)["windows.test.yaml"])
    done = [promtool("test", "rules", name, cwd=tmp_path / "tests").returncode for name in (own, "windows.test.yaml")]
    assert any(done), f"no test noticed a change of {what}"


GOOD = (Matcher("outcome", ("ok",)),)
HISTORY = 6 * HOUR
"""Clean traffic before the fault: fills the windows of the paging tiers."""
TOLERANCE = {"14.4x": 0, "6x": 2, "3x": 2, "1x": 2}
"""Minutes by which detection may come late: long windows are summed from five-minute increases."""


def fault(slo, errors, minutes):
    """A fault of that many minutes: each tier is looked at just before and after it should fire and reset."""
    start = HISTORY // MINUTE
    checks = []
    for tier in slo.tiers:
        late = TOLERANCE[tier.name]
        detected = detection_time(tier, slo.budget, errors, HISTORY) / MINUTE
        moments = {start + int(detected): 0, start + int(detected) + 1 + late: 1}
        if tier.severity == "page":
            reset = reset_time(tier, slo.budget, errors, minutes * MINUTE, HISTORY) / MINUTE
            moments |= {start + minutes + int(reset) - 1: 1, start + minutes + int(reset) + 2 + late: 0}
        query = f'count(ALERTS{{alertstate="firing",burnrate_tier="{tier.name}"}}) or vector(0)'
        checks += [ExprCheck(at * MINUTE, query, {"{}": float(count)}) for at, count in moments.items()]
    end = max(check.at for check in checks) // MINUTE
    good, bad, rest = Decimal(1000), Decimal(str(errors)) * 1000, end - start - minutes + 2
    series = {
        'calls_total{outcome="ok"}': counter((good, start), (good - bad, minutes), (good, rest)),
        'calls_total{outcome="error"}': counter((Decimal(0), start), (bad, minutes), (Decimal(0), rest)),
    }
    return Case(f"{errors:.0%} bad", MINUTE, series, exprs=checks)


@pytest.mark.parametrize(
    ("target", "errors", "minutes"), [("0.999", 1.0, 20), ("0.999", 0.1, 60), ("0.995", 1.0, 40), ("0.995", 0.11, 130)]
)
def test_burn_alerts_fire_and_reset_in_the_minute_of_the_closed_form(tmp_path, target, errors, minutes):
    slo = make_slo("cell", "theory", Decimal(target), EventsIndicator("calls_total", good=GOOD))
    content = promtool_file([f"../{rule_file(slo)}"], group_names(slo), MINUTE, [fault(slo, errors, minutes)])
    folder = written(tmp_path, prometheus_rules([slo]), {"cell.test.yaml": yaml_document(content)})
    done = promtool("test", "rules", "cell.test.yaml", cwd=folder / "tests")
    assert done.returncode == 0, done.stdout + done.stderr
