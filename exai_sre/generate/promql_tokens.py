"""PromQL as tokens, and the selectors among them: what it takes to change an expression and keep its words.

A parser's tree would print the expression anew; here all that is not changed stays as it was
written, comments and line breaks included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Selector", "Token", "find_selectors", "tokenize"]

Kind = Literal["space", "text", "number", "word", "sign"]
"""What a token is; comments are space, quoted strings are text."""

_TOKEN: Final = re.compile(
    r"""(?P<space>(?:\s|\#[^\n]*)+)
      | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*`)
      | (?P<number>\.?\d[\w.]*)
      | (?P<word>[A-Za-z_:][\w:]*)
      | (?P<sign>.)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_GROUPING: Final = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_KEYWORDS: Final = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", *_GROUPING})


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of an expression.

    Attributes:
        kind: what it is.
        text: as it stands in the expression.
    """

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of series, by the indices of its tokens.

    Attributes:
        first: its first token.
        last: its last token, range, offset and ``@`` included.
        name: the token of its metric name; ``None`` where it has none before the braces.
        braces: the tokens of its braces, if it has any.
        ranged: whether it selects a range of samples.
        call: first and last token of the function call that it is an argument of, if it is.
        inside: names of all calls and aggregations that it stands in, the innermost last.
    """

    first: int
    last: int
    name: int | None
    braces: tuple[int, int] | None
    ranged: bool
    call: tuple[int, int] | None
    inside: tuple[str, ...]


def tokenize(expr: str) -> list[Token]:
    """The tokens of an expression; joined, their texts are the expression again."""
    return [Token(match.lastgroup, match[0]) for match in _TOKEN.finditer(expr)]  # type: ignore[arg-type]


def find_selectors(tokens: Sequence[Token]) -> list[Selector]:
    """The selectors in the order in which they stand; of an expression that is no PromQL, some."""
    return list(_Reader(tokens).read())


class _Reader:
    """Walks over the tokens that mean something, and knows which parentheses it is in."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = [index for index, token in enumerate(tokens) if token.kind != "space"]
        self._open: list[tuple[int, str]] = []
        """Place of the word before each open parenthesis, or of itself, and that word."""

    def read(self) -> Iterator[Selector]:
        place, found = 0, []
        while place < len(self._at):
            token = self._token(place)
            if token.text == "(":
                place = self._enter(place)
            elif token.text == "[":
                place = self._closing(place, "[", "]") + 1
            elif token.text == ")":
                if self._open:
                    self._open.pop()
                place += 1
            elif token.text == "{" or (token.kind == "word" and self._is_metric(place)):
                selector, place = self._selector(place)
                found.append(selector)
            else:
                place += 1
        yield from found

    def _token(self, place: int) -> Token:
        return self._tokens[self._at[place]] if 0 <= place < len(self._at) else Token("space", "")

    def _is_metric(self, place: int) -> bool:
        word, after = self._token(place).text.lower(), self._token(place + 1)
        return word not in _KEYWORDS and after.text != "(" and after.text.lower() not in ("by", "without")

    def _enter(self, place: int) -> int:
        before = self._token(place - 1)
        word = before.text.lower() if before.kind == "word" else ""
        if word in _GROUPING:
            return self._closing(place, "(", ")") + 1
        self._open.append((place - 1 if word and word not in _KEYWORDS else place, word))
        return place + 1

    def _closing(self, place: int, opening: str, closing: str) -> int:
        """The place that closes what opens at ``place``; the last place where nothing does."""
        depth = 0
        for at in range(place, len(self._at)):
            text = self._token(at).text
            depth += (text == opening) - (text == closing)
            if depth == 0:
                return at
        return len(self._at) - 1

    def _selector(self, place: int) -> tuple[Selector, int]:
        first = place
        name = self._at[place] if self._token(place).kind == "word" else None
        if name is not None:
            place += 1
        braces = None
        if self._token(place).text == "{":
            end = self._closing(place, "{", "}")
            braces = self._at[place], self._at[end]
            place = end + 1
        ranged, place = self._range(place)
        place = self._modifiers(place)
        call = self._call() if ranged else None
        inside = tuple(word for _, word in self._open if word)
        selector = Selector(self._at[first], self._at[place - 1], name, braces, ranged, call, inside)
        return selector, place

    def _range(self, place: int) -> tuple[bool, int]:
        """Whether a range follows, and the place after it; a subquery's brackets are none."""
        if self._token(place).text != "[":
            return False, place
        end = self._closing(place, "[", "]")
        if any(":" in self._token(at).text for at in range(place, end)):
            return False, place
        return True, end + 1

    def _modifiers(self, place: int) -> int:
        while self._token(place).text.lower() in ("offset", "@"):
            place += 1
            while self._token(place).text in ("-", "+"):
                place += 1
            bracketed = self._token(place + 1).text == "("
            place = self._closing(place + 1, "(", ")") + 1 if bracketed else place + 1
        return min(place, len(self._at))

    def _call(self) -> tuple[int, int] | None:
        if not self._open or not self._open[-1][1]:
            return None
        start, _ = self._open[-1]
        return self._at[start], self._at[self._closing(start + 1, "(", ")")]
