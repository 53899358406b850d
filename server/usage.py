"""Who uses the server and what for: active users and features, as far as calls tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from exai_sre.clock import Clock
from exai_sre.context import current_baggage
from exai_sre.metrics.active_users import ActiveUsers
from exai_sre.middleware.websocket import WebSocketRequest
from exai_sre.names import LabelName
from exai_sre.outcome import Outcome
from server.metrics import ServerMetrics

__all__ = ["Usage", "user_of"]

_USER: Final = "user.id"
"""Key in W3C baggage under which a gateway names the user (OpenTelemetry's attribute)."""

_SESSION: Final = "mcp-session-id"
_LONGEST: Final = 256


class Usage:
    """Writes the business metrics.

    Args:
        metrics: the server's families.
        clock: for when a user was seen.
    """

    def __init__(self, metrics: ServerMetrics, clock: Clock) -> None:
        self._uses = metrics.business.feature_uses
        self._users = ActiveUsers(metrics.business, clock)
        self._users.attach(metrics.catalog)

    def called(self, context: Any) -> None:
        """A tool is being called; ``context`` is the SDK's context of the request."""
        self._users.seen(user_of(context.request))

    def feature_used(self, feature: str, outcome: Outcome) -> None:
        """A call made use of a feature and ended with ``outcome``."""
        self._uses.labels(**{LabelName.FEATURE: feature, LabelName.OUTCOME: outcome.value}).inc()


def user_of(request: Any) -> str:
    """An id of the caller to count by, never to show.

    The user that a gateway names in the baggage; else the connection of a WebSocket, the only client of
    standard input, the session of an HTTP request, or its address and agent where there are no sessions.

    Args:
        request: the transport's request, ``None`` on standard input.
    """
    named = current_baggage.get().get(_USER)
    if named:
        return f"user {named[:_LONGEST]}"
    if request is None:
        return "pipe"
    if isinstance(request, WebSocketRequest):
        return f"connection {request.connection_id}"
    headers: Mapping[str, str] = getattr(request, "headers", None) or {}
    session = headers.get(_SESSION)
    if session:
        return f"session {session[:_LONGEST]}"
    peer = getattr(request, "client", None)
    return f"peer {peer.host if peer else ''} {headers.get('user-agent', '')[:_LONGEST]}"
