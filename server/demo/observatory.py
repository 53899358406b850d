"""Real Prometheus and Alertmanager, started beside one server with the rules generated for it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from exai_sre.errors import ExaiSreError
from exai_sre.generate import RuleOptions, alertmanager_config, prometheus_rules
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo

__all__ = ["PROGRAMS", "Observatory", "ObservatoryError", "missing_programs", "observatory"]

PROGRAMS: Final = ("prometheus", "prometheus-alertmanager")
"""Programs that are needed, by the names of Debian's packages."""

_START_TIMEOUT: Final = 20.0
_PROMETHEUS_CONFIG: Final = """\
global: {{scrape_interval: {interval}s, evaluation_interval: {interval}s, scrape_timeout: {interval}s}}
rule_files: [{rules}/*.yaml]
scrape_configs:
  - job_name: {job}
    static_configs: [{{targets: ['{target}']}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ['{alertmanager}']}}]
"""


class ObservatoryError(ExaiSreError):
    """Prometheus or Alertmanager did not start, or refused a query."""


def missing_programs() -> list[str]:
    """Which of the programs are not on the PATH."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Observatory:
    """The running pair.

    Attributes:
        prometheus: base address of Prometheus.
        alertmanager: base address of Alertmanager.
        session: for queries.
    """

    prometheus: str
    alertmanager: str
    session: aiohttp.ClientSession

    async def query(self, expression: str, *, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series of an instant query.

        Args:
            expression: PromQL.
            at: seconds since the Unix epoch; now by default.

        Raises:
            ObservatoryError: Prometheus refused the query.
        """
        parameters = {"query": expression, **({"time": f"{at:.3f}"} if at is not None else {})}
        async with self.session.get(f"{self.prometheus}/api/v1/query", params=parameters) as response:
            answer: dict[str, Any] = await response.json()
        if answer.get("status") != "success":
            raise ObservatoryError(f"{expression}: {answer.get('error')}")
        return [(dict(row["metric"]), float(row["value"][1])) for row in answer["data"]["result"]]


@asynccontextmanager
async def observatory(
    directory: Path,
    *,
    target: str,
    webhook_url: str,
    slos: Sequence[Slo],
    catalog: Catalog,
    options: RuleOptions | None = None,
) -> AsyncIterator[Observatory]:
    """Run Prometheus and Alertmanager on free ports until the body ends.

    Args:
        directory: where configuration, rules and data are written.
        target: host and port whose ``/metrics`` is scraped.
        webhook_url: where Alertmanager sends every notification.
        slos: objectives whose rules are generated.
        catalog: the service's catalog.
        options: by default a scrape each second, which is what makes seconds visible.

    Raises:
        ObservatoryError: a program is missing or did not become ready.
    """
    if missing := missing_programs():
        raise ObservatoryError(
            f"not on the PATH: {', '.join(missing)}", remedy="install Debian's packages of that name"
        )
    chosen = replace(options or RuleOptions(scrape_interval=1), webhook_url=webhook_url, watchdog_url=webhook_url)
    ports = _free_port(), _free_port()
    addresses = [f"127.0.0.1:{port}" for port in ports]
    _write(directory, addresses[1], target, slos, catalog, chosen)
    commands = _commands(directory, *addresses)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for command, address in zip(reversed(commands), reversed(addresses), strict=True):
            await stack.enter_async_context(_running(command, directory))
            await _ready(command[0], partial(_answers, session, f"http://{address}/-/ready"))
        await _ready("prometheus", partial(_discovered, session, f"http://{addresses[0]}/api/v1/alertmanagers"))
        yield Observatory(f"http://{addresses[0]}", f"http://{addresses[1]}", session)


def _commands(directory: Path, prometheus: str, alertmanager: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # What fires before Alertmanager is discovered is lost until it is sent again, by default a minute later.
    watcher = (
        "prometheus",
        f"--config.file={directory}/prometheus.yaml",
        f"--storage.tsdb.path={directory}/prometheus",
        f"--web.listen-address={prometheus}",
        "--rules.alert.resend-delay=5s",
        "--enable-feature=exemplar-storage",
    )
    notifier = (
        "prometheus-alertmanager",
        f"--config.file={directory}/alertmanager.yaml",
        f"--storage.path={directory}/alertmanager",
        f"--web.listen-address={alertmanager}",
        "--cluster.listen-address=",
    )
    return watcher, notifier


def _write(
    directory: Path, alertmanager: str, target: str, slos: Sequence[Slo], catalog: Catalog, options: RuleOptions
) -> None:
    rules = directory / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    for name, text in prometheus_rules(slos, catalog=catalog, options=options).items():
        (rules / name).write_text(text, encoding="utf-8")
    (directory / "alertmanager.yaml").write_text(alertmanager_config(slos, options=options), encoding="utf-8")
    (directory / "prometheus.yaml").write_text(
        _PROMETHEUS_CONFIG.format(
            interval=options.scrape_interval, rules=rules, job=options.job, target=target, alertmanager=alertmanager
        ),
        encoding="utf-8",
    )


@asynccontextmanager
async def _running(command: Sequence[str], directory: Path) -> AsyncIterator[None]:
    log = directory / f"{command[0]}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5.0)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(url) as response:
        return response.status == 200


async def _discovered(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether Prometheus knows its Alertmanager; it takes discovery five seconds to say so."""
    async with session.get(url) as response:
        answer = await response.json()
    return bool(answer["data"]["activeAlertmanagers"])


async def _ready(program: str, holds: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if await holds():
                        return
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise ObservatoryError(
            f"{program} was not ready within {_START_TIMEOUT:.0f} s", remedy="read its log"
        ) from error
