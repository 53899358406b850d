"""Budgets per cluster, region or whatever else a store of several Prometheus tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from exai_sre.slo.model import Slo

__all__ = ["with_aggregation"]


def with_aggregation(slos: Iterable[Slo], labels: Sequence[str]) -> list[Slo]:
    """The same objectives, each held per combination of values of these labels, too.

    Everything follows from it: series, budgets and alerts carry the labels, and inhibition compares them.

    Args:
        slos: the objectives.
        labels: labels that the store adds, such as ``cluster``.
    """
    return [
        replace(slo, group_by=(*slo.group_by, *(label for label in labels if label not in slo.group_by)))
        for slo in slos
    ]
