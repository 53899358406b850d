"""Made-up input series for indicators of every simple kind, and what the rules make of them."""

from __future__ import annotations

from exai_sre.generate.signals.dispatch import NotSimple, signals_of
from exai_sre.generate.signals.shape import Script, Signal

__all__ = ["NotSimple", "Script", "Signal", "signals_of"]
