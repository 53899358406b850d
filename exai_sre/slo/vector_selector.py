"""A PromQL vector selector taken apart and written anew, so that nothing but a selector comes out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["LabelMatcher", "VectorSelector", "parse_selector"]

_SPACE: Final = r"[ \t\r\n]*"
_DURATION: Final = r"(?:\d{1,9}(?:ms|y|w|d|h|m|s))+"
_STRING: Final = r'"(?:[^"\\\n]|\\.)*"|' r"'(?:[^'\\\n]|\\.)*'|`[^`]*`"
_NAME = re.compile(rf"{_SPACE}([a-zA-Z_:][a-zA-Z0-9_:]*){_SPACE}", re.ASCII)
_MATCHER = re.compile(rf"{_SPACE}([a-zA-Z_][a-zA-Z0-9_]*){_SPACE}(=~|!~|!=|=){_SPACE}({_STRING}){_SPACE}", re.ASCII)
_OFFSET = re.compile(rf"offset[ \t\r\n]+(-?{_DURATION}){_SPACE}", re.ASCII)
_BLANK = re.compile(_SPACE)
_ESCAPE = re.compile(
    r"""\\(?:(?P<plain>[abfnrtv\\"'])|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|"""
    r"""(?P<octal>[0-3][0-7]{2})|(?P<wrong>.))""",
    re.ASCII,
)
_PLAIN: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LARGEST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class LabelMatcher:
    """One condition on a label.

    Attributes:
        label: label name.
        op: ``=``, ``!=``, ``=~`` or ``!~``.
        value: what the label is compared with, without quotes and escapes.
    """

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        text = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return f'{self.label}{self.op}"{text}"'


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """The series of one metric that satisfy all matchers.

    Attributes:
        metric: metric name.
        matchers: conditions on labels, in the order written.
        offset: how far back it looks, in Prometheus's words; empty for now.
    """

    metric: str
    matchers: tuple[LabelMatcher, ...] = ()
    offset: str = ""

    def __str__(self) -> str:
        return f"{self.series}{self._shift}"

    @property
    def series(self) -> str:
        """The selector without its offset."""
        conditions = ",".join(map(str, self.matchers))
        return f"{self.metric}{{{conditions}}}" if conditions else self.metric

    def over(self, window: str) -> str:
        """The selector with a range, such as ``requests_total{code="200"}[5m]``."""
        return f"{self.series}[{window}]{self._shift}"

    @property
    def _shift(self) -> str:
        return f" offset {self.offset}" if self.offset else ""


def parse_selector(text: str) -> VectorSelector:
    """The selector that a text is.

    Raises:
        ValueError: the text is anything else; the message says what, and where it begins.
    """
    name = _NAME.match(text)
    if name is None:
        raise ValueError("does not begin with a metric name")
    at = name.end()
    matchers: list[LabelMatcher] = []
    if text.startswith("{", at):
        at = _read_matchers(text, at + 1, matchers)
    offset = _OFFSET.match(text, at)
    if offset is not None:
        at = offset.end()
    if at != len(text):
        raise ValueError(f"is more than a selector of one metric, from {_shorten(text[at:])} on")
    return VectorSelector(name[1], tuple(matchers), offset[1] if offset else "")


def _read_matchers(text: str, at: int, matchers: list[LabelMatcher]) -> int:
    """Read up to the closing brace and return the place behind it and its spaces."""
    while matcher := _MATCHER.match(text, at):
        matchers.append(LabelMatcher(matcher[1], matcher[2], _unquote(matcher[3])))
        at = matcher.end()
        if not text.startswith(",", at):
            break
        at += 1
    at = _end(_BLANK, text, at)
    if not text.startswith("}", at):
        raise ValueError(f"has no label matcher or closing brace at {_shorten(text[at:])}")
    return _end(_BLANK, text, at + 1)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _shorten(text: str) -> str:
    return repr(text[:20]) if text else "the end"


def _unquote(literal: str) -> str:
    body = literal[1:-1]
    return body if literal.startswith("`") else _ESCAPE.sub(_unescape, body)


def _unescape(match: re.Match[str]) -> str:
    if match["plain"]:
        return _PLAIN.get(match["plain"], match["plain"])
    if match["wrong"]:
        raise ValueError(f"has an escape that PromQL does not know: {match[0]}")
    code = int(match["octal"], 8) if match["octal"] else int(match["x"] or match["u"] or match["U"], 16)
    if code > _LARGEST or 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"has an escape that is no character: {match[0]}")
    return chr(code)
