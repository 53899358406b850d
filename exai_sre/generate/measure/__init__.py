"""Indicators of every kind as PromQL: one file per kind, one shape."""

from __future__ import annotations

from exai_sre.generate.measure.dispatch import measure_of, names_bad
from exai_sre.generate.measure.shape import Measure, Recording, Scope

__all__ = ["Measure", "Recording", "Scope", "measure_of", "names_bad"]
