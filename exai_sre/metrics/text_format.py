"""Readings as text: Prometheus 0.0.4 and OpenMetrics 1.0.0.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/. Numbers are written as Python writes them,
bucket bounds as ``prometheus_client`` does, since rules and dashboards compare them as texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.instrument import Instrument
from exai_sre.metrics.reading import Point, Reading
from exai_sre.metrics.spelling import bound_text

__all__ = ["OPENMETRICS", "PROMETHEUS", "TextFormat"]

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_:]")
_TO_ESCAPE = re.compile(r'[\\\n"]')
_ESCAPED: Final = {"\\": r"\\", "\n": r"\n", '"': r"\""}


def _escape(text: str) -> str:
    if not ('"' in text or "\\" in text or "\n" in text):
        return text
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match.group()], text)


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _plain(name: str) -> str:
    """A name as every Prometheus takes it: what older ones do not take becomes an underscore."""
    clean = _NOT_IN_A_NAME.sub("_", name)
    return f"_{clean}" if clean[:1].isdigit() else clean


@dataclass(frozen=True, slots=True)
class TextFormat:
    """One of the two formats.

    Attributes:
        content_type: as the response names it.
        openmetrics: whether it is OpenMetrics, which alone carries exemplars and units.
        end: last line, newline included.
    """

    content_type: str
    openmetrics: bool
    end: str

    def head(self, instrument: Instrument) -> str:
        """The lines before the samples of ``instrument``."""
        name = _plain(instrument.name)
        lines = []
        if self.openmetrics and instrument.kind == "counter":
            name = name.removesuffix("_total")
        lines.append(f"# HELP {name} {self._help(instrument.help)}")
        lines.append(f"# TYPE {name} {instrument.kind}")
        if self.openmetrics and instrument.unit and name.endswith(f"_{instrument.unit}"):
            lines.append(f"# UNIT {name} {instrument.unit}")
        return "\n".join(lines) + "\n"

    def _help(self, text: str) -> str:
        # Prometheus' own format leaves quotes in a help text as they are.
        return _escape(text) if self.openmetrics else text.replace("\\", r"\\").replace("\n", r"\n")

    def samples(self, reading: Reading) -> Iterator[str]:
        """The lines of each series of a reading, one series at a time."""
        instrument = reading.instrument
        name = _plain(instrument.name)
        names = [_plain(label) for label in instrument.label_names]
        if instrument.kind == "histogram":
            bounds = [*(bound_text(bound) for bound in instrument.buckets), "+Inf"]
            for point in reading.points:
                yield self._histogram(name, _labels(names, point), bounds, point)
            return
        if self.openmetrics and instrument.kind == "counter" and not name.endswith("_total"):
            name = f"{name}_total"
        for point in reading.points:
            labels = _labels(names, point)
            shown = f"{{{labels}}}" if labels else ""
            mark = self._exemplar(point.exemplars[0]) if point.exemplars else ""
            yield f"{name}{shown} {_number(point.numbers[0])}{mark}\n"

    def _histogram(self, name: str, labels: str, bounds: Sequence[str], point: Point) -> str:
        before = f"{labels}," if labels else ""
        shown = f"{{{labels}}}" if labels else ""
        exemplars = point.exemplars or (None,) * len(bounds)
        lines = []
        count = 0.0
        for bound, number, exemplar in zip(bounds, point.numbers, exemplars, strict=False):
            count += number
            mark = self._exemplar(exemplar) if exemplar else ""
            lines.append(f'{name}_bucket{{{before}le="{bound}"}} {count!r}{mark}\n')
        lines.append(f"{name}_count{shown} {count!r}\n")
        lines.append(f"{name}_sum{shown} {_number(point.numbers[-1])}\n")
        return "".join(lines)

    def _exemplar(self, exemplar: Exemplar | None) -> str:
        if exemplar is None or not self.openmetrics:
            return ""
        return f' # {{trace_id="{exemplar.trace_id}"}} {_number(exemplar.value)} {exemplar.time:.3f}'


def _labels(names: Sequence[str], point: Point) -> str:
    return ",".join([f'{name}="{_escape(value)}"' for name, value in zip(names, point.labels, strict=True)])


PROMETHEUS: Final = TextFormat("text/plain; version=0.0.4; charset=utf-8", openmetrics=False, end="")
"""What every Prometheus and most agents read."""

OPENMETRICS: Final = TextFormat(
    "application/openmetrics-text; version=1.0.0; charset=utf-8", openmetrics=True, end="# EOF\n"
)
"""The standardised form, with exemplars."""
