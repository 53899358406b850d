"""Real Prometheus and Alertmanager, started beside one server with the rules generated for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from exai_sre.clock import Clock
from exai_sre.generate import RuleOptions, alertmanager_config, prometheus_rules
from exai_sre.generate.rules import SYMPTOM_GROUP
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from server.demo.flow import Beat
from server.demo.programs import ObservatoryError, free_port, missing_programs, program_running, until_ready
from server.demo.stage import Rhythm

__all__ = ["Observatory", "observatory"]

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


@dataclass(frozen=True, slots=True)
class Observatory:
    """The running pair.

    Attributes:
        prometheus: base address of Prometheus.
        alertmanager: base address of Alertmanager.
        session: for queries.
        options: what its rules were generated with.
    """

    prometheus: str
    alertmanager: str
    session: aiohttp.ClientSession
    options: RuleOptions

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

    async def rhythm(self, clock: Clock) -> Rhythm:
        """When Prometheus scrapes the server and evaluates its symptom alerts, in ``clock``'s monotonic seconds.

        Raises:
            ObservatoryError: it has done neither yet.
        """
        target = next(iter((await self.api("targets"))["activeTargets"]), None)
        groups = {group["name"]: group for group in (await self.api("rules"))["groups"]}
        symptoms = groups.get(SYMPTOM_GROUP)
        if target is None or symptoms is None:
            raise ObservatoryError("Prometheus knows no target, or not the symptom alerts")
        ahead = clock.monotonic() - clock.time()
        return Rhythm(
            scrapes=Beat(_epoch(target["lastScrape"]) + ahead, self.options.scrape_interval),
            evaluations=Beat(_epoch(symptoms["lastEvaluation"]) + ahead, symptoms["interval"]),
            scrape_seconds=target["lastScrapeDuration"],
            window=self.options.symptom_window,
        )

    async def api(self, what: str) -> dict[str, Any]:
        """The data that Prometheus's ``/api/v1/{what}`` answers."""
        async with self.session.get(f"{self.prometheus}/api/v1/{what}") as response:
            data: dict[str, Any] = (await response.json())["data"]
            return data


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
    ports = free_port(), free_port()
    addresses = [f"127.0.0.1:{port}" for port in ports]
    _write(directory, addresses[1], target, slos, catalog, chosen)
    commands = _commands(directory, *addresses)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for command, address in zip(reversed(commands), reversed(addresses), strict=True):
            await stack.enter_async_context(program_running(command, directory))
            await until_ready(command[0], directory, partial(_answers, session, f"http://{address}/-/ready"))
        found = Observatory(f"http://{addresses[0]}", f"http://{addresses[1]}", session, chosen)
        await until_ready("prometheus", directory, partial(_watches, found))
        yield found


def _commands(directory: Path, prometheus: str, alertmanager: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # What fires before Alertmanager is discovered is lost until it is sent again, by default a minute later.
    watcher = (
        "prometheus",
        f"--config.file={directory}/prometheus.yaml",
        f"--storage.tsdb.path={directory}/prometheus",
        f"--web.listen-address={prometheus}",
        "--rules.alert.resend-delay=5s",
        "--scrape.discovery-reload-interval=1s",
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


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(url) as response:
        return response.status == 200


async def _watches(pair: Observatory) -> bool:
    """Whether Prometheus knows its Alertmanager, and has scraped the target for a symptom window."""
    if not (await pair.api("alertmanagers"))["activeAlertmanagers"]:
        return False
    scrapes = await pair.query(f"sum_over_time(up[{pair.options.symptom_window}s])")
    return bool(scrapes) and scrapes[0][1] * pair.options.scrape_interval >= pair.options.symptom_window


def _epoch(stamp: str) -> float:
    """Seconds since the Unix epoch of an RFC 3339 time, of which Prometheus writes nine decimals."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", stamp)).timestamp()
