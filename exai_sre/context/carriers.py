"""Reading and writing ids in HTTP headers and in the ``_meta`` mapping of an MCP message.

Reading never raises: what is refused is named in :attr:`Inbound.rejected` and goes nowhere.
Source: W3C Trace Context, W3C Baggage, MCP SEP-414 (unprefixed keys in ``_meta``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping
from typing import Any, Final, NamedTuple

from exai_sre.context.baggage import MAX_BYTES, NO_BAGGAGE, Baggage, current_baggage
from exai_sre.context.correlation import correlation_id
from exai_sre.context.fields import field_values
from exai_sre.context.ids import DEFAULT_ID_RULE, IdRule, judge_correlation_id
from exai_sre.context.rejection import Rejection
from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.context.tracestate import valid_tracestate
from exai_sre.names import CarrierKey

__all__ = ["NOTHING", "Inbound", "extract", "extract_fields", "extract_meta", "inject", "inject_meta"]

_HEADER_IDS: Final = (CarrierKey.REQUEST_ID, CarrierKey.CORRELATION_ID)
_META_IDS: Final = (CarrierKey.META_CORRELATION_ID,)
_PARENT: Final = CarrierKey.TRACEPARENT
_STATE: Final = CarrierKey.TRACESTATE
_BAGGAGE: Final = CarrierKey.BAGGAGE
_TRACE: Final = (_PARENT, _STATE, _BAGGAGE)
_HEADERS: Final = (*_HEADER_IDS, *_TRACE)
_META: Final = (*_META_IDS, *_TRACE)
_FIELDS: Final = {name.encode(): name for name in _HEADERS}
_NAMES: Final = frozenset(_FIELDS)
_REQUEST_FIELD, _CORRELATION_FIELD, _PARENT_FIELD, _STATE_FIELD, _BAGGAGE_FIELD = _FIELDS
_USUAL: Final = 600
"""Bytes that are looked at before a value counts as unusual: more than any id or trace position has."""
_LONGEST: Final = 16_384
"""Characters of one value, or of a list over several fields, that are read at all; the specifications ask for less."""


class Inbound(NamedTuple):
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


NOTHING: Final = Inbound()
"""What a carrier without ids holds."""

_INBOUND: Final = Inbound._make

_Found = Mapping[str, list[object]]


def extract(headers: Mapping[str, Any] | None, rule: IdRule = DEFAULT_ID_RULE) -> Inbound:
    """Read the ids in HTTP headers, whose names may come in any case.

    Args:
        headers: a plain mapping, or one that keeps repeated fields and gives them by
            ``getall(name, default)`` (aiohttp) or ``getlist(name)`` (Starlette).
        rule: which correlation ids are taken over.
    """
    found = field_values(headers, _HEADERS) if headers else None
    return _read(found, _HEADER_IDS, rule) if found else NOTHING


def extract_fields(fields: Collection[tuple[bytes, bytes]], rule: IdRule = DEFAULT_ID_RULE) -> Inbound:
    """Read the ids in header fields as ASGI has them: pairs of bytes, the names in lower case.

    Args:
        fields: ``scope["headers"]``.
        rule: which correlation ids are taken over.
    """
    single = dict(fields)
    if _NAMES.isdisjoint(single):
        return NOTHING
    usual = _read_usual(single, rule) if len(single) == len(fields) else None
    if usual is not None:
        return usual
    found: dict[str, list[object]] = {}
    for field, value in fields:
        if field in _FIELDS:
            # One character more than is ever accepted is enough to refuse the rest.
            found.setdefault(_FIELDS[field], []).append(value[: _LONGEST + 1].decode("latin-1"))
    return _read(found, _HEADER_IDS, rule)


def _read_usual(fields: Mapping[bytes, bytes], rule: IdRule) -> Inbound | None:
    """What nearly every request brings, at half the cost: one id, one trace, all of it well-formed; else ``None``."""
    name = _REQUEST_FIELD if _REQUEST_FIELD in fields else _CORRELATION_FIELD
    unit, parent, state = fields.get(name), fields.get(_PARENT_FIELD), fields.get(_STATE_FIELD, b"")
    if _BAGGAGE_FIELD in fields or (name is _REQUEST_FIELD and _CORRELATION_FIELD in fields) or len(state) > _USUAL:
        return None
    chosen = trace = None
    if unit is not None:
        chosen = unit[:_USUAL].decode("latin-1")
        if rule.pattern.fullmatch(chosen) is None:
            return None
    if parent is not None:
        valid = valid_tracestate(state.decode("latin-1")) if state else ""
        trace = None if valid is None else TraceContext.parse(parent[:_USUAL].decode("latin-1"), valid)
        if trace is None:
            return None
    return _INBOUND((chosen, trace, NO_BAGGAGE, ()))


def extract_meta(meta: object, rule: IdRule = DEFAULT_ID_RULE) -> Inbound:
    """Read the ids in the ``_meta`` of an MCP message; anything but a mapping holds none.

    Args:
        meta: what the message has under ``_meta``.
        rule: which correlation ids are taken over.
    """
    if not meta or not isinstance(meta, Mapping):
        return NOTHING
    found: dict[str, list[object]] = {name: [meta[name]] for name in _META if name in meta}
    return _read(found, _META_IDS, rule) if found else NOTHING


def inject(
    carrier: MutableMapping[str, str], *, baggage: Collection[str] = (), redact: Callable[[str], str] | None = None
) -> None:
    """Write the ids of the running task into HTTP headers; a field that is there stays.

    Args:
        carrier: the headers of an outgoing request.
        baggage: keys of the baggage entries that may leave; none by default.
        redact: applied to the values of these entries; an entry on which it fails stays behind.
    """
    present = {name.lower() for name in carrier}
    _write(carrier, present, CarrierKey.REQUEST_ID, baggage, redact)


def inject_meta(
    meta: MutableMapping[str, Any], *, baggage: Collection[str] = (), redact: Callable[[str], str] | None = None
) -> None:
    """Write the ids of the running task into the ``_meta`` of an outgoing MCP message; see :func:`inject`."""
    _write(meta, meta, CarrierKey.META_CORRELATION_ID, baggage, redact)


def _read(found: _Found, id_names: tuple[str, ...], rule: IdRule) -> Inbound:
    rejected: list[Rejection] = []
    values: list[object] = []
    for name in id_names:
        if name in found:
            values += found[name]
    unit = judge_correlation_id(values, rule) if values else None
    if isinstance(unit, Rejection):
        rejected.append(unit)
        unit = None
    trace = _read_trace(found, rejected) if _PARENT in found else None
    baggage = _read_baggage(found[_BAGGAGE], rejected) if _BAGGAGE in found else NO_BAGGAGE
    return _INBOUND((unit, trace, baggage, tuple(rejected) if rejected else ()))


def _read_trace(found: _Found, rejected: list[Rejection]) -> TraceContext | None:
    parents = found[_PARENT]
    if not parents:
        return None
    state = _joined(found[_STATE]) if _STATE in found else ""
    valid = valid_tracestate(state) if state else state
    parent = parents[0]
    trace = TraceContext.parse(parent, valid or "") if len(parents) == 1 and isinstance(parent, str) else None
    if trace is None:
        rejected.append(Rejection.TRACEPARENT)
    elif valid is None:
        rejected.append(Rejection.TRACESTATE)
    return trace


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
    """Repeated fields as one list; ``None`` where one of them is no text, or all are too long."""
    if len(values) == 1:
        only = values[0]
        return only if isinstance(only, str) and len(only) <= _LONGEST else None
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values) or sum(map(len, texts)) > _LONGEST:
        return None
    return ",".join(texts)


def _write(
    carrier: MutableMapping[str, Any],
    present: Collection[str],
    id_name: str,
    keys: Collection[str],
    redact: Callable[[str], str] | None,
) -> None:
    unit, trace = correlation_id.get(), current_trace.get()
    if unit is not None and id_name not in present:
        carrier[id_name] = unit
    # The three parts of a trace position belong together: a caller's own is never mixed with ours.
    if trace is not None and CarrierKey.TRACEPARENT not in present:
        carrier[CarrierKey.TRACEPARENT] = trace.traceparent
        if trace.tracestate and CarrierKey.TRACESTATE not in present:
            carrier[CarrierKey.TRACESTATE] = trace.tracestate
    if not keys or CarrierKey.BAGGAGE in present:
        return
    leaving = current_baggage.get().only(keys)
    text = str(leaving if redact is None else leaving.redacted(redact))
    # Decoding and encoding anew may have made it longer than any receiver must take.
    if text and len(text) <= MAX_BYTES:
        carrier[CarrierKey.BAGGAGE] = text
