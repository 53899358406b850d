"""One log line per request: its severity by outcome, its arguments redacted and of bounded length."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice
from math import isfinite
from typing import Any, Final, Protocol

from exai_sre.json_text import quickest_json
from exai_sre.outcome import Outcome

__all__ = [
    "LONGEST",
    "LONGEST_NAME",
    "WIDEST",
    "RequestLogger",
    "SupportsRedaction",
    "cut",
    "encode_arguments",
    "milliseconds",
    "summarise",
    "write_line",
]

LONGEST: Final = 256
"""Characters of all arguments together that a line shows."""

LONGEST_NAME: Final = 64
"""Characters of the name of an argument that a line shows."""

WIDEST: Final = 32
"""Entries of a mapping or a list that are looked at."""

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


class SupportsRedaction(Protocol):
    """What is needed of a sanitizer; ``exai_sre.logs.Sanitizer`` has it."""

    def redact(self, event: Any) -> Any:
        """``event``, any nested value, with its sensitive values replaced."""
        ...

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
    said = {name: value for name, value in fields.items() if value is not None}
    # By its own class, for a stand-in of a logger may answer to any name, and a subclass may do more.
    log_fields = type(logger).__dict__.get("exai_log_fields")
    # A logger that fails loses the line, never the caller's answer.
    with suppress(Exception):
        if log_fields is not None:
            log_fields(logger, level, event, said)
        else:
            write: Callable[..., Any] = getattr(logger, level)
            write(event, **said)


def summarise(arguments: object, sanitizer: SupportsRedaction | None) -> str | None:
    """Arguments as one redacted text of at most 256 characters; ``None`` where there are none.

    Without a sanitizer only the shape is given: names, and type and length of the values. Text
    beyond 16384 characters is neither scanned nor shown.
    """
    if not arguments:
        return None
    if sanitizer is None:
        return cut(_shape(arguments))
    try:
        # As a structure first: what stands nested under a telling key is no longer told from
        # the rest once it is text. As text then, for what only shows beside its neighbours.
        redacted = sanitizer.redact(_Head().of(arguments))
        return cut(sanitizer.redact_text(_dump(redacted)[:_SCANNED]))
    except Exception:
        # A redaction that fails must not let the value through, nor cost the request.
        return cut(_shape(arguments))


def _dump(redacted: object) -> str:
    return encode_arguments(_plain(redacted))


class _Head:
    """Copies the beginning of a value: however large the value, the cost stays bounded.

    Names are left whole, as the end of a name may be what tells that its value is secret.
    """

    def __init__(self) -> None:
        self._left = _SCANNED

    def of(self, value: object, depth: int = 4) -> object:
        """A copy with long texts and lists cut, and what is deep or comes late left out."""
        self._left -= 1
        if self._left <= 0 or (depth == 0 and isinstance(value, Mapping | list | tuple)):
            return _CUT
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.of(item, depth - 1) for name, item in islice(value.items(), WIDEST)}
        if isinstance(value, list | tuple):
            return [self.of(item, depth - 1) for item in value[:WIDEST]]
        return value if value is None or isinstance(value, int | float) else _type_name(value)

    def _text(self, text: str) -> str:
        """``text``; cutting it uses up the rest of the bound, so that no value follows half a name."""
        head = text[: max(self._left, 0)]
        self._left -= len(text)
        return head


def _plain(value: object) -> object:
    """``value`` with names cut, and as no more than JSON has, whatever an encoder would make of the rest."""
    if isinstance(value, Mapping):
        return {str(name)[:LONGEST_NAME]: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value if value is None or type(value) in (str, int, bool) else _type_name(value)


def _shape(arguments: object) -> str:
    if not isinstance(arguments, Mapping):
        return _describe(arguments)
    return ", ".join(
        f"{str(name)[:LONGEST_NAME]}: {_describe(value)}" for name, value in islice(arguments.items(), WIDEST)
    )


def _describe(value: object) -> str:
    return (
        f"{_type_name(value)}({len(value)})" if isinstance(value, str | list | tuple | Mapping) else _type_name(value)
    )


def _type_name(value: object) -> str:
    return type(value).__name__


# Made once: json.dumps makes an encoder on each call with options, which costs more than encoding.
encode_arguments: Final = quickest_json(json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode)
"""Redacted arguments, of values that JSON has, as text; the same for all that writes them."""


def cut(text: str) -> str:
    """``text``, of which a line shows at most :data:`LONGEST` characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT
