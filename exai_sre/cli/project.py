"""What ``[tool.exai_sre]`` in the user's pyproject.toml says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exai_sre.errors import SettingError

__all__ = ["project_setting"]


def project_setting(name: str, folder: Path, form: str) -> str | None:
    """A text under ``[tool.exai_sre]`` in the pyproject.toml of ``folder``, or ``None``.

    Args:
        name: name of the entry.
        folder: where the file is.
        form: what to write there, for the error.

    Raises:
        SettingError: the file cannot be read as TOML, or the entry is no text.
    """
    import tomllib

    file = folder / "pyproject.toml"
    try:
        settings: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError("pyproject.toml", str(file), f"is no TOML: {error}", remedy="mend the file") from None
    value = settings.get("tool", {}).get("exai_sre", {}).get(name)
    if value is None or isinstance(value, str):
        return value
    raise SettingError(f"[tool.exai_sre] {name}", str(value), "is no text", remedy=form)
