"""The replay of a history against the generated rules, as the real promtool evaluates them."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

import pytest

from exai_sre.backtest.history import from_events
from exai_sre.backtest.minutes import Minutes
from exai_sre.backtest.replay import replay
from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.rules import group_names, rule_file
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, make_slo

pytestmark = pytest.mark.needs_prometheus

INDICATOR = EventsIndicator("requests_total", good=(Matcher("code", ("200",)),))


def events(*stretches):
    """Good and bad events of each minute: stretches of minutes with what happens in each."""
    return [pair for minutes, pattern in stretches for _ in range(minutes // len(pattern)) for pair in pattern]


CASES = {
    "one event in ten fails for 50 minutes": events((300, [(300, 0)]), (50, [(270, 30)]), (150, [(300, 0)])),
    "everything fails, with a call every other minute": events(
        (240, [(1, 0), (0, 0)]), (60, [(0, 1), (0, 0)]), (100, [(1, 0), (0, 0)])
    ),
    "single failures among few calls": events((340, [(1, 0)] * 33 + [(0, 1)])),
    "a slow burn at the edge of the 6x tier, on and off": events(
        (200, [(997, 3)]), (160, [(990, 10)]), (30, [(1000, 0)]), (60, [(989, 11)]), (50, [(1000, 0)])
    ),
}
RUNS = [*((name, "recorded") for name in CASES), ("one event in ten fails for 50 minutes", "raw")]
GAP = range(100, 140)
"""Minutes without a sample in a history that is clean but for them."""


def counter(counts):
    total, values = 0, ["0"]
    for count in counts:
        total += count or 0
        values.append("_" if count is None else str(total))
    return " ".join(values)


def state(slo, firing, minute, expected):
    alert = f'ALERTS{{burnrate_tier={json.dumps(firing.tier.name)},sloth_id="{slo.id}",alertstate="firing"}}'
    sample = {"labels": "{}", "value": expected}
    return {"expr": f"count({alert}) or vector(0)", "eval_time": f"{max(minute, 0)}m", "exp_samples": [sample]}


def checks_of(slo, told, minutes):
    """Silence two minutes before a predicted firing and one after it, noise in between, a minute either way."""
    for firing in told.firings:
        start, end = firing.start // 60, firing.end // 60
        others = [one for one in told.firings if one.tier == firing.tier and one != firing]
        if not any(one.start // 60 <= start - 2 < one.end // 60 + 1 for one in others):
            yield state(slo, firing, start - 2, 0)
        if end - start > 2:
            yield state(slo, firing, start + 1, 1)
            yield state(slo, firing, end - 2, 1)
        if end + 1 <= minutes and not any(one.start // 60 - 1 <= end + 1 < one.end // 60 for one in others):
            yield state(slo, firing, end + 1, 0)


@pytest.mark.parametrize(("name", "windows"), RUNS)
def test_the_replay_fires_within_a_minute_of_the_generated_rules(tmp_path, name, windows):
    case, slo = CASES[name], make_slo("availability", "shop", Decimal("0.999"), INDICATOR)
    told = replay(slo, from_events(slo.id, 60, *columns(case)), windows)
    compare(tmp_path, slo, told, windows, [good for good, _ in case], [bad for _, bad in case])


def test_the_replay_counts_what_the_generated_rules_record_in_place_of_missing_data(tmp_path):
    slo = make_slo("availability", "shop", Decimal("0.999"), INDICATOR, missing="bad")
    minutes = Minutes(slo.id)
    good = [None if minute in GAP else 300 for minute in range(200)]
    for minute, count in enumerate(good):
        # The first sample after a gap only says where the counter stands.
        if count is not None and minute != GAP.stop:
            minutes.add(minute, 0, count)
    told = replay(slo, minutes.history(""))
    assert {firing.tier.name for firing in told.firings} == {"14.4x", "6x", "3x", "1x"}
    compare(tmp_path, slo, told, "recorded", good, [None if count is None else 0 for count in good])


def compare(folder, slo, told, windows, good, bad):
    """Hold the firings of a replay against promtool's of the generated rules."""
    checks = list(checks_of(slo, told, len(good)))
    silent = {tier.name for tier in slo.tiers} - {firing.tier.name for firing in told.firings}
    quiet = [
        {"expr": f'count_over_time(ALERTS{{burnrate_tier="{tier}"}}[1d]) or vector(0)', "eval_time": f"{len(good)}m",
         "exp_samples": [{"labels": "{}", "value": 0}]}
        for tier in sorted(silent)
    ]  # fmt: skip
    test = {
        "rule_files": [rule_file(slo)],
        "evaluation_interval": "1m",
        "group_eval_order": list(group_names(slo)),
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": 'requests_total{code="200"}', "values": counter(good)},
                    {"series": 'requests_total{code="500"}', "values": counter(bad)},
                ],
                "promql_expr_test": [*checks, *quiet],
            }
        ],
    }
    (folder / rule_file(slo)).write_text(prometheus_rules([slo], options=RuleOptions(windows=windows))[rule_file(slo)])
    (folder / "test.yaml").write_text(json.dumps(test))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert checks or silent


def test_the_cases_fire_and_stay_silent_on_every_tier():
    slo = make_slo("availability", "shop", Decimal("0.999"), INDICATOR)
    fired = {
        name: {firing.tier.name for firing in replay(slo, from_events(slo.id, 60, *columns(case))).firings}
        for name, case in CASES.items()
    }
    assert set().union(*fired.values()) == {"14.4x", "6x", "3x", "1x"}
    assert fired["single failures among few calls"] < {"14.4x", "6x", "3x", "1x"}


def columns(case):
    return [bad for _, bad in case], [good + bad for good, bad in case]
