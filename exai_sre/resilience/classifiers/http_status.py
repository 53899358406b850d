"""HTTP statuses as verdicts, and where an error of any client keeps its status and header fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers.retry_after import retry_after_in_headers
from exai_sre.resilience.classifiers.verdict import FAULT, REFUSED, TRANSIENT, Verdict

__all__ = ["HTTP_STATUSES", "headers_of", "status_of", "status_verdict"]

_PASSING: Final = (408, 425, 429, 499)
_FINAL: Final = (501, 505, 506, 508, 510, 511, 525, 526)

HTTP_STATUSES: Final[Mapping[int, Verdict]] = {
    **dict.fromkeys(range(200, 300), Verdict(Outcome.OK, retryable=False)),
    **dict.fromkeys(range(400, 500), REFUSED),
    **dict.fromkeys(_PASSING, TRANSIENT),
    **dict.fromkeys(range(500, 600), TRANSIENT),
    **dict.fromkeys(_FINAL, FAULT),
}
"""Verdicts by HTTP status; what is not here (100 to 399 but for 2xx) is a :data:`FAULT`: nobody asked for it.

Source: RFC 9110, section 15, RFC 6585 (429) and RFC 8470 (425); 499, 525 and 526 as nginx and Cloudflare send them.
"""


def status_verdict(
    status: int,
    headers: Mapping[str, str] | None = None,
    now: float = 0.0,
    *,
    statuses: Mapping[int, Verdict] = HTTP_STATUSES,
) -> Verdict:
    """What a response with this status means. The request was sent: there is a response.

    Args:
        status: HTTP status.
        headers: header fields of the response, for ``Retry-After``.
        now: seconds since the Unix epoch.
        statuses: the table.
    """
    asked = retry_after_in_headers(headers, now) if headers else None
    return replace(statuses.get(status, FAULT), sent=True, retry_after=asked)


def status_of(error: BaseException) -> int | None:
    """The HTTP status that ``error`` carries: its ``status`` or ``status_code``, or that of its ``response``."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status", "status_code"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 600:
                return int(value)
    return None


def headers_of(error: BaseException) -> Mapping[str, str]:
    """The header fields of the response that ``error`` carries; empty where it carries none."""
    for holder in (error, getattr(error, "response", None)):
        headers: Any = getattr(holder, "headers", None)
        if isinstance(headers, Mapping):
            return headers
    return {}
