"""What has happened, as Prometheus or a history tells it, held against the objectives.

Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exai_sre.backtest.prometheus_api import Access, PrometheusApi
    from exai_sre.backtest.prometheus_errors import PrometheusError
    from exai_sre.backtest.promises import promise_of, promises_in
    from exai_sre.backtest.standing import Standing
    from exai_sre.backtest.survey import survey

__all__ = ["Access", "PrometheusApi", "PrometheusError", "Standing", "promise_of", "promises_in", "survey"]

_HOMES = {
    "prometheus_api": ("Access", "PrometheusApi"),
    "prometheus_errors": ("PrometheusError",),
    "promises": ("promise_of", "promises_in"),
    "standing": ("Standing",),
    "survey": ("survey",),
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
