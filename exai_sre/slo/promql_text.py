"""PromQL of a stranger as text: whole, so that what we put around it stays around it."""

from __future__ import annotations

import re

__all__ = ["whole_query"]

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?P<comment>\#[^\n]*)"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<quote>["'`])|(?P<other>[^"'`\#()\[\]{}]+)""",
    re.DOTALL,
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def whole_query(text: str) -> str:
    """A query without its comments and outer blanks.

    What it opens it closes, and it closes nothing else: written between brackets of ours it can
    neither leave them nor hide what follows.

    Args:
        text: a query, which may hold ``{{.window}}``.

    Raises:
        ValueError: a bracket or a quote has no partner, or nothing is left.
    """
    kept: list[str] = []
    awaited: list[str] = []
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "quote":
            raise ValueError(f"the quote {token} at character {match.start() + 1} is never closed")
        if kind == "open":
            awaited.append(_PAIRS[token])
        elif kind == "close" and (not awaited or awaited.pop() != token):
            raise ValueError(f"the {token} at character {match.start() + 1} closes nothing")
        kept.append("" if kind == "comment" else token)
    if awaited:
        raise ValueError(f"a {awaited[-1]} is missing at the end")
    query = "".join(kept).strip()
    if not query:
        raise ValueError("holds no expression")
    return query
