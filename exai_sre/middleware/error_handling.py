"""What an error means: its outcome, its class for labels, and what the caller may see of it."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classify import retry_after_of

__all__ = ["error_body", "error_headers", "error_status", "error_type", "status_outcome"]

_BAD_REQUEST: Final = 400
_SERVER_ERROR: Final = 500
_SPECIAL: Final = {
    429: Outcome.OVERLOAD,
    502: Outcome.UPSTREAM_ERROR,
    503: Outcome.OVERLOAD,
    504: Outcome.TIMEOUT,
}
_STATUS_OF: Final = {
    Outcome.CLIENT_ERROR: 400,
    Outcome.OVERLOAD: 503,
    Outcome.TIMEOUT: 504,
    Outcome.UPSTREAM_ERROR: 502,
}


def status_outcome(status: int) -> Outcome:
    """How an HTTP exchange ended, by its status code."""
    if status < _BAD_REQUEST:
        return Outcome.OK
    return _SPECIAL.get(status) or (Outcome.CLIENT_ERROR if status < _SERVER_ERROR else Outcome.ERROR)


def error_status(outcome: Outcome) -> int:
    """The status code with which an HTTP exchange ends that failed so before its response had a head."""
    return _STATUS_OF.get(outcome, 500)


def error_headers(error: BaseException) -> dict[str, str]:
    """What the caller can be told in headers: when to come back, where the error knows it, in whole seconds."""
    seconds = retry_after_of(error)
    return {} if seconds is None or math.isinf(seconds) else {"Retry-After": str(math.ceil(seconds))}


def error_type(error: BaseException) -> str:
    """A low-cardinality name for ``error``: its class."""
    return type(error).__qualname__


def error_body(status: int, correlation_id: str, message: str = "") -> dict[str, object]:
    """The one shape in which an HTTP error reaches its caller; never holds an exception's text.

    Args:
        status: HTTP status code.
        correlation_id: the id under which the logs hold the cause.
        message: what the caller can do about it; the reason phrase where empty.
    """
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    return {
        "error": {
            "status": status,
            "type": phrase.lower().replace(" ", "_").replace("-", "_"),
            "message": message or phrase,
            "correlation_id": correlation_id,
        }
    }
