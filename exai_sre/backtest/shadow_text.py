"""The comparison of two rule sets as a table and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from exai_sre.backtest.shadow_report import FiringDifference, RatioDifference, SloDifference
from exai_sre.slo.windows import format_duration

__all__ = ["shadow_data", "shadow_text"]

_HEAD: Final = ("window", "largest difference", "mean", "compared", "only theirs", "only ours", "largest at")


def shadow_data(found: Sequence[SloDifference]) -> list[dict[str, Any]]:
    """The comparison as JSON would hold it; ratios and budgets 0 to 1, windows in seconds."""
    return [{**asdict(each), "comparable": each.comparable, "agrees": each.agrees} for each in found]


def shadow_text(found: Sequence[SloDifference], *, theirs: str, ours: str) -> str:
    """The comparison as text, one section for each SLO.

    Args:
        found: what :func:`~exai_sre.backtest.shadow_report.compare_rule_sets` gave.
        theirs: name of the rules in force.
        ours: name of the shadow.
    """
    sections = ["\n".join(_section(each, theirs, ours)) for each in found]
    agreeing = sum(each.agrees for each in found)
    silent = sum(not each.comparable for each in found)
    summary = f"{agreeing} of {len(found)} SLOs alerted in the same minutes"
    if silent:
        summary += f"; of {silent} there is nothing to compare: do both rule sets run?"
    return "\n\n".join([*sections, summary]) + "\n"


def _section(each: SloDifference, theirs: str, ours: str) -> Iterator[str]:
    yield each.slo
    rows = [_HEAD, *(_ratio_row(ratio) for ratio in each.ratios)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield f"  budget left at the end: {theirs} {_percent(each.budget_theirs)}, {ours} {_percent(each.budget_ours)}"
    for firing in each.firing:
        yield f"  {_firing(firing, theirs, ours)}"


def _ratio_row(ratio: RatioDifference) -> tuple[str, ...]:
    when = "-" if ratio.at is None else datetime.fromtimestamp(ratio.at, UTC).strftime("%Y-%m-%d %H:%M")
    counts = (str(count) for count in (ratio.compared, ratio.only_theirs, ratio.only_ours))
    return (format_duration(ratio.window), _ratio(ratio.largest), _ratio(ratio.mean), *counts, when)


def _firing(firing: FiringDifference, theirs: str, ours: str) -> str:
    return (
        f"{firing.severity}: both {firing.both:g} min, only {theirs} {firing.only_theirs:g} min, "
        f"only {ours} {firing.only_ours:g} min"
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}" if value else "0"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2%}"
