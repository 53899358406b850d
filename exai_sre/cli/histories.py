"""What ``backtest`` and ``suggest`` read: SLOs, and a history from a file, a Prometheus or a script."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from random import Random
from typing import Any, Final

import click

from exai_sre.backtest.csv_history import csv_histories, looks_like_csv
from exai_sre.backtest.history import History
from exai_sre.backtest.incidents import Incident, known_incidents
from exai_sre.backtest.openmetrics_history import openmetrics_histories
from exai_sre.backtest.prometheus_history import prometheus_histories
from exai_sre.backtest.script_reading import read_script
from exai_sre.backtest.scripted import Script, scripted_history
from exai_sre.cli.asking import open_api, read_slo_files
from exai_sre.cli.types import moment
from exai_sre.slo import Slo
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.yaml_source import read_text

__all__ = ["Choice", "history_options", "percentages", "wanted_slos", "with_histories"]

_TIMEOUT: Final = 120.0
"""Seconds that one answer may take: a month of minutes is no small question."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which SLOs are meant, and where a history comes from: a file, a Prometheus or a script of incidents.

    Attributes:
        inputs: SLO files and folders.
        ids: the SLOs among them; all, if there is none.
        catalog: catalog of metrics; ``None`` for that of pyproject.toml.
        history: file of OpenMetrics text or CSV.
        prometheus: address of a Prometheus.
        incidents: file with a script of incidents.
        days: how far back to look, or how long a script is; ``None`` for 30 days or what the script says.
        until: last moment that a Prometheus is asked about, seconds since the Unix epoch; ``None`` for now.
        known: file of known incidents.
    """

    inputs: Sequence[str]
    ids: Sequence[str]
    catalog: str | None
    history: Path | None
    prometheus: str | None
    incidents: Path | None
    days: float | None
    until: float | None
    known: Path | None = None


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose SLOs and a history; ``command`` gets them as one ``choice``."""

    @wraps(command)
    def chosen(
        *,
        inputs: Sequence[str],
        ids: Sequence[str],
        catalog: str | None,
        history: Path | None,
        prometheus: str | None,
        incidents: Path | None,
        days: float | None,
        until: float | None,
        **others: Any,
    ) -> Any:
        return command(Choice(inputs, ids, catalog, history, prometheus, incidents, days, until), **others)

    file = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option("-i", "--input", "inputs", required=True, multiple=True, help="SLO file or folder; repeatable."),
        click.option("--slo", "ids", multiple=True, metavar="ID", help="Only this SLO (service-name); repeatable."),
        click.option("--history", type=file, help="OpenMetrics text with timestamps, or CSV: time,good,total."),
        click.option("--prometheus", metavar="URL", help="Ask this Prometheus, such as http://localhost:9090."),
        click.option("--incidents", type=file, help="Script of traffic and incidents, YAML or TOML."),
        click.option(
            "--days", type=click.FloatRange(0.1, 400), help="Days to look back, or of the script; default 30."
        ),
        click.option(
            "--until", type=moment, metavar="TIME", help="Last moment to ask Prometheus about, ISO 8601; default now."
        ),
        click.option("--catalog", metavar="MODULE:ATTR|FILE", help="Catalog of metrics; default: see pyproject.toml."),
    )
    for option in reversed(options):
        chosen = option(chosen)
    return chosen


def wanted_slos(choice: Choice) -> list[Slo]:
    """The SLOs of the inputs, those of ``ids`` if any are named.

    Raises:
        SpecError: the definitions cannot be used, or there are none.
        BadParameter: no SLO has one of the ids.
    """
    known = {slo.id: slo for slo in read_slo_files(choice.inputs, choice.catalog)}
    for one in choice.ids:
        if one not in known:
            raise click.BadParameter(f"no SLO has the id {one!r}: {suggest(one, known)}", param_hint="--slo")
    return [slo for name, slo in known.items() if not choice.ids or name in choice.ids]


def with_histories(slos: Sequence[Slo], choice: Choice) -> tuple[Iterator[tuple[Slo, History]], list[Incident] | None]:
    """Each SLO with its history (several if it is grouped), and the incidents that are known.

    Raises:
        UsageError: not exactly one source is named.
        SpecError: the history or the incident list cannot be read.
        PrometheusError: Prometheus cannot be asked.
    """
    if sum(source is not None for source in (choice.history, choice.prometheus, choice.incidents)) != 1:
        raise click.UsageError("give exactly one of --history, --prometheus and --incidents")
    if choice.until is not None and choice.prometheus is None:
        raise click.UsageError("--until goes with --prometheus: a file and a script have an end of their own")
    known = None if choice.known is None else known_incidents(read_text(choice.known), str(choice.known))
    if choice.history is not None:
        return iter(_from_file(slos, choice.history)), known
    if choice.prometheus is not None:
        until = time.time() if choice.until is None else choice.until
        return _from_prometheus(slos, choice.prometheus, until, choice.days or 30.0), known
    script = _script(choice)
    return _from_script(slos, script), script.known if known is None else known


def _from_file(slos: Sequence[Slo], file: Path) -> list[tuple[Slo, History]]:
    text, by_id = read_text(file), {slo.id: slo for slo in slos}
    if file.suffix.lower() == ".csv" or looks_like_csv(text):
        histories = csv_histories(text, str(file), list(by_id))
    else:
        histories = openmetrics_histories(text, str(file), slos)
    told = {history.slo for history in histories}
    for slo in slos:
        if slo.id not in told:
            click.echo(f"{file}: holds nothing of {slo.id}", err=True)
    return [(by_id[history.slo], history) for history in histories]


def _from_prometheus(slos: Sequence[Slo], url: str, until: float, days: float) -> Iterator[tuple[Slo, History]]:
    source = open_api(url, _TIMEOUT)
    for slo in slos:
        for history in prometheus_histories(slo, source, until, days):
            yield slo, history


def _script(choice: Choice) -> Script:
    file = choice.incidents or Path()
    script = read_script(read_text(file), str(file))
    return script if choice.days is None else replace(script, days=choice.days)


def _from_script(slos: Sequence[Slo], script: Script) -> Iterator[tuple[Slo, History]]:
    for slo in slos:
        # Each SLO has noise of its own, the same in every run.
        noise = Random(f"{script.seed}:{slo.id}")  # noqa: S311  # nosec B311
        yield slo, scripted_history(script, slo.id, noise)


def percentages(value: str) -> tuple[Decimal, ...]:
    """Objectives from a text of percentages such as ``99,99.9``.

    Raises:
        BadParameter: a part is no percentage between 0 and 100.
    """
    found = []
    for part in filter(None, (part.strip().removesuffix("%").strip() for part in value.split(","))):
        try:
            number = Decimal(part)
        except InvalidOperation:
            number = Decimal(0)
        if not 0 < number < 100:
            raise click.BadParameter(f"{part!r} is no percentage between 0 and 100")
        found.append(number / 100)
    return tuple(dict.fromkeys(found))
