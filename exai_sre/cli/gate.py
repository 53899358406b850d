"""``exai-sre gate``: may a release go out, by the error budget that is left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from exai_sre.backtest.gate import Decision, GateVerdict, decide, overall
from exai_sre.backtest.gate_policy import GatePolicy, read_policy, unknown_ids
from exai_sre.backtest.prometheus_api import PrometheusError
from exai_sre.backtest.standing import STALE_AFTER
from exai_sre.backtest.survey import server_time, survey
from exai_sre.cli.asking import (
    ACCESS_HELP,
    known_promises,
    moment,
    narrowed,
    open_api,
    prometheus_options,
    refuse,
    the_corrections,
)
from exai_sre.cli.exits import ENVIRONMENT, FINDINGS, OK
from exai_sre.cli.types import duration
from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults
from exai_sre.slo.yaml_source import read_text

__all__ = ["command"]

_EPILOG = f"""\b
Exits with 0 for "pass", with 1 for "block" and "unknown", and with 3 if Prometheus does not
answer, which is "unknown" too. It fails closed: missing, stale or NaN data, a metric that was
never seen, an SLO or exception that does not hold and a policy that cannot be read are no leave.

{ACCESS_HELP}
\b
Examples:
  exai-sre gate -i slo                                       budget left, and nothing pages
  exai-sre gate -i slo --policy budget-policy.yaml           with freezes and exceptions
  exai-sre gate -i slo --slo shop-availability --format json for a pipeline
  exai-sre gate -i slo --policy budget-policy.yaml --dry-run say it, and let pass
"""

_COLOURS = {"block": "red", "unknown": "magenta"}


@click.command("gate", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", multiple=True, help="SLO file or folder; default: what Prometheus recorded.")
@click.option("--slo", "only", multiple=True, metavar="ID", help="Only this SLO; may be repeated.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path),
              help="Error budget policy; default: some budget is left, and nothing pages.")  # fmt: skip
@click.option("--corrections", type=click.Path(path_type=Path), help="File of dated corrections of budgets.")
@click.option("--at", type=moment, metavar="TIME", help="Moment with a zone; default: now.")
@click.option("--stale-after", type=duration, default=f"{STALE_AFTER // 60}m", show_default=True,
              help="Without a new value for this long, nothing is known.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what is decided, and exit 0 if anything could be.")
@prometheus_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, policy_file: Path | None, form: str, url: str, timeout: float, dry_run: bool, **options: Any) -> int:
    """Let a release pass, or not, by the error budget that is left."""
    try:
        decisions = _decisions(policy_file, url, timeout, **options)
    except PrometheusError as error:
        _tell("unknown", [], form, str(error))
        return ENVIRONMENT
    except SpecError as error:
        _tell("unknown", [], form, str(error))
        return FINDINGS
    verdict = overall(decisions)
    _tell(verdict, decisions, form, "" if decisions else "no SLO was found")
    return OK if verdict == "pass" or dry_run else FINDINGS


def _decisions(
    policy_file: Path | None,
    url: str,
    timeout: float,
    *,
    inputs: Sequence[str],
    only: Sequence[str],
    corrections: Path | None,
    at: float | None,
    stale_after: int,
    catalog: str | None,
) -> list[Decision]:
    policy = _policy(policy_file)
    api = open_api(url, timeout)
    when = server_time(api) if at is None else at
    promises = known_promises(api, inputs, catalog, when)
    names = [promise.id for promise in promises]
    refuse(unknown_ids(policy, names))
    known = the_corrections(corrections, names)
    found = survey(api, narrowed(promises, only), when, corrections=known, stale_after=stale_after)
    return [decide(standing, policy, when) for standing in found]


def _policy(file: Path | None) -> GatePolicy:
    if file is None:
        return GatePolicy()
    faults = Faults()
    text = faults.attempt(partial(read_text, file), "")
    refuse(faults.errors)
    policy = read_policy(text, str(file), faults)
    refuse(faults.errors)
    return policy


def _tell(verdict: GateVerdict, decisions: Sequence[Decision], form: str, error: str) -> None:
    if form == "json":
        document = {"verdict": verdict, "error": error, "decisions": [each.to_json() for each in decisions]}
        click.echo(json.dumps(document, indent=2))
    else:
        click.secho(verdict, fg=_COLOURS.get(verdict, "green"))
        for each in decisions:
            click.echo(f"  {each.verdict:<8}{each.standing.name}: {each.rule}: {each.text}")
            lifted = [f"{one.rule} (excepted)" for one in each.objections if one.exempt]
            further = [f"also {', '.join(lifted)}"] if lifted and each.rule != "exception" else []
            for note in (*further, *_both_ways(each), *each.notes):
                click.echo(f"          {note}")
    if error:
        click.echo(f"exai-sre: {error}", err=True)


def _both_ways(decision: Decision) -> list[str]:
    raw, corrected = decision.standing.budget_remaining, decision.standing.corrected_remaining
    if raw is None or corrected is None:
        return []
    return [f"budget left {raw * 100:.4g} % as measured, {corrected * 100:.4g} % as corrected"]
