"""What an error means: its outcome, its class for labels, and what the caller may see of it."""

from __future__ import annotations

from http import HTTPStatus

from exai_sre.outcome import Outcome

__all__ = ["error_body", "error_type", "status_outcome"]


def status_outcome(status: int) -> Outcome:
    """How an HTTP exchange ended, by its status code."""
    if status < HTTPStatus.BAD_REQUEST:
        return Outcome.OK
    if status == HTTPStatus.TOO_MANY_REQUESTS or status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Outcome.OVERLOAD
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return Outcome.TIMEOUT
    if status == HTTPStatus.BAD_GATEWAY:
        return Outcome.UPSTREAM_ERROR
    return Outcome.CLIENT_ERROR if status < HTTPStatus.INTERNAL_SERVER_ERROR else Outcome.ERROR


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
