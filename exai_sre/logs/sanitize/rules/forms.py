"""Shorthand for the two commonest kinds of rule, and made-up values for their examples.

A *token* has a prefix of its own and is known wherever it stands. A *vendor's key* has a form,
but none that says whose it is; it is known by the vendor's name in the key before it.
"""

from __future__ import annotations

import re
from itertools import cycle, islice
from typing import Final

from exai_sre.logs.sanitize.judge import is_varied
from exai_sre.logs.sanitize.literals import any_of
from exai_sre.logs.sanitize.rule import Rule, Span, behind
from exai_sre.logs.sanitize.words import KEYWORDS

__all__ = ["UUID", "digits", "hexa", "lower", "mixed", "token", "upper", "uuid", "varied", "vendor"]

UUID: Final = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
"""Source of a pattern for a UUID."""

_END: Final = "(?![A-Za-z0-9])"
# What may stand between a vendor's name and the value: words of credentials, a quote that closes
# the key, a type, an assignment in some language's form or the comma behind a quoted key, a quote.
_WORDS: Final = (
    r"(?:[ _.-]?(?i:access|account|admin|api|app|application|auth|authentication|bearer|bot|client|consumer|deploy|dev"
    r"|global|integration|key|legacy|license|live|login|master|oauth|org|pass|passwd|password|pat|personal|prod"
    r"|production|public|read|refresh|rest|sandbox|secret|server|service|session|sid|signing|test|token|user|webhook"
    r"|write|access[ _.-]?id|client[ _.-]?id|key[ _.-]?id)){0,5}+[0-9]{0,2}+"
)
_ASSIGNED: Final = (
    r"""(?:\\{0,15}+["'`])?+\]?+[ \t]{0,16}+(?:(?:string|str)[ \t]{0,8}+)?+"""
    r"""(?:=>|[?.+]=|:{0,4}={1,3}|:(?!//)|,|>\s{0,64}+)[ \t]{0,16}+(?:\\{0,15}+["'`])?+"""
)


def token(
    name: str,
    about: str,
    prefix: str,
    body: str,
    example: str,
    *,
    uniform: bool = False,
    after: str = "",
    shape: str = "",
) -> Rule:
    """The rule for tokens that begin with one of some prefixes.

    Args:
        name: name of the rule.
        about: what kind of token that is.
        prefix: the prefixes, parted by white space.
        body: pattern of what follows, possessive or of bounded length.
        example: a token of that kind.
        uniform: whether a token of few different characters counts, which else is taken for a mask or sample.
        shape: where the prefix stands in ordinary texts too, what must follow it: a pattern without look-around.
        after: characters behind which the token may not begin either, as in a character class.
    """
    prefixes = sorted(prefix.split())
    begins = "|".join(re.escape(literal) + behind(literal, after) for literal in prefixes)
    used = max((literal for literal in prefixes if example.startswith(literal)), key=len)
    return Rule(
        name=name,
        keywords=tuple(literal.lower() for literal in prefixes),
        pattern=f"(?:{begins}){body}{_END}",
        true=(f"rejected «{example}» (401)", f'{{"nested":{{"k":"«{example}»"}}}}'),
        false=(f"{used}{example[-2:]} is too short", *([] if "." in used else [f"x{example}"])),
        locate=None if uniform else varied,
        shape=f"(?:{'|'.join(map(re.escape, prefixes))}){shape}" if shape else "",
        about=about,
    )


def vendor(name: str, about: str, names: str, form: str, example: str) -> Rule:
    """The rule for keys that have a vendor's form and stand behind the vendor's name.

    Args:
        name: name of the rule.
        about: what kind of key that is.
        names: the vendor's names as they stand in keys, lower case, parted by white space.
        form: pattern of the whole key, of bounded length or possessive.
        example: a key of that form.
    """
    words = tuple(names.split())
    key = words[0]
    return Rule(
        name=name,
        keywords=KEYWORDS,
        names=words,
        needs=("=", ":", ",", ">"),
        pattern=f"(?i:{any_of(words, longest=True)}){_WORDS}{_ASSIGNED}(?P<secret>{form})(?![A-Za-z0-9_+/-])",
        true=(
            f"{key}_TOKEN=«{example}»",
            f'{{"{key}Key": "«{example}»", "n": 1}}',
            f"set {key.upper()}_KEY: '«{example}»'",
        ),
        false=(f"{key} is asked for {example[:8]}", f"{key} answered 17 times"),
        locate=_varied_secret,
        about=about,
    )


def varied(_text: str, match: re.Match[str]) -> Span | None:
    """The whole match, unless it is a mask or a sample of a few characters."""
    return match.span() if is_varied(match[0]) else None


def _varied_secret(_text: str, match: re.Match[str]) -> Span | None:
    return match.span("secret") if is_varied(match["secret"]) else None


def mixed(length: int) -> str:
    """Made-up letters of both cases and digits."""
    return _drawn("aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0z", length)


def lower(length: int) -> str:
    """Made-up small letters and digits."""
    return _drawn("k2v9x4m7q1z8w3j6t5r0p", length)


def upper(length: int) -> str:
    """Made-up capital letters and digits."""
    return _drawn("Q2W3E4R5T6Y7U8P9A1S0", length)


def hexa(length: int) -> str:
    """Made-up hexadecimal digits."""
    return _drawn("4795ecc090254f5b8d1a3", length)


def digits(length: int) -> str:
    """Made-up digits."""
    return _drawn("7308152946", length)


def uuid() -> str:
    """A made-up UUID."""
    return "-".join(hexa(length) for length in (8, 4, 4, 4, 12))


def _drawn(characters: str, length: int) -> str:
    return "".join(islice(cycle(characters), length))
