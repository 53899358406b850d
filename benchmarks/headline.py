"""The headline: the same thirty noisy days under Sloth's rules, naive rules and ours, as one table.

Two services with an objective of 99.9 %: a busy one (3,000 requests a minute) and a quiet one (a
request every two minutes, none at night). Noise: daily rhythm, deploys, crashes with counter
resets, lost scrapes, twelve outages in the shapes of published post-mortems, one of them a single
bad replica. A page is false if no outage is on; an outage is missed if none of its minutes (or of
the ten after it) pages.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan
from statistics import median

from noisy_days.days import Days, Service, make_days
from noisy_days.incidents import INCIDENTS, Outage
from noisy_days.rules import RULES, Outcome, Raw, samples_per_evaluation

SEED, BUDGET = 20260101, 0.001
SERVICES = (
    Service("busy", replicas=5, per_minute=3000, swing=0.6, error_rate=0.0003),
    Service("quiet", replicas=2, per_minute=0.5, swing=0.3, error_rate=0.0005, idle_nights=True),
)
GRACE, REPEAT = 10, 30
"""Minutes after an outage in which a page is still its; minutes within which a page is the same page."""
SERIES = (20, 10)
"""All series, and those of failures, for which samples are counted: ten replicas with two each."""


@dataclass
class Tally:
    """What one set of rules did over both services.

    Attributes:
        false: pages that began while no outage was on.
        missed: names of outages, with the service, that never paged.
        delays: minutes from the begin of each outage to its page, by service.
        errors: how far the reported share of failures of thirty days lies from the true one, by service.
    """

    false: int = 0
    missed: list[str] = field(default_factory=list)
    delays: dict[str, list[int]] = field(default_factory=dict)
    errors: list[float] = field(default_factory=list)


def judge(tally: Tally, outcome: Outcome, days: Days, outages: Sequence[Outage]) -> None:
    """Add one service to a tally."""
    known = [outage for outage in outages if days.service.name in outage.services]
    episodes = episodes_of(outcome.pages)
    tally.false += sum(not any(one.begin <= begin <= one.end + GRACE for one in known) for begin, _ in episodes)
    delays = tally.delays.setdefault(days.service.name, [])
    for one in known:
        begins = [max(begin, one.begin) for begin, end in episodes if end >= one.begin and begin <= one.end + GRACE]
        if begins:
            delays.append(min(begins) + 1 - one.begin)
        else:
            tally.missed.append(f"{one.name} ({days.service.name})")
    tally.errors.append(outcome.ratio / days.error_ratio - 1)


def episodes_of(minutes: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of paging as first and last minute."""
    episodes: list[tuple[int, int]] = []
    for minute in minutes:
        if episodes and minute - episodes[-1][1] <= REPEAT:
            episodes[-1] = (episodes[-1][0], minute)
        else:
            episodes.append((minute, minute))
    return episodes


def run(seed: int = SEED) -> dict[str, Tally]:
    """Both services under each set of rules."""
    tallies = {name: Tally() for name in RULES}
    for service in SERVICES:
        print(f"simulating the {service.name} service ...", file=sys.stderr)
        days = make_days(service, INCIDENTS, seed)
        raw = Raw(days)
        for name, rules in RULES.items():
            judge(tallies[name], rules(raw, BUDGET), days, INCIDENTS)
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """The tallies as a Markdown table."""
    known = sum(len(outage.services) for outage in INCIDENTS)
    columns = {
        "Sloth": "Sloth's rules",
        "naive": "one window: over 5 % of 5 minutes",
        "exai-sre": "**exai-sre**",
    }
    rows = [
        ("30 noisy days, a busy and a quiet service", list(columns.values())),
        ("---", ["---:"] * len(columns)),
        ("False pages", [str(tallies[name].false) for name in columns]),
        (f"Outages missed, of {known}", [str(len(tallies[name].missed)) for name in columns]),
        ("Minutes to page, busy: median, worst", [delay_text(tallies[name].delays["busy"]) for name in columns]),
        ("Minutes to page, quiet: median, worst", [delay_text(tallies[name].delays["quiet"]) for name in columns]),
        ("Error of the 30-day budget, busy", [error_text(tallies[name].errors[0]) for name in columns]),
        ("Error of the 30-day budget, quiet", [error_text(tallies[name].errors[1]) for name in columns]),
        ("Samples read per evaluation, 30 series", [f"{samples_per_evaluation(n, *SERIES):,}" for n in columns]),
    ]
    return "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)


def delay_text(delays: Sequence[int]) -> str:
    """Median and worst of minutes."""
    return f"{median(delays):g}, {max(delays)}" if delays else "none paged"


def error_text(error: float) -> str:
    """A relative error in percent; a budget without a value says so."""
    return "no value (NaN)" if isnan(error) else f"{error * 100:+.2f} %"


def main() -> None:
    """Print the table, then what was missed; a number as argument is another seed."""
    tallies = run(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
    print(table(tallies))
    for name, tally in tallies.items():
        for missed in tally.missed:
            print(f"missed by {name}: {missed}", file=sys.stderr)


if __name__ == "__main__":
    main()
