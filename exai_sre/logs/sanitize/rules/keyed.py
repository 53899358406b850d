"""Secrets known by the key before them: assignments, JSON at any level of escaping, options, XML."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_secret
from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity
from exai_sre.logs.sanitize.rule import Rule, Span
from exai_sre.logs.sanitize.values import value_span
from exai_sre.logs.sanitize.words import KEYWORDS

__all__ = ["KEYED_RULES", "key_before"]


_LAST_WORD: Final = (
    r"(?:pass(?:word|wort|phrase|code|wd)?s?|pwd|secrets?|credentials?|tokens?|keys?|auth|cookies?|cv[vc]"
    r"|access[_-]?id)[0-9]{0,3}+(?![a-z0-9_.-])"
)
# A quote that closes the key, a bracket, a type (Go, Java, Python annotations), then an assignment in
# some language's form; or a comma behind a quoted key; or white space, as behind an option.
_BETWEEN: Final = (
    r"""(?P<close>\\{0,15}+["'`])?+\]?+"""
    r"(?:[ \t]{0,16}+(?::?[ \t]{0,4}+(?:str|string|secretstr|bytes)[ \t]{0,16}+(?==))?+"
    r"(?:=>|[?.+]=|:{0,4}={1,3}|:(?!//|:)|%3[ad])[ \t]{0,16}+"
    r"|(?P<gap>(?(close),[ \t]{0,4}+|[ \t]{1,4}+)))"
)
_LONGEST_KEY: Final = 64
_FIRST_WORD: Final = re.compile(r"(?<![A-Za-z0-9_])((?i:access|api|auth|client|encryption|private|secret)) $")
_LONGEST_FIRST_WORD: Final = 12
_KEY_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
# What an encoded control character, space or sign of punctuation looks like, which is no part of the key behind it.
_ESCAPE: Final = re.compile(r"\\(?:[bfnrt]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})|%(?:2[0-9A-Fa-f]|3[A-Fa-f]|[57][BDbd])")
_ENCODED_QUOTE: Final = r"(?:%2[27]|\\{1,15}+(?:x|u00)2[27]|&(?:quot|apos|#3[49]|#x2[27]);)"
_ENCODED_SPACE: Final = r"(?:[ \t+]|%20){0,8}+"
_IN_MARKER: Final = "REDACTED:"


def key_before(text: str, end: int) -> str:
    """The key that ends at ``end``, at most 64 characters of it; empty within a marker.

    A first word that is parted from the key by a space counts in: ``api key`` reads ``api_key``.
    """
    start = end
    while start > 0 and end - start < _LONGEST_KEY and text[start - 1] in _KEY_CHARACTERS:
        start -= 1
    escape = _ESCAPE.match(text, start - 1, end) if start else None
    if escape:
        start = escape.end()
    if text.endswith(_IN_MARKER, 0, start):
        return ""
    spaced = _FIRST_WORD.search(text, max(0, start - _LONGEST_FIRST_WORD), start)
    return f"{spaced[1]}_{text[start:end]}" if spaced else text[start:end]


def _assigned(text: str, match: re.Match[str]) -> Span | None:
    end = match.end("word")
    bare = match["gap"] is not None and not match["close"]
    # Only an option parts its key from the value by a space alone; most such words stand in a sentence.
    if bare and "-" not in text[max(0, end - _LONGEST_KEY) : end]:
        return None
    key = key_before(text, end)
    if bare and not key.startswith("-"):
        return None
    level = sensitivity(key)
    if level is Sensitivity.NONE:
        return None
    return value_span(text, match.end(), level, key=key)


def _encoded(text: str, match: re.Match[str]) -> Span | None:
    key = key_before(text, match.end("word"))
    span = match.span("value")
    return span if is_secret(text[slice(*span)], sensitivity(key), key=key, quoted=True) else None


def _enclosed(text: str, match: re.Match[str]) -> Span | None:
    span = value_span(text, match.start("value"), sensitivity(match["key"]), key=match["key"])
    return span and (span[0], min(span[1], match.end("value")))


KEYED_RULES: Final = (
    Rule(
        name="xml-element",
        about="text of an XML element with a telling name",
        keywords=KEYWORDS,
        needs=("<",),
        pattern=r"<(?P<key>[A-Za-z_][\w.:-]{0,80}+)>\s{0,256}+(?P<value>[^<>\s]++)",
        true=("<shopToken>\n    «c0ffee4711beef»\n</shopToken>", "<password>«hunter2»</password>"),
        false=("<maxTokens>4096</maxTokens>", "<password></password>"),
        locate=_enclosed,
    ),
    Rule(
        name="xml-attribute",
        about="value of an XML attribute beside a telling name",
        keywords=KEYWORDS,
        needs=("value=",),
        pattern=(r"""\b(?:key|name)=["'](?P<key>[\w.:-]{1,80}+)["']\s{1,8}+value=["'](?P<value>[^"'<>\r\n]++)"""),
        true=('<add key="ClearTextPassword" value="«hunter2»" />',),
        false=('<add key="Password" value="%SecretFromEnv%" />', '<add key="Title" value="hunter2" />'),
        locate=_enclosed,
    ),
    Rule(
        name="key-value-encoded",
        about="value behind a telling key whose quotes are encoded: in a URL, in HTML, in nginx's access log",
        keywords=KEYWORDS,
        needs=("%22", "%27", "x22", "x27", "u0022", "u0027", "&quot;", "&apos;", "&#"),
        pattern=(
            rf"(?P<word>{_LAST_WORD})(?P<quote>{_ENCODED_QUOTE}){_ENCODED_SPACE}(?:[:=,]|%3[ad]|%2c){_ENCODED_SPACE}"
            rf"""(?P=quote)(?P<value>(?:[^%\\&\r\n"'`]++|(?!(?P=quote))[%\\&])++)"""
        ),
        folded=True,
        true=(
            "GET /find?filter=%7B%22api_key%22%3A%22«k1%2Fx9»%22%2C%22n%22%3A1%7D",
            r"{\x22password\x22:\x22«hunter2 horse»\x22,\x22n\x22:1}",
            r"{\u0022token\u0022: \u0022«2e7420243e7fa78»\u0022}",
            "<pre>{&quot;clientSecret&quot;: &quot;«a&amp;b»&quot;}</pre>",
            "{&#39;db_password&#39;: &#39;«hunter2»&#39;",
        ),
        false=(
            "%22password%22%3A%22%22",
            r"{\u0022max_tokens\u0022:\u00224096\u0022,\u0022key\u0022:\u0022item4711abc\u0022}",
            "&quot;password&quot;: &quot;***&quot;, &quot;secret&quot; is a word",
        ),
        locate=_encoded,
    ),
    Rule(
        name="key-value",
        about="value behind a telling key: assignment, JSON at any level of escaping, option, call",
        keywords=KEYWORDS,
        pattern=rf"(?P<word>{_LAST_WORD}){_BETWEEN}",
        folded=True,
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
