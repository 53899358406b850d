"""Exit codes of the command line."""

from __future__ import annotations

from typing import Final

from exai_sre.backtest.prometheus_errors import PrometheusError
from exai_sre.errors import ExaiSreError, MissingExtraError, SpecError

__all__ = ["ENVIRONMENT", "FINDINGS", "OK", "USAGE", "exit_code_of"]

OK: Final = 0
"""Done, and nothing to say."""
FINDINGS: Final = 1
"""Something is wrong with what was looked at."""
USAGE: Final = 2
"""The command or a setting was wrong."""
ENVIRONMENT: Final = 3
"""The machine lacks something, or refused it."""


def exit_code_of(error: ExaiSreError) -> int:
    """The exit code that an error ends the command with."""
    if isinstance(error, MissingExtraError | PrometheusError):
        return ENVIRONMENT
    return FINDINGS if isinstance(error, SpecError) else USAGE
