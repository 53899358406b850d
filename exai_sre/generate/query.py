"""Plain PromQL from a definition: a window put where the author left room for one."""

from __future__ import annotations

import re

__all__ = ["counter_of", "counts_per_second", "fill", "has_room", "is_selector"]

_TEMPLATE = re.compile(r"\{\{\s*\.window\s*\}\}", re.IGNORECASE)
_SELECTOR = r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\s*\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})?'
_COUNTER = re.compile(
    rf"\s*(?:sum\s*\(\s*(?P<summed>{_SELECTOR})\s*\)|(?P<bare>{_SELECTOR})"
    rf"|sum\s*\(\s*(?:rate|increase)\s*\(\s*(?P<ranged>{_SELECTOR})\s*"
    r"\[\s*\{\{\s*\.window\s*\}\}\s*\]\s*\)\s*\))\s*",
    re.ASCII | re.IGNORECASE,
)
_WHOLE_SELECTOR = re.compile(rf"\s*{_SELECTOR}\s*", re.ASCII)
_PER_SECOND = re.compile(r"\b(?:i?rate|deriv)\s*\(", re.ASCII)


def counter_of(query: str) -> str:
    """The series selector of a query that sums counters; empty for any other query.

    Such are ``requests_total{code="200"}``, bare or in ``sum(...)``, and
    ``sum(rate(requests_total[{{.window}}]))`` or the same with ``increase``.
    """
    match = _COUNTER.fullmatch(query)
    return (match["summed"] or match["bare"] or match["ranged"]).strip() if match else ""


def is_selector(query: str) -> bool:
    """Whether a query is nothing but a series selector."""
    return _WHOLE_SELECTOR.fullmatch(query) is not None


def has_room(query: str) -> bool:
    """Whether a query says, by ``{{.window}}``, where the range stands."""
    return _TEMPLATE.search(query) is not None


def fill(query: str, window: str) -> str:
    """A query over ``window``, a range in Prometheus's words, in parentheses."""
    return f"({_TEMPLATE.sub(window, query.strip())})"


def counts_per_second(query: str) -> bool:
    """Whether a query gives events per second; else it counts them per window, as ``increase`` does."""
    return _PER_SECOND.search(query) is not None
