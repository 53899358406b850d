"""Policy files: their faults, and what is wrong with the order and the times of their pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exai_sre.errors import SpecError
from exai_sre.generate.finding import Finding
from exai_sre.resilience.config import examine_policies, order_findings

__all__ = ["check_policy_file", "is_policy_file"]

_PIPELINES: Final = re.compile(r"^(?:pipelines\s*[:.=]|\[+\s*pipelines\s*[.\]])", re.MULTILINE)
_SUFFIXES: Final = (".toml", ".yaml", ".yml")


def is_policy_file(file: Path) -> bool:
    """Whether a file is TOML or YAML and has pipelines at its top."""
    if file.suffix not in _SUFFIXES:
        return False
    try:
        return _PIPELINES.search(file.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def check_policy_file(file: Path) -> Iterator[Finding]:
    """``policies``: a fault of the file; otherwise what the linter of order says, under the codes of its own."""
    try:
        spec, document = examine_policies(file)
    except SpecError as error:
        yield _fault(error)
        return
    yield from map(_fault, document.faults)
    for pipeline in spec.pipelines.values():
        for found in order_findings(pipeline.strategies):
            line = document.line(pipeline.strategies[found.at].path)
            yield Finding(str(file), line, found.code, f"pipelines.{pipeline.name}: {found.message}", found.severity)


def _fault(error: SpecError) -> Finding:
    where = f"{error.file}:{error.line}: " if error.line else f"{error.file}: "
    return Finding(error.file, error.line, "policies", " ".join(str(error).removeprefix(where).split()))
