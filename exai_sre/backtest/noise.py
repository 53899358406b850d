"""Random counts from a given source of randomness: what traffic looks like in a minute."""

from __future__ import annotations

from math import exp, sqrt
from random import Random
from typing import Final

__all__ = ["poisson"]

_LARGE: Final = 30.0
"""Mean from which on a rounded normal variate is close enough and far quicker."""


def poisson(source: Random, mean: float) -> int:
    """A Poisson variate: how many of many independent events happen.

    Args:
        source: source of randomness.
        mean: expected count, 0 or more.
    """
    if mean <= 0:
        return 0
    if mean >= _LARGE:
        return max(round(source.gauss(mean, sqrt(mean))), 0)
    # Multiplies uniform variates until their product is below exp(-mean) (Knuth).
    limit, product, events = exp(-mean), source.random(), 0
    while product > limit:
        product *= source.random()
        events += 1
    return events
