"""How names, values and bucket bounds are spelt in PromQL, whoever exported them."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["bound_spellings", "bound_text", "is_plain", "label_text", "quoted", "series_text"]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LEAST_WITH_EXPONENT = 1_000_000
"""Go writes a float of this size or more with an exponent where it looks for the shortest text."""


def quoted(text: str) -> str:
    """A text as a PromQL string in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def is_plain(name: str) -> bool:
    """Whether a metric name can stand in PromQL without quotes; others need Prometheus 3."""
    return _NAME.fullmatch(name) is not None


def label_text(name: str) -> str:
    """A label name as PromQL takes it: in quotes where it holds more than letters, digits and ``_``."""
    return name if _LABEL.fullmatch(name) else quoted(name)


def series_text(name: str, conditions: Sequence[str] = ()) -> str:
    """A selector of a series: ``x{a="b"}``, or ``{"x.y",a="b"}`` where the name needs quotes.

    Args:
        name: name of the series, suffix included.
        conditions: label matchers in PromQL.
    """
    if not is_plain(name):
        return f"{{{','.join((quoted(name), *conditions))}}}"
    return f"{name}{{{','.join(conditions)}}}" if conditions else name


def bound_text(bound: float) -> str:
    """A finite bucket bound as we write it in ``le``.

    As ``prometheus_client`` does: 1 as ``1.0``, a million as ``1e+06``.

    Args:
        bound: the upper bound of a bucket, in the unit of the metric.
    """
    text = repr(float(bound))
    whole, dot, fraction = text.partition(".")
    if bound < _LEAST_WITH_EXPONENT or not dot or "e" in fraction:
        return text
    digits = f"{whole[0]}.{whole[1:]}{fraction}".rstrip("0").rstrip(".")
    return f"{digits}e+{len(whole) - 1:02}"


def bound_spellings(bound: float) -> tuple[str, ...]:
    """The texts under which exporters write a bucket bound in the label ``le``, each once.

    Python and OpenMetrics write ``1.0``, Go and the OpenTelemetry collector ``1``, and from a
    million on one of them writes an exponent. A bound with a fraction has one spelling.

    Args:
        bound: the finite upper bound of a bucket, in the unit of the metric.
    """
    official = bound_text(bound)
    if not float(bound).is_integer():
        return tuple(dict.fromkeys((official, repr(bound))))
    whole = f"{bound:.0f}"
    spellings = (whole, f"{whole}.0", *((official,) if bound >= _LEAST_WITH_EXPONENT else ()))
    return tuple(dict.fromkeys(spellings))
