"""Trials as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from exai_sre.backtest.moments import clock_text, minutes_text
from exai_sre.backtest.replay import Replay
from exai_sre.backtest.score import Detection, Score
from exai_sre.backtest.trial import Trial
from exai_sre.generate.promql import decimal_text
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["control_text", "detection_text", "heading", "percent", "score_text", "trial_lines"]

_LISTED: Final = 30
"""Firings that are listed; all of them stand in the JSON."""


def trial_lines(trials: Sequence[Trial]) -> Iterator[str]:
    """The report, line by line: one block for each trial, then a line that sums up."""
    for trial in trials:
        yield from _block(trial)
        yield ""
    pages = sum(len(trial.replay.of("page")) for trial in trials)
    tickets = sum(len(trial.replay.of("ticket")) for trial in trials)
    passed = sum(trial.control.passed for trial in trials)
    yield f"{len(trials)} replayed: {pages} pages, {tickets} tickets; controls passed: {passed} of {len(trials)}"


def heading(slo: Slo, group: str) -> str:
    """What a trial is about, such as ``shop-checkout{tool=pay} 99.9 % over 30d``."""
    objective = decimal_text(slo.objective * 100)
    return f"{slo.id}{'{' + group + '}' if group else ''}  {objective} % over {format_duration(slo.window)}"


def percent(share: float) -> str:
    """A share as a percentage with as many digits as matter: ``2.1 %``, ``0.034 %``, ``512 %``."""
    value = share * 100
    return f"{value:.0f} %" if abs(value) >= 100 else f"{value:.3g} %"


def _block(trial: Trial) -> Iterator[str]:
    told = trial.replay
    yield heading(trial.slo, told.history.group)
    yield f"  history   {_span(told)}"
    yield f"  budget    {_budget(told)}"
    for firing in told.firings[:_LISTED]:
        yield (
            f"  {firing.tier.severity:<8}  {firing.tier.name:<6} {clock_text(firing.start)}"
            f" for {minutes_text(firing.seconds)}:"
            f" {percent(firing.spent_at_start)} of the budget when it fired, {percent(firing.spent)} in the end"
        )
    if len(told.firings) > _LISTED:
        yield f"            and {len(told.firings) - _LISTED} more (--format json lists all)"
    if not told.firings:
        yield "  alerts    none would have fired"
    for burn in trial.quiet:
        spent = f"{percent(burn.spent)} of the budget, {burn.bad:.0f} bad events"
        told_by = "ticket only" if burn.ticket else "no alert"
        yield f"  unpaged   {clock_text(burn.start)} for {minutes_text(burn.end - burn.start)}: {spent}, {told_by}"
    if trial.score is not None:
        yield from _scored(trial.score)
    yield f"  control   {control_text(trial)}"


def _span(told: Replay) -> str:
    history = told.history
    counted = "" if told.slo.missing == "excluded" else f", counted as {told.slo.missing}"
    gaps = f", {history.missing} minutes without data{counted}" if history.missing else ""
    length = minutes_text(history.end - history.start)
    return f"{length} from {clock_text(history.start)} UTC, {history.total[-1]:.0f} events{gaps}"


def _budget(told: Replay) -> str:
    bad = told.history.bad_share()
    if bad is None:
        return "nothing spent: no event"
    window = format_duration(told.slo.window)
    return f"{percent(told.spent)} of the budget of {window} spent; {percent(bad)} of all events were bad"


def _scored(scored: Score) -> Iterator[str]:
    for detection in scored.detections:
        yield f"  incident  {detection.incident.name}: {detection_text(detection)}"
    for start, end in scored.false:
        yield f"  false     {clock_text(start)} for {minutes_text(end - start)}: no incident known"
    yield f"  score     {score_text(scored)}"


def detection_text(detection: Detection) -> str:
    """How an incident was met: ``paged after 4m``, ``never paged (ticket after 40m)``, ``never told``."""
    if detection.page is not None:
        return f"paged after {minutes_text(detection.page)}"
    return "never told" if detection.ticket is None else f"never paged (ticket after {minutes_text(detection.ticket)})"


def score_text(scored: Score) -> str:
    """Precision, recall and delay in one line."""
    precision = "no page" if scored.precision is None else f"precision {scored.precision:.2f}"
    recall = "no incident" if scored.recall is None else f"recall {scored.recall:.2f}"
    delay = scored.median_delay
    return f"{precision}, {recall}" + ("" if delay is None else f", {minutes_text(delay)} to page (median)")


def control_text(trial: Trial) -> str:
    """How the planted outage was met, or why it was not."""
    control = trial.control
    if control.detected is not None:
        after = minutes_text(control.detected)
        return f"passed: a planted total outage gives a {control.expected} after {after} ({control.tier})"
    if not control.start:
        return "FAILED: no traffic in this history, so no outage can be told"
    lasted = minutes_text(control.length)
    return (
        f"FAILED: a planted total outage of {lasted} with {control.events:.0f} failures gives no {control.expected}; "
        "lower the minimum of failures, or widen the windows"
    )
