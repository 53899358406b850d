"""Redaction of label values and exemplars, of our own metrics and of anybody's prometheus_client collector."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from exai_sre.names import REDACTION_FAILED

if TYPE_CHECKING:
    from prometheus_client import Metric

__all__ = ["Collects", "RedactedCollector", "redacted_labels"]


class Collects(Protocol):
    """A prometheus_client registry or collector."""

    def collect(self) -> Iterable[Metric]:
        """The families with their present samples."""
        ...


def redacted_labels(labels: Mapping[str, str], redact: Callable[[str], str]) -> Mapping[str, str]:
    """``labels``, of a series or of an exemplar, with secrets taken out of their values.

    A value is judged as ``name=value``, so that a telling name counts, and by itself. The same
    object where there was nothing; a value on which ``redact`` fails becomes :data:`REDACTION_FAILED`.
    """
    redacted = {name: _value(name, value, redact) for name, value in labels.items()}
    return labels if redacted == labels else redacted


def _value(name: str, value: str, redact: Callable[[str], str]) -> str:
    before = f"{name}="
    try:
        return redact(redact(before + value).removeprefix(before))
    except Exception:  # a value that cannot be looked at is not exposed
        return REDACTION_FAILED


class RedactedCollector:
    """A prometheus_client ``Collector`` that exposes what another one collects, without secrets in labels.

    For metrics that others declared, a foreign registry for instance::

        redacted = CollectorRegistry()
        redacted.register(RedactedCollector(REGISTRY, sanitizer.redact_text))
        start_http_server(9100, registry=redacted)

    Series that become the same are added up, so that totals stay exact.

    Args:
        collector: a registry or collector.
        redact: takes the secrets out of one text.
    """

    def __init__(self, collector: Collects, redact: Callable[[str], str]) -> None:
        self._collector = collector
        self._redact = redact

    def describe(self) -> list[Metric]:
        """No families, so that registration collects nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families, those without secrets as the other collector made them."""
        for metric in self._collector.collect():
            samples = [self._sample(sample) for sample in metric.samples]
            if all(new is old for new, old in zip(samples, metric.samples, strict=True)):
                yield metric
                continue
            changed = copy.copy(metric)
            changed.samples = _added_up(samples)
            yield changed

    def _sample(self, sample: Any) -> Any:
        labels = redacted_labels(sample.labels, self._redact)
        exemplar = sample.exemplar
        if exemplar is not None:
            shown = redacted_labels(exemplar.labels, self._redact)
            exemplar = exemplar if shown is exemplar.labels else exemplar._replace(labels=shown)
        if labels is sample.labels and exemplar is sample.exemplar:
            return sample
        return sample._replace(labels=labels, exemplar=exemplar)


def _added_up(samples: Iterable[Any]) -> list[Any]:
    """``samples`` with those of one series as one, in the order in which they came."""
    series: dict[tuple[str, frozenset[tuple[str, str]]], Any] = {}
    for sample in samples:
        key = sample.name, frozenset(sample.labels.items())
        former = series.get(key)
        series[key] = sample if former is None else sample._replace(value=former.value + sample.value)
    return list(series.values())
