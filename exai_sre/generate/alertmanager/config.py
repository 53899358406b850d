"""The whole configuration, and our part of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exai_sre.generate.alertmanager.addressing import Address, AddressBook
from exai_sre.generate.alertmanager.inhibition import inhibit_rules
from exai_sre.generate.alertmanager.part import OurPart, own_name
from exai_sre.generate.alertmanager.receivers import Notifications, receiver_entry
from exai_sre.generate.alertmanager.routes import Routes
from exai_sre.generate.alertmanager.timing import Timing, timing_for
from exai_sre.generate.document import yaml_document
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.symptoms import symptom_alerts
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo

__all__ = ["alertmanager_config", "our_part"]


def alertmanager_config(
    slos: Sequence[Slo],
    *,
    options: RuleOptions | None = None,
    notifications: Notifications | None = None,
    timing: Timing | None = None,
    catalog: Catalog | None = None,
) -> str:
    """A whole configuration as YAML text.

    What is not ours goes by its ``severity`` label: ``page`` at once, the rest as a ticket.

    Args:
        slos: the objectives, whose tiers inhibit each other.
        options: default addresses; the defaults of :class:`RuleOptions` otherwise.
        notifications: receivers and mutes; without any, all goes to the default addresses.
        timing: waiting times; those that fit the scrape interval otherwise.
        catalog: the service's catalog, which says what symptoms there are.

    Raises:
        SpecError: an SLO names a target that no receiver stands for.
    """
    routes = _routes(options, notifications, timing)
    ours = _made(routes, slos, options or RuleOptions(), catalog)
    root = {**routes.fallback(), "routes": [*ours.routes, routes.pages_of_others()]}
    lists: dict[str, Any] = {"inhibit_rules": ours.inhibit_rules, "receivers": _receivers(routes)}
    if intervals := _intervals(routes):
        lists["time_intervals"] = intervals
    return yaml_document({"route": root, **lists})


def our_part(
    slos: Sequence[Slo],
    *,
    options: RuleOptions | None = None,
    notifications: Notifications | None = None,
    timing: Timing | None = None,
    catalog: Catalog | None = None,
) -> OurPart:
    """What belongs into a configuration that somebody else keeps; arguments as for :func:`alertmanager_config`.

    The heartbeat's route lets others hear it, too: theirs may have the same name.

    Raises:
        SpecError: an SLO names a target that no receiver stands for.
    """
    routes = _routes(options, notifications, timing)
    made = _made(routes, slos, options or RuleOptions(), catalog)
    made.routes[0]["continue"] = True
    return OurPart(made.routes, made.inhibit_rules, _receivers(routes), _intervals(routes))


def _routes(options: RuleOptions | None, notifications: Notifications | None, timing: Timing | None) -> Routes:
    chosen = options or RuleOptions()
    return Routes(AddressBook(notifications, chosen), timing or timing_for(chosen))


def _made(routes: Routes, slos: Sequence[Slo], options: RuleOptions, catalog: Catalog | None) -> OurPart:
    names = [alert.name for alert in symptom_alerts(slos, catalog, options) if alert.severity != "none"]
    made = [routes.heartbeat(), *routes.of_slos(slos), routes.of_symptoms(names)]
    return OurPart(made, inhibit_rules(slos, options.job))


def _receivers(routes: Routes) -> list[dict[str, Any]]:
    return [receiver_entry(routes.used[name].receivers) for name in sorted(routes.used)]


def _intervals(routes: Routes) -> list[dict[str, Any]]:
    mutes = {mute.name: mute for address in _addresses(routes) for mute in address.mutes}
    return [
        {"name": own_name(name), "time_intervals": [dict(interval) for interval in mutes[name].intervals]}
        for name in sorted(mutes)
    ]


def _addresses(routes: Routes) -> list[Address]:
    return [routes.used[name] for name in sorted(routes.used)]
