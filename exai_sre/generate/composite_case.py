"""The case of a composite: each component counts with its weight, and one without data not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.promtool import Case, ExprCheck, close_to
from exai_sre.generate.series import SlothLabel, ratio_name, window_text
from exai_sre.generate.slo_cases import parts_of, recorded_labels
from exai_sre.generate.windows import ratio_windows
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE

__all__ = ["weights_case"]

_WHOLE: Final = 1000
"""Smallest part in which the made-up ratios are told apart."""


def weights_case(slo: Slo, composite: CompositeIndicator) -> Case:
    """Ratios that differ in each component and window; in the second minute the first component has no data."""
    parts, weights = parts_of(slo), [component.weight for component in composite.components]
    series: dict[str, str] = {}
    checks: list[ExprCheck] = []
    for column, window in enumerate(ratio_windows(slo), 1):
        ratios = [Decimal(row * row * 10 + column) / _WHOLE for row, _ in enumerate(parts, 1)]
        labels = {**recorded_labels(slo), SlothLabel.WINDOW: window_text(window)}
        for row, (part, ratio) in enumerate(zip(parts, ratios, strict=True)):
            series[part.ratio(window)] = _values(ratio, gone=row == 0)
        for first in range(min(2, len(parts))):
            mean = _mean(ratios[first:], weights[first:])
            checks.append(close_to(first * MINUTE, ratio_name(window), labels, mean))
    return Case("each component counts with its weight, one without data not at all", MINUTE, series, exprs=checks)


def _values(value: Decimal, *, gone: bool) -> str:
    text = decimal_text(value)
    return f"{text} stale" if gone else f"{text} {text}"


def _mean(ratios: list[Decimal], weights: list[Decimal]) -> Decimal:
    """The weighted mean."""
    weighted = sum((ratio * weight for ratio, weight in zip(ratios, weights, strict=True)), Decimal(0))
    return (weighted / sum(weights)).quantize(Decimal("1e-9"))
