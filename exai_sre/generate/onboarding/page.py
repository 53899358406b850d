"""A page of metrics (Prometheus text or OpenMetrics) as series."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.generate.onboarding.seen import Meta, SeenSeries, Sighting, families_of

__all__ = ["ACCEPT", "read_page"]

ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus asks a target for: exporters name and spell things differently in the two formats."""

_OPENMETRICS_END: Final = "# EOF"
_PLAIN_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_QUOTED_NAME: Final = re.compile(r'\{\s*"((?:[^"\\]|\\.)*)"')
_REMEDY: Final = "give the text that a target shows at /metrics"


def read_page(text: str, origin: str) -> Sighting:
    """The families of a page.

    Args:
        text: the page; what ends in ``# EOF`` is OpenMetrics.
        origin: the page's address or file, for complaints.

    Raises:
        SpecError: it is no page of metrics, or it holds none.
    """
    metadata: dict[str, Meta] = {}
    series: list[SeenSeries] = []
    written = _names(text)
    for family in _parsed(text, origin):
        metadata[family.name] = Meta(family.type, family.documentation, family.unit)
        for sample in family.samples:
            name = _as_written(sample.name, family.type, written)
            series.append(SeenSeries(name, dict(sample.labels), float(sample.value)))
    if not series:
        raise SpecError("holds no metric", file=origin, remedy=_REMEDY)
    return families_of(series, metadata, origin)


def _parsed(text: str, origin: str) -> list[Any]:
    parse = _parser(text)
    try:
        return list(parse(text))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        line, why = _first_fault(text, error)
        raise SpecError(f"is no page of metrics: {why}", file=origin, line=line, remedy=_REMEDY) from None


def _parser(text: str) -> Callable[[str], Iterable[Any]]:
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as openmetrics_parser

    if text.rstrip().endswith(_OPENMETRICS_END):
        return openmetrics_parser.text_string_to_metric_families
    return parser.text_string_to_metric_families


def _first_fault(text: str, error: Exception) -> tuple[int, str]:
    """The first line that cannot be read by itself, counted from 1, and why; 0 where each can."""
    from prometheus_client.parser import text_string_to_metric_families

    for at, line in enumerate(text.splitlines(), 1):
        try:
            list(text_string_to_metric_families(line))
        except (ValueError, KeyError, IndexError, TypeError) as found:
            return at, str(found)
    return 0, str(error)


def _names(text: str) -> frozenset[str]:
    """Names of the series as they stand on the page."""
    found = set()
    for line in text.splitlines():
        match = _PLAIN_NAME.match(line)
        quoted = None if match else _QUOTED_NAME.match(line)
        if match or quoted:
            found.add(match.group() if match else quoted[1] if quoted else "")
    return frozenset(found)


def _as_written(name: str, kind: str, written: frozenset[str]) -> str:
    """The name as it stands on the page: the parser adds ``_total`` to a counter that lacks it."""
    bare = name.removesuffix("_total")
    return bare if kind == "counter" and name not in written and bare in written else name
