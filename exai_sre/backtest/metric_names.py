"""Whether Prometheus has ever seen the metrics that SLOs count: a misspelt one must not read as no errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from exai_sre.backtest.prometheus_api import PrometheusApi, PrometheusError

__all__ = ["unseen_labels", "unseen_metrics"]

_BATCH: Final = 100
_BY_TYPE: Final = {
    "counter": ("_total", "_created"),
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("_count", "_sum"),
}


def unseen_metrics(api: PrometheusApi, names: Iterable[str]) -> frozenset[str]:
    """Which of these names Prometheus neither stores a series of nor hears a target declare.

    A labelled counter has no series before its first event, but its target declares it. So a
    metric that is neither stored nor declared is misspelt, or not exported at all.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    wanted = sorted(set(names))
    stored: set[str] = set()
    for first in range(0, len(wanted), _BATCH):
        pattern = "|".join(re.escape(name) for name in wanted[first : first + _BATCH])
        stored.update(api.label_values("__name__", f'{{__name__=~"{pattern}"}}'))
    missing = set(wanted) - stored
    return frozenset(missing - _declared(api)) if missing else frozenset()


def unseen_labels(api: PrometheusApi, pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Which metrics, each with a label, Prometheus stores series of, but none with that label.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    wanted = sorted(set(pairs))
    stored = {metric for metric in sorted({metric for metric, _ in wanted}) if _values(api, "__name__", metric)}
    return frozenset(
        (metric, label) for metric, label in wanted if metric in stored and not _values(api, label, metric)
    )


def _values(api: PrometheusApi, label: str, metric: str) -> list[str]:
    return api.label_values(label, f'{{__name__="{metric}"}}')


def _declared(api: PrometheusApi) -> frozenset[str]:
    """Names of the series that the declarations of all targets allow."""
    try:
        families = api.metadata()
    except PrometheusError as error:
        # Not everything that speaks Prometheus's language keeps declarations.
        if error.kind in ("unreachable", "unauthorized"):
            raise
        return frozenset()
    found: set[str] = set()
    for family, entries in families.items():
        for entry in entries:
            found.update(_series_names(family, entry.get("type", "")))
    return frozenset(found)


def _series_names(family: str, kind: str) -> list[str]:
    suffixes = _BY_TYPE.get(kind)
    if suffixes is None or family.endswith(suffixes):
        return [family]
    return [f"{family}{suffix}" for suffix in suffixes]
