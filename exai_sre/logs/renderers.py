"""Renderers: one event, one line, whatever its text holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from exai_sre.errors import SettingError
from exai_sre.logs.escape import escape, escape_json
from exai_sre.names import LogField

__all__ = ["RENDERERS", "Renderer", "renderer_for"]

Renderer = Callable[[Any, str, MutableMapping[str, Any]], str]
RENDERERS: Final = ("json", "console", "logfmt")
"""Names of the renderers."""

_PLAIN_VALUE: Final = re.compile(r"[^\s\"'=\\]++")
_KEY_UNSAFE: Final = re.compile(r"[^\w.\-/]", re.ASCII)
_COLOURS: Final = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}
_LEVEL_WIDTH: Final = 8
_EVENT_WIDTH: Final = 28


def renderer_for(name: str, *, colours: bool = False) -> Renderer:
    """The renderer of that name; ``colours`` concerns ``console`` only.

    Raises:
        SettingError: there is no such renderer.
    """
    if name == "json":
        return _json_renderer()
    if name == "console":
        return _console_renderer(colours=colours)
    if name == "logfmt":
        return _logfmt
    raise SettingError("renderer", name, "no such log renderer", remedy=f"use one of {', '.join(RENDERERS)}")


def _json_renderer() -> Renderer:
    dumps = _dumps()

    def render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
        return escape_json(dumps(event))

    return render


def _dumps() -> Callable[[object], str]:
    """The quickest encoder that is installed; what orjson refuses (big integers, lone surrogates) goes to ``json``."""
    try:
        import orjson
    except ModuleNotFoundError:
        return _dumps_slowly

    encode = orjson.dumps

    def dumps(event: object) -> str:
        try:
            return encode(event).decode()
        except TypeError:
            return _dumps_slowly(event)

    return dumps


def _dumps_slowly(event: object) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _logfmt(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return _pairs(event)


def _console_renderer(*, colours: bool) -> Renderer:
    reset = "\x1b[0m"

    def render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
        fields = dict(event)
        fields.pop(LogField.SERVICE, None)
        time, level, said = (str(fields.pop(name, "")) for name in (LogField.TIME, LogField.LEVEL, LogField.EVENT))
        said = _value(said, spaces=True)
        padded = escape(level).ljust(_LEVEL_WIDTH)
        if colours:
            padded = f"{_COLOURS.get(level, _COLOURS['error'])}{padded}{reset}"
        return f"{time} {padded} {said.ljust(_EVENT_WIDTH)} {_pairs(fields)}".rstrip()

    return render


def _pairs(event: MutableMapping[str, Any]) -> str:
    return " ".join(f"{_KEY_UNSAFE.sub('_', key) or '_'}={_value(value)}" for key, value in event.items())


def _value(value: Any, *, spaces: bool = False) -> str:
    """One value that cannot be taken for several: quoted and escaped unless it is one plain word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else _dumps_slowly(value)
    bare = text.replace(" ", "") if spaces else text
    if _PLAIN_VALUE.fullmatch(bare):
        return escape(text)
    return escape('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
