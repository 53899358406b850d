"""What the watch tells of changes, and what it keeps to itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from exai_sre.testing import VirtualClock
from server.demo.timeline import Entry, Timeline
from server.demo.watch import Watch
from server.demo.webhook import Notification
from tests.unit.demo.demo_rig import slo_named


class Scene:
    """A watch over states that the test sets: FAKE statuses and breakers."""

    def __init__(self):
        self.clock = VirtualClock(monotonic=50.0)
        self.told: list[Entry] = []
        self.seen: list[tuple[tuple[str, str], float]] = []
        self.timeline = Timeline(self.clock, self.told.append)
        self.slo = slo_named("upstream-glm")
        self.firing: tuple[str, ...] = ()
        self.left: float | None = 0.5
        self.state = "closed"
        self.watch = Watch(
            self.timeline,
            statuses=lambda: [SimpleNamespace(slo=self.slo, firing=self.firing, budget_remaining=self.left)],
            breakers=lambda: [{"name": "glm", "state": self.state}],
            on_seen=lambda key, at: self.seen.append((key, at)),
        )

    @property
    def texts(self):
        return [entry.text for entry in self.told]


@pytest.fixture
def scene():
    return Scene()


def notification(status="firing", alert="UpstreamMostAttemptsFail", receiver="exai-page", at=51.0, **labels):
    return Notification(at, alert, status, {"gen_ai_provider_name": "glm", **labels}, receiver)


def test_entries_are_timed_from_the_beginning_of_the_show(scene):
    scene.clock.advance(2.5)
    scene.timeline.add("info", "now")
    scene.timeline.add("alert", "before", at=51.25)
    assert scene.timeline.to_json() == [
        {"at": 2.5, "kind": "info", "text": "now"},
        {"at": 1.25, "kind": "alert", "text": "before"},
    ]
    assert scene.told == scene.timeline.entries


def test_nothing_is_told_while_nothing_changes(scene):
    scene.watch.look()
    scene.watch.look()
    assert scene.told == []


def test_every_state_of_a_breaker_is_told_once(scene):
    for state in ("open", "open", "half_open", "closed"):
        scene.state = state
        scene.watch.look()
    assert scene.texts == [
        "breaker of glm: closed -> open",
        "breaker of glm: open -> half_open",
        "breaker of glm: half_open -> closed",
    ]
    assert [entry.kind for entry in scene.told] == ["breaker", "breaker", "recovery"]
    assert (("glm", "open"), 50.0) in scene.seen


def test_a_tier_is_told_when_it_begins_and_when_it_ends_to_fire(scene):
    scene.firing = ("14.4x",)
    scene.watch.look()
    scene.clock.advance(3)
    scene.watch.look()
    scene.firing = ()
    scene.watch.look()
    assert scene.texts == [
        "upstream-glm burns above 14.4x (page), budget left 50%",
        "upstream-glm no longer burns above 14.4x",
    ]
    assert scene.seen == [((scene.slo.id, "14.4x"), 50.0)]


def test_without_events_no_budget_is_named(scene):
    scene.firing, scene.left = ("1x",), None
    scene.watch.look()
    assert scene.texts == ["upstream-glm burns above 1x (ticket)"]


def test_a_notification_is_told_once_at_the_time_of_its_arrival(scene):
    scene.watch.notified(notification())
    scene.watch.notified(notification(at=53.0))
    (entry,) = scene.told
    assert (entry.at, entry.kind) == (1.0, "alert")
    assert entry.text == "Alertmanager paged: UpstreamMostAttemptsFail firing (glm)"


def test_the_end_of_an_alert_is_told_if_its_beginning_was(scene):
    scene.watch.notified(notification("resolved"))
    assert scene.told == []
    scene.watch.notified(notification())
    scene.watch.notified(notification("resolved"))
    assert [entry.kind for entry in scene.told] == ["alert", "recovery"]


def test_tiers_of_one_alert_are_told_apart(scene):
    labels = {"sloth_slo": "upstream-glm"}
    scene.watch.notified(notification(alert="Burn", burnrate_tier="14.4x", **labels))
    scene.watch.notified(notification(alert="Burn", burnrate_tier="6x", receiver="ticket", **labels))
    assert scene.texts == [
        "Alertmanager paged: Burn 14.4x firing (upstream-glm)",
        "Alertmanager notified: Burn 6x firing (upstream-glm)",
    ]


def test_an_alert_about_nothing_in_particular_has_no_bracket(scene):
    scene.watch.notified(Notification(51.0, "ServerTargetDown", "firing", {}, "exai-page"))
    assert scene.texts == ["Alertmanager paged: ServerTargetDown firing"]


def test_the_watchdog_is_no_news(scene):
    scene.watch.notified(notification(alert="Watchdog"))
    assert scene.told == []
