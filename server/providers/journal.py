"""The recent past of each upstream, for the status tool and the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from exai_sre.outcome import Outcome

__all__ = ["Journal", "LastError", "UpstreamRecord"]


@dataclass(frozen=True, slots=True)
class LastError:
    """The last attempt that failed.

    Attributes:
        at: seconds since the Unix epoch.
        outcome: how it ended.
        text: what happened, free of secrets.
    """

    at: float
    outcome: str
    text: str


@dataclass(slots=True)
class UpstreamRecord:
    """Attempts at one upstream since the start.

    Attributes:
        attempts: how many.
        failures: how many of them ended by a bad outcome.
        last_success_at: seconds since the Unix epoch; ``None`` before the first.
        last_error: the last failure; ``None`` before the first.
    """

    attempts: int = 0
    failures: int = 0
    last_success_at: float | None = None
    last_error: LastError | None = None


class Journal:
    """One record per upstream."""

    def __init__(self) -> None:
        self._records: dict[str, UpstreamRecord] = {}

    def record(self, provider: str) -> UpstreamRecord:
        """The record of ``provider``, empty before its first attempt."""
        return self._records.setdefault(provider, UpstreamRecord())

    def note(self, provider: str, outcome: Outcome, at: float, text: str = "") -> None:
        """Note one attempt; ``at`` in seconds since the Unix epoch."""
        record = self.record(provider)
        record.attempts += 1
        if outcome is Outcome.OK:
            record.last_success_at = at
        elif outcome.bad:
            record.failures += 1
            record.last_error = LastError(at, outcome.value, text)

    def to_json(self, provider: str) -> dict[str, Any]:
        """The record of ``provider``, ready for JSON."""
        return asdict(self.record(provider))
