"""Plain PromQL from a definition: a window put where the author left room for one."""

from __future__ import annotations

import re

from exai_sre.errors import SpecError
from exai_sre.slo.model import Slo

__all__ = ["over_window"]

_TEMPLATE = re.compile(r"\{\{\s*\.window\s*\}\}", re.IGNORECASE)
_SELECTOR = r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\s*\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})?'
_COUNTER = re.compile(rf"\s*(?:sum\s*\(\s*(?P<summed>{_SELECTOR})\s*\)|(?P<bare>{_SELECTOR}))\s*", re.ASCII)


def over_window(slo: Slo, query: str, window: str, *, scale: int | None = None) -> str:
    """The events that a plain query counts over ``window``.

    Args:
        slo: the objective, for the place named in an error.
        query: either a query with ``{{.window}}`` where the range stands, which gives events per
            second, or a counter: ``requests_total{code="200"}``, bare or in ``sum(...)``.
        window: range in Prometheus's words.
        scale: the window in seconds to count events per window instead of per second.

    Raises:
        SpecError: the query leaves no room for a window.
    """
    counter = _COUNTER.fullmatch(query)
    if counter is not None:
        chosen = counter["summed"] or counter["bare"]
        return f"sum({'rate' if scale is None else 'increase'}({chosen.strip()}[{window}]))"
    if not _TEMPLATE.search(query):
        raise SpecError(
            f"the query {query.strip()!r} has no room for a window",
            file=slo.source.file,
            line=slo.source.line,
            field="spec.indicator",
            remedy="write [{{.window}}] where the range stands, or give a plain counter",
        )
    filled = f"({_TEMPLATE.sub(window, query.strip())})"
    return filled if scale is None else f"({filled} * {scale})"
