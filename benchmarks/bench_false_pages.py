"""False alerts of a service that keeps its promise: Sloth's rules beside ours, over months of scripted chance.

``python benchmarks/bench_false_pages.py [MONTHS]``: failures of a service that spends half its budget evenly,
at 6 to 600 requests an hour; how often each set of rules starts an alert in 30 days, and how soon a total
outage pages.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from random import Random

from exai_sre.slo.tiers import BurnTier, tiers_for
from exai_sre.slo.windows import DAY, HOUR

OBJECTIVE = Decimal("0.999")
MONTH = 30 * DAY // 60
"""Minutes."""
RATES = (6, 20, 60, 200, 600)
"""Requests per hour."""
LONGEST_RAW = 2 * HOUR
INCREASE = 5
"""Minutes of a recorded increase."""
OUTAGES = 50
"""Simulated total outages per rate."""


@dataclass(frozen=True)
class Traffic:
    """Requests and failures of each minute."""

    total: Sequence[int]
    bad: Sequence[int]


def traffic(random: Random, per_hour: float, failing: Callable[[int], float], minutes: int) -> Traffic:
    """Poisson traffic, of which a request in minute ``m`` fails with probability ``failing(m)``."""
    total, bad = [0] * minutes, [0] * minutes
    at = random.expovariate(per_hour / 60)
    while at < minutes:
        minute = int(at)
        total[minute] += 1
        bad[minute] += random.random() < failing(minute)
        at += random.expovariate(per_hour / 60)
    return Traffic(total, bad)


class Sums:
    """Sums over the last minutes: of events, and of recorded five-minute increases of them."""

    def __init__(self, events: Sequence[int]) -> None:
        self._events = [0, *accumulate(events)]
        self.increases = [self.last(at, INCREASE) for at in range(len(events))]
        self._recorded = [0, *accumulate(self.increases)]

    def last(self, at: int, minutes: int) -> int:
        """Events of the last minutes, the current one included."""
        return self._events[at + 1] - self._events[max(0, at + 1 - minutes)]

    def recorded(self, at: int, minutes: int) -> int:
        """Sum of the recordings in a range that holds both of its ends."""
        return self._recorded[at + 1] - self._recorded[max(0, at - minutes)]


def firing(seen: Traffic, tier: BurnTier, *, recorded: bool) -> list[bool]:
    """Whether the tier fires at the end of each minute: ours with ``recorded``, else as Sloth's raw rules."""
    bad, total = Sums(seen.bad), Sums(seen.total)
    threshold = float(tier.threshold(1 - OBJECTIVE))
    long, short = tier.long // 60, tier.short // 60

    def over(at: int, minutes: int) -> bool:
        read = Sums.recorded if recorded and minutes * 60 > LONGEST_RAW else Sums.last
        everything = read(total, at, minutes)
        return everything > 0 and read(bad, at, minutes) / everything > threshold

    def enough(at: int) -> bool:
        least = tier.min_failures - 0.5
        burst = max(bad.increases[max(0, at - INCREASE) : at + 1])
        return burst > least or bad.recorded(at, long) / INCREASE > least

    return [
        # A short window without failures, as most are, cannot fire: nothing else needs a look.
        bad.recorded(at, short) > 0 and over(at, short) and over(at, long) and (tier.min_failures == 0 or enough(at))
        for at in range(len(seen.bad))
    ]


def starts(state: Sequence[bool]) -> int:
    """How often an alert starts."""
    return sum(now and not before for before, now in zip([False, *state], state, strict=False))


OURS = tiers_for(30 * DAY)
SLOTHS = tiers_for(30 * DAY, fastest=0, rest=0)


def false_alerts(random: Random, per_hour: float, months: int) -> dict[str, tuple[float, float]]:
    """By tier, alerts that start in 30 days at half the budget: Sloth's, ours."""
    half = float(1 - OBJECTIVE) / 2
    counts = {tier.name: [0, 0] for tier in OURS}
    for _ in range(months):
        seen = traffic(random, per_hour, lambda _: half, MONTH)
        for sloths, ours in zip(SLOTHS, OURS, strict=True):
            counts[ours.name][0] += starts(firing(seen, sloths, recorded=False))
            counts[ours.name][1] += starts(firing(seen, ours, recorded=True))
    return {name: (theirs / months, own / months) for name, (theirs, own) in counts.items()}


def outage_failures(random: Random, per_hour: float) -> tuple[int, int] | None:
    """Failed requests until a total outage after two clean days pages, and minutes since the third; or ``None``."""
    begin, minutes = 2 * DAY // 60, 3 * DAY // 60
    seen = traffic(random, per_hour, lambda minute: float(minute >= begin), minutes)
    pages = [firing(seen, tier, recorded=True) for tier in OURS if tier.severity == "page"]
    first = next((at for at in range(minutes) if any(page[at] for page in pages)), None)
    if first is None:
        return None
    failures = list(accumulate(seen.bad))
    third = next(at for at in range(minutes) if failures[at] >= 3)
    return failures[first], first - third


def main() -> None:
    """Print both tables."""
    months = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    print(f"False alerts per 30 days at half the budget of {OBJECTIVE}: Sloth's rules / ours ({months} months each)")
    print(f"{'requests/h':>10}  " + "  ".join(f"{tier.name:>15}" for tier in OURS) + f"  {'pages':>15}")
    for rate in RATES:
        found = false_alerts(Random(rate), rate, months)
        pages = [found[tier.name] for tier in OURS if tier.severity == "page"]
        cells = [*found.values(), (sum(theirs for theirs, _ in pages), sum(own for _, own in pages))]
        print(f"{rate:>10}  " + "  ".join(f"{f'{theirs:.2f} / {own:.2f}':>15}" for theirs, own in cells))
    print(f"\nTotal outage after two clean days, {OUTAGES} times: failures until the page, minutes after the third")
    for rate in RATES:
        seen = [outage_failures(Random(seed * 1000 + rate), rate) for seed in range(OUTAGES)]
        paged = sorted(each for each in seen if each)
        lags = sorted(lag for _, lag in paged)
        middle = len(paged) // 2
        print(
            f"{rate:>10}  paged {len(paged)} of {OUTAGES}; failures: median {paged[middle][0]}, most {paged[-1][0]}; "
            f"minutes: median {lags[middle]}, most {lags[-1]}"
        )


if __name__ == "__main__":
    main()
