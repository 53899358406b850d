"""gRPC status codes as verdicts, and the server's pushback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers.class_table import is_of_class
from exai_sre.resilience.classifiers.verdict import FAULT, LATE, REFUSED, TRANSIENT, Verdict

__all__ = ["GRPC_STATUSES", "read_grpc_error"]

GRPC_STATUSES: Final[Mapping[str, Verdict]] = {
    "OK": Verdict(Outcome.OK, retryable=False),
    "CANCELLED": Verdict(Outcome.CANCELLED, retryable=False),
    "DEADLINE_EXCEEDED": LATE,
    "UNAVAILABLE": TRANSIENT,
    "RESOURCE_EXHAUSTED": TRANSIENT,
    # To be repeated from a higher level (read, modify, write), not the same request.
    "ABORTED": FAULT,
    **dict.fromkeys(("UNKNOWN", "UNIMPLEMENTED", "INTERNAL", "DATA_LOSS"), FAULT),
    **dict.fromkeys(
        (
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "FAILED_PRECONDITION",
            "OUT_OF_RANGE",
            "UNAUTHENTICATED",
        ),
        REFUSED,
    ),
}
"""Verdicts by name of the status code.

Source: grpc.io/docs/guides/status-codes. The status does not tell whether bytes were sent.
"""

_ERRORS: Final = frozenset({"grpc.RpcError"})
_PUSHBACK: Final = "grpc-retry-pushback-ms"


def read_grpc_error(error: BaseException, _now: float) -> Verdict | None:
    """What an exception of gRPC, synchronous or asyncio, means; ``None`` for one of something else.

    A pushback (``grpc-retry-pushback-ms`` in the trailing metadata) says when to try again;
    one that is negative or no number forbids it. Source: gRPC proposal A6.
    """
    if not is_of_class(error, _ERRORS):
        return None
    verdict = GRPC_STATUSES.get(_name_of_code(error), FAULT)
    asked = _pushback(error)
    if asked is None:
        return verdict
    if not (asked.isascii() and asked.isdigit()):
        return replace(verdict, retryable=False)
    return replace(verdict, retry_after=int(asked) / 1000)


def _name_of_code(error: Any) -> str:
    code = error.code() if callable(getattr(error, "code", None)) else None
    return str(getattr(code, "name", ""))


def _pushback(error: Any) -> str | None:
    read = getattr(error, "trailing_metadata", None)
    metadata: Any = read() if callable(read) else None
    return next((str(value) for key, value in metadata or () if key == _PUSHBACK), None)
