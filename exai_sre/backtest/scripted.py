"""Histories from a script: base traffic, its daily shape, and incidents with begin, length and error rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from random import Random
from typing import Final

from exai_sre.backtest.history import STEP, History, from_events
from exai_sre.backtest.incidents import Incident
from exai_sre.backtest.noise import poisson
from exai_sre.slo.windows import DAY

__all__ = ["START", "Script", "ScriptedIncident", "Traffic", "scripted_history"]

START: Final = 1_767_225_600.0
"""Begin of a script that names none: 2026-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many events a minute has.

    Attributes:
        per_minute: mean events a minute over a day.
        swing: how far the peak rises above the mean, and the night falls below it, as a share of it (0..1).
        peak: seconds after midnight UTC at which traffic is highest.
    """

    per_minute: float = 600.0
    swing: float = 0.0
    peak: int = DAY // 2

    def at(self, moment: float) -> float:
        """Mean events of the minute that begins at ``moment``, seconds since the Unix epoch."""
        return self.per_minute * (1 + self.swing * cos(2 * pi * (moment - self.peak) / DAY))


@dataclass(frozen=True, slots=True)
class ScriptedIncident:
    """A stretch in which more events fail.

    Attributes:
        name: what people call it.
        start: begin, seconds since the Unix epoch.
        duration: seconds.
        error_rate: share of failing events (0..1) while it lasts.
        traffic: factor on the traffic while it lasts.
        page: whether it should page; otherwise a page in it is a false one.
        slo: id of the only SLO that it concerns; empty for every SLO.
    """

    name: str
    start: float
    duration: float
    error_rate: float
    traffic: float = 1.0
    page: bool = True
    slo: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A history that is made up.

    Attributes:
        traffic: how many events a minute has.
        incidents: what goes wrong, ordered by start.
        error_rate: share of failing events (0..1) outside incidents.
        start: begin, seconds since the Unix epoch.
        days: length in days.
        seed: begin of the random numbers.
    """

    traffic: Traffic = Traffic()
    incidents: tuple[ScriptedIncident, ...] = ()
    error_rate: float = 0.0
    start: float = START
    days: float = 30.0
    seed: int = 1

    @property
    def known(self) -> list[Incident]:
        """The incidents that should page."""
        return [Incident(one.name, one.start, one.start + one.duration, one.slo) for one in self.incidents if one.page]


def scripted_history(script: Script, slo: str, random: Random | None = None) -> History:
    """The history of one SLO that a script tells of.

    Args:
        script: what happens.
        slo: id of the SLO; incidents that concern another are left out.
        random: source of noise; without it each minute has its expected counts.
    """
    first = int(script.start // STEP)
    span = round(script.days * DAY / STEP)
    rates = [script.error_rate] * span
    means = [script.traffic.at((first + at) * STEP) for at in range(span)]
    for one in script.incidents:
        if one.slo in ("", slo):
            begin = round((one.start - script.start) / STEP)
            for at in range(max(begin, 0), min(begin + max(round(one.duration / STEP), 1), span)):
                rates[at], means[at] = one.error_rate, means[at] * one.traffic
    bad = [mean * rate for mean, rate in zip(means, rates, strict=True)]
    total = means
    if random is not None:
        good = [poisson(random, mean - part) for mean, part in zip(means, bad, strict=True)]
        bad = [float(poisson(random, mean)) for mean in bad]
        total = [part + rest for part, rest in zip(bad, good, strict=True)]
    return from_events(slo, (first + 1) * STEP, bad, total)
