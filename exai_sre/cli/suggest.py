"""``exai-sre suggest``: a history in, targets and minimums of failures out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from decimal import Decimal

import click

from exai_sre.backtest.prometheus_errors import PrometheusError
from exai_sre.backtest.suggestion import Suggestion, suggest_from
from exai_sre.backtest.suggestion_report import suggestion_lines, suggestion_report
from exai_sre.cli.exits import ENVIRONMENT, OK
from exai_sre.cli.histories import Choice, history_options, percentages, wanted_slos, with_histories
from exai_sre.slo.model import Slo

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre suggest -i slo --prometheus http://localhost:9090 --days 30
  exai-sre suggest -i slo --slo shop-checkout --history checkout.csv --leave 30
  exai-sre suggest -i slo --incidents incidents.yaml --targets 99,99.9 --format json
"""


@click.command("suggest", epilog=_EPILOG)
@history_options
@click.option("--leave", type=click.FloatRange(0, 100, max_open=True), default=50, show_default=True,
              help="Percent of the budget that the target should leave.")  # fmt: skip
@click.option("--targets", type=percentages, default="", help="Objectives to try in percent; default: a ladder.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Form of the report.")  # fmt: skip
def command(
    choice: Choice,
    *,
    leave: float,
    targets: Sequence[Decimal],
    form: str,
) -> int:
    """Propose targets and burn tiers from a history."""
    slos, share = wanted_slos(choice), Decimal(repr(leave)) / 100
    try:
        found = _suggestions(slos, choice, share, targets)
    except PrometheusError as error:
        click.echo(f"exai-sre: {error}", err=True)
        return ENVIRONMENT
    if form == "json":
        click.echo(json.dumps(suggestion_report(found, share), indent=2))
    else:
        click.echo("\n".join(suggestion_lines(found, share)))
    return OK


def _suggestions(slos: Sequence[Slo], choice: Choice, leave: Decimal, targets: Sequence[Decimal]) -> list[Suggestion]:
    pairs, _ = with_histories(slos, choice)
    with click.progressbar(pairs, length=len(slos), label="looking", file=sys.stderr, hidden=len(slos) == 1) as each:
        return [suggest_from(slo, told, leave, targets) for slo, told in each]
