"""What a recorder of spans offers, so that few files know OpenTelemetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exai_sre.context import TraceContext
from exai_sre.tracing.span import AttributeValue, Kind, RecordedSpan

__all__ = ["Call", "Recorder"]


@dataclass(slots=True)
class Call:
    """What is known about a call when it starts; made once per call, so it is not frozen, which costs threefold.

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

    def innermost(self, position: TraceContext | None, *, given: bool) -> TraceContext | None:
        """The foreign span that runs, where it stands below ``position``; else ``position``.

        Args:
            position: the parent as it is known so far.
            given: whether the caller chose it; then only its direct child is taken instead.
        """
        ...

    def adopt(self, call: Call) -> RecordedSpan | None:
        """The running span, where other instrumentation started it for this very HTTP exchange."""
        ...

    def begin(self, call: Call, position: TraceContext, attributes: Mapping[str, AttributeValue]) -> RecordedSpan:
        """Start a span and make it the running one; a recorder that decides may stand it elsewhere."""
        ...

    def hold(self, position: TraceContext) -> RecordedSpan:
        """Make an unrecorded position the running one, so that foreign spans join its trace."""
        ...

    def late(
        self,
        call: Call,
        position: TraceContext,
        times: tuple[float, float],
        attributes: Mapping[str, AttributeValue],
        failure: str | None,
    ) -> None:
        """Record a call after its end; ``times`` are its start and end, seconds since the Unix epoch."""
        ...

    def flush(self, timeout: float) -> bool:
        """Send what is waiting, for at most ``timeout`` seconds; whether all of it went."""
        ...

    def shutdown(self) -> None:
        """Send what is waiting and stop."""
        ...
