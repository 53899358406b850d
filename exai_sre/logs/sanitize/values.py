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
# A marker, unless the value goes on behind it.
_DONE: Final = re.compile(MARKER + r"(?![\w!$@^*+/=~\[-])")
_LINE: Final = re.compile(r"""(?:[^\r\n"'`\\]|\\(?![nr"'`])|(?<==)["'`][^\r\n"'`]{0,512}+["'`])++""")
_ENOUGH: Final = 128


def value_span(text: str, start: int, level: Sensitivity, *, key: str = "") -> Span | None:
    """Bounds of the secret that begins at ``start``; ``None`` where there is none.

    Only the first characters are looked at to decide, so that rejections cost a bounded time.
    """
    if _BRACED.match(text, start) or _DONE.match(text, start):
        return None
    limit = start + _ENOUGH
    quoted = _QUOTED.match(text, start, limit)
    judged = quoted or _BARE.match(text, start, limit)
    group = "value" if quoted else 0
    if judged is None or not is_secret(judged[group], level, key=key, quoted=quoted is not None):
        return None
    whole = judged.re.match(text, start) if judged.end() == limit else judged
    return whole.span(group) if whole else None


def line_span(text: str, start: int) -> Span | None:
    """Bounds of what stands from ``start`` to the end of the line or of the quotes around it."""
    rest = _LINE.match(text, start)
    return rest.span() if rest else None
