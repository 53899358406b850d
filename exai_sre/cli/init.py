"""``exai-sre init``: from somebody's metrics to a catalog file and proposed SLOs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.errors import SettingError
from exai_sre.generate.onboarding import (
    PRESETS,
    Plan,
    Preset,
    Proposal,
    Sighting,
    catalog_text,
    counted,
    declared,
    label_warnings,
    propose,
    sighting_of,
    slo_text,
)

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre init --from http://localhost:8000/metrics       read a target's page
  exai-sre init --from page.prom --service shop --dry-run  show what would be written
  exai-sre init --from http://localhost:9090 --job shop    read a Prometheus
  exai-sre init --preset prometheus-fastapi-instrumentator write a preset, without a page
  exai-sre init --preset mcp --service notes               SLOs and dashboards of an MCP server
  exai-sre init --list-presets

\b
Then:
  exai-sre check slo --catalog catalog.yaml
  exai-sre generate -i slo -o . --catalog catalog.yaml --job shop
"""

_CATALOG: Final = "catalog.yaml"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_NO_NAMES: Final = frozenset({"localhost", "metrics", "127-0-0-1"})


@dataclass(frozen=True, slots=True)
class _Result:
    """What one run made.

    Attributes:
        service: name of the service.
        sighting: what was seen.
        plan: what is proposed.
        files: texts by path below the output folder.
        changes: what was, or would be, done to each file.
        notes: what the user should know.
    """

    service: str
    sighting: Sighting
    plan: Plan
    files: Mapping[str, str]
    changes: Mapping[str, str]
    notes: tuple[str, ...]


@click.command("init", epilog=_EPILOG)
@click.option("--from", "place", metavar="URL|FILE", default="", help="A page of metrics, or a Prometheus.")
@click.option("--preset", metavar="NAME", default="", help="Use this preset only; without --from, its usual series.")
@click.option("--list-presets", "listing", is_flag=True, help="Print the presets and end.")
@click.option("--job", default="", help="For a Prometheus: the job whose series are read.")
@click.option("--match", default="", metavar="SELECTOR", help="For a Prometheus: the series, instead of --job.")
@click.option("--service", default="", help="Name of the service; guessed otherwise.")
@click.option("-o", "--output", default=".", show_default=True, help="Folder to write to.",
              type=click.Path(file_okay=False, path_type=Path))  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option("--dry-run", "dry", is_flag=True, help="Write nothing; print the files.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    place: str,
    preset: str,
    job: str,
    match: str,
    service: str,
    output: Path,
    form: str,
    *,
    listing: bool,
    force: bool,
    dry: bool,
) -> int:
    """Declare the metrics that a service exports in catalog.yaml, and propose SLOs in slo/.

    For MCP servers that exai-sre instruments, dashboards/ is written, too.

    Series of known libraries are recognised; others are judged by their labels. No file is
    overwritten without --force. Exits with 1 where nothing can be proposed.
    """
    if listing:
        return _list_presets(form)
    chosen = {preset: _preset(preset)} if preset else PRESETS
    if not place and not preset:
        raise click.UsageError("say where to look: --from URL|FILE, or --preset NAME")
    if place:
        from exai_sre.cli.metrics_source import look

        sighting = look(place, job=job, match=match)
    else:
        sighting = sighting_of(chosen[preset])
    name = _service(service) if service else _guessed(sighting, place)
    result = _made(name, sighting, propose(sighting, chosen, by_rule=not preset), output, force=force)
    if not dry:
        _write(output, result)
    _print(result, form, dry=dry)
    return OK if result.plan.proposals else FINDINGS


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise SettingError("--preset", name, "is unknown", remedy=f"use one of {', '.join(PRESETS)}")
    return PRESETS[name]


def _list_presets(form: str) -> int:
    if form == "json":
        entries = [{"name": each.name, "title": each.title, "about": each.about} for each in PRESETS.values()]
        click.echo(json.dumps(entries, indent=2))
        return OK
    width = max(map(len, PRESETS))
    for each in PRESETS.values():
        click.echo(f"{each.name:{width}}  {each.about}")
    return OK


def _service(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SettingError("--service", name, "is no valid name", remedy="use up to 63 of a-z, 0-9 and '-'")
    return name


def _guessed(sighting: Sighting, place: str) -> str:
    """The service's name by its own word, by the job, by the host or file; ``service`` at worst."""
    info = sighting.families.get("target_info")
    own = [value for value in (info.labels.get("service_name", ()) if info else ()) if "unknown" not in value]
    host = urlsplit(place).hostname or "" if "://" in place else Path(place).stem
    for candidate in (*own[:1], sighting.job, host.split(".")[0] if not host.replace(".", "").isdigit() else ""):
        name = re.sub(r"[^a-z0-9]+", "-", candidate.lower()).strip("-")[:63].strip("-")
        if name and name not in _NO_NAMES:
            return name
    return "service"


def _made(name: str, sighting: Sighting, plan: Plan, output: Path, *, force: bool) -> _Result:
    files, notes = {_CATALOG: catalog_text(declared(sighting, plan), sighting)}, [*plan.notes]
    if plan.proposals:
        files[f"slo/{name}.yaml"] = slo_text(name, plan.proposals, sighting)
    if plan.proposals and any(each.preset.pack for each in plan.recognised):
        from exai_sre.cli.init_dashboards import dashboards_of

        dashboards, note = dashboards_of(files[_CATALOG], files[f"slo/{name}.yaml"])
        files |= dashboards
        notes += [note] if note else []
    changes = {path: _change(output / path, text) for path, text in files.items()}
    kept = [path for path, change in changes.items() if change == "overwrite"]
    if kept and not force:
        raise SettingError(
            "--output", str(output), f"holds {' and '.join(kept)}, which would be lost", remedy="use --force or -o"
        )
    return _Result(name, sighting, plan, files, changes, (*notes, *label_warnings(sighting)))


def _change(path: Path, text: str) -> str:
    if not path.exists():
        return "write"
    return "keep" if path.is_file() and path.read_bytes() == text.encode() else "overwrite"


def _write(output: Path, result: _Result) -> None:
    for path, text in result.files.items():
        if result.changes[path] != "keep":
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            (output / path).write_text(text, encoding="utf-8", newline="\n")


def _print(result: _Result, form: str, *, dry: bool) -> None:
    if form == "json":
        click.echo(json.dumps(_to_json(result, dry=dry), indent=2, ensure_ascii=False))
        return
    if dry:
        for path, text in result.files.items():
            click.echo(f"# ==> {path}\n{text}")
    else:
        for proposal in result.plan.proposals:
            click.echo(f"{result.service}-{proposal.name}: {_percent(proposal)} of {proposal.title[:1].lower()}"
                       f"{proposal.title[1:]}, by {proposal.family.name}")  # fmt: skip
    for note in result.notes:
        click.secho(f"note: {note}", fg="yellow", err=True)
    words = {"write": "would write" if dry else "wrote", "keep": "unchanged", "overwrite": "overwrote"}
    for path, change in result.changes.items():
        click.echo(f"{words[change] if not dry or change != 'overwrite' else 'would overwrite'} {path}", err=True)
    families = len(result.sighting.families)
    click.echo(
        f"{families} metrics declared, {len(result.plan.proposals)} SLOs proposed: read their comments", err=True
    )


def _percent(proposal: Proposal) -> str:
    return f"{(proposal.target * 100).normalize():f} %"


def _to_json(result: _Result, *, dry: bool) -> dict[str, Any]:
    return {
        "service": result.service,
        "from": result.sighting.origin,
        "dryRun": dry,
        "metrics": len(result.sighting.families),
        "presets": sorted({each.preset.name for each in result.plan.recognised}),
        "files": [{"path": path, "change": change} for path, change in result.changes.items()],
        "slos": [_proposal_to_json(proposal, result.sighting) for proposal in result.plan.proposals],
        "notes": list(result.notes),
    }


def _proposal_to_json(proposal: Proposal, sighting: Sighting) -> dict[str, Any]:
    found = counted(sighting, proposal)
    return {
        "name": proposal.name,
        "title": proposal.title,
        "target": str(proposal.target),
        "metric": proposal.family.name,
        "source": proposal.source,
        "counted": None if found is None else {"bad": found[0], "total": found[1]},
        "why": list(proposal.why),
    }
