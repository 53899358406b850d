"""``exai-sre convert``: SLOs of any format in, OpenSLO v1 out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from exai_sre.cli.catalog import load_catalog
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog
from exai_sre.slo import Slo, read_slos
from exai_sre.slo.catalog_check import counted
from exai_sre.slo.openslo_emit import json_text, yaml_text
from exai_sre.slo.openslo_write import openslo_document

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre convert -i sloth.yml                     OpenSLO on standard output
  exai-sre convert -i pyrra/ -i more.yml -o slo/all.yaml
  exai-sre convert -i slo --format json | jq '.[].metadata.name'

Reads OpenSLO v1 and v1alpha, Sloth's and Pyrra's formats, told by content. What OpenSLO has no
place for is written as annotations exai-sre/..., which other readers pass over.
"""


@click.command("convert", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder; may be repeated.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: standard output."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="YAML, or the same documents as a JSON list.",
)  # fmt: skip
@click.option("--catalog", metavar="MODULE:ATTR|FILE", help="What indicators are checked against; default: nothing.")
def command(inputs: Sequence[str], output: Path | None, form: str, catalog: str | None) -> int:
    """Read SLOs of any supported format and write OpenSLO v1.

    Nothing is written unless everything could be read and written.
    """
    known = load_catalog(catalog, Path.cwd()) if catalog else None
    reading = read_slos(inputs, catalog=known)
    documents, faults = _documents(reading.slos, known)
    for fault in (*reading.faults, *faults):
        click.echo(str(fault), err=True)
    if reading.faults or faults or not documents:
        click.echo("nothing written" + ("" if reading.faults or faults else ": no SLO defined"), err=True)
        return FINDINGS
    text = json_text(documents) if form == "json" else yaml_text(documents)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    _note(reading.slos, reading.others, output)
    return OK


def _documents(slos: Sequence[Slo], catalog: Catalog | None) -> tuple[list[dict[str, Any]], list[SpecError]]:
    documents: list[dict[str, Any]] = []
    faults: list[SpecError] = []
    for slo in slos:
        try:
            documents.append(openslo_document(slo, catalog=catalog))
        except SpecError as error:
            faults.append(error)
    return documents, faults


def _note(slos: Sequence[Slo], others: Sequence[str], output: Path | None) -> None:
    """Say what was written, and what was not."""
    if others:
        click.echo(f"not written, because each SLO now says it itself: {', '.join(others)}", err=True)
    ours = [slo.id for slo in slos if any(counted(slo.indicator))]
    if ours:
        click.echo(f"only exai-sre knows how to count these by its catalog: {', '.join(ours)}", err=True)
    click.echo(f"wrote {len(slos)} SLOs to {output or 'standard output'}", err=True)
