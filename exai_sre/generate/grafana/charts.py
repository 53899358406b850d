"""From an instrument's declared chart to panels."""

from __future__ import annotations

from dataclasses import replace

from exai_sre.generate.grafana.model import Panel, Query, Threshold
from exai_sre.metrics import Chart, Instrument
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome

__all__ = ["SCRAPED", "chart_panels", "selector"]

SCRAPED = ('job=~"$job"', 'instance=~"$instance"')
"""Matchers of the dashboard's target variables, on every series that a scrape yields."""

_RANGE = "$__rate_interval"
_QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
_MOST_LINES = 4
_GAUGE_UNITS = {
    "": "short",
    "bytes": "bytes",
    "milliseconds": "ms",
    "ratio": "percentunit",
    "seconds": "s",
    "tokens": "short",
    "usd": "currencyUSD",
}
_MULTIPLES = frozenset({Metric.SLO_BURN_RATE})
_BAD = "|".join(outcome.value for outcome in Outcome if outcome.bad)
_EXCLUDED = "|".join(outcome.value for outcome in Outcome if outcome.excluded)
_STATE_COLORS = ("green", "red", "yellow", "purple", "blue", "text")
_SHARE = (Threshold(None, "green"), Threshold(0.001, "yellow"), Threshold(0.01, "red"))


def selector(instrument: Instrument, part: str = "", *, matchers: tuple[str, ...] = ()) -> str:
    """A PromQL selector of the instrument's series.

    Args:
        instrument: the instrument.
        part: ``count``, ``sum`` or ``bucket`` of a histogram.
        matchers: further matchers, in PromQL.
    """
    scope = (f'{LabelName.SLO}=~"$slo"',) if instrument.label(LabelName.SLO) else ()
    name = f"{instrument.name}_{part}" if part else instrument.name
    return f"{name}{{{', '.join((*SCRAPED, *scope, *matchers))}}}"


def chart_panels(instrument: Instrument) -> list[Panel]:
    """The panels that chart an instrument; none where it is not charted.

    A histogram that is charted as a rate gets what belongs to it too: the share of bad outcomes
    where it has an outcome label, and its quantiles.
    """
    chart = instrument.chart
    if not isinstance(chart, Chart):
        return []
    if chart.shows == "rate" and instrument.kind == "histogram":
        shares = [_bad_share(instrument, chart)] if instrument.label(LabelName.OUTCOME) else []
        return [_rate(instrument, chart), *shares, _duration(instrument, chart)]
    return [_MAKERS[chart.shows](instrument, chart)]


def _panel(instrument: Instrument, chart: Chart, how: str) -> Panel:
    return Panel(
        key=f"metric:{instrument.name}",
        title=chart.title,
        description=f"{instrument.help.rstrip('.')}. {how}",
        kind="timeseries",
        metrics=(instrument.name,),
    )


def _by(*labels: str) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def _each(labels: tuple[str, ...]) -> str:
    return f" by {', '.join(labels)}" if labels else ""


def _legend(labels: tuple[str, ...], otherwise: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in labels) or otherwise


def _rate(instrument: Instrument, chart: Chart) -> Panel:
    part = "count" if instrument.kind == "histogram" else ""
    seconds = instrument.unit == "seconds" and instrument.kind == "counter"
    labels = ("instance", *chart.by) if seconds else chart.by
    return replace(
        _panel(instrument, chart, "Share of one core." if seconds else f"Events per second{_each(labels)}."),
        unit="percentunit" if seconds else "ops" if part else "cps",
        queries=(
            Query(
                f"sum{_by(*labels)} (rate({selector(instrument, part)}[{_RANGE}]))", _legend(labels, "all instances")
            ),
        ),
    )


def _bad_share(instrument: Instrument, chart: Chart) -> Panel:
    labels = tuple(label for label in chart.by if label != LabelName.OUTCOME)
    bad = selector(instrument, "count", matchers=(f'{LabelName.OUTCOME}=~"{_BAD}"',))
    counted = selector(instrument, "count", matchers=(f'{LabelName.OUTCOME}!~"{_EXCLUDED}"',))
    rates = (f"sum{_by(*labels)} (rate({series}[{_RANGE}]))" for series in (bad, counted))
    return replace(
        _panel(
            instrument, chart, f"Share of bad outcomes{_each(labels)}; what the caller caused or withdrew is left out."
        ),
        key=f"metric:{instrument.name}:bad",
        title=f"{chart.title}: bad outcomes",
        unit="percentunit",
        thresholds=_SHARE,
        queries=(Query(" / ".join(rates), _legend(labels, "bad")),),
    )


def _duration(instrument: Instrument, chart: Chart) -> Panel:
    labels = tuple(label for label in chart.by if label not in (LabelName.OUTCOME, LabelName.STATUS_CODE))
    panel = _quantiles(instrument, replace(chart, by=labels))
    return replace(panel, key=f"{panel.key}:duration", title=f"{chart.title}: duration")


def _few(instrument: Instrument, labels: tuple[str, ...]) -> bool:
    lines = 1
    for name in labels:
        label = instrument.label(name)
        lines *= len(label.values) or _MOST_LINES + 1 if label else 1
    return lines <= _MOST_LINES


def _quantiles(instrument: Instrument, chart: Chart) -> Panel:
    wanted = _QUANTILES if _few(instrument, chart.by) else _QUANTILES[1:2]
    buckets = f"sum{_by('le', *chart.by)} (rate({selector(instrument, 'bucket')}[{_RANGE}]))"
    names = ", ".join(name for _, name in wanted)
    return replace(
        _panel(instrument, chart, f"Estimated from buckets: {names}{_each(chart.by)}."),
        unit=_GAUGE_UNITS.get(instrument.unit, "short"),
        queries=tuple(
            Query(f"histogram_quantile({quantile}, {buckets})", f"{_legend(chart.by, '')} {name}".strip())
            for quantile, name in wanted
        ),
    )


def _heatmap(instrument: Instrument, chart: Chart) -> Panel:
    buckets = f"sum by (le) (increase({selector(instrument, 'bucket')}[{_RANGE}]))"
    return replace(
        _panel(instrument, chart, "Observations per bucket."),
        kind="heatmap",
        unit=_GAUGE_UNITS.get(instrument.unit, "short"),
        queries=(Query(buckets, "{{le}}", heatmap=True),),
    )


def _value(instrument: Instrument, chart: Chart) -> Panel:
    # A ratio, a time or a process's own figure summed over replicas means nothing.
    alone = bool(instrument.unit) or instrument.name.startswith("process_")
    labels = ("instance", *chart.by) if alone else chart.by
    return replace(
        _panel(instrument, chart, "One line for each replica." if alone else f"Sum over all replicas{_each(labels)}."),
        unit="none" if instrument.name in _MULTIPLES else _GAUGE_UNITS.get(instrument.unit, "short"),
        queries=(
            Query(f"{'max' if alone else 'sum'}{_by(*labels)} ({selector(instrument)})", _legend(labels, chart.title)),
        ),
    )


def _states(instrument: Instrument, chart: Chart) -> Panel:
    labels = ("instance", *chart.by)
    return replace(
        _panel(instrument, chart, "One band for each replica."),
        kind="state-timeline",
        queries=(Query(f"max{_by(*labels)} ({selector(instrument)})", _legend((*chart.by, "instance"), chart.title)),),
        thresholds=(Threshold(None, "green"),),
        states=tuple((state, _STATE_COLORS[min(at, len(_STATE_COLORS) - 1)]) for at, state in enumerate(chart.states)),
    )


_MAKERS = {"rate": _rate, "quantiles": _quantiles, "heatmap": _heatmap, "value": _value, "states": _states}
