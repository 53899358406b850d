"""Suggestions as lines for a terminal, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from exai_sre.backtest.moments import minutes_text
from exai_sre.backtest.report_text import heading, percent
from exai_sre.backtest.suggestion import Candidate, Suggestion, TierAdvice
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.windows import DAY, format_duration

__all__ = ["VERSION", "suggestion_lines", "suggestion_report"]

VERSION: Final = 1
"""Version of the report's shape; a field is never renamed within one."""


def suggestion_lines(suggestions: Sequence[Suggestion], leave: Decimal) -> Iterator[str]:
    """The suggestions, line by line, one block for each SLO."""
    for suggestion in suggestions:
        yield from _block(suggestion, leave)
        yield ""


def _block(suggestion: Suggestion, leave: Decimal) -> Iterator[str]:
    history, slo = suggestion.history, suggestion.slo
    yield heading(slo, history.group)
    days = (history.end - history.start) / DAY
    yield f"  history   {days:.3g} days, {history.total[-1]:.0f} events, {history.bad[-1]:.0f} bad"
    if suggestion.target is None:
        yield "  target    none: the history has no event"
        return
    for one in suggestion.achieved:
        shares = f"worst {_good(one.worst)}, one in twenty below {_good(one.low)}, median {_good(one.median)}"
        yield f"  achieved  over {format_duration(one.span)}: {shares}"
    kept = decimal_text(leave * 100)
    yield f"  target    {decimal_text(suggestion.target * 100)} % is the tightest that leaves {kept} % of the budget"
    for candidate in suggestion.candidates:
        yield _candidate_line(candidate, suggestion)
    for advice in suggestion.tiers:
        yield from _advice_lines(advice)


def _candidate_line(candidate: Candidate, suggestion: Suggestion) -> str:
    marks = {suggestion.slo.objective: "  (defined)", suggestion.target: "  (suggested)"}
    guarded = candidate.guarded_pages != candidate.pages
    return (
        f"  at {decimal_text(candidate.objective * 100):>8} %: {_left(candidate.left)}, {candidate.pages:.3g} pages"
        + (f" ({candidate.guarded_pages:.3g} with the minimums below)" if guarded else "")
        + f" and {candidate.tickets:.3g} tickets per 30 days"
        + marks.get(candidate.objective, "")
    )


def _left(share: float) -> str:
    return f"{percent(share)} of the budget left" if share >= 0 else f"budget overspent by {percent(-share)}"


def _advice_lines(advice: TierAdvice) -> Iterator[str]:
    tier = advice.tier
    if advice.min_failures > tier.min_failures:
        yield (
            f"  traffic   {tier.name}: a single failure exceeds the threshold {percent(advice.too_few)} of the time; "
            f"{format_duration(tier.long)} hold {advice.usual:.3g} events, {advice.needed:.3g} are needed: "
            f"set its minimum of failures to {advice.min_failures}"
        )
        if advice.usual:
            outage = minutes_text(tier.long * advice.min_failures / advice.usual)
            yield f"            a total outage then reaches it after about {outage}"


def _good(share: float) -> str:
    """A share of good events with five digits after the point at most: ``99.95 %``."""
    return f"{decimal_text(Decimal(repr(share * 100)).quantize(Decimal('0.00001')))} %"


def suggestion_report(suggestions: Sequence[Suggestion], leave: Decimal) -> dict[str, Any]:
    """The suggestions for JSON: shares from 0 to 1, lengths in seconds, objectives as exact text."""
    return {
        "version": VERSION,
        "leave": decimal_text(leave),
        "suggestions": [_suggestion(suggestion) for suggestion in suggestions],
    }


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "slo": suggestion.slo.id,
        "group": suggestion.history.group,
        "objective": decimal_text(suggestion.slo.objective),
        "minutes": suggestion.history.minutes,
        "target": None if suggestion.target is None else decimal_text(suggestion.target),
        "achieved": [
            {"seconds": one.span, "worst": _r(one.worst), "low": _r(one.low), "median": _r(one.median)}
            for one in suggestion.achieved
        ],
        "candidates": [
            {
                "objective": decimal_text(one.objective),
                "budget_left": _r(one.left),
                "pages_per_30d": _r(one.pages),
                "tickets_per_30d": _r(one.tickets),
                "pages_per_30d_with_minimums": _r(one.guarded_pages),
            }
            for one in suggestion.candidates
        ],
        "tiers": [
            {
                "tier": one.tier.name,
                "events_needed": _r(one.needed),
                "events_usual": _r(one.usual),
                "time_with_too_few": _r(one.too_few),
                "min_failures": one.min_failures,
            }
            for one in suggestion.tiers
        ],
    }


def _r(value: float) -> float:
    """Nine significant digits: the rest is noise of floating point."""
    return float(f"{value:.9g}")
