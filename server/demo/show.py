"""The show itself: phases, load and watching, put together over a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from server.demo.flow import Beat
from server.demo.forecast import forecast
from server.demo.prediction import Prediction
from server.demo.script import SCRIPT, Phase
from server.demo.stage import Load, Observers, Stage
from server.demo.timeline import Entry, Timeline
from server.demo.watch import Watch
from server.demo.webhook import Notification

__all__ = ["Show"]

_LOOK: Final = 0.05


class Show:
    """Plays the script once.

    Args:
        stage: the server.
        load: calls that go on during the show.
        on_entry: called with each entry of the timeline.
        script: the phases.
        observers: gives Prometheus and Alertmanager, or ``None`` while they are not ready; no fault
            comes before they are. Left out, none watch.

    Attributes:
        predictions: what should be detected when, with what was measured.
        timeline: what happened.
    """

    def __init__(
        self,
        stage: Stage,
        load: Load,
        *,
        on_entry: Callable[[Entry], None],
        script: tuple[Phase, ...] = SCRIPT,
        observers: Callable[[], Observers | None] | None = None,
    ) -> None:
        self.predictions: list[Prediction] = []
        self.timeline = Timeline(stage.clock, on_entry)
        self._stage = stage
        self._load = load
        self._script = script
        self._observers = observers
        self._phase = script[0]
        self._ticked = 0.0
        self._faults: dict[str, float] = {}
        self._watch = Watch(self.timeline, statuses=stage.statuses, breakers=stage.breakers, on_seen=self._seen)

    def notified(self, notification: Notification) -> None:
        """A notification arrived from Alertmanager; what Prometheus says while it starts is no part of the show."""
        if not self._observed():
            return
        self._watch.notified(notification)
        if notification.status == "firing":
            self._seen((notification.alert, ""), notification.at)

    async def run(self) -> None:
        """Play all phases; the load ends with the last one."""
        calls = asyncio.create_task(self._load.run())
        try:
            for phase in self._script:
                if phase.fault:
                    await self._ready_for_fault()
                await self._play(phase)
        finally:
            calls.cancel()
            await asyncio.wait([calls])

    async def _ready_for_fault(self) -> None:
        """Wait for the observers, and for a tick: the moment at which all that was counted is known."""
        await self._until(self._observed)
        before = self._newest()
        if before is not None:
            await self._until(lambda: self._newest() is not before)
        self._ticked = self._stage.clock.monotonic()

    def _newest(self) -> object:
        """What a tick replaces; nothing where no objective is tracked."""
        return next(iter(self._stage.statuses()), None)

    def _observed(self) -> bool:
        return self._observers is None or self._observers() is not None

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Watch and publish until ``holds``."""
        while not holds():
            self._watch.look()
            self._stage.publish(self._state())
            await self._stage.clock.sleep(_LOOK)

    async def _play(self, phase: Phase) -> None:
        clock = self._stage.clock
        self._phase = phase
        self.timeline.add("fault" if phase.fault else "phase", phase.text)
        if phase.provider:
            await self._stage.fault(phase.provider, **phase.fault)
        began = clock.monotonic()
        if phase.fault:
            self._faults[phase.name] = began
            await self._predict(phase, began)
        await self._until(lambda: clock.monotonic() >= began + phase.seconds)

    async def _predict(self, phase: Phase, began: float) -> None:
        stage, observers = self._stage, None if self._observers is None else self._observers()
        rhythm = None if observers is None else (await observers.rhythm(stage.clock)).since(began)
        tick = Beat(self._ticked, stage.timing.tick).since(began)
        found = forecast(phase, stage, self._load.rate, tick=tick, rhythm=rhythm)
        self.predictions += found
        for each in found:
            self.timeline.add("info", f"predicted: {each.name} after {each.predicted:.1f} s")

    def _seen(self, key: tuple[str, str], at: float) -> None:
        for each in self.predictions:
            if each.key == key and each.measured is None:
                each.measured = at - self._faults[each.fault]

    def _state(self) -> dict[str, Any]:
        return {
            "phase": self._phase.name,
            "text": self._phase.text,
            "timeline": self.timeline.to_json(),
            "predictions": [each.to_json() for each in self.predictions],
        }
