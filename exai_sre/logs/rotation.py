"""Names of rotated log files, and which of them are too old: pure, the file system is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["DAY", "Rotated", "expired", "rotated_files", "rotated_name"]

DAY: Final = 86_400.0
"""Seconds of a day in UTC, at whose end files are rotated."""

_STAMP: Final = "%Y%m%dT%H%M%SZ"


class Rotated:
    """One rotated file.

    Attributes:
        path: where it is.
        at: when it was rotated, seconds since the Unix epoch: no line in it is younger.
        size: bytes.
    """

    __slots__ = ("at", "order", "path", "size")

    def __init__(self, path: Path, at: float, number: int, size: int) -> None:
        self.path = path
        self.at = at
        self.size = size
        self.order = (at, number)


def rotated_name(path: Path, at: float, number: int) -> Path:
    """Name of the file that is rotated at ``at``: ``app-20260131T235959Z.log`` for ``app.log``.

    Args:
        path: the file that is written.
        at: seconds since the Unix epoch.
        number: counts the files of one second, from 0.
    """
    stamp = datetime.fromtimestamp(at, UTC).strftime(_STAMP)
    return path.with_name(f"{path.stem}-{stamp}{f'-{number}' if number else ''}{path.suffix}")


def rotated_files(path: Path, found: Iterable[tuple[Path, int]]) -> list[Rotated]:
    """Those of the files found that were rotated from ``path``, oldest first.

    Args:
        path: the file that is written.
        found: files of its directory with their sizes, bytes.
    """
    pattern = re.compile(rf"{re.escape(path.stem)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?{re.escape(path.suffix)}", re.ASCII)
    rotated = []
    for file, size in found:
        match = pattern.fullmatch(file.name)
        at = _seconds(match[1]) if match else None
        if match and at is not None:
            rotated.append(Rotated(file, at, int(match[2] or 0), size))
    return sorted(rotated, key=lambda one: one.order)


def _seconds(stamp: str) -> float | None:
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def expired(rotated: Iterable[Rotated], now: float, *, keep: float, total: int | None) -> list[Path]:
    """Rotated files to delete.

    Args:
        rotated: oldest first.
        now: seconds since the Unix epoch.
        keep: seconds for which a file is kept after its rotation.
        total: bytes that all rotated files may take; the oldest go first. ``None``: no limit.
    """
    too_old: list[Path] = []
    kept: list[Rotated] = []
    for one in rotated:
        if now - one.at >= keep:
            too_old.append(one.path)
        else:
            kept.append(one)
    taken = sum(one.size for one in kept)
    for one in kept:
        if total is None or taken <= total:
            break
        too_old.append(one.path)
        taken -= one.size
    return too_old
