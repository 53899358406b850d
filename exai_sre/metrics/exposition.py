"""The scrape: which format the scraper wants, and the whole catalog in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.text_format import OPENMETRICS, PROMETHEUS, TextFormat

__all__ = ["CHARACTERS_AT_ONCE", "choose_format", "exposition", "exposition_in_steps"]

CHARACTERS_AT_ONCE: Final = 8_192
"""Characters written between two turns of the event loop: a hundred lines, about a millisecond on a slow core."""

_SERIES_WEIGHT: Final = 60
"""Characters that take as long to write as one series takes to be read."""

_ANY: Final = ("*/*", "text/*")


def choose_format(accept: str) -> TextFormat:
    """The format that an ``Accept`` header asks for.

    The one with the higher weight wins; OpenMetrics where both weigh the same, as it alone carries
    exemplars. Prometheus' own format where neither is named.

    Args:
        accept: the header, empty where there is none.
    """
    weights = {OPENMETRICS: 0.0, PROMETHEUS: 0.0}
    for item in accept.split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = _weight(parameters)
        if media == "application/openmetrics-text" and _version(parameters) in {"", "0.0.1", "1.0.0"}:
            weights[OPENMETRICS] = max(weights[OPENMETRICS], weight)
        elif media in {"text/plain", *_ANY}:
            weights[PROMETHEUS] = max(weights[PROMETHEUS], weight)
    return OPENMETRICS if weights[OPENMETRICS] and weights[OPENMETRICS] >= weights[PROMETHEUS] else PROMETHEUS


def _weight(parameters: list[str]) -> float:
    """The weight that an item of an ``Accept`` header gives itself, 0 to 1; 1 where it is none that can be read."""
    text = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 1.0


def _version(parameters: list[str]) -> str:
    return next((part.removeprefix("version=").strip('"') for part in parameters if part.startswith("version=")), "")


def _lines(catalog: Catalog, form: TextFormat) -> Iterator[str]:
    """The lines of the whole catalog, of one series or one head at a time."""
    for reading in catalog.readings():
        lines = form.samples(reading)
        first = next(lines, None)
        if first is None and reading.instrument.foreign:
            continue
        yield form.head(reading.instrument)
        if first is not None:
            yield first
            yield from lines
    yield form.end


def exposition(catalog: Catalog, accept: str = "") -> tuple[bytes, str]:
    """The catalog as a scrape response, in one go.

    Args:
        catalog: what to expose.
        accept: the ``Accept`` header of the scrape; OpenMetrics, which alone carries exemplars,
            is sent to those who ask for it.

    Returns:
        The body and its content type.
    """
    form = choose_format(accept)
    return "".join(_lines(catalog, form)).encode(), form.content_type


async def exposition_in_steps(catalog: Catalog, accept: str = "", *, clock: Clock | None = None) -> tuple[bytes, str]:
    """The same for an event loop, which gets its turn after every :data:`CHARACTERS_AT_ONCE` characters.

    A thread would be no better: it takes the interpreter's lock for five milliseconds at a time. The
    numbers of one series are those of one moment; two series may be read a few turns apart.

    Args:
        catalog: what to expose.
        accept: the ``Accept`` header of the scrape.
        clock: whose sleep of no length lets others run.
    """
    form, clock = choose_format(accept), clock or SystemClock()
    parts: list[bytes] = []
    pending: list[str] = []
    waiting = 0
    for lines in _lines(catalog, form):
        pending.append(lines)
        waiting += len(lines) + _SERIES_WEIGHT
        if waiting >= CHARACTERS_AT_ONCE:
            parts.append("".join(pending).encode())
            pending.clear()
            waiting = 0
            await clock.sleep(0)
    parts.append("".join(pending).encode())
    return b"".join(parts), form.content_type
