"""``exai-sre backfill``: the recorded series of past weeks, as blocks for Prometheus."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exai_sre.backtest.backfill import HEAD, Backfilled, Stretch, backfill, stretches
from exai_sre.backtest.backfill_plan import PastSeries, backfill_plan
from exai_sre.backtest.prometheus_api import Access, PrometheusError
from exai_sre.backtest.survey import server_time
from exai_sre.backtest.workbench import WorkbenchError
from exai_sre.cli.asking import ACCESS_HELP, moment, open_api, prometheus_options, read_slo_files
from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK
from exai_sre.cli.types import duration
from exai_sre.generate.options import RuleOptions
from exai_sre.slo.moments import moment_text

__all__ = ["command"]

_EPILOG = f"""\b
A new SLO reads "full budget" until its window has passed, because nothing was recorded before
its rules were loaded. This computes what its rules would have recorded, from the raw series that
Prometheus still has. Without -o it only says what it would write. The programs prometheus and
promtool must be installed here; the user's Prometheus must answer remote read (it does by default).

\b
Then move the folders below DIR into the data folder of Prometheus, which takes them up within
minutes. The last three hours are left to the rules themselves.

{ACCESS_HELP}
\b
Examples:
  exai-sre backfill -i slo                                   what would be written
  exai-sre backfill -i slo -o blocks                         the last 30 days
  exai-sre backfill -i slo -o blocks --since 90d             the last quarter
"""


@click.command("backfill", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder; may be repeated.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder for the blocks.")
@click.option("--since", type=duration, default="30d", show_default=True, help="How far back.")
@click.option("--until", type=moment, metavar="TIME", help="Moment with a zone; default: three hours ago.")
@click.option("--scrape-interval", type=duration, default="15s", show_default=True, help="As given to generate.")
@click.option("--all", "everything", is_flag=True, help="The ratios and budgets too, for dashboards of the past.")
@prometheus_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    inputs: Sequence[str],
    output: Path | None,
    since: int,
    until: float | None,
    scrape_interval: int,
    *,
    everything: bool,
    url: str,
    timeout: float,
    catalog: str | None,
    form: str,
) -> int:
    """Write the recorded series of past weeks, so that a new SLO knows its history."""
    options = RuleOptions(scrape_interval=scrape_interval)
    plan = backfill_plan(read_slo_files(inputs, catalog), options, everything=everything)
    api = open_api(url, timeout)
    try:
        end = server_time(api) - HEAD if until is None else until
        ids = sorted({each.slo for each in plan})
        times = stretches(api, ids, end - since, end, options.slo_interval)
        missing = [each for each in plan if times[each.slo].evaluations(options.slo_interval)]
        if output is None:
            _tell_plan(missing, times, options.slo_interval, form)
            return OK
        done = backfill(
            missing,
            times,
            output,
            source=api.url,
            access=Access.from_environment(os.environ),
            step=options.slo_interval,
            told=lambda line: click.echo(line, err=True),
        )
    except (PrometheusError, WorkbenchError) as error:
        click.echo(f"exai-sre: {error}", err=True)
        return ENVIRONMENT
    _tell_done(done, output, form)
    return OK if not missing or any(each.samples for each in done) else FINDINGS


def _tell_plan(plan: Sequence[PastSeries], times: Mapping[str, Stretch], step: int, form: str) -> None:
    rows = [
        {
            "slo": each.slo,
            "series": each.name,
            "level": each.level,
            "start": moment_text(times[each.slo].start),
            "end": moment_text(times[each.slo].end),
            "evaluations": times[each.slo].evaluations(step),
        }
        for each in plan
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    for row in rows if form == "text" else ():
        click.echo("{slo} {series}: {evaluations} evaluations from {start} to {end}".format(**row))
    click.echo("nothing was written: name a folder with -o" if rows else "every SLO has its past already", err=True)


def _tell_done(done: Sequence[Backfilled], output: Path, form: str) -> None:
    rows = [
        {"slo": each.recording.slo, "series": each.recording.name, "count": each.series, "samples": each.samples}
        for each in done
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    for row in rows if form == "text" else ():
        click.echo("{slo} {series}: {count} series, {samples} samples".format(**row))
    if not rows:
        click.echo("every SLO has its past already", err=True)
    elif any(each.samples for each in done):
        click.echo(f"move the folders below {output} into the data folder of Prometheus", err=True)
    else:
        click.echo("Prometheus has no raw series of that time: nothing was written", err=True)
