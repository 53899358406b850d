"""``exai-sre generate``: definitions in, files out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from exai_sre.cli.catalog import load_catalog
from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.policies import load_policy_spec
from exai_sre.cli.types import duration, names_among
from exai_sre.generate.alertmanager import read_receivers
from exai_sre.generate.delivery import Delivery, Target, delivered, merged
from exai_sre.generate.drift import Drift, find_drift, write_files
from exai_sre.generate.files import PARTS, Wanted, generated_files, places_of
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.targets import KubernetesOptions
from exai_sre.slo import read_slos
from exai_sre.slo.documents import Faults

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre generate -i slo -o .                     write what changed
  exai-sre generate -i slo -o . --check             fail where committed files have drifted
  exai-sre generate -i slo -o . --diff              show what would change
  exai-sre generate -i slo -o build --only rules --scrape-interval 1s
  exai-sre generate -i slo -o deploy --target kubernetes --namespace monitoring
  exai-sre generate -i sloth.yml -o trial --shadow trial      run beside Sloth's rules
  exai-sre generate -i slo -o . --receivers receivers.yaml --merge /etc/alertmanager/alertmanager.yml
"""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("generate", epilog=_EPILOG)
@click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder; may be repeated.")
@click.option(
    "-o", "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
@click.option(
    "--only", type=names_among(PARTS), default=",".join(PARTS), help=f"Kinds of file, by commas: {', '.join(PARTS)}."
)
@click.option("--check", "checking", is_flag=True, help="Write nothing; exit 1 and say which files differ, and why.")
@click.option("--diff", "showing", is_flag=True, help="Write nothing; show what would change.")
@click.option(
    "--catalog", metavar="MODULE:ATTR|FILE", help="Catalog of metrics; default: [tool.exai_sre] in pyproject.toml."
)
@click.option("--target", type=click.Choice(get_args(Target)), default="prometheus", show_default=True,
              help="What reads the files.")  # fmt: skip
@click.option("--namespace", default=KubernetesOptions().namespace, show_default=True, help="Kubernetes namespace.")
@click.option("--shadow", default="", metavar="NAME", help="Give rules names of their own, to run beside others.")
@click.option("--receivers", type=_FILE, help="YAML file of Alertmanager receivers and mutes.")
@click.option("--merge", "merging", type=_FILE, help="Alertmanager configuration to put our part into.")
@click.option("--scrape-interval", type=duration, default="15s", show_default=True, help="How often you scrape.")
@click.option("--windows", type=click.Choice(["recorded", "raw"]), default="recorded", show_default=True,
              help="How long windows are computed.")  # fmt: skip
@click.option("--job", default="exai-mcp", show_default=True, help="Job label of the service's targets.")
@click.option("--webhook-url", default=RuleOptions().webhook_url, show_default=True, help="Receives pages and tickets.")
@click.option("--watchdog-url", default=RuleOptions().watchdog_url, show_default=True, help="The dead man's switch.")
@click.option("--runbook-base", default="", help="Prefix of runbook links, such as https://git.example/blob/main/.")
@click.option("--dashboard-base", default="", help="Prefix of dashboard links, such as https://grafana.example.")
def command(inputs: Sequence[str], output: Path, catalog: str | None, **choices: Any) -> int:
    """Write rules, Alertmanager configuration, tests, dashboards and runbooks from SLO definitions."""
    known = load_catalog(catalog, Path.cwd())
    reading = read_slos(inputs, catalog=known)
    faults, notifications = reading.faults, None
    receivers = choices.pop("receivers")
    if receivers:
        met = Faults()
        notifications = read_receivers(receivers.read_text(encoding="utf-8"), str(receivers), met)
        faults = [*faults, *met.errors]
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults or not reading.slos:
        click.echo("nothing generated: " + ("mend the definitions" if faults else "no SLO defined"), err=True)
        return FINDINGS
    only = choices.pop("only")
    delivery = Delivery(
        choices.pop("target"), choices.pop("shadow"), KubernetesOptions(namespace=choices.pop("namespace"))
    )
    merging, checking, showing = choices.pop("merging"), choices.pop("checking"), choices.pop("showing")
    wanted = Wanted(reading.slos, known, RuleOptions(**choices), notifications, load_policy_spec(Path.cwd()))
    drifts, total = _drifts(output, wanted, delivery, only, merging)
    return _act(output, drifts, total, checking=checking, showing=showing)


def _drifts(
    output: Path, wanted: Wanted, delivery: Delivery, only: Sequence[str], merging: Path | None
) -> tuple[list[Drift], int]:
    """What differs from what is wanted, and how many files are wanted."""
    files = generated_files(
        wanted.slos,
        catalog=wanted.catalog,
        options=wanted.options,
        notifications=wanted.notifications,
        policies=wanted.policies,
        only=only,
    )
    if delivery != Delivery():
        files = delivered(files, wanted, delivery, routes="alertmanager" in only)
    # A shadow writes beside what is there, and removes nothing of it.
    places = [] if delivery.shadow else delivery.places or places_of(only)
    drifts = find_drift(output, files, places)
    if merging is not None:
        present = merging.read_text(encoding="utf-8")
        text = merged(present, wanted, delivery, file=str(merging))
        if text != present:
            drifts.append(Drift(str(merging.resolve()), "different", present, text))
    return drifts, len(files) + (merging is not None)


def _act(output: Path, drifts: Sequence[Drift], total: int, *, checking: bool, showing: bool) -> int:
    if showing:
        for drift in drifts:
            click.echo(drift.diff(), nl=False)
    if checking:
        for drift in drifts:
            why = f" ({drift.cause})" if drift.cause else ""
            click.secho(f"{drift.path}: {drift.kind}{why}", fg="yellow", err=showing)
    if checking or showing:
        return FINDINGS if drifts and checking else OK
    write_files(output, drifts)
    _report(drifts, total)
    return OK


def _report(drifts: Sequence[Drift], total: int) -> None:
    words = {"missing": "wrote", "different": "rewrote", "stale": "removed"}
    for drift in drifts:
        click.echo(f"{words[drift.kind]} {drift.path}", err=True)
    click.echo(f"{total} files, {len(drifts)} changed", err=True)
