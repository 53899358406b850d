"""Thirty days of scrapes of one service: daily rhythm, deploys, crashes, gaps, outages; seeded.

Each replica exports two counters, good and bad requests, present from its start at 0. Prometheus
scrapes it once a minute at a second of its own. A deploy replaces replica after replica by new
ones with new series; a crash starts a replica's counters anew under the old name.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, nan, pi
from random import Random

from exai_sre.backtest.noise import poisson

from .incidents import Outage

__all__ = ["MINUTES", "Days", "Series", "Service", "make_days"]

MINUTES = 30 * 1440
"""Length of the history in minutes."""

DEPLOY_HOUR, NIGHT = 15, (1, 5)
BLIP, CRASH_SHARE = 0.02, 0.5
"""Share of a replica's requests that fail in the minute in which it is replaced, and in which it crashes."""


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes:
        name: its name.
        replicas: how many run at a time.
        per_minute: mean requests a minute, of all replicas.
        swing: how far traffic rises above its mean at 14:00, as a share of it.
        error_rate: share of requests that fail on a good day.
        idle_nights: whether nobody calls between 1 and 5 o'clock.
        crashes: restarts in place over the thirty days.
        gaps: stretches without any scrape over the thirty days.
        lost: single scrapes of single replicas that are lost.
    """

    name: str
    replicas: int
    per_minute: float
    swing: float
    error_rate: float
    idle_nights: bool = False
    crashes: int = 12
    gaps: int = 6
    lost: int = 60


@dataclass
class Series:
    """Samples of one counter; NaN where a scrape is missing.

    Attributes:
        bad: whether it counts failed requests.
        instance: the replica.
        first: minute of the first entry.
        offset: second of the minute at which it is scraped.
        values: what was scraped, one entry a minute.
    """

    bad: bool
    instance: str
    first: int
    offset: int
    values: array[float] = field(default_factory=lambda: array("d"))


@dataclass
class Days:
    """What Prometheus saw, and what happened.

    Attributes:
        service: the service.
        series: every series that ever existed.
        bad: failed requests of each minute, truly.
        total: requests of each minute, truly.
    """

    service: Service
    series: list[Series]
    bad: array[float]
    total: array[float]

    @property
    def error_ratio(self) -> float:
        """Share of requests that failed."""
        return sum(self.bad) / sum(self.total)


@dataclass
class _Replica:
    """A running replica: its two counters and where they stand."""

    good: Series
    bad: Series
    counts: list[float]

    def scrape(self, events: tuple[float, float], *, lost: bool) -> None:
        """Sample both counters within a minute in which these events happen."""
        share = self.good.offset / 60
        for at, series in enumerate((self.good, self.bad)):
            series.values.append(nan if lost else self.counts[at] + round(events[at] * share))
            self.counts[at] += events[at]


def make_days(service: Service, outages: Sequence[Outage], seed: int, minutes: int = MINUTES) -> Days:
    """The days of one service.

    Args:
        service: the service.
        outages: outages, of which those that hit it happen.
        seed: begin of the random numbers.
        minutes: length, at most thirty days.
    """
    random = Random(f"{seed}:{service.name}")
    rates, one_replica = _rates(service, outages)
    crashes = {(random.randrange(MINUTES), random.randrange(service.replicas)) for _ in range(service.crashes)}
    lost = {(random.randrange(MINUTES), random.randrange(service.replicas)) for _ in range(service.lost)}
    gaps = _gaps(random, service.gaps)
    days = Days(service, [], array("d"), array("d"))
    running = [_start(days, f"pod-0-{number}", 0, random) for number in range(service.replicas)]
    for minute in range(minutes):
        mean = _mean(service, minute) / service.replicas
        all_bad = all_events = 0.0
        for number in range(service.replicas):
            rate = one_replica[minute] if number == 0 and one_replica[minute] else rates[minute]
            if _deployed(minute, number):
                running[number] = _start(days, f"pod-{minute}-{number}", minute, random)
                rate = max(rate, BLIP)
            if (minute, number) in crashes:
                running[number].counts[:] = [0.0, 0.0]
                rate = max(rate, CRASH_SHARE)
            events = float(poisson(random, mean * (1 - rate))), float(poisson(random, mean * rate))
            running[number].scrape(events, lost=minute in gaps or (minute, number) in lost)
            all_bad += events[1]
            all_events += sum(events)
        days.bad.append(all_bad)
        days.total.append(all_events)
    return days


def _rates(service: Service, outages: Sequence[Outage]) -> tuple[list[float], list[float]]:
    """Share of failing requests by minute: of every replica, and of the first alone (0 for no difference)."""
    every, alone = [service.error_rate] * MINUTES, [0.0] * MINUTES
    for outage in outages:
        if service.name in outage.services:
            at = outage.begin
            for minutes, rate in outage.course:
                chosen = alone if outage.replica else every
                chosen[at : at + minutes] = [rate] * minutes
                at += minutes
    return every, alone


def _gaps(random: Random, count: int) -> set[int]:
    """Minutes without any scrape: Prometheus restarts."""
    begins = [random.randrange(MINUTES) for _ in range(count)]
    return {begin + minute for begin in begins for minute in range(random.randint(3, 12))}


def _mean(service: Service, minute: int) -> float:
    hour = minute % 1440 / 60
    if service.idle_nights and NIGHT[0] <= hour < NIGHT[1]:
        return 0.0
    return service.per_minute * (1 + service.swing * cos(2 * pi * (hour - 14) / 24))


def _deployed(minute: int, number: int) -> bool:
    """Whether this replica is replaced: on five days of seven at 15:00, one replica a minute."""
    day, of_day = divmod(minute, 1440)
    return day % 7 < 5 and of_day == DEPLOY_HOUR * 60 + number


def _start(days: Days, instance: str, minute: int, random: Random) -> _Replica:
    offset = random.randint(5, 55)
    pair = [Series(bad, instance, minute, offset) for bad in (False, True)]
    days.series += pair
    return _Replica(pair[0], pair[1], [0.0, 0.0])
