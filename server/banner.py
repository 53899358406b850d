"""What the server says to the people who started it."""

from __future__ import annotations

from exai_sre.version import __version__
from server.app import Application
from server.upstreams import KEY_VARIABLES

__all__ = ["banner"]


def banner(app: Application) -> str:
    """Addresses, upstreams and where the data is, one fact per line."""
    settings = app.settings
    lines = [f"EX-AI MCP server {__version__}, replica {settings.replica}"]
    if app.mcp_url:
        socket_url = app.mcp_url.replace("http", "ws", 1)
        lines += [
            f"  MCP        {app.mcp_url}/mcp (Streamable HTTP), {socket_url}/ws (WebSocket)",
            f"  live page  {app.monitoring_url}/ (also /health /ready /metrics /slo)",
        ]
    else:
        lines.append("  MCP        standard input and output; no port is open")
    lines += [
        f"  upstreams  {_upstreams(app)}",
        f"  data       {settings.state_dir.resolve()}, SLOs from {settings.slo_dir.resolve()}",
        f"  stop       Ctrl-C; running calls get {settings.drain_seconds:g} s to end",
    ]
    return "\n".join(lines) + "\n"


def _upstreams(app: Application) -> str:
    if app.simulator is None:
        return "the providers whose keys are set"
    return f"SIMULATED: neither {' nor '.join(KEY_VARIABLES.values())} is set, so every answer is made up"
