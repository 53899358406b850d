"""Sees what changes in the running server: breakers, burn tiers, notifications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
        on_firing: called with SLO id and tier name when a burn tier begins to fire.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        statuses: Callable[[], Sequence[SloStatus]],
        breakers: Callable[[], Sequence[dict[str, Any]]],
        on_firing: Callable[[str, str], None],
    ) -> None:
        self._timeline = timeline
        self._statuses = statuses
        self._breakers = breakers
        self._on_firing = on_firing
        self._states: dict[str, str] = {}
        self._firing: set[tuple[str, str]] = set()
        self._notified: set[tuple[str, str, str]] = set()

    def look(self) -> None:
        """Compare once."""
        for breaker in self._breakers():
            name, state = breaker["name"], breaker["state"]
            before = self._states.get(name, "closed")
            if state != before:
                kind: Kind = "recovery" if state == "closed" else "breaker"
                self._timeline.add(kind, f"breaker of {name}: {before} -> {state}")
            self._states[name] = state
        firing = {(status.slo.id, tier): status for status in self._statuses() for tier in status.firing}
        for key in sorted(firing.keys() - self._firing):
            self._tell(firing[key], key[1])
        self._firing |= firing.keys()

    def _tell(self, status: SloStatus, tier: str) -> None:
        self._on_firing(status.slo.id, tier)
        severity = next(each.severity for each in status.slo.tiers if each.name == tier)
        left = "" if status.budget_remaining is None else f", budget left {status.budget_remaining:.0%}"
        self._timeline.add("burn", f"{status.slo.name} burns above {tier} ({severity}){left}")

    def notified(self, notification: Notification) -> None:
        """Tell of a notification that Alertmanager delivered, once per alert and state."""
        labels = notification.labels
        about = labels.get("sloth_slo") or labels.get(LabelName.PROVIDER) or labels.get(LabelName.BREAKER) or ""
        key = (notification.alert, about, notification.status)
        if notification.alert == "Watchdog" or key in self._notified:
            return
        self._notified.add(key)
        tier = f" {labels['burnrate_tier']}" if "burnrate_tier" in labels else ""
        verb = "paged" if notification.receiver == "page" else "notified"
        text = f"Alertmanager {verb}: {notification.alert}{tier} {notification.status}{f' ({about})' if about else ''}"
        self._timeline.add("alert" if notification.status == "firing" else "recovery", text, at=notification.at)
