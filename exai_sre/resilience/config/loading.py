"""The edge: policy files from the disk."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Final

from exai_sre.errors import SpecError
from exai_sre.resilience.config.building import check_options
from exai_sre.resilience.config.document import Document
from exai_sre.resilience.config.policies import Policies
from exai_sre.resilience.config.reading import read_spec
from exai_sre.resilience.config.spec import PolicySpec
from exai_sre.resilience.config.toml_source import read_toml
from exai_sre.resilience.config.yaml_source import read_yaml

__all__ = ["examine_policies", "load_policies", "parse_policies", "read_policies"]

_READERS: Final = {".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml}


def load_policies(path: str | PathLike[str]) -> Policies:
    """The policies of a TOML or YAML file.

    Raises:
        SpecError: the file has a fault; it names file, line, field and remedy. Further faults are
            notes of the error.
    """
    return Policies(read_policies(path))


def read_policies(path: str | PathLike[str]) -> PolicySpec:
    """What a policy file says, checked.

    Raises:
        SpecError: as :func:`load_policies`.
    """
    spec, document = examine_policies(path)
    if document.faults:
        first, *others = document.faults
        for other in others:
            first.add_note(str(other))
        raise first
    return spec


def examine_policies(path: str | PathLike[str]) -> tuple[PolicySpec, Document]:
    """What a policy file says, and the file with all its faults.

    Raises:
        SpecError: the file cannot be read, or is neither TOML nor YAML.
    """
    file = Path(path)
    read = _READERS.get(file.suffix)
    if read is None:
        raise SpecError("is neither TOML nor YAML", file=str(path), remedy=f"name it {', '.join(_READERS)}")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"is not UTF-8 text (byte {error.start})", file=str(path), remedy="save it as UTF-8") from None
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise SpecError(what, file=str(path), remedy="check the path and its permissions") from None
    document = read(text, str(path))
    return parse_policies(document), document


def parse_policies(document: Document) -> PolicySpec:
    """The policies of a document; what is wrong is added to its faults."""
    spec = read_spec(document)
    check_options(spec, document)
    return spec
