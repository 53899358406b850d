"""Trials as one HTML page: pictures and tables, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from exai_sre.backtest.moments import clock_text, minutes_text
from exai_sre.backtest.pictures import budget_picture, burn_picture
from exai_sre.backtest.report_text import control_text, detection_text, heading, percent, score_text
from exai_sre.backtest.trial import Trial

__all__ = ["html_report"]

_STYLE: Final = (
    "body{font:15px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:.5em 0}td,th{border-bottom:1px solid #ddd;padding:.2em .8em;text-align:left}"
    "svg{max-width:100%;height:auto;display:block}h2{margin-top:2em}.bad{color:#c0392b}"
)


def html_report(trials: Sequence[Trial]) -> str:
    """The page; the table of each picture's figures stands below it."""
    body = "".join(_section(trial) for trial in trials)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Backtest</title>'
        f"<style>{_STYLE}</style></head><body><h1>Backtest</h1>{_summary(trials)}{body}</body></html>\n"
    )


def _summary(trials: Sequence[Trial]) -> str:
    rows = [
        (
            heading(trial.slo, trial.replay.history.group),
            percent(trial.replay.spent),
            str(len(trial.replay.of("page"))),
            str(len(trial.replay.of("ticket"))),
            score_text(trial.score) if trial.score else "",
            ", ".join(trial.faults) or "none",
        )
        for trial in trials
    ]
    return _table(("SLO", "Budget spent", "Pages", "Tickets", "Score", "Faults"), rows)


def _section(trial: Trial) -> str:
    return "".join(
        (
            f"<h2>{escape(heading(trial.slo, trial.replay.history.group))}</h2>",
            f"<h3>Burn rate and alerts</h3>{burn_picture(trial)}",
            f"<h3>Budget left</h3>{budget_picture(trial)}",
            _firings(trial),
            _incidents(trial),
            _unpaged(trial),
            f"<p{'' if trial.control.passed else ' class=bad'}>Positive control {escape(control_text(trial))}.</p>",
        )
    )


def _firings(trial: Trial) -> str:
    rows = [
        (
            firing.tier.severity,
            firing.tier.name,
            clock_text(firing.start),
            minutes_text(firing.seconds),
            percent(firing.spent_at_start),
            percent(firing.spent),
        )
        for firing in trial.replay.firings
    ]
    heads = ("Severity", "Tier", "Fired (UTC)", "For", "Budget spent when it fired", "In the end")
    return "<h3>Alerts</h3>" + (_table(heads, rows) if rows else "<p>None would have fired.</p>")


def _incidents(trial: Trial) -> str:
    if trial.score is None:
        return ""
    known = [(one.incident.name, clock_text(one.incident.start), detection_text(one)) for one in trial.score.detections]
    false = [("no incident known", clock_text(start), "false page") for start, _ in trial.score.false]
    words = f"<p>{escape(score_text(trial.score))}</p>"
    return f"<h3>Known incidents</h3>{words}{_table(('Incident', 'Began (UTC)', 'Told'), [*known, *false])}"


def _unpaged(trial: Trial) -> str:
    if not trial.quiet:
        return ""
    rows = [
        (
            clock_text(burn.start),
            minutes_text(burn.end - burn.start),
            percent(burn.spent),
            f"{burn.bad:.0f}",
            "ticket" if burn.ticket else "none",
        )
        for burn in trial.quiet
    ]
    heads = ("Began (UTC)", "For", "Budget spent", "Bad events", "Alert")
    return f"<h3>What did not page</h3>{_table(heads, rows)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"<table>{_row('th', heads)}{''.join(_row('td', row) for row in rows)}</table>"


def _row(cell: str, values: Sequence[str]) -> str:
    return f"<tr>{''.join(_cells(cell, values))}</tr>"


def _cells(cell: str, values: Sequence[str]) -> Iterator[str]:
    return (f"<{cell}>{escape(value)}</{cell}>" for value in values)
