"""Presets as data, one file for each library or proxy."""

from exai_sre.generate.onboarding.presets.every import PRESETS

__all__ = ["PRESETS"]
