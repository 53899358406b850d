"""SLOs of every kind of indicator, small ones: so that the tests of each are judged by mutants, too."""

from __future__ import annotations

from decimal import Decimal

from exai_sre.metrics import Matcher
from exai_sre.slo.indicators import (
    Component,
    CompositeIndicator,
    EventsIndicator,
    GaugeIndicator,
    Indicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.model import MissingData, Slo, make_slo

__all__ = ["kinds_of_slos"]

_CALLS = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
_JOBS = EventsIndicator("jobs_total", bad=(Matcher("state", ("failed", "lost")),))
_PROBE = GaugeIndicator('probe_success{job="probe"}', "gte", Decimal(1))
_BACKUP = GaugeIndicator("time() - backup_finished_timestamp_seconds", "lt", Decimal(7200))
_BAD = 'http_requests_total{code=~"5.."}'
_READY = f"sum(rate({_BAD}[{{{{.window}}}}])) / sum(rate(http_requests_total[{{{{.window}}}}]))"
_SATISFIED = RawIndicator('satisfaction{team="a"}', success=True)

_KINDS: dict[str, Indicator] = {
    "query": QueryIndicator(good=None, bad=_BAD, total="http_requests_total"),
    "template": QueryIndicator(good="sum(idelta(a[{{.window}}]))", bad=None, total="sum(idelta(b[{{.window}}]))"),
    "native": EventsIndicator("latency_seconds", good=(), within=0.5, native=True),
    "probe": _PROBE,
    "fresh": _BACKUP,
    "ready": RawIndicator(_READY),
    "satisfied": _SATISFIED,
    "slices": SliceIndicator(_CALLS, 600, Decimal("0.95")),
    "shares": SliceIndicator(_PROBE, 300),
    "parts": CompositeIndicator(
        (
            Component("calls", Decimal(3), _CALLS),
            Component("probe", Decimal(2), _PROBE),
            Component("ok", Decimal(1), _SATISFIED),
        )
    ),
}
_MISSING: tuple[MissingData, ...] = ("good", "bad")
_OBJECTIVE = Decimal("0.99")


def kinds_of_slos() -> list[Slo]:
    """One SLO for each kind of indicator, some with groups, some with something in place of missing data."""
    made = [make_slo(name, "kind", _OBJECTIVE, indicator) for name, indicator in _KINDS.items()]
    made.append(make_slo("grouped", "kind", _OBJECTIVE, _JOBS, group_by=("tenant",), group_limit=3))
    made.append(make_slo("grouped-probe", "kind", _OBJECTIVE, _PROBE, group_by=("site",)))
    for missing in _MISSING:
        made += [
            make_slo(f"{name}-{missing}", "kind", _OBJECTIVE, indicator, missing=missing)
            for name, indicator in {**_KINDS, "calls": _CALLS}.items()
        ]
    return made
