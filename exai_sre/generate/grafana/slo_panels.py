"""Panels that read the series which Sloth's recording rules keep for each SLO."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exai_sre.generate.grafana.model import Link, Override, Panel, Query, Threshold
from exai_sre.generate.series import Series, SlothLabel, ratio_name
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["BUDGET_LEFT", "BURN", "burn_rate", "detail_rows", "verdict_panel"]

BUDGET_LEFT = (Threshold(None, "red"), Threshold(0.0, "orange"), Threshold(0.25, "green"))
"""Colours of the share of the error budget that is left."""

BURN = (Threshold(None, "green"), Threshold(1.0, "yellow"), Threshold(6.0, "orange"), Threshold(14.4, "red"))
"""Colours of a burn rate, by the factors of the usual tiers."""

_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_CHOSEN = f'{{{SlothLabel.ID}=~"$slo"}}'
_SAME = f"on ({SlothLabel.ID})"
_EACH = f"{{{{{SlothLabel.ID}}}}}"
_SECONDS_PER_DAY = 86400
_RECORDED_EVERY = 300


def burn_rate(window: str, matchers: str = _CHOSEN) -> str:
    """PromQL of the burn rate over ``window``: budget spent per budget allowed."""
    return f"{ratio_name(window)}{matchers} / {_SAME} {Series.BUDGET}{matchers}"


def verdict_panel(slo: Slo, detail_uid: str) -> Panel:
    """One SLO at a glance: budget left in its window and burn rate over the last hour."""
    matchers = f'{{{SlothLabel.ID}="{slo.id}"}}'
    days = format_duration(slo.window)
    return Panel(
        key=f"slo:{slo.id}",
        title=slo.display_name,
        description=f"{slo.description} Objective: {_percent(slo.objective)} over {days}.",
        kind="stat",
        unit="percentunit",
        queries=(
            Query(f"{Series.REMAINING}{matchers}", "budget left"),
            Query(burn_rate("1h", matchers), "burn rate, 1h"),
        ),
        thresholds=BUDGET_LEFT,
        overrides=(Override(1, "none", BURN),),
        links=(Link("Detail of this SLO", f"/d/{detail_uid}?var-slo={slo.id}"),),
        decimals=1,
        empty="no data",
        width=6,
        height=4,
    )


def detail_rows(slos: Sequence[Slo]) -> dict[str, tuple[Panel, ...]]:
    """Rows of the SLO that the reader chose, by title."""
    return {
        "Verdict": (_objective(), _left(), _burn_now(), _exhaustion()),
        "Burn rate": (_burn_windows(), *(_tier(tier) for tier in _tiers(slos))),
        "Service level": (_level(), _events(), _budget()),
        "All objectives": (_all_budgets(), _all_burns()),
    }


def _percent(ratio: Decimal) -> str:
    return f"{(ratio * 100).normalize():f} %"


def _tiers(slos: Sequence[Slo]) -> list[BurnTier]:
    known = {(tier.name, tier.long, tier.short): tier for slo in slos for tier in slo.tiers}
    return sorted(known.values(), key=lambda tier: (-tier.factor, tier.long, tier.short))


def _stat(key: str, title: str, description: str, unit: str, expr: str, thresholds: tuple[Threshold, ...]) -> Panel:
    return Panel(
        key=key,
        title=title,
        description=description,
        kind="stat",
        unit=unit,
        queries=(Query(expr, title),),
        thresholds=thresholds,
        empty="no data",
        width=6,
        height=4,
    )


def _objective() -> Panel:
    return _stat(
        "objective",
        "Objective",
        "Share of events that the SLO promises to be good.",
        "percentunit",
        f"{Series.OBJECTIVE}{_CHOSEN}",
        (Threshold(None, "blue"),),
    )


def _left() -> Panel:
    return _stat(
        "budget-left",
        "Error budget left",
        "Share of the error budget that is left in the SLO's window; below 0 it is overspent.",
        "percentunit",
        f"{Series.REMAINING}{_CHOSEN}",
        BUDGET_LEFT,
    )


def _burn_now() -> Panel:
    return _stat(
        "burn-1h",
        "Burn rate, 1h",
        "Budget spent per budget allowed over the last hour; at 1 the budget lasts exactly the window.",
        "none",
        burn_rate("1h"),
        BURN,
    )


def _exhaustion() -> Panel:
    left = f"{Series.REMAINING}{_CHOSEN} * {_SAME} {Series.PERIOD}{_CHOSEN}"
    expr = f"{left} * {_SECONDS_PER_DAY} / {_SAME} ({burn_rate('1h')} > 0)"
    return Panel(
        key="exhaustion",
        title="Budget exhausted in",
        description="Time until the budget is spent if the burn rate of the last hour goes on.",
        kind="stat",
        unit="s",
        queries=(Query(expr, "exhausted in"),),
        thresholds=(Threshold(None, "red"), Threshold(3600.0, "orange"), Threshold(3.0 * _SECONDS_PER_DAY, "green")),
        empty="not burning",
        width=6,
        height=4,
    )


def _burn_windows() -> Panel:
    return Panel(
        key="burn-windows",
        title="Burn rate by window",
        description="Budget spent per budget allowed, by window; a tier alerts when both its windows exceed it.",
        kind="timeseries",
        queries=tuple(Query(burn_rate(window), window) for window in _WINDOWS),
        thresholds=BURN,
        width=24,
    )


def _tier(tier: BurnTier) -> Panel:
    long, short = format_duration(tier.long), format_duration(tier.short)
    color = "red" if tier.severity == "page" else "orange"
    return Panel(
        key=f"tier:{tier.name}:{long}:{short}",
        title=f"Tier {tier.name}: {long} and {short}",
        description=f"A {tier.severity} is sent while both windows burn faster than {tier.factor} times the budget.",
        kind="timeseries",
        queries=(Query(burn_rate(long), long), Query(burn_rate(short), short)),
        thresholds=(Threshold(None, "green"), Threshold(float(tier.factor), color)),
        line=True,
        width=6,
    )


def _level() -> Panel:
    return Panel(
        key="level",
        title="Service level",
        description="Share of good events over 5 minutes and over a day, and what the SLO promises.",
        kind="timeseries",
        unit="percentunit",
        queries=(
            Query(f"1 - {ratio_name('5m')}{_CHOSEN}", "5m"),
            Query(f"1 - {ratio_name('1d')}{_CHOSEN}", "1d"),
            Query(f"{Series.OBJECTIVE}{_CHOSEN}", "objective"),
        ),
    )


def _events() -> Panel:
    return Panel(
        key="events",
        title="Events",
        description="Events per second that the SLO counts, and the bad ones among them, over 5 minutes.",
        kind="timeseries",
        unit="ops",
        queries=(
            Query(f"{Series.TOTAL}{_CHOSEN} / {_RECORDED_EVERY}", "all"),
            Query(f"{Series.ERRORS}{_CHOSEN} / {_RECORDED_EVERY}", "bad"),
        ),
    )


def _budget() -> Panel:
    return Panel(
        key="budget",
        title="Error budget left over time",
        description="Share of the error budget left in the SLO's rolling window.",
        kind="timeseries",
        unit="percentunit",
        queries=(Query(f"{Series.REMAINING}{_CHOSEN}", "budget left"),),
        thresholds=BUDGET_LEFT,
        line=True,
    )


def _all_budgets() -> Panel:
    return Panel(
        key="all-budgets",
        title="Error budget left, all objectives",
        description="Share of the error budget left, for comparison.",
        kind="timeseries",
        unit="percentunit",
        queries=(Query(Series.REMAINING, _EACH),),
        thresholds=BUDGET_LEFT,
        width=12,
    )


def _all_burns() -> Panel:
    return Panel(
        key="all-burns",
        title="Current burn rate, all objectives",
        description="Budget spent per budget allowed over 5 minutes, for comparison.",
        kind="timeseries",
        queries=(Query(Series.CURRENT_BURN, _EACH),),
        thresholds=BURN,
        width=12,
    )
