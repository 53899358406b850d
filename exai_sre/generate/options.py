"""What a user may choose about generated rules and routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exai_sre.errors import SettingError

__all__ = ["RuleOptions"]

_PRODUCTION_SCRAPE = 15
"""Scrape interval, in seconds, from which on the usual minute-wise evaluation is good enough."""


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Choices that hold for all generated files.

    Attributes:
        scrape_interval: seconds between two scrapes of the service; windows of symptom alerts follow it.
        job: value of the ``job`` label that Prometheus gives to the service's targets.
        windows: how the error ratio over long windows is computed: ``recorded`` from recorded
            5-minute increases (event-weighted), ``raw`` from the raw series.
        webhook_url: where Alertmanager sends pages and tickets. Alertmanager knows ``url_file``
            for webhooks from 0.26 on only, so the address stands in the file.
        watchdog_url: where Alertmanager sends the heartbeat: a dead man's switch.
        runbook_base: prefix of the runbook links; empty for paths inside the repository.
        dashboard_base: prefix of the dashboard links, such as ``https://grafana.example``.

    Raises:
        SettingError: the scrape interval is below one second.
    """

    scrape_interval: int = _PRODUCTION_SCRAPE
    job: str = "exai-mcp"
    windows: Literal["recorded", "raw"] = "recorded"
    webhook_url: str = "http://127.0.0.1:9099/alerts"
    watchdog_url: str = "http://127.0.0.1:9099/watchdog"
    runbook_base: str = ""
    dashboard_base: str = ""

    def __post_init__(self) -> None:
        if self.scrape_interval < 1:
            raise SettingError(
                "scrape_interval", str(self.scrape_interval), "is below one second", remedy="give 1s or more"
            )

    @property
    def slo_interval(self) -> int:
        """Seconds between two evaluations of an SLO's rules: a minute, or each scrape where scrapes are quick."""
        return 60 if self.scrape_interval >= _PRODUCTION_SCRAPE else self.scrape_interval

    @property
    def symptom_window(self) -> int:
        """Range of a symptom alert's rates in seconds: four scrapes, the least that survives a lost one."""
        return 4 * self.scrape_interval

    @property
    def patience(self) -> int:
        """How long, in seconds, a state that heals by itself may last before it is reported: four scrapes."""
        return 4 * self.scrape_interval
