"""Ranges of rates are long enough to survive a lost scrape, and rates are taken of counters only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exai_sre.generate.checks.subject import Subject
from exai_sre.generate.finding import Finding
from exai_sre.slo.windows import format_duration

__all__ = ["SCRAPES", "check_counters", "check_ranges"]

SCRAPES: Final = 4
"""Scrapes that the range of a rate holds at least."""

_RATES: Final = ("increase", "irate", "rate")


def check_ranges(subject: Subject) -> Iterator[Finding]:
    """``rate-range``: a rate over fewer than four scrapes is empty after a single lost one."""
    least = SCRAPES * subject.scrape_interval
    for rule in subject.rules:
        for selector in rule.query.selectors:
            if selector.function in _RATES and 0 < selector.range < least:
                shown = f"{selector.function}({selector.series}[{format_duration(int(selector.range))}])"
                text = f"{rule.name}: {shown} holds fewer than {SCRAPES} scrapes; take {format_duration(least)} or more"
                yield Finding(rule.file, rule.expr_line, "rate-range", text)


def check_counters(subject: Subject) -> Iterator[Finding]:
    """``rate-of-gauge``: a rate of something that may fall."""
    for rule in subject.rules:
        for selector in rule.query.selectors:
            instrument = subject.catalog.by_series(selector.series) if subject.catalog else None
            if selector.function in _RATES and instrument is not None and instrument.kind == "gauge":
                text = f"{rule.name}: {selector.function} of the gauge {selector.series}; use deriv or delta"
                yield Finding(rule.file, rule.expr_line, "rate-of-gauge", text)
