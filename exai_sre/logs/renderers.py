"""Renderers: one event, one line, whatever its text holds; as structlog processors for the end of a chain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from exai_sre.errors import SettingError
from exai_sre.json_text import quickest_json
from exai_sre.logs.escape import escape, escape_json, is_safe
from exai_sre.logs.plain import plain
from exai_sre.names import LogField

__all__ = ["RENDERERS", "ConsoleRenderer", "JsonRenderer", "LogfmtRenderer", "Renderer", "renderer_for"]

Renderer = Callable[[Any, str, MutableMapping[str, Any]], str]
RENDERERS: Final = ("json", "console", "logfmt")
"""Names of the renderers."""

_PLAIN_VALUE: Final = re.compile(r"[^\s\"'=\\]++")
_PLAIN_KEY: Final = re.compile(r"[\w.\-/]++", re.ASCII)
_KEY_UNSAFE: Final = re.compile(r"[^\w.\-/]", re.ASCII)
_COLOURS: Final = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}
_RESET: Final = "\x1b[0m"
_LEVEL_WIDTH: Final = 8
_EVENT_WIDTH: Final = 28


def renderer_for(name: str, *, colours: bool = False) -> Renderer:
    """The renderer of that name; ``colours`` concerns ``console`` only.

    Raises:
        SettingError: there is no such renderer.
    """
    if name == "json":
        return JsonRenderer()
    if name == "console":
        return ConsoleRenderer(colours=colours)
    if name == "logfmt":
        return LogfmtRenderer()
    raise SettingError("renderer", name, "no such log renderer", remedy=f"use one of {', '.join(RENDERERS)}")


class JsonRenderer:
    """One JSON document per line.

    Beside what JSON demands, it escapes whatever ends a line, turns text around or hides it. What
    is no JSON (sets, bytes, exceptions) is rendered as :func:`exai_sre.logs.plain.plain` has it.
    """

    def __init__(self) -> None:
        self._dumps = quickest_json(_dumps_slowly)

    def __call__(self, _logger: Any, _method: str, event: Mapping[str, Any]) -> str:
        """The line, without its line end."""
        return escape_json(self._dumps(event))


class LogfmtRenderer:
    """``key=value`` pairs; a value that is not one plain word is quoted, with the escapes of JSON.

    Whatever in a key is no letter, digit or ``_ . - /`` becomes an underscore; the key then ends
    in another one, so that it cannot be taken for a field of that name.
    """

    def __call__(self, _logger: Any, _method: str, event: Mapping[str, Any]) -> str:
        """The line, without its line end."""
        return _pairs(event)


class ConsoleRenderer:
    """Time, level, event, then ``key=value`` pairs: for people, on one line all the same."""

    def __init__(self, *, colours: bool = False) -> None:
        self._colours = colours

    def __call__(self, _logger: Any, _method: str, event: Mapping[str, Any]) -> str:
        """The line, without its line end."""
        fields = dict(event)
        fields.pop(LogField.SERVICE, None)
        time, level, said = (str(fields.pop(name, "")) for name in (LogField.TIME, LogField.LEVEL, LogField.EVENT))
        padded = _word(level).ljust(_LEVEL_WIDTH)
        if self._colours:
            padded = f"{_COLOURS.get(level, _COLOURS['error'])}{padded}{_RESET}"
        return f"{_word(time)} {padded} {_sentence(said).ljust(_EVENT_WIDTH)} {_pairs(fields)}".rstrip()


def _dumps_slowly(event: object) -> str:
    return json.dumps(plain(event), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _pairs(event: Mapping[str, Any]) -> str:
    pairs: dict[str, str] = {}
    for key, value in event.items():
        name = _key(str(key))
        while name in pairs:
            name += "_"
        pairs[name] = _value(value)
    return " ".join(f"{name}={value}" for name, value in pairs.items())


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else f"{_KEY_UNSAFE.sub('_', key)}_"


def _value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _word(value if isinstance(value, str) else _dumps_slowly(value))


def _word(text: str) -> str:
    """Text that cannot be taken for several values: quoted and escaped unless it is one plain word."""
    return text if _PLAIN_VALUE.fullmatch(text) and is_safe(text) else _quoted(text)


def _sentence(text: str) -> str:
    """As :func:`_word`, but plain words with single spaces between them stand as they are."""
    words = text.split(" ")
    return text if all(map(_PLAIN_VALUE.fullmatch, words)) and is_safe(text) else _quoted(text)


def _quoted(text: str) -> str:
    return escape('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
