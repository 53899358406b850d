"""Handing a unit of work over to another process, as a mapping of texts: pools, queues, files.

Between processes of one service the whole of it travels: ids, baggage, deadline, attempts. Over
a wire to someone else, :func:`~exai_sre.context.inject` decides what may leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, ParamSpec, TypeVar

from exai_sre.clock import Clock, SystemClock
from exai_sre.context.baggage import current_baggage
from exai_sre.context.carriers import extract, inject
from exai_sre.context.connection import connection_id
from exai_sre.context.hop_limits import extract_limits, inject_limits, limits_of_hop
from exai_sre.context.ids import IdRule
from exai_sre.context.unit import unit_of_work
from exai_sre.names import CarrierKey

__all__ = ["Handed", "handed_over", "handover", "in_process"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_OWN_IDS = IdRule(shortest=1, longest=256, punctuation="!$&*+-./:=@_|~")
"""What one process of a service gives another has been judged already."""


def handover(clock: Clock | None = None) -> dict[str, str]:
    """The running unit of work as a mapping of texts, to be sent along with a job.

    Args:
        clock: the one that set the deadline; the machine's by default.
    """
    carrier: dict[str, str] = {}
    inject(carrier, baggage=[member.key for member in current_baggage.get().members])
    inject_limits(carrier, (clock or SystemClock()).monotonic())
    connection = connection_id.get()
    if connection is not None:
        carrier[CarrierKey.CONNECTION_ID] = connection
    return carrier


@contextmanager
def handed_over(carrier: Mapping[str, str], clock: Clock | None = None) -> Iterator[str]:
    """Run the body as part of the unit of work that a carrier of :func:`handover` describes.

    Args:
        carrier: what came along with the job; an empty one starts a new unit of work.
        clock: the one that tells the deadline; the machine's by default.

    Yields:
        The correlation id.
    """
    arrived = extract(carrier, _OWN_IDS)
    limits = extract_limits(carrier)
    token = connection_id.set(carrier.get(CarrierKey.CONNECTION_ID))
    try:
        with (
            unit_of_work(arrived.correlation_id, arrived.trace, arrived.baggage) as unit,
            limits_of_hop(limits, (clock or SystemClock()).monotonic()),
        ):
            yield unit
    finally:
        connection_id.reset(token)


class Handed(Generic[P, R_co]):
    """A function together with the unit of work that it belongs to; it can be pickled if the function can."""

    __slots__ = ("_carrier", "_function")

    def __init__(self, function: Callable[P, R_co], carrier: Mapping[str, str]) -> None:
        self._function = function
        self._carrier = dict(carrier)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function within its unit of work."""
        with handed_over(self._carrier):
            return self._function(*args, **kwargs)


def in_process(function: Callable[P, R_co]) -> Handed[P, R_co]:
    """``function`` bound to the running unit of work, for process pools: ``pool.submit(in_process(f), ...)``."""
    return Handed(function, handover())
