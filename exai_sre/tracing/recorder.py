"""What a recorder of spans offers, so that nothing but one file knows OpenTelemetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exai_sre.context import TraceContext
from exai_sre.tracing.span import AttributeValue, Kind, RecordedSpan

__all__ = ["Call", "Recorder"]


@dataclass(frozen=True, slots=True)
class Call:
    """What is known about a call when it starts.

    Attributes:
        name: span name, of bounded variety.
        kind: span kind.
        parent: position of the caller, or ``None`` for the root of a trace.
        links: positions that it is related to without being their child.
        attributes: attributes known at the start.
    """

    name: str
    kind: Kind
    parent: TraceContext | None = None
    links: Sequence[TraceContext] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


class Recorder(Protocol):
    """Keeps spans and sends them somewhere."""

    @property
    def decides(self) -> bool:
        """Whether the recorder makes ids and decides on sampling by itself."""
        ...

    def ambient(self) -> TraceContext | None:
        """The position that the running task has outside this library, if any."""
        ...

    def begin(self, call: Call, position: TraceContext) -> RecordedSpan:
        """Start a span and make it the running one; a recorder that decides may stand it elsewhere."""
        ...

    def hold(self, position: TraceContext) -> RecordedSpan:
        """Make an unrecorded position the running one, so that foreign spans join its trace."""
        ...

    def late(
        self, call: Call, position: TraceContext, start: float, attributes: Mapping[str, AttributeValue], failure: str
    ) -> None:
        """Record a failed call after its end; ``start`` is seconds since the Unix epoch."""
        ...

    def flush(self, timeout: float) -> bool:
        """Send what is waiting, for at most ``timeout`` seconds; whether all of it went."""
        ...

    def shutdown(self) -> None:
        """Send what is waiting and stop."""
        ...
