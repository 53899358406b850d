"""Classes of errors by their dotted path, so that the package that defines them is never imported."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from exai_sre.resilience.classifiers.verdict import Verdict

__all__ = ["ClassTable", "class_paths", "is_of_class"]

ClassTable = Mapping[str, Verdict | None]
"""Verdicts by class path, such as ``httpx.ConnectError``; ``None`` where the HTTP status decides."""


def class_paths(error: BaseException) -> Iterator[str]:
    """Dotted paths of the class of ``error`` and of its bases, nearest first."""
    return (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)


def is_of_class(error: BaseException, paths: Container[str]) -> bool:
    """Whether the class of ``error`` or one of its bases has one of these dotted paths."""
    return any(path in paths for path in class_paths(error))
