"""What a generated file is, told by its path."""

from __future__ import annotations

from posixpath import basename
from typing import Literal

__all__ = ["FileKind", "file_kind", "stem_of"]

FileKind = Literal["rules", "dashboard", "other"]
"""Rule files and dashboards can go elsewhere; tests, runbooks and the rest stay where they are."""


def file_kind(path: str) -> FileKind:
    """The kind of a generated file."""
    if path.endswith(".rules.yaml"):
        return "rules"
    return "dashboard" if path.endswith(".json") else "other"


def stem_of(path: str) -> str:
    """A file's name without folder and ending: ``alerts/shop-api.rules.yaml`` gives ``shop-api``."""
    return basename(path).removesuffix(".rules.yaml").removesuffix(".json")
