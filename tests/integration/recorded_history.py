"""Recorded series as the generated rules leave them, without waiting for 30 days."""

from __future__ import annotations

from collections.abc import Callable, Iterator

NOW = 1_760_000_400 - 1_760_000_400 % 3600
"""Seconds since the Unix epoch at which the tests ask."""

DAY = 86_400
WINDOWS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21_600, "1d": DAY, "3d": 3 * DAY, "30d": 30 * DAY}

Rate = Callable[[int], float]
"""Bad events per minute at a moment in seconds before now."""


def labels(slo: str, **more: str) -> str:
    service, _, name = slo.partition("-")
    pairs = {"sloth_id": slo, "sloth_service": service, "sloth_slo": name, **more}
    return "{" + ",".join(f'{key}="{value}"' for key, value in pairs.items()) + "}"


def points(value: float, minutes: int = 10) -> list[tuple[float, float]]:
    return [(NOW - 60.0 * back, value) for back in range(minutes, -1, -1)]


def history(
    slo: str,
    *,
    per_minute: float = 100.0,
    bad: Rate = lambda ago: 0.0,
    days: int = 2,
    until: int = 0,
    objective: float = 0.999,
    **group: str,
) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Increases of some days up to ``until`` seconds before now, and the ratios and objective of the last minutes."""
    ago = range(days * DAY, until - 1, -60)
    errors = [(NOW - float(back), 5 * bad(back)) for back in ago]
    total = [(NOW - float(back), 5 * per_minute) for back in ago]
    yield f"slo:sli_error:increase5m{labels(slo, **group)}", errors
    yield f"slo:sli_total:increase5m{labels(slo, **group)}", total
    if until:
        return
    yield f"slo:objective:ratio{labels(slo)}", points(objective)
    yield f"slo:time_period:days{labels(slo)}", points(30)
    for window, seconds in WINDOWS.items():
        some = min(seconds // 60, len(errors))
        share = sum(value for _, value in errors[-some:]) / sum(value for _, value in total[-some:])
        yield f"slo:sli_error:ratio_rate{window}{labels(slo, sloth_window=window, **group)}", points(share)
    yield f"slo:period_error_budget_remaining:ratio{labels(slo, **group)}", points(1 - share / (1 - objective))


def slo_document(slo: str, *, bad: str = "errors_total", total: str = "calls_total", objective: float = 0.999) -> str:
    """An OpenSLO document of the SLO."""
    service, _, name = slo.partition("-")
    return f"""\
apiVersion: openslo/v1
kind: SLO
metadata: {{name: {name}}}
spec:
  service: {service}
  indicator:
    metadata: {{name: {name}-sli}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: {bad}}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: {total}}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {objective}}}]
"""
