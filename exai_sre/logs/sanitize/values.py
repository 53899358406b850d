"""Where a value ends: quoted at any level of escaping, or bare."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_secret
from exai_sre.logs.sanitize.keys import Sensitivity
from exai_sre.logs.sanitize.rule import MARKER, Span

__all__ = ["line_span", "value_span"]

# A quote may be escaped, once or more, by the text that it stands in. The value ends at the
# next quote of the same kind with as many backslashes; one with more belongs to the value,
# one with less ends the text around it.
_QUOTED: Final = re.compile(
    r"""
    (?P<escape>\\{0,15}+)(?P<quote>["'`])
    (?P<value>(?:(?!(?P=escape)(?P=quote))(?:[^\r\n\\"'`]++|(?!(?P=quote))["'`]|\\++["'`]?))*+)
    """,
    re.VERBOSE,
)
# A separator belongs to a bare value only where no further key follows, a bracket only where
# the value goes on behind it, a colon unless a space follows, a backslash unless it escapes a line end or a quote.
_BARE: Final = re.compile(
    rf"""
    (?:{MARKER}|[^\s"'`,;&<>\\()\[\]{{}}=:|]|\\(?![nrtu"'`\\]))
    (?:[^\s"'`,:;&<>\\()\[\]{{}}]++
      |:(?!\s|$)
      |{MARKER}
      |\\(?![nrtu"'`\\])
      |[,;&](?=[^\s,;&"'`\\])(?!["'`\w.\-\[\]%]{{1,64}}+[=:])
      |[()\[\]{{}}](?=\w)
    )*+
    """,
    re.VERBOSE,
)
_BRACED: Final = re.compile(r"\$?\{{1,8}+[\w. ]{0,128}+\}{1,8}+|\$\([^()\r\n]{0,128}+\)|<[^<>\r\n]{0,128}+>")
# What Python writes before a quote, of bytes above all.
_PREFIX: Final = re.compile(r"[bBuU](?=\\{0,15}+[\"'])")
# A list whose first item is quoted and no sentence.
_LIST: Final = re.compile(
    r"""[\[(]\s{0,64}+[bBuU]?(?P<quote>\\{0,15}+["'])(?P<first>(?!\[REDACTED:)[^\s"'\\]{1,512}+)(?P=quote)"""
)
# The rest of it. It ends at a bracket behind a quote or a bracket, for any other may belong to an item; one
# level of brackets within it is stepped over. No character is read more than twice.
_ITEMS: Final = re.compile(
    r"""(?:[^\[\](){}\r\n]++|[\[({][^\[\](){}\r\n]{0,512}+[\])}]|[\[({]|(?<!["'\])}])[\])}])*+"""
)
_LAST_QUOTE: Final = re.compile(r"""\\{0,15}+["']\s{0,64}+\Z""")
# Behind a quoted text, what makes it a key.
_COLON: Final = re.compile(r"""\\{0,15}+["'`]\s{0,8}+:\s{0,8}+""")
_COMMA: Final = re.compile(r",[ \t]{0,4}+\Z")
_VALUE_KEY: Final = "value"
# A marker, unless the value goes on behind it.
_DONE: Final = re.compile(MARKER + r"(?![\w!$@^*+/=~\[-])")
_LINE: Final = re.compile(r"""(?:[^\r\n"'`\\]|\\(?![nr"'`])|(?<==)["'`][^\r\n"'`]{0,512}+["'`])++""")
_ENOUGH: Final = 128
_NEAR: Final = 8
# A list, but no marker.
_BRACKET: Final = re.compile(r"[\[(](?!REDACTED:)")


def value_span(text: str, start: int, level: Sensitivity, *, key: str = "") -> Span | None:
    """Bounds of the secret that begins at ``start``; ``None`` where there is none.

    Only the first characters are looked at to decide, so that rejections cost a bounded time.
    """
    if _BRACED.match(text, start) or _DONE.match(text, start):
        return None
    prefix = _PREFIX.match(text, start)
    begin = prefix.end() if prefix else start
    if level is Sensitivity.STRONG and _BRACKET.match(text, begin):
        return _list_span(text, begin)
    quoted = _QUOTED.match(text, begin, begin + _ENOUGH)
    if quoted is None:
        return _judged_span(text, _BARE.match(text, begin, begin + _ENOUGH), level, key)
    if _COMMA.search(text, max(0, start - _NEAR), start) and (colon := _COLON.match(text, quoted.end())):
        # In {"name": "password", "value": "..."} what stands behind the comma is a key itself.
        return value_span(text, colon.end(), level, key=key) if quoted["value"] == _VALUE_KEY else None
    return _judged_span(text, quoted, level, key, group="value")


def _judged_span(
    text: str, seen: re.Match[str] | None, level: Sensitivity, key: str, *, group: str | int = 0
) -> Span | None:
    """Bounds of the value whose first characters were ``seen``; ``None`` if it is no secret."""
    if seen is None or not is_secret(seen[group], level, key=key, quoted=group != 0):
        return None
    whole = seen.re.match(text, seen.start()) if seen.end() == seen.endpos else seen
    return whole.span(group) if whole else None


def _list_span(text: str, start: int) -> Span | None:
    """Bounds of the items of a list, without the outermost quotes where it ends in one."""
    first = _LIST.match(text, start)
    if first is None or not is_secret(first["first"], Sensitivity.STRONG, quoted=True):
        return None
    items = _ITEMS.match(text, first.end())
    end = items.end() if items else first.end()
    last = _LAST_QUOTE.search(text, first.end("first"), end)
    return (first.start("first"), last.start()) if last else (start + 1, end)


def line_span(text: str, start: int) -> Span | None:
    """Bounds of what stands from ``start`` to the end of the line or of the quotes around it."""
    rest = _LINE.match(text, start)
    return rest.span() if rest else None
