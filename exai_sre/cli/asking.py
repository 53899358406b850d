"""What the commands that ask Prometheus share: its options, and the SLOs that are asked about."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from exai_sre.backtest.prometheus_api import Access, PrometheusApi
from exai_sre.backtest.promises import Promise, promise_of, promises_in
from exai_sre.cli.catalog import load_catalog
from exai_sre.errors import SpecError
from exai_sre.generate.options import RuleOptions
from exai_sre.slo import Slo, read_slos
from exai_sre.slo.corrections import Correction, read_corrections
from exai_sre.slo.documents import Faults
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.yaml_source import read_text

__all__ = [
    "ACCESS_HELP",
    "known_promises",
    "moment",
    "narrowed",
    "open_api",
    "prometheus_options",
    "read_slo_files",
    "refuse",
    "the_corrections",
]

ACCESS_HELP = """\b
Credentials come from the environment: EXAI_SRE_PROMETHEUS_TOKEN, _USER, _PASSWORD and
_TENANT, each also with _FILE appended for the path of a file that holds it.
"""


def moment(value: str) -> float:
    """Seconds since the Unix epoch of ISO 8601 with a zone.

    Raises:
        BadParameter: the text is no moment, or has no zone.
    """
    try:
        parsed = datetime.fromisoformat(value)
        parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise click.BadParameter(f"{value!r} is no moment with a zone, such as 2026-01-31T14:30:00Z")
    return parsed.timestamp()


def prometheus_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--prometheus``, ``--timeout`` and ``--catalog``."""
    options = (
        click.option(
            "--prometheus",
            "url",
            envvar="EXAI_SRE_PROMETHEUS_URL",
            default="http://localhost:9090",
            show_default=True,
            show_envvar=True,
            help="Base address of the Prometheus, without credentials.",
        ),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True,
                     help="Seconds that one answer may take."),
        click.option(
            "--catalog", metavar="MODULE:ATTR|FILE",
            help="Catalog of metrics; default: [tool.exai_sre] in pyproject.toml.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def open_api(url: str, timeout: float) -> PrometheusApi:
    """The Prometheus of the options and the environment.

    Raises:
        SettingError: the address or a credential cannot be used.
    """
    return PrometheusApi(url, timeout=timeout, access=Access.from_environment(os.environ))


def read_slo_files(inputs: Sequence[str], catalog: str | None) -> list[Slo]:
    """The SLOs of files and folders; every fault but the last is said on stderr.

    Raises:
        SpecError: the definitions cannot be used, or there are none.
    """
    reading = read_slos(inputs, catalog=load_catalog(catalog, Path.cwd()))
    refuse(reading.faults)
    if not reading.slos:
        raise SpecError("no SLO is defined here", file=", ".join(inputs), remedy="add a document of kind SLO")
    return reading.slos


def refuse(faults: Sequence[SpecError]) -> None:
    """Raise the last fault, if there is one, after saying the others on stderr."""
    for fault in faults[:-1]:
        click.echo(str(fault), err=True)
    if faults:
        raise faults[-1]


def known_promises(api: PrometheusApi, inputs: Sequence[str], catalog: str | None, at: float) -> list[Promise]:
    """Every SLO that can be asked about: those of the files, else those that Prometheus has recorded.

    Raises:
        SpecError: the definitions cannot be used.
        PrometheusError: Prometheus did not answer.
    """
    if inputs:
        return [promise_of(slo, RuleOptions()) for slo in read_slo_files(inputs, catalog)]
    return promises_in(api, at)


def narrowed(promises: Sequence[Promise], only: Sequence[str]) -> list[Promise]:
    """The SLOs that were named, or all of them.

    Raises:
        SpecError: no SLO has one of the ids.
    """
    names = [promise.id for promise in promises]
    for name in only:
        if name not in names:
            raise SpecError(f"no SLO has the id {name!r}", remedy=suggest(name, names))
    return [promise for promise in promises if not only or promise.id in only]


def the_corrections(file: Path | None, known: Sequence[str]) -> list[Correction]:
    """The corrections of a file, if one is named; every fault but the last is said on stderr.

    Raises:
        SpecError: they cannot be used, or correct an SLO that does not exist.
    """
    if file is None:
        return []
    faults = Faults()
    text = faults.attempt(partial(read_text, file), "")
    found = read_corrections(text, str(file), faults)
    for each in found:
        if each.slo not in known:
            what, remedy = f"no SLO has the id {each.slo!r}", suggest(each.slo, known)
            faults.add(SpecError(what, file=each.source.file, line=each.source.line, remedy=remedy))
    refuse(faults.errors)
    return found
