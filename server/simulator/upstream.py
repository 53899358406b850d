"""One simulated upstream: its fault, its latencies, its counts. No I/O, no clock."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final

from server.simulator.faults import Fault

__all__ = ["Counts", "Decision", "Upstream"]

_FIRST_CHUNK_SHARE: Final = 0.4
"""Share of an answer's time that passes before the first chunk of a stream."""


@dataclass(slots=True)
class Counts:
    """What became of the requests: ``hits == answered + failed + aborted + in_flight``.

    Attributes:
        hits: requests that came.
        answered: ended by an answer.
        failed: ended by a refusal or a fault.
        aborted: withdrawn by the client before they ended.
        in_flight: not ended yet.
    """

    hits: int = 0
    answered: int = 0
    failed: int = 0
    aborted: int = 0
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """How one request shall be treated.

    Attributes:
        latency: seconds that the answer takes.
        first: seconds to the first chunk of a stream.
        fault: what goes wrong; ``None`` for nothing.
    """

    latency: float
    first: float
    fault: Fault | None


class Upstream:
    """The script of one provider; equal seeds give equal decisions for the n-th request.

    Args:
        name: name of the provider.
        seed: seed of its randomness.
        latency: median seconds of an answer.
        sigma: spread of the log-normal latencies; 0 for none.
    """

    def __init__(self, name: str, *, seed: int, latency: float, sigma: float) -> None:
        self.name = name
        self.fault = Fault()
        self.counts = Counts()
        self.last_request: dict[str, Any] | None = None
        self._latency = latency
        self._sigma = sigma
        self._random = Random(f"{seed}:{name}")  # noqa: S311  # nosec B311

    def decide(self) -> Decision:
        """What happens to the next request."""
        # Both are drawn every time, or a fault would shift the latencies of everything after it.
        spread, draw = self._random.normalvariate(0.0, 1.0), self._random.random()
        median = self._latency if self.fault.latency is None else self.fault.latency
        jitter = math.exp(self._sigma * spread)
        first = median * _FIRST_CHUNK_SHARE if self.fault.first_chunk is None else self.fault.first_chunk
        return Decision(max(median, first) * jitter, first * jitter, self.fault if draw < self.fault.share else None)

    def to_json(self) -> dict[str, Any]:
        """Counts, fault and the last request, ready for JSON."""
        return {
            **asdict(self.counts),
            "fault": self.fault.to_json(),
            "latency": self._latency,
            "last_request": self.last_request,
        }
