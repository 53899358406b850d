"""``exai-sre check``: lint definitions, rules and dashboards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from exai_sre.cli.catalog import load_catalog
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.types import duration
from exai_sre.generate.checks import check_conformance, check_paths
from exai_sre.generate.finding import Finding

__all__ = ["command"]

_EPILOG = """\b
Each finding is one line: FILE:LINE: CODE: MESSAGE. Warnings do not fail the check.

\b
Examples:
  exai-sre check slo alerts dashboards       lint everything that is committed
  exai-sre check slo/operations.yaml         lint one file
  exai-sre check --format json slo           for other programs
  exai-sre check --conformance openslo       is it valid in its own format, whoever compiles it
"""


@click.command("check", epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--catalog", metavar="MODULE:ATTR|FILE", help="Catalog of metrics; default: [tool.exai_sre] in pyproject.toml."
)
@click.option("--scrape-interval", type=duration, default="15s", show_default=True, help="How often you scrape.")
@click.option("--conformance", is_flag=True,
              help="Only what is not valid in its own format: OpenSLO, Sloth's or Pyrra's.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: Sequence[Path], catalog: str | None, scrape_interval: int, *, conformance: bool, form: str) -> int:
    """Lint SLO files, rules and dashboards against the catalog.

    PATH is a file or a folder; what a file is, its content tells.
    """
    known = None if conformance else load_catalog(catalog, Path.cwd())
    findings = (
        check_conformance(paths) if conformance else check_paths(paths, catalog=known, scrape_interval=scrape_interval)
    )
    if form == "json":
        click.echo(json.dumps([finding.to_json() for finding in findings], indent=2))
    else:
        _print(findings)
    if known is None and not conformance:
        click.echo("no catalog is configured: names of metrics and labels were not checked", err=True)
    return FINDINGS if any(finding.severity == "error" for finding in findings) else OK


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        click.secho(finding.to_text(), fg="red" if finding.severity == "error" else "yellow")
