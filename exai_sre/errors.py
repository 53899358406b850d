"""The library's errors: one root, each with fields and with a text that says what to do.

The text has the form ``where: what; remedy``, so that a command line can print it as one
line and an engineer on call can act on it.
"""

from __future__ import annotations

__all__ = ["CatalogError", "ExaiSreError", "MissingExtraError", "SettingError", "SpecError", "StoreError"]


class ExaiSreError(Exception):
    """Root of every error that the library raises on purpose.

    Attributes:
        what: what is wrong, in one sentence without a full stop.
        remedy: what the reader can do about it; empty where there is nothing to do.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}" if remedy else what)


class SpecError(ExaiSreError):
    """A definition (SLO file, rule, dashboard) that cannot be used as it stands.

    Attributes:
        file: path of the file as the user named it; empty for an object built in code.
        line: line in that file, counted from 1; 0 where it is unknown.
        field: dotted path of the offending field, such as ``spec.timeWindow[0].duration``.
    """

    def __init__(self, what: str, *, file: str = "", line: int = 0, field: str = "", remedy: str = "") -> None:
        self.file = file
        self.line = line
        self.field = field
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        located = (
            f"{where}: {field}: {what}" if field and where else f"{where or field}: {what}" if where or field else what
        )
        super().__init__(located, remedy=remedy)


class CatalogError(ExaiSreError):
    """An instrument, label or series that contradicts the catalog.

    Attributes:
        instrument: name of the instrument concerned.
    """

    def __init__(self, what: str, *, instrument: str, remedy: str = "") -> None:
        self.instrument = instrument
        super().__init__(f"{instrument}: {what}", remedy=remedy)


class MissingExtraError(ExaiSreError, ImportError):
    """An optional dependency that is not installed.

    Attributes:
        package: the distribution that is missing.
        extra: the extra of exai-sre that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"{package} is not installed", remedy=f"pip install 'exai-sre[{extra}]'")


class SettingError(ExaiSreError):
    """A setting (environment variable, flag, file entry) whose value cannot be used.

    Attributes:
        setting: name of the setting as the user wrote it.
        value: the value that was refused.
    """

    def __init__(self, setting: str, value: str, what: str, *, remedy: str = "") -> None:
        self.setting = setting
        self.value = value
        super().__init__(f"{setting}={value!r}: {what}", remedy=remedy)


class StoreError(ExaiSreError):
    """A file that the toolkit keeps its own state in and cannot read or write.

    Attributes:
        path: the file.
    """

    def __init__(self, what: str, *, path: str, remedy: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {what}", remedy=remedy)
