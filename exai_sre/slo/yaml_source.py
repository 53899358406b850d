"""Finding and reading the files that hold definitions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults

__all__ = ["find_files", "read_text"]

_SUFFIXES = (".yaml", ".yml")


def find_files(paths: Iterable[str | os.PathLike[str]], faults: Faults) -> list[Path]:
    """The files to read, each once: those named, and the ``*.yaml`` and ``*.yml`` below folders.

    A folder that holds none is kept as a fault; names that begin with a dot are left out.
    """
    files: dict[Path, Path] = {}
    for path in map(Path, paths):
        found = (
            [path] if not path.is_dir() else [below for below in sorted(path.rglob("*")) if _is_definition(below, path)]
        )
        if not found:
            faults.add(SpecError("holds no .yaml or .yml file", file=str(path), remedy="name the folder of the SLOs"))
        for file in found:
            files.setdefault(file.resolve(), file)
    return list(files.values())


def _is_definition(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.suffix in _SUFFIXES and not hidden and file.is_file()


def read_text(file: Path) -> str:
    """The text of a file.

    Raises:
        SpecError: it cannot be read, or is no UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"is not UTF-8 text (byte {error.start})", file=str(file), remedy="save it as UTF-8") from None
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise SpecError(what, file=str(file), remedy="check the path and its permissions") from None
