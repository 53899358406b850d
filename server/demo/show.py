"""The show itself: phases, load and watching, put together over a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.slo import Slo, SloStatus
from server.demo.load import Load
from server.demo.prediction import Prediction, burn_predictions
from server.demo.script import OUTAGE, SCRIPT, SLOW_DOWN, Phase
from server.demo.timeline import Entry, Timeline
from server.demo.watch import Watch
from server.demo.webhook import Notification

__all__ = ["Show", "Stage"]

_LOOK: Final = 0.1
SYMPTOM: Final = "UpstreamMostAttemptsFail"
_SYMPTOM_WINDOW: Final = 5.0
_SYMPTOM_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Stage:
    """What the show needs of the server that it plays on.

    Attributes:
        clock: the server's clock.
        statuses: status of every SLO.
        breakers: every breaker, ready for JSON.
        fault: sets the fault of an upstream in the simulator.
        publish: puts the show's state on the live page.
        attempts: attempts per completion that the retry policy allows.
        tick: interval of the tracker, seconds.
    """

    clock: Clock
    statuses: Callable[[], Sequence[SloStatus]]
    breakers: Callable[[], Sequence[dict[str, Any]]]
    fault: Callable[..., Awaitable[Any]]
    publish: Callable[[dict[str, Any]], None]
    attempts: int
    tick: float


class Show:
    """Plays the script once.

    Args:
        stage: the server.
        load: calls that go on during the show.
        on_entry: called with each entry of the timeline.
        script: the phases.
        paged: whether a real Prometheus and Alertmanager watch, so that their page is predicted too.

    Attributes:
        predictions: what should be detected when, with what was measured.
    """

    def __init__(
        self,
        stage: Stage,
        load: Load,
        *,
        on_entry: Callable[[Entry], None],
        script: tuple[Phase, ...] = SCRIPT,
        paged: bool = False,
    ) -> None:
        self.predictions: list[Prediction] = []
        self.timeline = Timeline(stage.clock, on_entry)
        self._stage = stage
        self._load = load
        self._script = script
        self._paged = paged
        self._phase = script[0]
        self._fault_at = 0.0
        self._watch = Watch(self.timeline, statuses=stage.statuses, breakers=stage.breakers, on_firing=self._fired)

    def notified(self, notification: Notification) -> None:
        """A notification arrived from Alertmanager."""
        self._watch.notified(notification)
        if notification.alert == SYMPTOM and notification.status == "firing":
            self._measured((SYMPTOM, ""), notification.at)

    async def run(self) -> None:
        """Play all phases; the load ends with the last one."""
        calls = asyncio.create_task(self._load.run())
        try:
            for phase in self._script:
                await self._play(phase)
        finally:
            calls.cancel()
            await asyncio.wait([calls])

    async def _play(self, phase: Phase) -> None:
        self._phase = phase
        self.timeline.add("phase", phase.text)
        if phase.provider:
            await self._stage.fault(phase.provider, **phase.fault)
            self._fault_at = self._stage.clock.monotonic()
            self.predictions += self._predict(phase)
            for each in self.predictions:
                if each.fault == phase.name:
                    self.timeline.add("info", f"predicted: {each.name} after {each.predicted:.1f} s")
        ends = self._stage.clock.monotonic() + phase.seconds
        while self._stage.clock.monotonic() < ends:
            self._watch.look()
            self._stage.publish(self._state())
            await self._stage.clock.sleep(_LOOK)

    def _predict(self, phase: Phase) -> list[Prediction]:
        rate = self._load.rate
        if phase.name == OUTAGE:
            slo, bad, delay = self._slo(f"upstream-{phase.provider}"), rate * self._stage.attempts, self._stage.tick / 2
        elif phase.name == SLOW_DOWN:
            slo, bad, delay = self._slo("first-token"), rate, phase.fault["first_chunk"] + self._stage.tick / 2
        else:
            return []
        good = next(status.good for status in self._stage.statuses() if status.slo is slo)
        found = burn_predictions(
            slo, fault=phase.name, events=good, bad_per_second=bad, delay=delay, within=phase.seconds
        )
        return [*found, *([self._page(rate, bad)] if self._paged and phase.name == OUTAGE else [])]

    def _page(self, rate: float, bad: float) -> Prediction:
        """More than half of the attempts in the window: bad x t > share x (bad x t + rate x (window - t))."""
        good = rate * _SYMPTOM_SHARE / (1 - _SYMPTOM_SHARE)
        crossing = good * _SYMPTOM_WINDOW / (bad + good)
        # A scrape and an evaluation, each of them half a second late on average, then one more evaluation.
        return Prediction(f"{SYMPTOM} by webhook", OUTAGE, crossing + 2 * 0.5 + 0.5, (SYMPTOM, ""))

    def _slo(self, name: str) -> Slo:
        return next(status.slo for status in self._stage.statuses() if status.slo.name == name)

    def _fired(self, slo_id: str, tier: str) -> None:
        self._measured((slo_id, tier), self._stage.clock.monotonic())

    def _measured(self, key: tuple[str, str], at: float) -> None:
        for each in self.predictions:
            if each.key == key and each.measured is None and each.fault == self._phase.name:
                each.measured = at - self._fault_at

    def _state(self) -> dict[str, Any]:
        return {
            "phase": self._phase.name,
            "text": self._phase.text,
            "timeline": self.timeline.to_json(),
            "predictions": [each.to_json() for each in self.predictions],
        }
