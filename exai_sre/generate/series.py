"""Names and labels of recorded series: Sloth's contract, and ours beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from exai_sre.metrics.spelling import quoted
from exai_sre.slo.model import Slo
from exai_sre.slo.sloth_spec import INFO_LABEL
from exai_sre.slo.windows import DAY, WEEK, format_duration, parse_duration

__all__ = [
    "Series",
    "SlothLabel",
    "errors_name",
    "identity",
    "identity_labels",
    "info_labels",
    "is_group_label",
    "of_component",
    "own_labels",
    "ratio_name",
    "selector_body",
    "window_text",
]


_LABEL_NAME = re.compile(r"(?!sloth_|__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TAKEN = frozenset({"burnrate_tier", "calendar_window", "part", "pooled", "sli_component"})
_OURS = "slo:sli_"
_YEAR = 365 * DAY


class Series:
    """Names of recorded series."""

    RATIO: Final = "slo:sli_error:ratio_rate"
    """Error ratio; the window follows, as in ``slo:sli_error:ratio_rate5m``."""
    ERRORS: Final = "slo:sli_error:increase5m"
    """Bad events of five minutes (ours)."""
    TOTAL: Final = "slo:sli_total:increase5m"
    """All events of five minutes (ours)."""
    ERRORS_TILE: Final = "slo:sli_error:tile30m"
    """Bad events of one half-hour, recorded once when it is over (ours)."""
    TOTAL_TILE: Final = "slo:sli_total:tile30m"
    """All events of one half-hour, recorded once when it is over (ours)."""
    PART_FIRST: Final = "slo:sli_part:first"
    """First values of newly born series of good or bad events, whichever the indicator names (ours)."""
    TOTAL_FIRST: Final = "slo:sli_total:first"
    """First values of newly born series of all events (ours)."""
    ERRORS_NOW: Final = "slo:sli_error:evaluation"
    """Values that are bad at this evaluation (ours)."""
    TOTAL_NOW: Final = "slo:sli_total:evaluation"
    """Values that there are at this evaluation (ours)."""
    ERRORS_SLICE: Final = "slo:sli_error:slice"
    """How bad the slice is that has just ended, 0 to 1; recorded once per slice (ours)."""
    TOTAL_SLICE: Final = "slo:sli_total:slice"
    """1 for each slice that had data; recorded once per slice (ours)."""
    WEIGHT: Final = "slo:sli_component:weight"
    """Weight of each component of a composite (ours)."""
    GROUP: Final = "slo:sli_group:member"
    """1 for each group that has series of its own (ours)."""
    CALENDAR: Final = "slo:calendar_window:index"
    """Number of the calendar window that runs now (ours)."""
    OBJECTIVE: Final = "slo:objective:ratio"
    BUDGET: Final = "slo:error_budget:ratio"
    PERIOD: Final = "slo:time_period:days"
    CURRENT_BURN: Final = "slo:current_burn_rate:ratio"
    PERIOD_BURN: Final = "slo:period_burn_rate:ratio"
    REMAINING: Final = "slo:period_error_budget_remaining:ratio"
    INFO: Final = "sloth_slo_info"


class SlothLabel:
    """Names of the labels on recorded series and burn alerts."""

    ID: Final = "sloth_id"
    SERVICE: Final = "sloth_service"
    SLO: Final = "sloth_slo"
    WINDOW: Final = "sloth_window"
    SEVERITY: Final = "sloth_severity"
    MODE: Final = "sloth_mode"
    OBJECTIVE: Final = "sloth_objective"
    SPEC: Final = "sloth_spec"
    VERSION: Final = "sloth_version"
    TIER: Final = "burnrate_tier"
    """Ours: which burn tier an alert implements."""
    COMPONENT: Final = "sli_component"
    """Ours: which part of a composite a series is about."""
    CALENDAR: Final = "calendar_window"
    """Ours: number of the calendar window in which events happened."""


def identity_labels(slo: Slo) -> dict[str, str]:
    """The labels that tell an SLO's series from all others."""
    return {SlothLabel.ID: slo.id, SlothLabel.SERVICE: slo.service, SlothLabel.SLO: slo.name}


def own_labels(slo: Slo) -> dict[str, str]:
    """Labels of the definition that can stand on a series, such as ``team``.

    Sloth's own cannot be overridden, nor can those by which the SLO is grouped: their values come from the data.
    """
    return {
        name: value
        for name, value in sorted(slo.labels.items())
        if _LABEL_NAME.fullmatch(name) and name not in slo.group_by
    }


def info_labels(slo: Slo) -> dict[str, str]:
    """Labels that a definition of Sloth's wants on ``sloth_slo_info`` alone; Sloth's own cannot be overridden."""
    kept = {
        name.removeprefix(INFO_LABEL): text for name, text in slo.annotations.items() if name.startswith(INFO_LABEL)
    }
    return {name: text for name, text in sorted(kept.items()) if _LABEL_NAME.fullmatch(name)}


def identity(slo: Slo) -> str:
    """The same as a PromQL selector body, braces included; it selects all groups of the SLO."""
    return selector_body(identity_labels(slo))


def selector_body(labels: Mapping[str, str]) -> str:
    """Labels as a PromQL selector body, braces included."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels.items()) + "}"


def is_group_label(name: str) -> bool:
    """Whether an SLO can be grouped by a label: it is a plain name, and none that our rules use themselves."""
    return _LABEL_NAME.fullmatch(name) is not None and name not in _TAKEN


def window_text(seconds: int) -> str:
    """A window as Prometheus and Sloth name it: 2592000 is ``30d``, 2419200 is ``4w``.

    Raises:
        ValueError: ``seconds`` is not above zero.
    """
    if seconds > 0 and seconds % _YEAR == 0:
        return f"{seconds // _YEAR}y"
    if seconds > 0 and seconds % WEEK == 0:
        return f"{seconds // WEEK}w"
    return format_duration(seconds)


def ratio_name(window: str | int) -> str:
    """Name of the recorded error ratio over a window: ``5m`` or 300, ``28d`` or ``4w`` or 2419200."""
    seconds = window if isinstance(window, int) else parse_duration(window)
    return f"{Series.RATIO}{window_text(seconds)}"


def errors_name(window: int) -> str:
    """Name of the recorded number of bad events over a window in seconds, as in ``slo:sli_error:increase6h``."""
    return f"slo:sli_error:increase{window_text(window)}"


def of_component(name: str) -> str:
    """Name of the series of one part of a composite: ``slo:sli_total:...`` gives ``slo:sli_component_total:...``."""
    return f"{_OURS}component_{name.removeprefix(_OURS)}"
