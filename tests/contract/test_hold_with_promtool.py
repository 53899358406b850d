"""A burn tier with a hold: the rule's ``for`` in the real promtool, against the closed form."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import prometheus_rules, rule_file
from exai_sre.metrics import Matcher
from exai_sre.slo.burn_on_grid import Evaluation, Fault
from exai_sre.slo.indicators import EventsIndicator
from exai_sre.slo.model import make_slo
from exai_sre.slo.tiers import TIERS
from exai_sre.slo.windows import HOUR
from tests.contract.burn_rig import MINUTE, check_edges, moments, run_case, traffic

pytestmark = pytest.mark.needs_prometheus

SERIES = ('calls_total{outcome="ok"}', 'calls_total{outcome="error"}')
HELD = (replace(TIERS[0], hold=3 * MINUTE), replace(TIERS[1], hold=90))


CASES = [
    ("recorded", 4, {"14.4x": (6, 9), "6x": (5, 34)}),
    ("raw", 4, {"14.4x": (6, 9), "6x": (3, 34)}),
    ("raw", 1, {}),
]
"""How long windows are summed, minutes of the fault, and by tier the minutes from its start to firing and reset."""


@pytest.mark.parametrize(("windows", "minutes", "expected"), CASES)
def test_a_held_alert_fires_and_resets_in_the_minute_of_the_closed_form(tmp_path, windows, minutes, expected):
    good = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
    slo = make_slo("held", "shop", Decimal("0.999"), good, tiers=HELD)
    content = yaml.safe_load(prometheus_rules([slo], options=RuleOptions(windows=windows))[rule_file(slo)])
    alerts = {rule["labels"].get("burnrate_tier"): rule for group in content["groups"] for rule in group["rules"]}
    assert (alerts["14.4x"]["for"], alerts["6x"]["for"]) == ("3m", "1m30s")
    # Without the hold the 6x tier fires for a minute even after the fault of one minute, over raw windows.
    fault = Fault(Decimal("0.371"), minutes * MINUTE, HOUR)
    found = moments(slo.tiers, slo.budget, fault, Evaluation(recorded=windows == "recorded"))
    assert found == expected
    end = 60 + minutes + 40
    checks = [
        check
        for tier in slo.tiers
        for check in check_edges(f'burnrate_tier="{tier.name}"', 60, found.get(tier.name), end)
    ]
    wrong = run_case(tmp_path, content, traffic(*SERIES, fault, end), checks)
    assert not wrong, wrong
