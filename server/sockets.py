"""Listening sockets, taken before anything else starts: the port is the lock against a second server."""

from __future__ import annotations

import errno
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from exai_sre.errors import ExaiSreError
from server.settings import Settings

__all__ = ["ListenError", "TakenPorts", "listen", "take_ports", "url_of"]

_BACKLOG: Final = 512


class ListenError(ExaiSreError):
    """A port that cannot be had.

    Attributes:
        host: the address.
        port: the port.
    """

    def __init__(self, host: str, port: int, what: str, *, remedy: str) -> None:
        self.host = host
        self.port = port
        super().__init__(f"port {port} on {host}: {what}", remedy=remedy)


@dataclass(frozen=True, slots=True)
class TakenPorts:
    """The server's listening sockets.

    Attributes:
        mcp: of the MCP port.
        monitoring: of the monitoring port.
    """

    mcp: socket.socket
    monitoring: socket.socket


def take_ports(stack: AsyncExitStack, settings: Settings) -> TakenPorts:
    """Listen on both ports; ``stack`` closes them.

    Raises:
        ListenError: a port cannot be had.
    """
    mcp = listen(settings.host, settings.mcp_port, "--mcp-port")
    stack.callback(mcp.close)
    monitoring = listen(settings.host, settings.monitoring_port, "--monitoring-port")
    stack.callback(monitoring.close)
    return TakenPorts(mcp, monitoring)


def listen(host: str, port: int, flag: str) -> socket.socket:
    """A socket that listens on ``host`` and ``port``; clients wait in its backlog until it is served.

    Args:
        host: numeric address.
        port: port; 0 for any free one.
        flag: the setting to change, named in the error.

    Raises:
        ListenError: the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise ListenError(
                host, port, "is in use", remedy=f"stop what listens there, or choose another by {flag}"
            ) from None
        raise ListenError(host, port, error.strerror or str(error), remedy=f"choose another by {flag}") from None
    return made


def url_of(listening: socket.socket) -> str:
    """The ``http`` address of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
