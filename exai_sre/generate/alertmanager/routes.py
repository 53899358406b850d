"""Routes: one for the heartbeat, one for each owner's SLOs, one for the symptoms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exai_sre.generate.alertmanager.addressing import Address, AddressBook
from exai_sre.generate.alertmanager.mutes import Mute
from exai_sre.generate.alertmanager.part import matcher, one_of, own_name
from exai_sre.generate.alertmanager.receivers import receiver_name
from exai_sre.generate.alertmanager.timing import Timing
from exai_sre.generate.series import SlothLabel
from exai_sre.generate.symptom_alerts import WATCHDOG
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["Routes"]

Route = dict[str, Any]


class Routes:
    """Makes routes, and remembers whom they lead to.

    Args:
        book: who is told.
        timing: waiting times.

    Attributes:
        used: every address that a route leads to, by its receiver's name.
    """

    def __init__(self, book: AddressBook, timing: Timing) -> None:
        self.used: dict[str, Address] = {}
        self._book = book
        self._timing = timing

    def heartbeat(self) -> Route:
        """The route of the alert that always fires."""
        return {
            **self._to(self._book.of_all("watchdog")),
            "matchers": [matcher("alertname", "=", WATCHDOG)],
            "group_wait": "0s",
            "group_interval": _seconds(self._timing.heartbeat),
            "repeat_interval": _seconds(self._timing.heartbeat),
        }

    def of_slos(self, slos: Sequence[Slo]) -> Iterator[Route]:
        """One route for each owner and set of addresses, tickets outside and pages inside.

        Alerts are told apart by the id of the SLO alone, so that a route matches ours and nothing
        else; all that one SLO says at a time is one notification.
        """
        for pages, tickets, ids in self._by_address(slos):
            yield {
                **self._to(tickets),
                "matchers": [one_of(SlothLabel.ID, ids)],
                "group_by": [SlothLabel.ID],
                **self._ticket_times(),
                "routes": [self._pages(pages, self._timing.page_wait, SlothLabel.SEVERITY)],
            }

    def of_symptoms(self, names: Sequence[str]) -> Route:
        """The route of the symptom alerts of these names."""
        return {
            **self._to(self._book.of_all("ticket")),
            "matchers": [one_of("alertname", list(names))],
            "group_by": ["alertname"],
            **self._ticket_times(),
            "routes": [self._pages(self._book.of_all("page"), self._timing.symptom_wait)],
        }

    def fallback(self) -> Route:
        """The root of a whole configuration: what is not ours goes by its ``severity``."""
        return {
            **self._to(self._book.of_all("ticket"), muted=False),
            "group_by": ["alertname", SlothLabel.ID],
            **self._ticket_times(),
        }

    def pages_of_others(self) -> Route:
        """The last route of a whole configuration: pages that are not ours."""
        return self._pages(self._book.of_all("page"), self._timing.symptom_wait)

    def _by_address(self, slos: Sequence[Slo]) -> list[tuple[Address, Address, list[str]]]:
        found: dict[tuple[str, ...], tuple[Address, Address, list[str]]] = {}
        for slo in sorted(slos, key=lambda slo: (slo.owner, slo.id)):
            pages, tickets = self._book.of_slo(slo, "page"), self._book.of_slo(slo, "ticket")
            key = (slo.owner, *_names(pages), "", *_names(tickets))
            found.setdefault(key, (pages, tickets, []))[2].append(slo.id)
        return list(found.values())

    def _to(self, address: Address, *, muted: bool = True) -> Route:
        name = receiver_name(address.receivers)
        kept = self.used.setdefault(name, address)
        self.used[name] = Address(kept.receivers, _union(kept.mutes, address.mutes if muted else ()))
        if not muted or not address.mutes:
            return {"receiver": name}
        return {"receiver": name, "mute_time_intervals": [own_name(mute.name) for mute in address.mutes]}

    def _pages(self, address: Address, wait: int, label: str = "severity") -> Route:
        # A definition may give its alerts a severity of its own; Sloth's label stays what it is.
        return {
            **self._to(address),
            "matchers": [matcher(label, "=", "page")],
            "group_wait": _seconds(wait),
            "group_interval": _seconds(self._timing.page_interval),
            "repeat_interval": _seconds(self._timing.page_repeat),
        }

    def _ticket_times(self) -> Route:
        return {
            "group_wait": _seconds(self._timing.ticket_wait),
            "group_interval": _seconds(self._timing.ticket_interval),
            "repeat_interval": _seconds(self._timing.ticket_repeat),
        }


def _names(address: Address) -> tuple[str, ...]:
    return receiver_name(address.receivers), *(mute.name for mute in address.mutes)


def _union(mutes: tuple[Mute, ...], more: tuple[Mute, ...]) -> tuple[Mute, ...]:
    return (*mutes, *(mute for mute in more if mute not in mutes))


def _seconds(count: int) -> str:
    return format_duration(count) if count else "0s"
