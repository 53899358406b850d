"""Ids that stay when panels move or are added: made from names, never from positions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from zlib import crc32

__all__ = ["OfService", "dashboard_uid", "panel_id"]

_UID_LENGTH = 40


class OfService(Protocol):
    """What belongs to a service: an SLO."""

    @property
    def service(self) -> str:
        """Name of the service."""
        ...


def dashboard_uid(name: str, slos: Iterable[OfService] = ()) -> str:
    """The uid of a dashboard, at most 40 characters as Grafana allows.

    Two services that share a Grafana do not overwrite each other's dashboards: the service is
    part of the uid where the SLOs belong to one.

    Args:
        name: name of the dashboard, such as ``overview``.
        slos: the SLOs that the dashboards are generated from.
    """
    services = {slo.service for slo in slos}
    uid = f"{services.pop() if len(services) == 1 else 'exai-sre'}-{name}"
    if len(uid) <= _UID_LENGTH:
        return uid
    digest = f"{crc32(uid.encode()):08x}"
    return f"{uid[: _UID_LENGTH - 9]}-{digest}"


def panel_id(dashboard: str, key: str) -> int:
    """The id of a panel: a positive number of 31 bits.

    Args:
        dashboard: name of the dashboard.
        key: the panel's key, such as ``slo:exai-mcp-availability``.
    """
    return (crc32(f"{dashboard}/{key}".encode()) & 0x7FFFFFFF) or 1
