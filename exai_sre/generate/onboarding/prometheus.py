"""What a Prometheus knows about a job: series and metadata of its API as families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from exai_sre.errors import SettingError
from exai_sre.generate.onboarding.seen import Meta, SeenSeries, Sighting, families_of
from exai_sre.metrics.spelling import quoted

__all__ = ["AskedPrometheus", "read_prometheus", "selector_of_job"]

LOOKBACK: Final = 3600
"""Seconds for which a series may have been silent."""

_OF_TARGETS: Final = frozenset({"__name__", "instance", "job"})
_OF_SCRAPES: Final = frozenset({"up"})


class AskedPrometheus(Protocol):
    """The part of Prometheus's API that is asked."""

    url: str

    def series(
        self, match: str | Sequence[str], start: float | None = None, end: float | None = None
    ) -> list[dict[str, str]]:
        """The label sets of all series that match."""
        ...

    def metadata(self, metric: str = "") -> dict[str, list[dict[str, str]]]:
        """Type, help and unit by metric name."""
        ...


def selector_of_job(job: str) -> str:
    """The selector of all series of a job."""
    return f"{{job={quoted(job)}}}"


def read_prometheus(api: AskedPrometheus, match: str, now: float) -> Sighting:
    """The families of a job's series, without values.

    Args:
        api: the Prometheus.
        match: selector of the series.
        now: seconds since the Unix epoch; series of the last hour are looked at.

    Raises:
        SettingError: nothing matches.
        PrometheusError: the Prometheus does not answer.
    """
    found = api.series(match, start=now - LOOKBACK, end=now)
    series = [
        SeenSeries(labels["__name__"], {name: value for name, value in labels.items() if name not in _OF_TARGETS})
        for labels in found
        if not _is_of_scrapes(labels["__name__"])
    ]
    if not series:
        raise SettingError("--match", match, f"{api.url} has no such series", remedy="see its targets, or use --job")
    known = {name: _meta(entries[0]) for name, entries in api.metadata().items() if entries}
    jobs = {labels.get("job", "") for labels in found}
    return replace(families_of(series, known, f"{api.url} {match}"), job=jobs.pop() if len(jobs) == 1 else "")


def _is_of_scrapes(name: str) -> bool:
    return name in _OF_SCRAPES or name.startswith("scrape_")


def _meta(entry: Mapping[str, str]) -> Meta:
    return Meta(entry.get("type", "unknown"), entry.get("help", ""), entry.get("unit", ""))
