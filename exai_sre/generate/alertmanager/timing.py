"""How long Alertmanager waits before it sends, again, and about changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exai_sre.generate.options import RuleOptions

__all__ = ["TICKET_WAIT", "Timing", "timing_for"]

TICKET_WAIT: Final = 300
"""Seconds that a ticket waits for the page that would make it superfluous.

A slow tier crosses its low threshold before a fast one crosses its high one, and inhibition cannot
call back what was sent.
"""

_TIER_LAG: Final = 5
"""Seconds within which all tiers of an SLO that are over their thresholds have reached Alertmanager."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Waiting times in seconds.

    Attributes:
        page_wait: before the first page of an SLO is sent: the tiers of one evaluation arrive one after
            the other, and shall be one notification.
        symptom_wait: before a page on a symptom is sent.
        ticket_wait: before a ticket is sent.
        page_interval: before changes of a group of pages are sent.
        ticket_interval: before changes of a group of tickets are sent.
        page_repeat: until a page that nobody has resolved is sent again.
        ticket_repeat: until a ticket is sent again.
        heartbeat: between two heartbeats to the dead man's switch.
    """

    page_wait: int = _TIER_LAG
    symptom_wait: int = 0
    ticket_wait: int = TICKET_WAIT
    page_interval: int = 15
    ticket_interval: int = TICKET_WAIT
    page_repeat: int = 14_400
    ticket_repeat: int = 86_400
    heartbeat: int = 60


def timing_for(options: RuleOptions) -> Timing:
    """The waiting times that fit a scrape interval: changes are told each scrape."""
    return Timing(page_wait=min(_TIER_LAG, options.scrape_interval), page_interval=options.scrape_interval)
