"""The budget of thirty days of uneven traffic, as a real Prometheus computes it from the generated rules.

A third of each day has a hundred times the traffic of the rest, and of one hour a tenth fails: once by
day, once by night. The recorded series of the thirty days are those that ``exai-sre backfill`` has
Prometheus compute rule by rule.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml

from exai_sre.backtest.prometheus_api import PrometheusApi
from exai_sre.cli.main import run
from exai_sre.generate import prometheus_rules
from exai_sre.slo import load_slos
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running
from tests.integration.recorded_history import DAY, NOW, slo_document

pytestmark = pytest.mark.needs_prometheus

DAYS, END = 30, NOW - NOW % DAY
BUSY, QUIET = 600.0, 6.0
"""Events a minute: ten a second from 8 to 16 o'clock, one in ten seconds otherwise."""
BAD_HOURS = {"peak": (12, 12), "night": (12, 2)}
"""Day and hour of which a tenth of the events fail."""


def events(minute: int) -> float:
    return BUSY if 8 <= minute // 60 % 24 < 16 else QUIET


def failing(case: str, minute: int) -> float:
    day, hour = BAD_HOURS[case]
    return events(minute) / 10 if minute // 60 == 24 * day + hour else 0.0


def counters() -> dict[str, list[tuple[float, float]]]:
    """A counter of all events and one of bad ones for each case, a sample a minute."""
    found = {}
    for case in BAD_HOURS:
        for name, rate in (("calls", events), ("errors", lambda minute, case=case: failing(case, minute))):
            count, points = 0.0, [(float(END - DAYS * DAY), 0.0)]
            for minute in range(DAYS * 1440):
                count += rate(minute)
                points.append((points[-1][0] + 60, round(count, 1)))
            found[f'{case}_{name}_total{{job="x"}}'] = points
    return found


def budget_rule(slo) -> str:
    """The generated expression of the error ratio of thirty days."""
    content = [yaml.safe_load(text) for text in prometheus_rules([slo]).values()]
    rules = [rule for each in content for group in each["groups"] for rule in group["rules"]]
    return next(rule["expr"] for rule in rules if rule.get("record") == "slo:sli_error:ratio_rate30d")


def test_the_budget_of_30_days_is_weighted_by_events_on_uneven_traffic(tmp_path):
    import_history(tmp_path / "data", openmetrics(counters()))
    documents = [slo_document(f"shop-{c}", bad=f"{c}_errors_total", total=f"{c}_calls_total") for c in BAD_HOURS]
    (tmp_path / "slo.yaml").write_text("---\n".join(documents), encoding="utf-8")
    until = datetime.fromtimestamp(END, UTC).isoformat()
    command = ["backfill", "-i", str(tmp_path / "slo.yaml"), "--until", until, "--since", f"{DAYS}d"]
    with prometheus_running(tmp_path / "data") as url:
        assert run([*command, "--prometheus", url, "-o", str(tmp_path / "blocks")]) == 0
    with prometheus_running(tmp_path / "blocks") as url:
        api = PrometheusApi(url)
        for slo in load_slos(tmp_path / "slo.yaml"):
            minutes = range(DAYS * 1440)
            truth = sum(failing(slo.name, minute) for minute in minutes) / sum(map(events, minutes))
            (ratio,) = api.query(budget_rule(slo), END)
            assert ratio.value == pytest.approx(truth, rel=0.005)
            five = [f'slo:sli_{part}:increase5m{{sloth_slo="{slo.name}"}}' for part in ("error", "total")]
            (mean,) = api.query(f"avg_over_time(({five[0]} / {five[1]})[{DAYS}d:5m])", END)
            # The mean of ratios, which is what Sloth records, reads a third of the truth, or 34 times as much.
            assert mean.value / truth == pytest.approx(0.34 if slo.name == "peak" else 34, rel=0.02)
