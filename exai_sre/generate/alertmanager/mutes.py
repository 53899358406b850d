"""Mutes as data: times at which some are not told, in Alertmanager's words for time intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["Interval", "Mute", "check_interval"]

Interval = Mapping[str, Any]
"""One entry of ``time_intervals``: ``times``, ``weekdays``, ``days_of_month``, ``months``, ``years``, ``location``.

Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0
"""

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_PLACE: Final = re.compile(r"[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mute:
    """When somebody is not told.

    Attributes:
        name: name, unique.
        intervals: the times; any of them mutes.
        receives: what is muted: pages only where this says so.
        owners: owners of the SLOs that are muted; empty for everybody's.
    """

    name: str
    intervals: tuple[Interval, ...]
    receives: tuple[Literal["page", "ticket"], ...] = ("ticket",)
    owners: tuple[str, ...] = ()


def check_interval(field: str, text: str) -> str:
    """What is wrong with a range of one of the fields of an interval; empty if nothing is.

    Args:
        field: ``weekdays``, ``days_of_month``, ``months``, ``years``, ``location`` or ``clock``.
        text: a value such as ``monday:friday``, ``-3:-1``, ``2026`` or ``18:00``.
    """
    if field in ("clock", "location"):
        pattern, example = (_CLOCK, "18:00") if field == "clock" else (_PLACE, "Europe/Berlin")
        return "" if pattern.fullmatch(text) else f"{text!r} is not of the form {example}"
    ends = [_position(field, end) for end in text.lower().split(":")]
    if len(ends) > 2 or None in ends:
        return f"{text!r} is none of the {field.replace('_', ' ')}, and no range such as {_EXAMPLES[field]}"
    first, last = _number(ends[0]), _number(ends[-1])
    backward = first > last if (first > 0) == (last > 0) else first < 0
    return f"{text!r} ends before it begins; write two ranges" if backward else ""


_EXAMPLES: Final = {"weekdays": "monday:friday", "days_of_month": "1:5", "months": "june:august", "years": "2026:2027"}


def _number(position: int | None) -> int:
    return position or 0


def _position(field: str, end: str) -> int | None:
    """The place of one end of a range in its order, from 1 on; negative for days from a month's end."""
    if field == "weekdays":
        return _WEEKDAYS.index(end) + 1 if end in _WEEKDAYS else None
    if field == "months" and end in _MONTHS:
        return _MONTHS.index(end) + 1
    if not re.fullmatch(r"-?\d{1,4}", end, re.ASCII):
        return None
    low, high = {"days_of_month": (-31, 31), "months": (1, 12), "years": (1, 9999)}[field]
    return int(end) if low <= int(end) <= high and int(end) else None
