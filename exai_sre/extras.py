"""Optional dependencies: imported where they are used, with one clear error when missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from exai_sre.errors import MissingExtraError

__all__ = ["require"]


def require(module: str, *, package: str, extra: str) -> Any:
    """Import an optional ``module`` or say which extra brings it.

    Args:
        module: dotted name of the module to import.
        package: distribution that provides it, as users name it to pip.
        extra: extra of exai-sre that depends on that distribution.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise
        raise MissingExtraError(package, extra) from error
