"""The exceptions of HTTP clients: aiohttp and httpx, by class path."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers.class_table import ClassTable, class_paths
from exai_sre.resilience.classifiers.http_status import headers_of, status_of, status_verdict
from exai_sre.resilience.classifiers.verdict import DEFECT, FAULT, LATE, TRANSIENT, UNREACHED, Verdict

__all__ = ["AIOHTTP_ERRORS", "HTTPX_ERRORS", "read_http_client_error", "read_http_status"]

_BROKE_OFF: Final = replace(TRANSIENT, sent=True)
_LATE_ANSWER: Final = replace(LATE, sent=True)
_LATE_CONNECTION: Final = replace(LATE, sent=False)
_UNTRUSTED: Final = replace(FAULT, sent=False)
_UNREADABLE: Final = replace(FAULT, sent=True)
_MISUSED: Final = Verdict(Outcome.ERROR, retryable=False)
_NO_PLACE: Final = Verdict(Outcome.OVERLOAD, retryable=False, sent=False)

AIOHTTP_ERRORS: Final[ClassTable] = {
    f"aiohttp.client_exceptions.{name}": verdict
    for name, verdict in {
        "ClientConnectorCertificateError": _UNTRUSTED,
        "ClientSSLError": _UNTRUSTED,
        "ServerFingerprintMismatch": _UNTRUSTED,
        "ClientConnectorError": UNREACHED,
        "ConnectionTimeoutError": _LATE_CONNECTION,
        "ServerTimeoutError": _LATE_ANSWER,
        "ServerDisconnectedError": _BROKE_OFF,
        "ClientPayloadError": _BROKE_OFF,
        "ClientConnectionError": TRANSIENT,
        "ContentTypeError": _UNREADABLE,
        "TooManyRedirects": _UNREADABLE,
        "RedirectClientError": _UNREADABLE,
        "InvalidURL": DEFECT,
        "NonHttpUrlClientError": DEFECT,
        "WSMessageTypeError": _MISUSED,
        "ClientResponseError": None,
        "ClientError": TRANSIENT,
    }.items()
}
"""aiohttp's client exceptions."""

HTTPX_ERRORS: Final[ClassTable] = {
    f"httpx.{name}": verdict
    for name, verdict in {
        "ConnectError": UNREACHED,
        "ProxyError": UNREACHED,
        "ConnectTimeout": _LATE_CONNECTION,
        # Our own pool has no connection left: the peer is not to blame, and more attempts would make it worse.
        "PoolTimeout": _NO_PLACE,
        "TimeoutException": _LATE_ANSWER,
        "RemoteProtocolError": _BROKE_OFF,
        "ReadError": _BROKE_OFF,
        "NetworkError": TRANSIENT,
        "LocalProtocolError": DEFECT,
        "UnsupportedProtocol": DEFECT,
        "InvalidURL": DEFECT,
        "CookieConflict": _MISUSED,
        "StreamError": _MISUSED,
        "DecodingError": _UNREADABLE,
        "TooManyRedirects": _UNREADABLE,
        "HTTPStatusError": None,
        "HTTPError": TRANSIENT,
    }.items()
}
"""httpx's exceptions."""

_ERRORS: Final[ClassTable] = {**AIOHTTP_ERRORS, **HTTPX_ERRORS}


def read_http_client_error(error: BaseException, now: float) -> Verdict | None:
    """What an exception of aiohttp or httpx means; ``None`` for one of something else.

    Args:
        error: the exception.
        now: seconds since the Unix epoch, for dates in ``Retry-After``.
    """
    path = next((path for path in class_paths(error) if path in _ERRORS), None)
    if path is None:
        return None
    return _ERRORS[path] or read_http_status(error, now) or FAULT


def read_http_status(error: BaseException, now: float) -> Verdict | None:
    """What an exception of any client means that keeps the HTTP status on it; ``None`` where there is none.

    Args:
        error: the exception; see :func:`~exai_sre.resilience.classifiers.http_status.status_of`.
        now: seconds since the Unix epoch, for dates in ``Retry-After``.
    """
    status = status_of(error)
    return None if status is None else status_verdict(status, headers_of(error), now)
