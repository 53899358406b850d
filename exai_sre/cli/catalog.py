"""The user's catalog: named on the command line or in pyproject.toml."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

from exai_sre.cli.project import project_setting
from exai_sre.errors import ExaiSreError, SettingError
from exai_sre.metrics import Catalog
from exai_sre.slo.yaml_source import read_text

__all__ = ["configured_catalog", "load_catalog"]

_SETTING: Final = "[tool.exai_sre] catalog"
_FORM: Final = "write MODULE:ATTRIBUTE, such as server.metrics:build_catalog, or a .yaml file"
_FILES: Final = (".yaml", ".yml")


def load_catalog(flag: str | None, folder: Path) -> Catalog | None:
    """The catalog of ``--catalog``, or of the pyproject.toml in ``folder``, or ``None``.

    The place is a YAML file, as ``exai-sre init`` writes it, or an attribute of a module, which
    is a :class:`Catalog` or a callable that returns one.

    Raises:
        SettingError: the place named holds no catalog.
        SpecError: the file is no sound catalog.
    """
    if flag is not None:
        return _file(Path(flag)) if flag.endswith(_FILES) else _resolve(flag, "--catalog")
    configured = configured_catalog(folder)
    if configured is None:
        return None
    return _file(folder / configured) if configured.endswith(_FILES) else _resolve(configured, _SETTING)


def configured_catalog(folder: Path) -> str | None:
    """What ``[tool.exai_sre] catalog`` says in the pyproject.toml of ``folder``, or ``None``.

    Raises:
        SettingError: the file cannot be read as TOML, or the entry is no text.
    """
    return project_setting("catalog", folder, _FORM)


def _file(path: Path) -> Catalog:
    from exai_sre.generate.onboarding import read_catalog

    return read_catalog(read_text(path), str(path))


def _resolve(place: str, setting: str) -> Catalog:
    module, separator, attribute = place.partition(":")
    if not (module and separator and attribute):
        raise SettingError(setting, place, "names no attribute of a module", remedy=_FORM)
    found = _attribute(module, attribute, place, setting)
    try:
        made = found() if callable(found) else found
    except ExaiSreError as error:
        raise SettingError(setting, place, f"cannot be built: {error}") from error
    if not isinstance(made, Catalog):
        raise SettingError(
            setting, place, f"is a {type(made).__name__}, no catalog", remedy="name an exai_sre.metrics.Catalog"
        )
    return made


def _attribute(module: str, attribute: str, place: str, setting: str) -> Any:
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise SettingError(setting, place, f"does not exist: {error}", remedy="check the spelling") from None
    except Exception as error:
        # The user's module may raise anything while it is imported.
        text = f"cannot be imported: {type(error).__name__}: {error}"
        raise SettingError(setting, place, text, remedy="run in the project's folder") from error
    return found
