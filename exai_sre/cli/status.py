"""``exai-sre status``: how each SLO stands by what Prometheus has recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from exai_sre.backtest.prometheus_api import PrometheusError
from exai_sre.backtest.standing import STALE_AFTER, Standing
from exai_sre.backtest.standing_text import standing_lines
from exai_sre.backtest.survey import server_time, survey
from exai_sre.cli.asking import (
    ACCESS_HELP,
    known_promises,
    moment,
    narrowed,
    open_api,
    prometheus_options,
    the_corrections,
)
from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK
from exai_sre.cli.types import duration
from exai_sre.slo.moments import moment_text

__all__ = ["command"]

_EPILOG = f"""\b
Exits with 0 if every SLO is ok, with 1 if one burns, is exhausted or unknown, and with 3 if
Prometheus does not answer. Data that are stale, NaN or missing are unknown, never healthy.

{ACCESS_HELP}
\b
Examples:
  exai-sre status -i slo                                     the SLOs of a folder
  exai-sre status --prometheus http://prometheus:9090        what Prometheus has recorded
  exai-sre status -i slo --format json                       for other programs
  exai-sre status -i slo --at 2026-01-31T14:30:00Z           as it stood then
"""

_COLOURS = {"ok": "green", "ticket": "yellow", "page": "red", "exhausted": "red", "unknown": "magenta"}


@click.command("status", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", multiple=True, help="SLO file or folder; default: what Prometheus recorded.")
@click.option("--slo", "only", multiple=True, metavar="ID", help="Only this SLO; may be repeated.")
@click.option("--corrections", type=click.Path(path_type=Path), help="File of dated corrections of budgets.")
@click.option("--at", type=moment, metavar="TIME", help="Moment with a zone; default: now.")
@click.option("--stale-after", type=duration, default=f"{STALE_AFTER // 60}m", show_default=True,
              help="Without a new value for this long, nothing is known.")  # fmt: skip
@prometheus_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    inputs: Sequence[str],
    only: Sequence[str],
    corrections: Path | None,
    at: float | None,
    stale_after: int,
    url: str,
    timeout: float,
    catalog: str | None,
    form: str,
) -> int:
    """Say what Prometheus knows of each SLO: budget, burn rates, firing tiers, coverage."""
    api = open_api(url, timeout)
    try:
        when = server_time(api) if at is None else at
        promises = known_promises(api, inputs, catalog, when)
        known = the_corrections(corrections, [promise.id for promise in promises])
        found = survey(api, narrowed(promises, only), when, corrections=known, stale_after=stale_after)
    except PrometheusError as error:
        click.echo(f"exai-sre: {error}", err=True)
        return ENVIRONMENT
    if form == "json":
        document = {"prometheus": api.url, "at": moment_text(when), "slos": [each.to_json() for each in found]}
        click.echo(json.dumps(document, indent=2))
    else:
        _print(found)
    if not found:
        click.echo("no SLO is recorded here: load the generated rules, or name definitions with -i", err=True)
    return OK if found and all(each.verdict == "ok" for each in found) else FINDINGS


def _print(found: Sequence[Standing]) -> None:
    for standing in found:
        click.secho(f"{standing.verdict:<10}", fg=_COLOURS[standing.verdict], nl=False)
        click.echo("\n".join(standing_lines(standing)))
