"""The whole show in virtual time, on a fake server with a real tracker and a real breaker."""

from __future__ import annotations

import asyncio

import pytest

from server.demo.script import SCRIPT, length
from server.demo.show import Show
from server.demo.webhook import Notification
from tests.unit.demo.demo_rig import FakeLoad, FakeObservers, FakeServer


class Played:
    """A show that was played."""

    def __init__(self, observers=None, script=SCRIPT):
        self.server = FakeServer()
        self.load = FakeLoad(self.server)
        self.told = []
        self.seconds = 0.0
        self.show = Show(self.server.stage(), self.load, on_entry=self.told.append, script=script, observers=observers)

    async def run(self):
        clock = self.server.clock
        began = clock.monotonic()
        async with self.server.ticking():
            await clock.run(self.show.run())
        self.seconds = clock.monotonic() - began


@pytest.fixture(scope="module")
def played():
    """The whole show, played once for all tests that only look at it."""
    shown = Played()
    asyncio.run(shown.run())
    return shown


def test_everything_that_is_predicted_is_detected_when_it_was_predicted(played):
    assert {each.name for each in played.show.predictions} == {
        *(f"upstream-glm {tier}" for tier in ("14.4x", "6x", "3x", "1x")),
        "breaker of glm opens",
        "first-token 3x",
        "first-token 1x",
    }
    for each in played.show.predictions:
        assert each.measured == pytest.approx(each.predicted, abs=0.3), each


def test_the_timeline_tells_fault_burn_breaker_and_recovery_in_this_order(played):
    texts = [entry.text for entry in played.told]
    wanted = [
        "GLM answers every request with 503",
        "burns above",
        "closed -> open",
        "half_open -> closed",
        "six seconds",
    ]
    places = [next(at for at, text in enumerate(texts) if part in text) for part in wanted]
    assert places == sorted(places)
    assert [entry.at for entry in played.told] == sorted(entry.at for entry in played.told)
    assert played.load.ended


def test_the_show_takes_as_long_as_its_script_but_for_the_ticks_it_waits_for(played):
    assert length() <= played.seconds <= length() + 3
    assert length() <= 75


def test_faults_are_set_and_cleared_as_the_script_says(played):
    assert played.server.faults == [(phase.provider, phase.fault) for phase in SCRIPT if phase.provider]
    assert played.server.fault == {}


def test_the_page_gets_phase_timeline_and_predictions(played):
    first, last = played.server.published[0], played.server.published[-1]
    assert (first["phase"], first["predictions"]) == ("steady", [])
    assert first["timeline"][0]["text"] == SCRIPT[0].text
    assert last["phase"] == "end"
    assert {"predicted_seconds", "measured_seconds"} <= set(last["predictions"][0])


async def test_no_fault_comes_before_the_observers_are_ready():
    server_ready_at = 20.0
    pair = []

    def observers():
        return pair[0] if pair else None

    played = Played(observers, script=SCRIPT[:2])
    clock = played.server.clock
    clock.call_later(server_ready_at, lambda: pair.append(FakeObservers(clock)))
    early = Notification(0.0, "ServerTargetDown", "firing", {}, "page")
    clock.call_later(5.0, lambda: played.show.notified(early))
    await played.run()
    fault = next(entry for entry in played.told if entry.kind == "fault")
    assert fault.at >= server_ready_at
    assert played.seconds >= server_ready_at + SCRIPT[1].seconds
    assert not any("ServerTargetDown" in entry.text for entry in played.told)


async def test_the_page_by_alertmanager_is_measured_against_its_prediction():
    played = Played(lambda: FakeObservers(played.server.clock), script=SCRIPT[:2])
    clock = played.server.clock
    labels = {"gen_ai_provider_name": "glm"}

    def page(status):
        played.show.notified(Notification(clock.monotonic(), "UpstreamMostAttemptsFail", status, labels, "page"))

    clock.call_later(21.0, lambda: page("firing"))
    clock.call_later(25.0, lambda: page("resolved"))
    await played.run()
    fault = next(entry for entry in played.told if entry.kind == "fault")
    found = next(each for each in played.show.predictions if each.key[0] == "UpstreamMostAttemptsFail")
    assert found.measured == pytest.approx(21.0 - fault.at, abs=0.1)
    assert 1.0 < found.predicted < 4.0
    assert any("resolved" in entry.text for entry in played.told)


async def test_an_interrupted_show_ends_its_load():
    played = Played()
    async with played.server.ticking():
        running = asyncio.create_task(played.show.run())
        await played.server.clock.elapse(3.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert played.load.ended
