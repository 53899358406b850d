"""Why something that arrived with a request was not taken over."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Rejection"]


class Rejection(StrEnum):
    """Reason for refusing an inbound id; a metric label, so it never holds the refused value."""

    ID_TYPE = "id_type"
    """The correlation id is no text."""
    ID_AMBIGUOUS = "id_ambiguous"
    """Several correlation ids arrived, and they differ."""
    ID_LENGTH = "id_length"
    """The correlation id has fewer than 8 or more than 64 characters."""
    ID_CHARACTERS = "id_characters"
    """The correlation id has a character outside ``[A-Za-z0-9._:-]``."""
    TRACEPARENT = "traceparent"
    """The trace context is malformed or not single-valued."""
    TRACESTATE = "tracestate"
    """The vendor part of the trace context is malformed; it is dropped whole."""
    BAGGAGE = "baggage"
    """The baggage is malformed or too large; it is dropped whole."""
