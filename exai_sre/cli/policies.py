"""The user's resilience policies: named in pyproject.toml, or in a file of the usual name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from exai_sre.cli.project import project_setting

if TYPE_CHECKING:
    from exai_sre.resilience.config import PolicySpec

__all__ = ["load_policy_spec", "policy_file"]

_FORM: Final = "write the path of a .toml or .yaml file, such as resilience.toml"
_USUAL: Final = ("resilience.toml", "resilience.yaml", "resilience.yml")


def policy_file(folder: Path) -> Path | None:
    """The policy file of a project: ``[tool.exai_sre] policies``, else ``resilience.toml`` or ``.yaml``, else ``None``.

    Raises:
        SettingError: pyproject.toml cannot be read, or its entry is no text.
    """
    named = project_setting("policies", folder, _FORM)
    if named is not None:
        return folder / named
    return next((folder / name for name in _USUAL if (folder / name).is_file()), None)


def load_policy_spec(folder: Path) -> PolicySpec | None:
    """What the policy file of a project says; ``None`` where it has none.

    Raises:
        SettingError: as :func:`policy_file`.
        SpecError: the file has a fault.
    """
    file = policy_file(folder)
    if file is None:
        return None
    # Most projects have no policies; importing the strategies is left to those that do.
    from exai_sre.resilience.config import read_policies

    return read_policies(file)
