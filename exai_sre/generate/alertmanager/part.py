"""What is ours in an Alertmanager configuration, and how it is told from the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["PREFIX", "OurPart", "matcher", "one_of", "own_name"]

PREFIX: Final = "exai-"
"""How the names of our receivers and time intervals begin."""

_SPECIAL: Final = frozenset(r"\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True)
class OurPart:
    """Entries of the four lists of a configuration, as Alertmanager writes them.

    Attributes:
        routes: routes that match our alerts and no others; the first that matches decides.
        inhibit_rules: which of our alerts silence which.
        receivers: the receivers of those routes; each name begins with :data:`PREFIX`.
        time_intervals: the time intervals of those routes; likewise.
    """

    routes: list[dict[str, Any]] = field(default_factory=list)
    inhibit_rules: list[dict[str, Any]] = field(default_factory=list)
    receivers: list[dict[str, Any]] = field(default_factory=list)
    time_intervals: list[dict[str, Any]] = field(default_factory=list)


def own_name(name: str) -> str:
    """A name as it stands in the configuration: with our prefix, once."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


def matcher(label: str, operator: str, value: str) -> str:
    """A condition on a label in Alertmanager's words, such as ``severity="page"``.

    Args:
        label: label name.
        operator: ``=``, ``!=``, ``=~`` or ``!~``.
        value: the value or expression, which may hold anything.
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}{operator}"{escaped}"'


def one_of(label: str, values: list[str]) -> str:
    """The condition that a label has one of these values, each taken literally."""
    if len(values) == 1:
        return matcher(label, "=", values[0])
    return matcher(label, "=~", "|".join(_literal(value) for value in values))


def _literal(value: str) -> str:
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in value)
