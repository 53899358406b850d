"""Burn alerts fire and reset in the minute that theory says, as the real promtool sees them, and as Sloth's do.

The whole theory table takes many minutes and runs with ``EXAI_THEORY_TABLE=1`` (``make theory``). Otherwise
the paging tiers are tried, at a total outage and at a tenth of it.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from decimal import Decimal

import pytest
import yaml

from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import prometheus_rules, rule_file
from exai_sre.metrics import Matcher
from exai_sre.slo.burn_on_grid import Evaluation, Fault
from exai_sre.slo.indicators import EventsIndicator, QueryIndicator
from exai_sre.slo.model import make_slo
from exai_sre.slo.tiers import tiers_for
from exai_sre.slo.windows import DAY, HOUR
from tests.contract.burn_rig import MINUTE, check_edges, moments, run_case, traffic, union

pytestmark = [pytest.mark.needs_prometheus, pytest.mark.needs_vectors]

WHOLE = os.environ.get("EXAI_THEORY_TABLE") == "1"
RATES = ["1", "0.1", "0.01", "0.002"] if WHOLE else ["1", "0.1"]
HISTORY = 3 * DAY if WHOLE else 6 * HOUR
"""Clean traffic before the fault: fills the windows of the tiers that are looked at."""
GOOD = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
SERIES = ('calls_total{outcome="ok"}', 'calls_total{outcome="error"}')


def rules_of(slo, windows, longest):
    """The rules that burn alerts with windows of up to ``longest`` rest on; the others only cost time here."""
    content = yaml.safe_load(prometheus_rules([slo], options=RuleOptions(windows=windows))[rule_file(slo)])
    names = {"slo:sli_total:first", "slo:sli_part:first", "slo:sli_total:increase5m", "slo:sli_error:increase5m"}
    for tier in (tier for tier in slo.tiers if tier.long <= longest):
        for window in (tier.long, tier.short):
            text = next(text for text, seconds in WINDOWS.items() if seconds == window)
            names |= {f"slo:sli_error:ratio_rate{text}", f"slo:sli_error:increase{text}"}
    tiers = {tier.name for tier in slo.tiers if tier.long <= longest}
    for group in content["groups"]:
        group["rules"] = [
            rule
            for rule in group["rules"]
            if rule.get("record") in names or rule["labels"].get("burnrate_tier") in tiers
        ]
    return {"groups": [group for group in content["groups"] if group["rules"]]}


WINDOWS = {"5m": 300, "30m": 1800, "1h": HOUR, "2h": 2 * HOUR, "6h": 6 * HOUR, "1d": DAY, "3d": 3 * DAY}


@pytest.fixture(scope="module")
def theory(vectors):
    """Rows of the table by objective and error rate, for tiers whose windows the history fills."""
    cells = defaultdict(list)
    with (vectors() / "slo/theory/burnrate.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if int(row["long_min"]) * MINUTE <= HISTORY:
                cells[row["slo"], row["error_rate"]].append(row)
    return cells


def on_the_grid(row):
    """Whether theory lies on a minute, where the rounding of floats decides, by one minute."""
    return Decimal(row["detect_min_theory"]) % 1 == 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("objective", ["0.999", "0.995"])
def test_raw_windows_fire_and_reset_in_the_minute_of_the_theory_table(tmp_path, theory, objective, rate):
    slo = make_slo("cell", "theory", Decimal(objective), GOOD)
    rows = theory[objective, rate]
    fires = {row["alert"]: int(row["detect_min_1m_grid"]) for row in rows if row["detect_min_1m_grid"]}
    duration = max(fires.values(), default=30) + 5
    start, checks = HISTORY // MINUTE, []
    resets = {row["alert"]: duration + int(row["reset_min_1m_grid"]) for row in rows if row["alert"] in fires}
    end = start + max(resets.values(), default=duration)
    for row in rows:
        tier = row["alert"]
        times = (fires[tier], resets[tier]) if tier in fires else None
        edges = check_edges(f'burnrate_tier="{tier}"', start, times, end)
        checks += [edge for edge in edges if not (times and on_the_grid(row) and edge is edges[0])]
    fault = Fault(Decimal(rate), duration * MINUTE, HISTORY)
    wrong = run_case(tmp_path, rules_of(slo, "raw", HISTORY), traffic(*SERIES, fault, end), checks)
    assert not wrong, wrong


@pytest.mark.parametrize(("objective", "rate", "minutes"), [("0.999", "0.0231", 60), ("0.995", "0.31", 40)])
@pytest.mark.parametrize("windows", ["recorded", "raw"])
def test_both_kinds_of_windows_fire_and_reset_in_the_minute_of_the_closed_form(
    tmp_path, objective, rate, minutes, windows
):
    slo = make_slo("cell", "theory", Decimal(objective), GOOD)
    fault = Fault(Decimal(rate), minutes * MINUTE, 2 * HOUR)
    found = moments(slo.tiers, slo.budget, fault, Evaluation(recorded=windows == "recorded"))
    assert set(found) == {tier.name for tier in slo.tiers}
    start, end = 120, 120 + max(reset for _, reset in found.values())
    checks = [
        check for tier, times in found.items() for check in check_edges(f'burnrate_tier="{tier}"', start, times, end)
    ]
    wrong = run_case(tmp_path, rules_of(slo, windows, 3 * DAY), traffic(*SERIES, fault, end), checks)
    assert not wrong, wrong


SLOTH = [("in-base.yaml", "out-base.yaml", 30), ("in-base.yaml", "out-base-28d.yaml", 28)]
SLOTHS_SERIES = (
    'http_request_duration_seconds_count{job="myservice",code="200"}',
    'http_request_duration_seconds_count{job="myservice",code="500"}',
)


def sloths_slo(path, days):
    """The first SLO of one of Sloth's examples, its tiers without a minimum of failures, which Sloth does not know."""
    content = next(iter(yaml.safe_load_all(path.read_text())))
    tiers = tiers_for(days * DAY, fastest=0, rest=0)
    events = content["slos"][0]["sli"]["events"]
    indicator = QueryIndicator(good=None, bad=events["error_query"], total=events["total_query"])
    return make_slo("slo1", "svc01", Decimal("0.999"), indicator, window=days * DAY, tiers=tiers)


def sloths_rules(path):
    """The groups of that SLO in Sloth's own expected output."""
    groups = next(iter(yaml.safe_load_all(path.read_text())))["groups"]
    return {"groups": [group for group in groups if group["name"].endswith("svc01-slo1")]}


@pytest.mark.parametrize(("source", "expected", "days"), SLOTH, ids=[name for _, name, _ in SLOTH])
@pytest.mark.parametrize("rate", ["0.0231", "0.37"])
def test_raw_pages_and_tickets_fire_and_reset_in_the_same_minute_as_sloths(
    tmp_path, vectors, source, expected, days, rate
):
    folder = vectors() / "slo/sloth"
    slo = sloths_slo(folder / source, days)
    fault = Fault(Decimal(rate), 45 * MINUTE, HOUR)
    found = moments(slo.tiers, slo.budget, fault, Evaluation(recorded=False))
    hair = [moments(slo.tiers, slo.budget * factor, fault, Evaluation(recorded=False)) for factor in HAIRS]
    assert hair == [found, found], "theory lies on the grid: choose another error rate"
    start, checks = 60, []
    for severity in ("page", "ticket"):
        times = union(found[tier.name] for tier in slo.tiers if tier.severity == severity)
        checks += check_edges(f'sloth_severity="{severity}"', start, times, 0)
    series = traffic(*SLOTHS_SERIES, fault, max(check.at for check in checks) // MINUTE)
    for name, rules in (("sloth", sloths_rules(folder / expected)), ("ours", rules_of(slo, "raw", 3 * DAY))):
        wrong = run_case(tmp_path / name, rules, series, checks)
        assert not wrong, f"{name}: {wrong}"


HAIRS = (Decimal("1.000001"), Decimal("0.999999"))
"""The budget as Sloth writes it is a little off; so little must not move a minute."""
