"""Twelve outages in the shapes of published post-mortems: cause, course and length as their authors tell them.

Begin and order are ours. Where a source gives no error rate, ``rates`` holds our guess and the note says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["INCIDENTS", "Outage"]

BUSY, QUIET = "busy", "quiet"
BOTH = (BUSY, QUIET)


@dataclass(frozen=True)
class Outage:
    """One outage.

    Attributes:
        name: whose it was, and when.
        cause: in our words.
        source: where it was published.
        day: day of the thirty on which it begins.
        clock: hours after midnight at which it begins.
        course: stretches as minutes and share of failing requests.
        services: which services it hits.
        replica: whether a single replica fails at that rate instead of all.
    """

    name: str
    cause: str
    source: str
    day: int
    clock: float
    course: tuple[tuple[int, float], ...]
    services: tuple[str, ...] = (BUSY,)
    replica: bool = False

    @property
    def begin(self) -> int:
        """First minute."""
        return self.day * 1440 + round(self.clock * 60)

    @property
    def end(self) -> int:
        """First minute after it."""
        return self.begin + sum(minutes for minutes, _ in self.course)


INCIDENTS: Final = (
    Outage(
        "Stripo, 29 July 2024",
        "a surge of load made the servers restart; the API was gone for 8 minutes",
        "https://status.stripo.email/incidents/frz7kpndt461",
        3, 7.85, ((8, 1.0),),
    ),
    Outage(
        "Cloudflare, 2 July 2019",
        "a firewall rule with a backtracking expression took all CPU; 27 minutes, 82 % of traffic lost at worst",
        "https://blog.cloudflare.com/details-of-the-cloudflare-outage-on-july-2-2019/",
        5, 13.7, ((27, 0.82),), BOTH,
    ),
    Outage(
        "Google Cloud Storage, 12 March 2019",
        "overload of the metadata of a blob store; 4 h 10 min with 4.8 % of requests failing",
        "https://groups.google.com/g/google-appengine-downtime-notify/c/CA11l8mJFOo",
        7, 18.66, ((250, 0.048),),
    ),
    Outage(
        "Stack Exchange, 20 July 2016",
        "a post made a trimming expression quadratic, and the health check with it; down for 34 minutes",
        "https://stackstatus.net/post/147710624694/outage-postmortem-july-20-2016",
        9, 14.73, ((34, 1.0),), BOTH,
    ),
    Outage(
        "Flow, 29 January 2018",
        "half of the database was configured away; slow from 06:45, down twice for 6 minutes, well at 07:30 (rates of "
        "the slow stretches guessed)",
        "http://status.getflow.com/incidents/0l2srdqmt6tq",
        11, 6.75, ((17, 0.05), (6, 1.0), (3, 0.2), (6, 1.0), (13, 0.05)),
    ),
    Outage(
        "Fastly, 8 June 2021",
        "a valid configuration met a dormant defect; 85 % of the network gave errors, 95 % was well after 49 minutes",
        "https://www.fastly.com/blog/summary-of-june-8-outage",
        13, 9.78, ((49, 0.85), (24, 0.05)), BOTH,
    ),
    Outage(
        "WellSaid Labs, 2 March 2024",
        "one gateway pod started without a part and went on serving; shortened from 24 to 6 hours, its rate guessed",
        "https://status.wellsaidlabs.com/incidents/x9yjd7tq5q45",
        16, 10.0, ((360, 0.35),), replica=True,
    ),
    Outage(
        "Stripe, 10 July 2019",
        "a rolled-back database met a newer configuration and starved; most requests failed for 93 minutes (rate "
        "guessed)",
        "https://stripe.com/rcas/2019-07-10",
        18, 21.23, ((93, 0.7),), BOTH,
    ),
    Outage(
        "Slack, 4 January 2021",
        "saturated network gateways starved the web tier; 1 % errors for an hour, then gone, well after 10:40 (later "
        "rates guessed)",
        "https://slack.engineering/slacks-outage-on-january-4th-2021/",
        20, 6.0, ((60, 0.01), (73, 0.9), (62, 0.2), (85, 0.02)),
    ),
    Outage(
        "Small Improvements, 23 October 2014",
        "a daily spending limit was reached; two hours, in the first of them available now and then (rate guessed)",
        "https://startup.small-improvements.com/postmortem-2-hours-of-downtime-on-october-23rd-2014/",
        23, 11.75, ((60, 0.5), (60, 1.0)), (QUIET,),
    ),
    Outage(
        "Google load balancers, 17 July 2018",
        "a new feature made the front ends restart; 32 minutes of 502s (rate guessed)",
        "https://status.cloud.google.com/incident/cloud-networking/18012",
        25, 12.28, ((32, 0.33),),
    ),
    Outage(
        "Gridly, 29 August 2021",
        "an internal endpoint changed its addresses, proxies kept the old ones; 13 minutes of timeouts (rate guessed)",
        "https://status.gridly.com/incidents/z1ltyd2vfjlr",
        27, 5.22, ((13, 0.5),),
    ),
)  # fmt: skip
