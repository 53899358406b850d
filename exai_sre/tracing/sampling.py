"""Head sampling: decided from a trace id before any span exists, and the same on every hop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from exai_sre.context import TraceContext
from exai_sre.errors import SettingError

__all__ = ["Sampling"]

_LOW_BITS: Final = (1 << 64) - 1
_SAMPLER: Final = "OTEL_TRACES_SAMPLER"
_ARGUMENT: Final = "OTEL_TRACES_SAMPLER_ARG"
_FIXED: Final = {"always_on": 1.0, "always_off": 0.0}


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which calls leave a span.

    Attributes:
        ratio: share of traces that start here and are recorded, 0 to 1.
        parent_based: whether a caller's decision holds for the whole trace.
    """

    ratio: float = 1.0
    parent_based: bool = True
    _bound: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.ratio <= 1.0:
            raise SettingError("sampler_ratio", str(self.ratio), "is no ratio", remedy="give a number from 0 to 1")
        object.__setattr__(self, "_bound", round(self.ratio * (_LOW_BITS + 1)))

    def decide(self, trace_id: str, parent: TraceContext | None) -> bool:
        """Whether a span of this trace is recorded.

        The lower half of the trace id is compared with the ratio, as OpenTelemetry's
        ``TraceIdRatioBased`` does, so that every service of one ratio decides alike.
        """
        if parent is not None and self.parent_based:
            return parent.sampled
        return self.takes(int(trace_id[16:], 16))

    def takes(self, low_bits: int) -> bool:
        """Whether a trace is recorded that starts here, by the lower 64 bits of its id."""
        return low_bits < self._bound

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Sampling:
        """The sampling that ``OTEL_TRACES_SAMPLER`` and ``OTEL_TRACES_SAMPLER_ARG`` ask for.

        Raises:
            SettingError: the sampler is unknown or its ratio is none.
        """
        name = environ.get(_SAMPLER, "").strip().lower() or "parentbased_always_on"
        kind = name.removeprefix("parentbased_")
        parent_based = kind != name
        if kind in _FIXED:
            return cls(_FIXED[kind], parent_based)
        if kind != "traceidratio":
            raise SettingError(
                _SAMPLER,
                name,
                "is no sampler that is known here",
                remedy="use always_on, always_off or traceidratio, with or without parentbased_",
            )
        return cls(_ratio(environ.get(_ARGUMENT, "").strip() or "1"), parent_based)


def _ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise SettingError(_ARGUMENT, text, "is no ratio", remedy="give a number from 0 to 1")
    return value
