"""Reading and writing ids in HTTP headers and in the ``_meta`` mapping of an MCP message.

Reading never raises: what is refused is named in :attr:`Inbound.rejected` and goes nowhere.
Source: W3C Trace Context, W3C Baggage, MCP SEP-414 (unprefixed keys in ``_meta``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from exai_sre.context.baggage import NO_BAGGAGE, Baggage, current_baggage
from exai_sre.context.correlation import correlation_id
from exai_sre.context.ids import judge_correlation_id
from exai_sre.context.rejection import Rejection
from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.context.tracestate import valid_tracestate
from exai_sre.names import CarrierKey

__all__ = ["NOTHING", "Inbound", "extract", "extract_meta", "inject", "inject_meta"]

_HEADER_IDS = (CarrierKey.REQUEST_ID, CarrierKey.CORRELATION_ID)
_META_IDS = (CarrierKey.META_CORRELATION_ID,)


@dataclass(frozen=True, slots=True)
class Inbound:
    """What arrived with a request and is taken over.

    Attributes:
        correlation_id: the caller's id, or ``None`` where a fresh one must be made.
        trace: the caller's position in its trace, or ``None``.
        baggage: the caller's baggage.
        rejected: why something was not taken over; usually empty.
    """

    correlation_id: str | None = None
    trace: TraceContext | None = None
    baggage: Baggage = NO_BAGGAGE
    rejected: tuple[Rejection, ...] = ()


NOTHING = Inbound()
"""What a carrier without ids holds."""

_Values = Callable[[str], list[object]]


def extract(headers: Mapping[str, Any] | None) -> Inbound:
    """Read the ids in HTTP headers, whose names may come in any case.

    Args:
        headers: a plain mapping, or one that keeps repeated fields and gives them by
            ``getall(name, default)`` (aiohttp) or ``getlist(name)`` (Starlette).
    """
    return _read(_header_values(headers), _HEADER_IDS) if headers else NOTHING


def extract_meta(meta: object) -> Inbound:
    """Read the ids in the ``_meta`` of an MCP message; anything but a mapping holds none."""
    if not meta or not isinstance(meta, Mapping):
        return NOTHING
    return _read(lambda name: [meta[name]] if name in meta else [], _META_IDS)


def inject(carrier: MutableMapping[str, str], *, baggage: Collection[str] = ()) -> None:
    """Write the ids of the running task into HTTP headers; a field that is there stays.

    Args:
        carrier: the headers of an outgoing request.
        baggage: keys of the baggage entries that may leave; none by default.
    """
    present = {name.lower() for name in carrier}
    _write(carrier, present, CarrierKey.REQUEST_ID, baggage)


def inject_meta(meta: MutableMapping[str, Any], *, baggage: Collection[str] = ()) -> None:
    """Write the ids of the running task into the ``_meta`` of an outgoing MCP message."""
    _write(meta, set(meta), CarrierKey.META_CORRELATION_ID, baggage)


def _header_values(headers: Mapping[str, Any]) -> _Values:
    getall = getattr(headers, "getall", None)
    if getall is not None:
        return lambda name: list(getall(name, ()))
    getlist = getattr(headers, "getlist", None)
    if getlist is not None:
        return lambda name: list(getlist(name))
    folded: dict[str, list[object]] = {}
    for key, value in headers.items():
        folded.setdefault(key.lower(), []).extend(value if isinstance(value, list | tuple) else (value,))
    return lambda name: folded.get(name, [])


def _read(values: _Values, id_names: tuple[str, ...]) -> Inbound:
    rejected: list[Rejection] = []
    verdict = judge_correlation_id([value for name in id_names for value in values(name)])
    if isinstance(verdict, Rejection):
        rejected.append(verdict)
        verdict = None
    trace = _read_trace(values, rejected)
    baggage = _read_baggage(values(CarrierKey.BAGGAGE), rejected)
    return Inbound(verdict, trace, baggage, tuple(rejected))


def _read_trace(values: _Values, rejected: list[Rejection]) -> TraceContext | None:
    parents = values(CarrierKey.TRACEPARENT)
    if not parents:
        return None
    parent = parents[0]
    trace = TraceContext.parse(parent) if len(parents) == 1 and isinstance(parent, str) else None
    if trace is None:
        rejected.append(Rejection.TRACEPARENT)
        return None
    state = _joined(values(CarrierKey.TRACESTATE))
    if state == "":
        return trace
    valid = None if state is None else valid_tracestate(state)
    if valid is None:
        rejected.append(Rejection.TRACESTATE)
        return trace
    return TraceContext(trace.trace_id, trace.span_id, trace.sampled, valid)


def _read_baggage(values: list[object], rejected: list[Rejection]) -> Baggage:
    text = _joined(values)
    if text == "":
        return NO_BAGGAGE
    baggage = None if text is None else Baggage.parse(text)
    if baggage is None:
        rejected.append(Rejection.BAGGAGE)
        return NO_BAGGAGE
    return baggage


def _joined(values: list[object]) -> str | None:
    """Repeated fields as one list; ``None`` where one of them is no text."""
    texts = [value for value in values if isinstance(value, str)]
    return ",".join(texts) if len(texts) == len(values) else None


def _write(carrier: MutableMapping[str, Any], present: set[str], id_name: str, keys: Collection[str]) -> None:
    unit, trace = correlation_id.get(), current_trace.get()
    if unit is not None and id_name not in present:
        carrier[id_name] = unit
    # The three parts of a trace position belong together: a caller's own is never mixed with ours.
    if trace is not None and CarrierKey.TRACEPARENT not in present:
        carrier[CarrierKey.TRACEPARENT] = trace.traceparent
        if trace.tracestate and CarrierKey.TRACESTATE not in present:
            carrier[CarrierKey.TRACESTATE] = trace.tracestate
    if keys and CarrierKey.BAGGAGE not in present and (baggage := str(current_baggage.get().only(keys))):
        carrier[CarrierKey.BAGGAGE] = baggage
