"""``exai-sre generate``: definitions in, files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from exai_sre.cli.catalog import load_catalog
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.types import duration, names_among
from exai_sre.generate.files import PARTS, Drift, find_drift, generated_files, write_files
from exai_sre.generate.options import RuleOptions
from exai_sre.metrics import Catalog
from exai_sre.slo import Slo, read_slos

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre generate -i slo -o .                     write what changed
  exai-sre generate -i slo -o . --check             fail where committed files have drifted
  exai-sre generate -i slo -o . --diff              show what would change
  exai-sre generate -i slo -o /tmp/x --only rules --scrape-interval 1s
"""


@click.command("generate", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder; may be repeated.")
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
@click.option(
    "--only", type=names_among(PARTS), default=",".join(PARTS), help=f"Kinds of file, by commas: {', '.join(PARTS)}."
)
@click.option("--check", "checking", is_flag=True, help="Write nothing; exit 1 and name the files that differ.")
@click.option("--diff", "showing", is_flag=True, help="Write nothing; show what would change.")
@click.option(
    "--catalog", metavar="MODULE:ATTR", help="Catalog of metrics; default: [tool.exai_sre] in pyproject.toml."
)
@click.option("--scrape-interval", type=duration, default="15s", show_default=True, help="How often you scrape.")
@click.option("--windows", type=click.Choice(["recorded", "raw"]), default="recorded", show_default=True,
              help="How long windows are computed.")  # fmt: skip
@click.option("--job", default="exai-mcp", show_default=True, help="Job label of the service's targets.")
@click.option("--webhook-url", default=RuleOptions().webhook_url, show_default=True, help="Receives pages and tickets.")
@click.option("--watchdog-url", default=RuleOptions().watchdog_url, show_default=True, help="The dead man's switch.")
@click.option("--runbook-base", default="", help="Prefix of runbook links, such as https://git.example/blob/main/.")
@click.option("--dashboard-base", default="", help="Prefix of dashboard links, such as https://grafana.example.")
def command(
    inputs: Sequence[str],
    output: Path,
    only: Sequence[str],
    catalog: str | None,
    *,
    checking: bool,
    showing: bool,
    **choices: Any,
) -> int:
    """Write rules, Alertmanager configuration, tests, dashboards and runbooks from SLO definitions."""
    known = load_catalog(catalog, Path.cwd())
    reading = read_slos(inputs, catalog=known)
    for fault in reading.faults:
        click.echo(str(fault), err=True)
    if reading.faults or not reading.slos:
        click.echo("nothing generated: " + ("mend the definitions" if reading.faults else "no SLO defined"), err=True)
        return FINDINGS
    files = _files(reading.slos, known, only, choices)
    drifts = find_drift(output, files, only)
    if showing:
        for drift in drifts:
            click.echo(drift.diff(), nl=False)
    if checking:
        for drift in drifts:
            click.secho(f"{drift.path}: {drift.kind}", fg="yellow", err=showing)
    if checking or showing:
        return FINDINGS if drifts and checking else OK
    write_files(output, drifts)
    _report(drifts, len(files))
    return OK


def _files(
    slos: Sequence[Slo], catalog: Catalog | None, only: Sequence[str], choices: Mapping[str, Any]
) -> dict[str, str]:
    return generated_files(slos, catalog=catalog, options=RuleOptions(**choices), only=only)


def _report(drifts: Sequence[Drift], total: int) -> None:
    words = {"missing": "wrote", "different": "rewrote", "stale": "removed"}
    for drift in drifts:
        click.echo(f"{words[drift.kind]} {drift.path}", err=True)
    click.echo(f"{total} files, {len(drifts)} changed", err=True)
