"""What observes the server: metrics, logs, traces and the SLO tracker, made from the library's parts."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.errors import SettingError
from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger
from exai_sre.metrics import Catalog
from exai_sre.metrics.process import ProcessSampler
from exai_sre.names import Event, LabelName
from exai_sre.outcome import Outcome
from exai_sre.slo import SloTracker, SqliteTrackerStore, load_slos
from exai_sre.tracing import Tracing, configure_tracing
from exai_sre.tracing.error_lines import keep_spans_of_errors
from exai_sre.version import __version__
from server.metrics import ServerMetrics
from server.settings import Settings

__all__ = ["SERVICE", "Observability", "observe"]

SERVICE: Final = "exai-mcp"
"""Name of the service on log lines and spans."""

_REPEAT: Final = 60.0
"""Seconds between two lines about the same lasting error."""

_TALKATIVE: Final = ("mcp", "asyncio", "aiohttp.access")
"""Loggers whose routine lines are kept out: ours say the same, and theirs name session ids."""


@dataclass(frozen=True, slots=True)
class Observability:
    """The parts that watch.

    Attributes:
        metrics: every metric family, in one catalog.
        sanitizer: removes secrets from whatever leaves the process.
        tail: the last log lines.
        log: the server's own logger.
        tracing: makes spans.
        tracker: error budgets as this replica sees them.
        store: keeps the tracker's points.
        state: health of the store, as the last operation left it.
    """

    metrics: ServerMetrics
    sanitizer: Sanitizer
    tail: LogTail
    log: Any
    tracing: Tracing
    tracker: SloTracker
    store: SqliteTrackerStore
    state: StoreHealth


class StoreHealth:
    """Measures the store's operations and remembers whether the last one worked.

    Args:
        metrics: where operations are observed.
        log: where errors are told.
        clock: spaces out the lines of an error that lasts.
    """

    def __init__(self, metrics: ServerMetrics, log: Any, clock: Clock) -> None:
        self._duration = metrics.database.duration
        self._last = Outcome.OK
        self._log = log
        self._clock = clock
        self._told: tuple[str, float] = ("", 0.0)

    def observe(self, operation: str, seconds: float, outcome: Outcome) -> None:
        """Take note of one operation; called in the thread that ran it."""
        self._last = outcome
        labels = {LabelName.DB_SYSTEM: "sqlite", LabelName.DB_OPERATION: operation, LabelName.OUTCOME: outcome.value}
        self._duration.labels(**labels).observe(seconds)

    async def probe(self) -> bool:
        """Whether the last operation worked."""
        return self._last is Outcome.OK

    def on_error(self, error: Exception) -> None:
        """Log an error of the tracker or its store, once a minute while it stays the same; counting goes on."""
        text, now = str(error), self._clock.monotonic()
        before, at = self._told
        if text != before or now - at >= _REPEAT:
            self._told = (text, now)
            self._log.error(Event.TRACKER_SAVE_FAILED, error=text)


def observe(settings: Settings, clock: Clock) -> Observability:
    """Set up logging, metrics, tracing and the tracker; nothing is read from the store yet.

    Raises:
        SpecError: an SLO definition cannot be used.
        SettingError: the state directory cannot be made, or an ``OTEL_*`` variable cannot be used.
    """
    _make(settings.state_dir)
    catalog = Catalog()
    metrics = ServerMetrics.declare(catalog)
    slos = load_slos(settings.slo_dir, catalog=catalog)
    sanitizer, tail = Sanitizer(metrics=metrics.telemetry), LogTail()
    tail.on_line(keep_spans_of_errors)
    catalog.redact_labels(sanitizer.redact_text)
    tracing = configure_tracing(
        service=SERVICE,
        version=__version__,
        redact=sanitizer.redact_text,
        redact_spans=sanitizer.redact,
        metrics=metrics.telemetry,
    )
    configure_logging(
        SERVICE,
        settings.log_format,
        level=settings.log_level,
        sanitizer=sanitizer,
        metrics=metrics.telemetry,
        tail=tail,
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    ProcessSampler(metrics.process, version=__version__).attach(catalog)
    log = get_logger("server")
    state = StoreHealth(metrics, log, clock)
    return Observability(
        metrics=metrics,
        sanitizer=sanitizer,
        tail=tail,
        log=log,
        tracing=tracing,
        tracker=SloTracker(slos, catalog, clock=clock, replica=settings.replica, metrics=metrics.tracker),
        store=_store(settings, log, state),
        state=state,
    )


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            "state_dir", str(directory), f"cannot be made ({error.strerror})", remedy="name a directory you can write"
        ) from None


def _store(settings: Settings, log: Any, state: StoreHealth) -> SqliteTrackerStore:
    def set_aside(path: Path, why: str) -> None:
        log.warning(Event.TRACKER_SET_ASIDE, path=str(path), reason=why)

    name = re.sub(r"[^\w.-]", "_", settings.replica)
    return SqliteTrackerStore(settings.state_dir / f"slo-{name}.sqlite3", observe=state.observe, on_set_aside=set_aside)
