"""Whether a failed request may have reached the peer, and how often one was tried."""

from __future__ import annotations

from typing import Final

from exai_sre.resilience.errors import DeadlineExceeded, Refused

__all__ = ["attempts_of", "maybe_sent", "note_attempts"]

_ATTEMPTS: Final = "exai_sre_attempts"

_NO_CONNECTION: Final = (Refused, ConnectionRefusedError)

_CLIENTS: Final = frozenset(
    {
        "aiohttp.ClientConnectorError",
        "aiohttp.ConnectionTimeoutError",
        "httpcore.ConnectError",
        "httpcore.ConnectTimeout",
        "httpcore.PoolTimeout",
        "httpx.ConnectError",
        "httpx.ConnectTimeout",
        "httpx.PoolTimeout",
        "requests.ConnectTimeout",
        "socket.gaierror",
        "urllib3.ConnectTimeoutError",
        "urllib3.NewConnectionError",
    }
)
"""Errors that clients raise before there is a connection: package and class, so that none of them is imported."""


def maybe_sent(error: BaseException) -> bool:
    """Whether bytes of the request may have been sent before ``error``.

    A ``sent`` attribute that is ``True`` or ``False`` decides. Without one, nothing was sent where
    a strategy refused the call, where its deadline had passed before it began, where the peer
    refused the connection or its name was not found, where a known client could not connect
    in time, and where one of these is the direct cause (``raise ... from``). Else something may
    have been.
    """
    seen: BaseException | None = error
    chain: list[BaseException] = []
    while seen is not None and seen not in chain:
        sent = getattr(seen, "sent", None)
        if isinstance(sent, bool):
            return sent
        if isinstance(seen, _NO_CONNECTION) or _is_client_error(seen):
            return False
        if isinstance(seen, DeadlineExceeded):
            return seen.started
        chain.append(seen)
        seen = seen.__cause__
    return True


def _is_client_error(error: BaseException) -> bool:
    return any(f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in _CLIENTS for kind in type(error).__mro__)


def note_attempts(error: BaseException, attempts: int) -> None:
    """Note on ``error`` how many attempts ended in it, for a breaker around the retry to count."""
    if attempts_of(error) != attempts:
        vars(error)[_ATTEMPTS] = attempts


def attempts_of(error: BaseException) -> int:
    """How many attempts ended in ``error``, as the retry that raised it noted; 1 without a retry."""
    attempts: int = vars(error).get(_ATTEMPTS, 1)
    return attempts
