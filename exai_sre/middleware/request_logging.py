"""One log line per request: its severity by outcome, its arguments redacted and of bounded length."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from exai_sre.outcome import Outcome

__all__ = ["RequestLogger", "SupportsRedactText", "milliseconds", "summarise", "write_line"]

_LONGEST: Final = 256
_SCANNED: Final = 16_384
_CUT: Final = "..."
_LEVELS: Final = {
    Outcome.ERROR: "error",
    Outcome.UPSTREAM_ERROR: "warning",
    Outcome.TIMEOUT: "warning",
    Outcome.OVERLOAD: "warning",
}


class RequestLogger(Protocol):
    """What is needed of a logger; structlog's bound loggers have it."""

    def debug(self, event: str, **fields: Any) -> Any:
        """Log at level debug."""
        ...

    def info(self, event: str, **fields: Any) -> Any:
        """Log at level info."""
        ...

    def warning(self, event: str, **fields: Any) -> Any:
        """Log at level warning."""
        ...

    def error(self, event: str, **fields: Any) -> Any:
        """Log at level error."""
        ...


class SupportsRedactText(Protocol):
    """What is needed of a sanitizer; ``exai_sre.logs.Sanitizer`` has it."""

    def redact_text(self, text: str) -> str:
        """``text`` with its sensitive values replaced."""
        ...


def milliseconds(seconds: float) -> float:
    """Seconds as milliseconds with three decimals, as log lines hold durations."""
    return round(seconds * 1000, 3)


def write_line(
    logger: RequestLogger, event: str, outcome: Outcome, fields: Mapping[str, object], *, quiet: bool = False
) -> None:
    """Write one line at the level that the outcome asks for.

    Args:
        logger: where to.
        event: name of the event, from :class:`exai_sre.names.Event`.
        outcome: how the request ended.
        fields: fields of the line; those that are ``None`` are left out.
        quiet: write a request that ended well at level debug.
    """
    level = _LEVELS.get(outcome, "debug" if quiet else "info")
    write: Callable[..., Any] = getattr(logger, level)
    write(event, **{name: value for name, value in fields.items() if value is not None})


def summarise(arguments: object, redact: Callable[[str], str] | None) -> str | None:
    """Arguments as one redacted text of at most 256 characters; ``None`` where there are none.

    Without a redaction only the shape is given: names, and type and length of the values. Text
    beyond 16384 characters is neither scanned nor shown.
    """
    if not arguments:
        return None
    if redact is None:
        return _cut(_shape(arguments))
    try:
        return _cut(redact(_dump(arguments)[:_SCANNED]))
    except Exception:
        # A redaction that fails must not let the value through, nor cost the request.
        return _cut(_shape(arguments))


def _dump(arguments: object) -> str:
    return json.dumps(_bounded(arguments), ensure_ascii=False, separators=(",", ":"), default=_type_name)


def _bounded(value: object, depth: int = 4) -> object:
    """A copy with long texts and lists cut and deep parts left out: the cost stays bounded."""
    if isinstance(value, str):
        return value[:_SCANNED]
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return _CUT
    if isinstance(value, Mapping):
        head = list(value.items())[:32] if len(value) > 32 else value.items()
        return {str(name)[:64]: _bounded(item, depth - 1) for name, item in head}
    return [_bounded(item, depth - 1) for item in value[:32]]


def _shape(arguments: object) -> str:
    if not isinstance(arguments, Mapping):
        return _describe(arguments)
    return ", ".join(f"{str(name)[:64]}: {_describe(value)}" for name, value in list(arguments.items())[:32])


def _describe(value: object) -> str:
    return (
        f"{_type_name(value)}({len(value)})" if isinstance(value, str | list | tuple | Mapping) else _type_name(value)
    )


def _type_name(value: object) -> str:
    return type(value).__name__


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT
