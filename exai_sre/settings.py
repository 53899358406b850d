"""Settings: flag over environment over file over default, read by one rule for every name.

A setting is declared once. Its flag is ``--mcp-port``, its variable ``EXAI_MCP_PORT`` and its key
in the file ``mcp_port``; a value that cannot be used is refused under the name the user wrote.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exai_sre.errors import SettingError

__all__ = [
    "Setting",
    "SettingSources",
    "in_range",
    "listed",
    "one_of",
    "read_settings",
    "suggestion",
    "unknown_variables",
]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that a program reads.

    Attributes:
        name: its key in the file; the flag and the variable follow from it.
        read: turns the text into the value, or raises ``ValueError`` saying what is allowed.
        default: the value where nobody set one.
        help: one sentence for ``--help``, with the unit.
    """

    name: str
    read: Callable[[str], Any]
    default: Any
    help: str

    @property
    def flag(self) -> str:
        """The command-line flag, such as ``--mcp-port``."""
        return f"--{self.name.replace('_', '-')}"

    def variable(self, prefix: str) -> str:
        """The environment variable, such as ``EXAI_MCP_PORT`` under the prefix ``EXAI_``."""
        return f"{prefix}{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class SettingSources:
    """Where values may come from, strongest first.

    Attributes:
        flags: values by setting name; ``None`` for a flag that was not given.
        environment: the process environment.
        file: the entries of the settings file.
        file_name: the file as the user named it.
        prefix: prefix of the environment variables, underscore included.
    """

    flags: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    file: Mapping[str, object] = field(default_factory=dict)
    file_name: str = ""
    prefix: str = "EXAI_"

    def find(self, setting: Setting) -> tuple[str, str] | None:
        """The strongest text for ``setting`` with the name its user gave it; ``None`` where unset.

        An empty environment variable counts as unset, as container tools cannot unset one.
        """
        flag = self.flags.get(setting.name)
        if flag is not None:
            return setting.flag, flag
        variable = setting.variable(self.prefix)
        if self.environment.get(variable):
            return variable, self.environment[variable]
        if setting.name in self.file:
            return f"{self.file_name}: {setting.name}", _text(self.file[setting.name])
        return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)


def read_settings(settings: Sequence[Setting], sources: SettingSources) -> dict[str, Any]:
    """The value of every setting, by name.

    Raises:
        SettingError: a value cannot be used, or the file has a key that no setting has.
    """
    known = {setting.name for setting in settings}
    for key in sorted(set(sources.file) - known):
        raise SettingError(
            f"{sources.file_name}: {key}", _text(sources.file[key]), "is no setting", remedy=_remedy(key, known)
        )
    return {setting.name: _value(setting, sources) for setting in settings}


def _value(setting: Setting, sources: SettingSources) -> Any:
    found = sources.find(setting)
    if found is None:
        return setting.default
    name, text = found
    try:
        return setting.read(text.strip())
    except ValueError as error:
        raise SettingError(name, text, "cannot be used", remedy=str(error)) from None


def unknown_variables(
    settings: Iterable[Setting],
    environment: Mapping[str, str],
    *,
    prefix: str = "EXAI_",
    also: Iterable[str] = (),
    ignored: tuple[str, ...] = (),
) -> list[str]:
    """One warning for each variable under ``prefix`` that no setting reads.

    Args:
        settings: what is read.
        environment: the process environment.
        prefix: prefix of the variables that are ours.
        also: further variables under the prefix that something reads.
        ignored: prefixes of variables that belong to others.
    """
    known = {setting.variable(prefix) for setting in settings} | set(also)
    return [
        f"{name} is set but nothing reads it; {_remedy(name, known)}"
        for name in sorted(environment)
        if name.startswith(prefix) and name not in known and not name.startswith(ignored)
    ]


def suggestion(word: str, known: Iterable[str]) -> str:
    """The known word nearest to ``word``, or an empty text where none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def _remedy(word: str, known: Iterable[str]) -> str:
    near = suggestion(word, known)
    return f"did you mean {near}?" if near else "remove it, or see --help for what there is"


def in_range(low: float, high: float, *, unit: str = "", whole: bool = False) -> Callable[[str], float]:
    """A reader of numbers from ``low`` to ``high``, both included.

    Args:
        low: smallest value.
        high: largest value.
        unit: unit named in the refusal, such as ``seconds``.
        whole: whether only whole numbers are allowed; the value is then an ``int``.
    """
    kind = "a whole number" if whole else "a number"
    allowed = f"use {kind} {f'of {unit} ' if unit else ''}from {low:g} to {high:g}"

    def read(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise ValueError(allowed) from None
        if not low <= value <= high:
            raise ValueError(allowed)
        return value

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one word out of ``choices``, in any case."""

    def read(text: str) -> str:
        if text.lower() not in choices:
            near = suggestion(text.lower(), choices)
            raise ValueError(f"use one of {', '.join(choices)}" + (f" (did you mean {near}?)" if near else ""))
        return text.lower()

    return read


def listed(text: str) -> tuple[str, ...]:
    """A reader of a comma-separated list; empty items are left out."""
    return tuple(item.strip() for item in text.split(",") if item.strip())
