"""Sees what changes in the running server: breakers, burn tiers, notifications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from exai_sre.generate.alertmanager.part import own_name
from exai_sre.generate.symptom_alerts import WATCHDOG
from exai_sre.names import LabelName
from exai_sre.slo import SloStatus
from server.demo.timeline import Kind, Timeline
from server.demo.webhook import Notification

__all__ = ["Watch"]


class Watch:
    """Compares the state now with the state before and tells the timeline what changed.

    Args:
        timeline: where changes are told.
        statuses: status of every SLO.
        breakers: every breaker as ``{"name", "state", ...}``.
        on_seen: called with what begins and when (monotonic seconds): SLO id and tier that fires, or breaker
            and the state that it enters.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        statuses: Callable[[], Sequence[SloStatus]],
        breakers: Callable[[], Sequence[dict[str, Any]]],
        on_seen: Callable[[tuple[str, str], float], None],
    ) -> None:
        self._timeline = timeline
        self._statuses = statuses
        self._breakers = breakers
        self._on_seen = on_seen
        self._states: dict[str, str] = {}
        self._firing: dict[tuple[str, str], SloStatus] = {}
        self._paged: set[tuple[str, str, str]] = set()

    def look(self) -> None:
        """Compare once."""
        for breaker in self._breakers():
            name, state = breaker["name"], breaker["state"]
            before = self._states.get(name, "closed")
            if state != before:
                kind: Kind = "recovery" if state == "closed" else "breaker"
                self._timeline.add(kind, f"breaker of {name}: {before} -> {state}")
                self._on_seen((name, state), self._timeline.clock.monotonic())
            self._states[name] = state
        self._compare({(status.slo.id, tier): status for status in self._statuses() for tier in status.firing})

    def _compare(self, firing: dict[tuple[str, str], SloStatus]) -> None:
        for key in sorted(firing.keys() - self._firing.keys()):
            self._on_seen(key, self._timeline.clock.monotonic())
            self._timeline.add("burn", _burning(firing[key], key[1]))
        for slo_id, tier in sorted(self._firing.keys() - firing.keys()):
            name = self._firing[slo_id, tier].slo.name
            self._timeline.add("recovery", f"{name} no longer burns above {tier}")
        self._firing = firing

    def notified(self, notification: Notification) -> None:
        """Tell of what Alertmanager delivered: each alert once, and its end if its beginning was told."""
        labels = notification.labels
        about = labels.get("sloth_slo") or labels.get(LabelName.PROVIDER) or labels.get(LabelName.BREAKER) or ""
        tier = labels.get("burnrate_tier", "")
        key = (notification.alert, about, tier)
        firing = notification.status == "firing"
        if notification.alert == WATCHDOG or firing is (key in self._paged):
            return
        self._paged.symmetric_difference_update([key])
        verb = "paged" if notification.receiver == own_name("page") else "notified"
        name = " ".join(part for part in (notification.alert, tier) if part)
        text = f"Alertmanager {verb}: {name} {notification.status}{f' ({about})' if about else ''}"
        self._timeline.add("alert" if firing else "recovery", text, at=notification.at)


def _burning(status: SloStatus, tier: str) -> str:
    severity = next(each.severity for each in status.slo.tiers if each.name == tier)
    left = "" if status.budget_remaining is None else f", budget left {status.budget_remaining:.0%}"
    return f"{status.slo.name} burns above {tier} ({severity}){left}"
