"""Composites: the weighted mean of the error ratios of components, each of which is recorded apart."""

from __future__ import annotations

from exai_sre.generate.measure.shape import BASE, Recording, Scope
from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.series import Series, SlothLabel, identity, of_component, ratio_name
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import Slo

__all__ = ["combined_ratio", "composite_recordings", "weight_recordings"]


def weight_recordings(composite: CompositeIndicator) -> tuple[Recording, ...]:
    """The weight of each component as a series."""
    return tuple(
        Recording(Series.WEIGHT, f"vector({decimal_text(part.weight)})", {SlothLabel.COMPONENT: part.name})
        for part in composite.components
    )


def combined_ratio(slo: Slo, window: int) -> str:
    """The weighted mean of the components' error ratios, those without data left out."""
    ratio = f"{of_component(ratio_name(window))}{identity(slo)}"
    weight = f"on ({SlothLabel.COMPONENT}) group_left () {Series.WEIGHT}{identity(slo)}"
    without = f"sum without ({SlothLabel.COMPONENT}, {SlothLabel.WINDOW})"
    return f"{without} ({ratio} * {weight})\n/\n{without} (({ratio} >= bool 0) * {weight})"


def composite_recordings(scope: Scope) -> tuple[Recording, ...]:
    """Bad and all events of five minutes: those of all components, of which the combined ratio is bad."""
    every = f"{of_component(Series.TOTAL)}{identity(scope.slo)}"
    total = scope.series(Series.TOTAL)
    ratio = f"{ratio_name(BASE)}{identity(scope.slo)}"
    bad = f"({ratio} * ignoring ({SlothLabel.WINDOW}) {total})\nor\n0 * {total}"
    return (
        Recording(Series.TOTAL, f"sum without ({SlothLabel.COMPONENT}) ({every})"),
        Recording(Series.ERRORS, bad),
    )
