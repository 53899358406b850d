"""Whether a value that stands where a secret may stand is one."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.keys import Sensitivity
from exai_sre.logs.sanitize.rule import MARKER
from exai_sre.logs.sanitize.words import word_set

__all__ = ["is_placeholder", "is_secret", "is_token", "is_varied", "passes_luhn"]

_PLACEHOLDER: Final = re.compile(
    rf"""
      {MARKER}                              # already taken out
    | \[CUT:[0-9]++\]
    | (.)\1{{2,}}+                          # xxxx, ****, ....
    | [\w-]{{0,8}}(?:[xX]{{6,}}|\*{{3,}}|\.{{3,}}|•{{3,}})[\w-]{{0,4}}
    | \$[A-Z_][A-Z0-9_]*+                   # the name of a variable, not its value
    | \$?\{{++[^{{}}]*+\}}++
    | \$\([^()]*+\)
    | %[A-Za-z_][A-Za-z0-9_]*+%
    | %(?:\([A-Za-z0-9_.]*+\))?+[sdr]
    | <[^<>]*+>
    """,
    re.VERBOSE,
)
_NOT_SECRET: Final = word_set(
    "a accepted an any basic bearer blank bool boolean bytes cannot changed check correct credentials denied "
    "digest does empty error expired fail failed false field hidden in incorrect int integer invalid is key list "
    "load loaded missing must negotiate new nil no none not null number off ok on optional password present "
    "prompt provided redacted refused rejected removed required reset rotated secret secretstr sent set should "
    "str string succeeded supplied text the this to token true type undefined unknown unset updated valid was "
    "will with wrong yes your"
)
_CODE: Final = re.compile(
    r"(?:self|cls|this|os|env|environ|args|options|config|cfg|conf|settings|process|request|ctx|params|kwargs"
    r"|var|vars|local|module|data|each|inputs|secrets|steps|needs|github|matrix|props|state|req|res|app|window)\."
    r"|[A-Za-z_][\w.]*+[(\[]",
    re.ASCII,
)
# Words joined as in names of types and fields. What is mostly that is a name, though it may hold digits.
_CAPITALISED: Final = re.compile(r"[A-Z][a-z]{3,}+")
_SHARE_OF_WORDS: Final = 0.6
# What a vendor cannot have made, though it stands where the vendor's token does: an id of a
# Telegram bot has at most 52 bits, which is 16 digits.
_IMPOSSIBLE: Final = (("telegram", re.compile(r"[0-9]{17,}+:")),)
_SPACE: Final = re.compile(r"\s")
_DIGIT: Final = re.compile(r"[0-9]")
_TOKEN_LENGTH: Final = 10
_LONG_TOKEN: Final = 20
_LONG_NUMBER: Final = 15
_VARIETY: Final = 5
_SAMPLE_LENGTH: Final = 16


def is_placeholder(value: str) -> bool:
    """Whether ``value`` only marks the place of a secret: a marker, a mask, the name of a variable."""
    return _PLACEHOLDER.fullmatch(value) is not None


def is_varied(value: str) -> bool:
    """Whether ``value`` has the variety of something drawn at random; masks and samples have not."""
    # Of a random text the first characters are enough.
    return len(set(value[:_SAMPLE_LENGTH])) >= _VARIETY or len(set(value)) >= _VARIETY


def is_token(value: str) -> bool:
    """Whether ``value`` looks like a token, and not like a word, a number, a path or a piece of code."""
    if len(value) < _TOKEN_LENGTH or not is_varied(value) or _CODE.match(value):
        return False
    if value.isdigit():
        return len(value) >= _LONG_NUMBER
    if _SPACE.search(value) or _is_name(value):
        return False
    return _DIGIT.search(value) is not None or (len(value) >= _LONG_TOKEN and _mixed(value))


def _is_name(value: str) -> bool:
    words = _CAPITALISED.findall(value)
    return len(words) > 1 and sum(map(len, words)) >= _SHARE_OF_WORDS * len(value)


def _mixed(value: str) -> bool:
    return value.isalnum() and not value.islower() and not value.isupper()


def is_secret(value: str, level: Sensitivity, *, key: str = "", quoted: bool = False) -> bool:
    """Whether ``value`` is a secret under a key of that sensitivity.

    Args:
        value: the value, without its quotes.
        level: what the key says.
        key: the key; a value that only repeats it is a piece of code (``password=password``).
        quoted: whether the value stood in quotes, and so is no piece of code.
    """
    if not value or is_placeholder(value) or _is_impossible(value, key):
        return False
    if level is not Sensitivity.STRONG:
        return level is Sensitivity.WEAK and is_token(value)
    return not _says_nothing(value) and (quoted or not (_CODE.match(value) or value == key))


def _is_impossible(value: str, key: str) -> bool:
    return key != "" and any(vendor in key.lower() and form.match(value) for vendor, form in _IMPOSSIBLE)


def _says_nothing(value: str) -> bool:
    """Whether a value is a word about a secret, a single digit, or a sample of a few characters."""
    if value.lower().rstrip(".:!") in _NOT_SECRET or (value.isdigit() and len(value) == 1):
        return True
    return len(value) >= _SAMPLE_LENGTH and not is_varied(value)


def passes_luhn(digits: str) -> bool:
    """Whether a number's check digit is right. Source: ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
