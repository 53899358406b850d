"""Which ids a request runs under, from what arrived with it and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from exai_sre.context import Baggage, Inbound, TraceContext, unit_of_work
from exai_sre.context.baggage import NO_BAGGAGE
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName

__all__ = ["NO_IDS", "RequestIds", "choose_ids", "count_rejections", "distrust", "ids_of_request"]


class RequestIds(NamedTuple):
    """The ids of one request.

    Attributes:
        correlation_id: the caller's id, or ``None`` where a fresh one is made.
        parent: position that the request's span is a child of; ``None`` starts a new trace.
        link: position that the span is linked to instead.
        baggage: what travels on.
    """

    correlation_id: str | None
    parent: TraceContext | None
    link: TraceContext | None
    baggage: Baggage = NO_BAGGAGE

    def open(self) -> unit_of_work:
        """A context manager that runs its body under these ids and yields the correlation id."""
        return unit_of_work(self.correlation_id, self.parent, self.baggage)


NO_IDS: Final = RequestIds(None, None, None)
"""A request that brought nothing."""


def ids_of_request(arrived: Inbound, *, public: bool = False) -> RequestIds:
    """The ids of a request that stands for itself.

    Args:
        arrived: what came with it.
        public: whether the caller is a stranger. Its trace is then only linked to, so that it
            chooses neither our trace ids nor what is sampled, and its baggage is dropped.
    """
    if public:
        return RequestIds(arrived.correlation_id, None, arrived.trace)
    return RequestIds(arrived.correlation_id, arrived.trace, None, arrived.baggage)


def choose_ids(message: Inbound, carrier: Inbound, *, shared: bool) -> RequestIds:
    """The ids of a message that came over a carrier.

    What the message itself says goes first. A trace of the carrier is then only a link (MCP
    semantic conventions), and so it is for a carrier that brings many messages, such as a
    WebSocket connection, whose correlation id is not the message's either.

    Args:
        message: what the message says.
        carrier: what the HTTP request or the upgrade that brought it says.
        shared: whether the carrier brings many messages.
    """
    ambient = carrier.trace
    if message.trace is not None:
        same = ambient is not None and ambient.span_id == message.trace.span_id
        parent, link = message.trace, None if same else ambient
    elif shared:
        parent, link = None, ambient
    else:
        parent, link = ambient, None
    chosen = message.correlation_id
    if chosen is None and not shared:
        chosen = carrier.correlation_id
    return RequestIds(chosen, parent, link, message.baggage if message.baggage.members else carrier.baggage)


def distrust(message: Inbound, carrier: Inbound, *, judged: bool) -> tuple[Inbound, Inbound, tuple[TraceContext, ...]]:
    """Of what a stranger's message and its carrier say, only what strangers may choose: correlation ids.

    Args:
        message: what the message says.
        carrier: what brought it says.
        judged: whether what surrounds the message has decided already what is taken over of the carrier.

    Returns:
        Both without trace and baggage, and the positions to link to instead.
    """
    refused = (message,) if judged else (message, carrier)
    kept = carrier if judged else carrier._replace(trace=None, baggage=NO_BAGGAGE)
    links = tuple(one.trace for one in refused if one.trace is not None)
    return message._replace(trace=None, baggage=NO_BAGGAGE), kept, links


def count_rejections(metrics: TelemetryMetrics) -> Callable[[Inbound], None]:
    """A callable that counts what was refused of an :class:`Inbound`, by reason."""

    def count(inbound: Inbound) -> None:
        for reason in inbound.rejected:
            metrics.rejected_ids.labels(**{LabelName.REASON: reason.value}).inc()

    return count
