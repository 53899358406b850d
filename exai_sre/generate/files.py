"""The set of generated files, as a service of its own beside Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.alertmanager import Notifications, alertmanager_config
from exai_sre.generate.document import HEADER
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.provenance import stamp
from exai_sre.generate.rules import alerts_of, prometheus_rules
from exai_sre.generate.runbooks import runbooks
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from exai_sre.version import __version__

if TYPE_CHECKING:
    from exai_sre.resilience.config import PolicySpec

__all__ = ["PARTS", "Wanted", "generated_files", "places_of"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be generated.

    Attributes:
        slos: the objectives.
        catalog: the service's catalog; without it no instrument is charted or alerted on.
        options: scrape interval, windows, addresses and links.
        notifications: receivers and mutes; ``None`` for the default addresses.
        policies: the service's resilience policies; without them nothing that guards its calls is alerted on.
    """

    slos: Sequence[Slo]
    catalog: Catalog | None = None
    options: RuleOptions = field(default_factory=RuleOptions)
    notifications: Notifications | None = None
    policies: PolicySpec | None = None


Maker = Callable[[Wanted], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One kind of file: its folder, the names that belong to it, and what makes it."""

    folder: str
    pattern: str
    make: Maker


def _rules(wanted: Wanted) -> Mapping[str, str]:
    made = prometheus_rules(wanted.slos, catalog=wanted.catalog, options=wanted.options)
    return {**made, **_of_policies(wanted, "resilience_rules")}


def _alertmanager(wanted: Wanted) -> Mapping[str, str]:
    text = alertmanager_config(
        wanted.slos, options=wanted.options, notifications=wanted.notifications, catalog=wanted.catalog
    )
    return {"alertmanager.yaml": text}


def _tests(wanted: Wanted) -> Mapping[str, str]:
    made = alert_tests(wanted.slos, catalog=wanted.catalog, options=wanted.options)
    return {**made, **_of_policies(wanted, "resilience_alert_tests")}


def _dashboards(wanted: Wanted) -> Mapping[str, str]:
    from exai_sre.generate.grafana import grafana_dashboards, render

    alerts = alerts_of(wanted.slos, catalog=wanted.catalog, options=wanted.options)
    if wanted.policies is not None:
        from exai_sre.generate.resilience import resilience_alerts

        alerts += resilience_alerts(wanted.policies, wanted.options)
    made = grafana_dashboards(wanted.slos, wanted.catalog or Catalog(), alerts=alerts)
    return {
        name: render({**dashboard, "description": f"{dashboard['description']} {HEADER}"})
        for name, dashboard in made.items()
    }


def _runbooks(wanted: Wanted) -> Mapping[str, str]:
    made = runbooks(wanted.slos, catalog=wanted.catalog, options=wanted.options)
    return {**made, **_of_policies(wanted, "resilience_runbook")}


def _of_policies(wanted: Wanted, maker: str) -> Mapping[str, str]:
    """What follows from the policies; importing all strategies is left to projects that have any."""
    if wanted.policies is None:
        return {}
    from exai_sre.generate import resilience

    made: Mapping[str, str] = getattr(resilience, maker)(wanted.policies, wanted.options)
    return made


_PARTS: Final = {
    "alertmanager": _Part("alerts", "alertmanager.yaml", _alertmanager),
    "dashboards": _Part("dashboards", "*.json", _dashboards),
    "rules": _Part("alerts", "*.rules.yaml", _rules),
    "runbooks": _Part("docs/runbooks", "*.md", _runbooks),
    "tests": _Part("alerts/tests", "*.test.yaml", _tests),
}

PARTS: Final = tuple(_PARTS)
"""Names of the kinds of file that are generated."""


def generated_files(
    slos: Sequence[Slo],
    *,
    catalog: Catalog | None = None,
    options: RuleOptions | None = None,
    notifications: Notifications | None = None,
    policies: PolicySpec | None = None,
    only: Collection[str] = PARTS,
) -> dict[str, str]:
    """Texts by path below the output folder, ordered by path; each says who wrote it and holds its own hash.

    Args:
        slos: the objectives.
        catalog: the service's catalog; without it no instrument is charted or alerted on.
        options: scrape interval, windows, addresses and links.
        notifications: receivers and mutes; without any, all goes to the default addresses.
        policies: the service's resilience policies, for alerts on what guards its calls.
        only: names from :data:`PARTS`.

    Raises:
        SpecError: a plain query leaves no room for a window, or an SLO names a target without a receiver.
        MissingExtraError: dashboards are wanted and grafanalib is not installed.
    """
    wanted = Wanted(slos, catalog, options or RuleOptions(), notifications, policies)
    made = {}
    for name in sorted(only):
        part = _PARTS[name]
        for file, text in part.make(wanted).items():
            made[f"{part.folder}/{file}"] = stamp(text, __version__)
    return dict(sorted(made.items()))


def places_of(only: Collection[str] = PARTS) -> list[tuple[str, str]]:
    """Folders, each with the pattern of the names that these kinds of file have there."""
    return [(_PARTS[name].folder, _PARTS[name].pattern) for name in sorted(only)]
