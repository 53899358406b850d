"""``exai-sre backtest``: a history in; which alerts would have fired, and which incidents none, out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click

from exai_sre.backtest.prometheus_errors import PrometheusError
from exai_sre.backtest.replay import Windows
from exai_sre.backtest.report_html import html_report
from exai_sre.backtest.report_json import report
from exai_sre.backtest.report_text import trial_lines
from exai_sre.backtest.trial import FAULTS, Trial, hold_trial, with_objective
from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK
from exai_sre.cli.histories import Choice, history_options, percentages, wanted_slos, with_histories
from exai_sre.cli.types import names_among
from exai_sre.slo.model import Slo

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre backtest -i slo --prometheus http://localhost:9090 --days 30
  exai-sre backtest -i slo --prometheus http://localhost:9090 --days 2 --until 2026-03-08T12:00Z
  exai-sre backtest -i slo --slo shop-checkout --history checkout.csv --known outages.yaml
  exai-sre backtest -i slo --incidents incidents.yaml --targets 99,99.5,99.9 --format json
  exai-sre backtest -i slo --incidents incidents.yaml --fail-on missed,false   exit 1 on either

A planted outage is replayed with each SLO; one that is not told always exits 1.

\b
A script of incidents (--incidents):
  traffic: {per_minute: 600, swing: 0.5, peak: "14:00"}
  error_rate: 0.0002
  incidents:
    - {name: bad deploy, start: 3d4h, duration: 25m, error_rate: 0.2}
"""


@click.command("backtest", epilog=_EPILOG)
@history_options
@click.option("--known", type=click.Path(path_type=Path, dir_okay=False),
              help="Known incidents, YAML or CSV: name, start, end.")  # fmt: skip
@click.option("--targets", type=percentages, default="", help="Objectives to try in percent: 99,99.5,99.9.")
@click.option("--windows", type=click.Choice(["recorded", "raw"]), default="recorded", show_default=True,
              help="How the rules compute long windows.")  # fmt: skip
@click.option("--fail-on", type=names_among(FAULTS), default="control", show_default=True,
              help=f"Exit 1 on any of {', '.join(FAULTS)}; control always does.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True,
              help="Form of the report.")  # fmt: skip
def command(
    choice: Choice,
    *,
    known: Path | None,
    targets: Sequence[Decimal],
    windows: Windows,
    fail_on: Sequence[str],
    form: str,
) -> int:
    """Replay a history: which alerts would have fired, and which incidents none."""
    slos = wanted_slos(choice)
    try:
        trials = _trials(slos, replace(choice, known=known), targets, windows)
    except PrometheusError as error:
        click.echo(f"exai-sre: {error}", err=True)
        return ENVIRONMENT
    click.echo(_shown(trials, form), nl=False)
    return FINDINGS if any(fault in ("control", *fail_on) for trial in trials for fault in trial.faults) else OK


def _trials(slos: Sequence[Slo], choice: Choice, targets: Sequence[Decimal], windows: Windows) -> list[Trial]:
    pairs, known = with_histories(slos, choice)
    trials = []
    with click.progressbar(pairs, length=len(slos), label="replaying", file=sys.stderr, hidden=len(slos) == 1) as each:
        for slo, history in each:
            tried = [with_objective(slo, target) for target in targets] or [slo]
            trials += [hold_trial(one, history, known, windows) for one in tried]
    return trials


def _shown(trials: Sequence[Trial], form: str) -> str:
    if form == "html":
        return html_report(trials)
    if form == "json":
        return json.dumps(report(trials), indent=2) + "\n"
    return "\n".join(trial_lines(trials)) + "\n"
