"""Pictures of a trial: burn rate with alerts and incidents over it, and the budget that is left."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import Final

from exai_sre.backtest.history import STEP, WIDTH, History, window_sums
from exai_sre.backtest.moments import clock_text, minutes_text
from exai_sre.backtest.svg import Svg
from exai_sre.backtest.trial import Trial
from exai_sre.slo.windows import DAY

__all__ = ["budget_picture", "burn_picture"]

_WIDTH: Final = 960
_LEFT: Final = 48
_COLUMNS: Final = _WIDTH - _LEFT - 8
_TOP: Final = 18
_PLOT: Final = 130
_LANE: Final = 12
_LANE_GAP: Final = 10
_DECADES: Final = 4
"""Burn rates from 0.1 to 1,000, each decade as high as the other."""

_PAGE, _TICKET, _INCIDENT, _LINE, _GRID = "#c0392b", "#e0a030", "#cfd8e6", "#2c5d8f", "#dddddd"


class _Scale:
    """Where a moment of a history stands."""

    def __init__(self, history: History) -> None:
        self._start, self._span = history.start, max(history.end - history.start, 1)

    def x(self, moment: float) -> float:
        """Pixels from the left, within the plot."""
        share = (moment - self._start) / self._span
        return _LEFT + min(max(share, 0.0), 1.0) * _COLUMNS


def burn_picture(trial: Trial) -> str:
    """Burn rate of five minutes (its highest in each pixel, logarithmic), incidents behind it, alerts below."""
    told = trial.replay
    scale = _Scale(told.history)
    svg = Svg(_WIDTH, _TOP + _PLOT + _LANE_GAP + 2 * _LANE + 20, f"Burn rate and alerts of {trial.slo.id}")
    for detection in trial.score.detections if trial.score else ():
        one = detection.incident
        left = scale.x(one.start)
        svg.rect(left, _TOP, scale.x(one.end) - left, _PLOT, _INCIDENT, one.name)
    for decade in range(_DECADES + 1):
        y = _height(10.0 ** (decade - 1))
        svg.line([(_LEFT, y), (_LEFT + _COLUMNS, y)], _GRID)
        svg.text(_LEFT - 4, y + 4, f"{10.0 ** (decade - 1):g}x", anchor="end")
    svg.line(list(_burn_points(told.history, float(trial.slo.budget), scale)), _LINE)
    for firing in told.firings:
        page = firing.tier.severity == "page"
        left, lane = scale.x(firing.start), _TOP + _PLOT + _LANE_GAP + (0 if page else _LANE)
        tip = f"{firing.tier.name} {clock_text(firing.start)} for {minutes_text(firing.seconds)}"
        svg.rect(left, lane, scale.x(firing.end) - left, _LANE - 3, _PAGE if page else _TICKET, tip)
    svg.text(_LEFT - 4, _TOP + _PLOT + _LANE_GAP + _LANE - 4, "page", anchor="end")
    svg.text(_LEFT - 4, _TOP + _PLOT + _LANE_GAP + 2 * _LANE - 4, "ticket", anchor="end")
    _days(svg, told.history, scale, _TOP + _PLOT + _LANE_GAP + 2 * _LANE + 12)
    return str(svg)


def budget_picture(trial: Trial) -> str:
    """Share of the budget of one SLO window that is left, from the begin of the history on."""
    history, allowance = trial.replay.history, trial.replay.allowance
    scale = _Scale(history)
    svg = Svg(_WIDTH, _TOP + _PLOT + 24, f"Error budget left of {trial.slo.id}")
    stride = max(history.minutes // _COLUMNS, 1)
    left = [
        (history.start + at * STEP, 1 - history.bad[at] / allowance if allowance else 1.0)
        for at in range(0, history.minutes, stride)
    ]
    low = min(-0.1, *(value for _, value in left)) if left else -0.1
    for mark in (1.0, 0.0, low):
        y = _TOP + (1 - mark) / (1 - low) * _PLOT
        svg.line([(_LEFT, y), (_LEFT + _COLUMNS, y)], _GRID, dashed=mark == 0.0)
        svg.text(_LEFT - 4, y + 4, f"{mark * 100:.0f} %", anchor="end")
    svg.line([(scale.x(moment), _TOP + (1 - value) / (1 - low) * _PLOT) for moment, value in left], _LINE)
    _days(svg, history, scale, _TOP + _PLOT + 16)
    return str(svg)


def _burn_points(history: History, budget: float, scale: _Scale) -> Iterator[tuple[float, float]]:
    bad, total = window_sums(history.bad, WIDTH), window_sums(history.total, WIDTH)
    rates = [part / whole / budget if part > 0 else 0.0 for part, whole in zip(bad, total, strict=True)]
    stride = max(history.minutes // _COLUMNS, 1)
    for at in range(0, history.minutes, stride):
        yield scale.x(history.start + at * STEP), _height(max(rates[at : at + stride]))


def _height(rate: float) -> float:
    share = (log10(rate) + 1) / _DECADES if rate > 0 else 0.0
    return _TOP + (1 - min(max(share, 0.0), 1.0)) * _PLOT


def _days(svg: Svg, history: History, scale: _Scale, y: float) -> None:
    """Dates below the plot, at most ten of them."""
    days = (history.end - history.start) // DAY + 1
    every = max(days // 10, 1) * DAY
    first = -(-history.start // DAY) * DAY
    for moment in range(first, history.end, every):
        svg.text(scale.x(moment), y, clock_text(moment)[5:10], anchor="middle")
