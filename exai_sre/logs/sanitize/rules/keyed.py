"""Secrets known by the key before them: assignments, JSON at any level of escaping, options, XML."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity
from exai_sre.logs.sanitize.rule import Rule, Span
from exai_sre.logs.sanitize.values import value_span

__all__ = ["KEYED_RULES", "KEYWORDS", "key_before"]

KEYWORDS: Final = ("pass", "pwd", "secret", "token", "key", "cred", "auth", "cookie", "access", "cvv", "cvc")
"""What each key that says something has in it."""

_LAST_WORD: Final = (
    r"(?i:pass(?:word|wort|phrase|code|wd)?s?|pwd|secrets?|credentials?|tokens?|keys?|auth|cookies?|cv[vc]"
    r"|access[_-]?id)[0-9]{0,3}+(?![A-Za-z0-9_.-])"
)
# A quote that closes the key, a bracket, a type (Go, Java, Python annotations), then an assignment in
# some language's form; or a comma behind a quoted key; or white space, as behind an option.
_BETWEEN: Final = (
    r"""(?P<close>\\{0,15}+["'`])?+\]?+"""
    r"(?:[ \t]{0,16}+(?::?[ \t]{0,4}+(?:str|string|String|SecretStr|bytes)[ \t]{0,16}+(?==))?+"
    r"(?:=>|[?.+]=|:{0,4}={1,3}|:(?!//|:)|%3[AaDd])[ \t]{0,16}+"
    r"|(?P<gap>(?(close),[ \t]{0,4}+|[ \t]{1,4}+)))"
)
_LONGEST_KEY: Final = 64
_FIRST_WORD: Final = re.compile(r"(?<![A-Za-z0-9_])((?i:access|api|auth|client|encryption|private|secret)) $")
_LONGEST_FIRST_WORD: Final = 12
_KEY_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_ESCAPES: Final = "bfnrt"
_IN_MARKER: Final = "REDACTED:"


def key_before(text: str, end: int) -> str:
    """The key that ends at ``end``, at most 64 characters of it; empty within a marker.

    A first word that is parted from the key by a space counts in: ``api key`` reads ``api_key``.
    """
    start = end
    while start > 0 and end - start < _LONGEST_KEY and text[start - 1] in _KEY_CHARACTERS:
        start -= 1
    if text[start - 1 : start] == "\\" and text[start] in _ESCAPES:
        start += 1
    if text.endswith(_IN_MARKER, 0, start):
        return ""
    spaced = _FIRST_WORD.search(text, max(0, start - _LONGEST_FIRST_WORD), start)
    return f"{spaced[1]}_{text[start:end]}" if spaced else text[start:end]


def _assigned(text: str, match: re.Match[str]) -> Span | None:
    key = key_before(text, match.end("word"))
    level = sensitivity(key)
    if level is Sensitivity.NONE or (match["gap"] is not None and not (match["close"] or key.startswith("-"))):
        return None
    return value_span(text, match.end(), level, key=key)


def _enclosed(text: str, match: re.Match[str]) -> Span | None:
    span = value_span(text, match.start("value"), sensitivity(match["key"]), key=match["key"])
    return span and (span[0], min(span[1], match.end("value")))


KEYED_RULES: Final = (
    Rule(
        name="xml-element",
        keywords=KEYWORDS,
        pattern=r"<(?P<key>[A-Za-z_][\w.:-]{0,80}+)>\s{0,256}+(?P<value>[^<>\s]++)",
        true=("<shopToken>\n    «c0ffee4711beef»\n</shopToken>", "<password>«hunter2»</password>"),
        false=("<maxTokens>4096</maxTokens>", "<password></password>"),
        locate=_enclosed,
    ),
    Rule(
        name="xml-attribute",
        keywords=KEYWORDS,
        pattern=(r"""\b(?:key|name)=["'](?P<key>[\w.:-]{1,80}+)["']\s{1,8}+value=["'](?P<value>[^"'<>\r\n]++)"""),
        true=('<add key="ClearTextPassword" value="«hunter2»" />',),
        false=('<add key="Password" value="%SecretFromEnv%" />', '<add key="Title" value="hunter2" />'),
        locate=_enclosed,
    ),
    Rule(
        name="key-value",
        keywords=KEYWORDS,
        pattern=rf"(?P<word>{_LAST_WORD}){_BETWEEN}",
        true=(
            "cfg password: '«4qps%lym$S»' end",
            'cfg "smtp_pass": "«CadXvUtTZl$kqJ»" end',
            "cfg --client-secret «dYXKX0OWtA%dP5» end",
            "DB_PASSWORD=«s3cr&t,x» user=bob",
            '{"args":"{\\"api_key\\":\\"«k1/+x»\\",\\"n\\":1}"}',
            "{'private_key': '«it\\'s mine»', 'a': 1}",
            'System.setProperty("ACME_TOKEN", "«2e7420243e7fa78»")',
            'var acmeToken string = "«1747973915286186:A8lh3x»"',
            '$acmeToken .= "«yfvxfqmuo1n02go6»"',
            "acme_TOKEN :::= `«5jl9mnhysqpl2gt»`",
            "Settings(password=«hunter2», user=bob)",
            "password: str = '«hunter2»'",
            "AccountKey=«Zm9vYmFyYmF6cXV4==»;EndpointSuffix=core",
            "X-API-Key: «YxhPQAjQr9JNDFTA»",
            "the API key: «YxhPQAjQr9JNDFTA»",
            "error: token=«abc123def456»: expired",
        ),
        false=(
            "api key is missing for gk3fr after 35s",
            "password must contain 8 characters",
            "password=, token='', secret=null",
            "max_tokens=4096 input_tokens: 17 tokenizer=cl100k_base",
            "primary_key=user4711abc cache_key: item:4711:de",
            "progressToken: 7f3a9c1b2d4e",
            "password=$DB_PASSWORD secret=${SECRET} token=<your token> pwd=%s",
            "client = C(password=password, token=self.token, key=get_key(1))",
            "token: expired, password: required",
            "password=******** secret=xxxxxxxx",
            "monkey: b4n4n4b4n4n4b4n4n4",
        ),
        locate=_assigned,
    ),
)
