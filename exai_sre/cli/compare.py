"""``exai-sre compare``: a shadow's rules beside those in force, as one Prometheus evaluated both."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Final

import click

from exai_sre.backtest.rule_sets import pyrra_rules, shadow_rule_set, sloth_rules
from exai_sre.backtest.shadow_report import compare_rule_sets
from exai_sre.backtest.shadow_text import shadow_data, shadow_text
from exai_sre.backtest.survey import server_time
from exai_sre.cli.asking import ACCESS_HELP, moment, open_api, prometheus_options, read_slo_files
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.types import duration

__all__ = ["command"]

_THEIRS: Final = {"pyrra": pyrra_rules, "sloth": sloth_rules}

_EPILOG = f"""\b
Exits with 0 if every SLO alerted in the same minutes on both sides, else with 1; with 3 if
Prometheus does not answer.

{ACCESS_HELP}
\b
Examples:
  exai-sre generate -i sloth.yml -o trial --shadow trial       rules to load beside Sloth's
  exai-sre compare -i sloth.yml --shadow trial                 the last day
  exai-sre compare -i pyrra.yaml --shadow trial --against pyrra --range 7d --format json
"""


@click.command("compare", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder that both sides have.")
@click.option("--shadow", required=True, metavar="NAME", help="Name that our rules were generated with.")
@click.option("--against", type=click.Choice(sorted(_THEIRS)), default="sloth", show_default=True,
              help="Whose rules are in force; those of exai-sre have Sloth's names.")  # fmt: skip
@click.option("--range", "span", type=duration, default="1d", show_default=True, help="How far to look back.")
@click.option("--at", type=moment, metavar="TIME", help="End of the range, with a zone; default: now.")
@click.option("--step", type=duration, default="1m", show_default=True, help="Time between two moments.")
@prometheus_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    inputs: Sequence[str],
    shadow: str,
    against: str,
    span: int,
    at: float | None,
    step: int,
    url: str,
    timeout: float,
    catalog: str | None,
    form: str,
) -> int:
    """Compare a shadow's error ratios, budgets and alerts with those of the rules in force."""
    api = open_api(url, timeout)
    slos = read_slo_files(inputs, catalog)
    end = server_time(api) if at is None else at
    found = list(
        compare_rule_sets(
            slos, api.query_range, theirs=_THEIRS[against](), ours=shadow_rule_set(shadow),
            start=end - span, end=end, step=float(step), progress=_progress,
        )
    )  # fmt: skip
    if form == "json":
        click.echo(json.dumps(shadow_data(found), indent=2))
    else:
        click.echo(shadow_text(found, theirs=against, ours=shadow), nl=False)
    return OK if found and all(each.agrees for each in found) else FINDINGS


def _progress(slo: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"comparing {slo} ...", err=True)
