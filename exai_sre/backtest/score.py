"""A replay held against the incidents that are known: precision, recall, time to detect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from exai_sre.backtest.incidents import Incident
from exai_sre.backtest.replay import Replay, merged

__all__ = ["GRACE", "Detection", "Score", "score"]

GRACE: Final = 600
"""Seconds after the end of an incident in which a page still counts as its: a window empties slowly."""

_REPEAT: Final = 1800
"""Seconds within which a page that fires again is the same page to the one who is woken up."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What the alerts said of one incident.

    Attributes:
        incident: the incident.
        page: seconds from its begin to the first page; ``None`` if it never paged; 0 if a page was firing.
        ticket: the same for the first alert of any severity.
    """

    incident: Incident
    page: float | None
    ticket: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How well the pages of one SLO met the known incidents.

    Attributes:
        detections: every incident within the history, in order.
        pages: stretches of paging as begin and end, seconds since the Unix epoch.
        false: those of them that began while no incident was known.
    """

    detections: tuple[Detection, ...]
    pages: tuple[tuple[int, int], ...]
    false: tuple[tuple[int, int], ...]

    @property
    def missed(self) -> list[Incident]:
        """Incidents that never paged."""
        return [detection.incident for detection in self.detections if detection.page is None]

    @property
    def precision(self) -> float | None:
        """Share of pages that began in an incident (0..1); ``None`` without any page."""
        return 1 - len(self.false) / len(self.pages) if self.pages else None

    @property
    def recall(self) -> float | None:
        """Share of incidents that paged (0..1); ``None`` without any incident."""
        return 1 - len(self.missed) / len(self.detections) if self.detections else None

    @property
    def delays(self) -> list[float]:
        """Seconds to the page of each incident that paged."""
        return [detection.page for detection in self.detections if detection.page is not None]

    @property
    def median_delay(self) -> float | None:
        """Median of :attr:`delays` in seconds; ``None`` if nothing paged."""
        return median(self.delays) if self.delays else None


def score(replay: Replay, incidents: Sequence[Incident]) -> Score:
    """Hold the pages of a replay against the incidents that lie in its history and concern its SLO."""
    history = replay.history
    known = [
        one for one in incidents if one.concerns(replay.slo.id) and one.start < history.end and one.end > history.start
    ]
    pages = merged(replay.of("page"), _REPEAT)
    alerts = merged(replay.firings, _REPEAT)
    detections = [Detection(one, _delay(one, pages), _delay(one, alerts)) for one in known]
    false = [page for page in pages if not any(one.start <= page[0] <= one.end + GRACE for one in known)]
    return Score(tuple(detections), tuple(pages), tuple(false))


def _delay(incident: Incident, stretches: Sequence[tuple[int, int]]) -> float | None:
    for start, end in stretches:
        if end > incident.start and start <= incident.end + GRACE:
            return max(start - incident.start, 0.0)
    return None
