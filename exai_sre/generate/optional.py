"""The optional dependencies of this package, reached in one place."""

from __future__ import annotations

from typing import Any

from exai_sre.extras import require

__all__ = ["grafanalib", "promql_parser"]


def grafanalib(module: str) -> Any:
    """A module of grafanalib, such as ``core``.

    Raises:
        MissingExtraError: grafanalib is not installed.
    """
    return require(f"grafanalib.{module}", package="grafanalib", extra="grafana")


def promql_parser() -> Any:
    """The module ``promql_parser``.

    Raises:
        MissingExtraError: promql-parser is not installed.
    """
    return require("promql_parser", package="promql-parser", extra="check")
