"""Spans at a position that was chosen before they exist: their ids and the decision to record them."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from exai_sre.context import TraceContext
from exai_sre.tracing import modules

__all__ = ["ChosenPosition", "steer"]


class ChosenPosition:
    """The ids and the decision that the next span of this task takes."""

    __slots__ = ("_slot",)

    def __init__(self) -> None:
        self._slot: ContextVar[TraceContext | None] = ContextVar("exai_sre_chosen_position", default=None)

    def get(self) -> TraceContext | None:
        """The chosen position, or ``None`` where OpenTelemetry chooses."""
        return self._slot.get()

    def put(self, position: TraceContext) -> Token[TraceContext | None]:
        """Let spans stand at ``position`` and be recorded, until the token is given back."""
        return self._slot.set(position)

    def take_back(self, token: Token[TraceContext | None]) -> None:
        """Let OpenTelemetry choose again."""
        self._slot.reset(token)


def steer(tracer: Any) -> ChosenPosition | None:
    """Let positions be chosen for the spans of ``tracer``, which is this library's own.

    What is not chosen goes on as the tracer's provider has it. ``None`` for a tracer that is
    not the SDK's.
    """
    try:
        of_the_sdk = isinstance(tracer, modules.sdk("trace").Tracer)
    except ImportError:
        return None
    if not of_the_sdk:
        return None
    # A provider gives the same tracer to all who ask under one name.
    known = getattr(tracer.id_generator, "chosen", None)
    if isinstance(known, ChosenPosition):
        return known
    chosen = ChosenPosition()
    tracer.id_generator = _id_generator(chosen, tracer.id_generator)
    tracer.sampler = _sampler(chosen, tracer.sampler)
    return chosen


def _id_generator(position: ChosenPosition, otherwise: Any) -> Any:
    class ChosenIds(modules.sdk("trace.id_generator").IdGenerator):  # type: ignore[misc]
        chosen = position

        def generate_trace_id(self) -> int:
            now = position.get()
            return int(now.trace_id, 16) if now else int(otherwise.generate_trace_id())

        def generate_span_id(self) -> int:
            now = position.get()
            return int(now.span_id, 16) if now else int(otherwise.generate_span_id())

        def is_trace_id_random(self) -> bool:
            asked = getattr(otherwise, "is_trace_id_random", None)
            return position.get() is not None or (asked is not None and bool(asked()))

    return ChosenIds()


def _sampler(position: ChosenPosition, otherwise: Any) -> Any:
    samplers, trace = modules.sdk("trace.sampling"), modules.api("trace")

    class Decided(samplers.Sampler):  # type: ignore[misc, name-defined]
        def should_sample(
            self,
            parent_context: Any,
            trace_id: int,
            name: str,
            kind: Any = None,
            attributes: Any = None,
            links: Any = None,
        ) -> Any:
            if position.get() is None:
                return otherwise.should_sample(parent_context, trace_id, name, kind, attributes, links)
            state = trace.get_current_span(parent_context).get_span_context().trace_state
            return samplers.SamplingResult(samplers.Decision.RECORD_AND_SAMPLE, attributes, state)

        def get_description(self) -> str:
            return f"exai_sre({otherwise.get_description()})"

    return Decided()
