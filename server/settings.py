"""The server's settings: what may be set, where it is read from, and what is refused."""

from __future__ import annotations

import ipaddress
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from exai_sre.errors import SettingError
from exai_sre.settings import Setting, SettingSources, in_range, listed, one_of, read_settings, unknown_variables

__all__ = ["PREFIX", "SETTINGS", "Settings", "load_settings", "settings_warnings"]

PREFIX: Final = "EXAI_"
"""Prefix of the server's environment variables."""

_CONFIG = f"{PREFIX}CONFIG"
_FOREIGN = ("EXAI_SRE_", "EXAI_VECTORS")
"""Variables under our prefix that the library and the tests read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set; :data:`SETTINGS` says how each is read.

    Attributes:
        host: address to listen on; loopback only, as the server has no authentication.
        mcp_port: port of ``/mcp`` and ``/ws``; 0 for any free one.
        monitoring_port: port of the live page, ``/metrics`` and the rest; 0 for any free one.
        state_dir: directory of the tracker's database.
        slo_dir: directory of the SLO definitions.
        log_level: least severe level that is written.
        log_format: renderer of log lines.
        replica: name of this process among its replicas.
        drain_seconds: how long running calls may take to finish after SIGTERM, seconds.
        max_connections: WebSocket connections on ``/ws``, and sessions on ``/mcp``, at one time.
        max_page_clients: live pages at one time on ``/events``.
        connection_calls: tool calls at one time on one connection.
        max_message_bytes: largest request body or WebSocket message, bytes.
        tick_seconds: interval of the tracker and of the live page, seconds.
        allowed_hosts: further values of the ``Host`` header that are accepted, without port.
        allowed_origins: further values of the ``Origin`` header that are accepted.
    """

    host: str
    mcp_port: int
    monitoring_port: int
    state_dir: Path
    slo_dir: Path
    log_level: str
    log_format: str
    replica: str
    drain_seconds: float
    max_connections: int
    max_page_clients: int
    connection_calls: int
    max_message_bytes: int
    tick_seconds: float
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]


def _loopback(text: str) -> str:
    address = "127.0.0.1" if text == "localhost" else text
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            "use 127.0.0.1, ::1 or localhost: the server has no authentication yet, so it does not listen publicly"
        )
    return address


def _filled(text: str) -> str:
    if not text:
        raise ValueError("use a text that is not empty")
    return text


def _directory(text: str) -> Path:
    path = Path(_filled(text)).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("use a directory; this is a file")
    return path


def _existing(text: str) -> Path:
    path = _directory(text)
    if not path.is_dir():
        raise ValueError("use a directory that exists")
    return path


def _slo_default() -> Path:
    here = Path("slo")
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "slo"


SETTINGS: Final = (
    Setting("host", _loopback, "127.0.0.1", "address to listen on, loopback only"),
    Setting("mcp_port", in_range(0, 65535, whole=True), 8079, "port of /mcp and /ws; 0 takes any free one"),
    Setting("monitoring_port", in_range(0, 65535, whole=True), 8080, "port of the live page and /metrics; 0 any"),
    Setting("state_dir", _directory, None, "directory of the tracker's database (default: var)"),
    Setting("slo_dir", _existing, None, "directory of the SLO definitions (default: slo)"),
    Setting("log_level", one_of("debug", "info", "warning", "error"), "info", "least severe level that is logged"),
    Setting("log_format", one_of("json", "console", "logfmt"), "json", "json, console or logfmt"),
    Setting("replica", _filled, None, "name of this process among its replicas (default: host name)"),
    Setting("drain_seconds", in_range(0, 3600, unit="seconds"), 30.0, "time for running calls to finish, seconds"),
    Setting(
        "max_connections", in_range(1, 100_000, whole=True), 1000, "WebSocket connections, and sessions, at one time"
    ),
    Setting("max_page_clients", in_range(1, 10_000, whole=True), 50, "live pages at one time"),
    Setting("connection_calls", in_range(1, 10_000, whole=True), 64, "tool calls at one time on one connection"),
    Setting(
        "max_message_bytes",
        in_range(1024, 1 << 30, unit="bytes", whole=True),
        4 << 20,
        "largest request or message, bytes",
    ),
    Setting("tick_seconds", in_range(0.05, 60, unit="seconds"), 1.0, "interval of tracker and live page, seconds"),
    Setting("allowed_hosts", listed, (), "further accepted Host names, comma-separated"),
    Setting("allowed_origins", listed, (), "further accepted Origins, comma-separated"),
)
"""Every setting of the server, in the order of ``--help``."""


def load_settings(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
    """Read the settings: flag over environment over file over default.

    Args:
        flags: values by setting name; ``config`` names the settings file.
        environment: the process environment.

    Raises:
        SettingError: a value cannot be used, or the file cannot be read.
    """
    flag = flags.get("config")
    name = "--config" if flag else _CONFIG
    path = flag or environment.get(_CONFIG) or ""
    file = _read_toml(name, path) if path else {}
    values = read_settings(SETTINGS, SettingSources(flags, environment, file, path, PREFIX))
    values["state_dir"] = values["state_dir"] or _state_default(environment)
    values["slo_dir"] = values["slo_dir"] or _slo_default()
    values["replica"] = values["replica"] or socket.gethostname()
    return Settings(**{each.name: values[each.name] for each in fields(Settings)})


def settings_warnings(environment: Mapping[str, str]) -> list[str]:
    """One line for each variable that looks like a setting and is none."""
    return unknown_variables(SETTINGS, environment, prefix=PREFIX, also=(_CONFIG,), ignored=_FOREIGN)


def _state_default(environment: Mapping[str, str]) -> Path:
    xdg = environment.get("XDG_STATE_HOME", "")
    return Path(xdg) / "exai-mcp" if os.path.isabs(xdg) else Path("var")


def _read_toml(name: str, path: str) -> dict[str, object]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SettingError(name, path, f"cannot be read ({error.strerror})", remedy="name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(name, path, f"is no TOML ({error})", remedy="mend the file") from None
