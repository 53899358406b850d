"""Secrets in URLs: userinfo and query, also where one URL is percent-encoded inside another."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_placeholder, is_secret, is_token
from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity
from exai_sre.logs.sanitize.rule import MARKER, Rule, Span
from exai_sre.logs.sanitize.words import KEYWORDS, word_set

__all__ = ["URL_RULES"]

_STRONG: Final = word_set("auth sig token x-amz-credential x-amz-signature x-goog-credential x-goog-signature")
_WEAK: Final = word_set("awsaccesskeyid code jwt key otp session sessionid sid signature ticket")
_QUERY_WORDS: Final = ("code", "jwt", "otp", "session", "sessionid", "sid", "sig", "signature", "ticket")
_QUERY_KEYWORDS: Final = (*KEYWORDS, *[f"{word}{sign}" for word in _QUERY_WORDS for sign in ("=", "%3d")])
_TRAILING: Final = ").,]}"
_LEADING_MARKER: Final = re.compile(MARKER)
_ENOUGH: Final = 128
_VALUE: Final = re.compile(r"""(?:[^&;\s"'`<>#\\]++|;(?![\w.%-]{1,64}+=))++""")
_ENCODED_VALUE: Final = re.compile(r"""(?:[^&\s"'`<>#\\%]|%(?!26|23|2[02]|3[Cc]|0[AaDd]))++""")


def _password(_text: str, match: re.Match[str]) -> Span | None:
    return None if is_placeholder(match["secret"]) else match.span("secret")


def _user(_text: str, match: re.Match[str]) -> Span | None:
    return match.span("secret") if is_token(match["secret"]) else None


def _parameter(text: str, match: re.Match[str]) -> Span | None:
    """The value of a query parameter, without punctuation of the sentence that the URL stands in."""
    name = match["key"].lower()
    level = Sensitivity.STRONG if name in _STRONG else Sensitivity.WEAK if name in _WEAK else sensitivity(name)
    if level is Sensitivity.NONE:
        return None
    pattern = _ENCODED_VALUE if match["encoded"] else _VALUE
    judged = pattern.match(text, match.end(), match.end() + _ENOUGH)
    if judged is None or not is_secret(_trimmed(judged[0]), level, quoted=True):
        return None
    whole = pattern.match(text, match.end()) or judged
    return whole.start(), whole.start() + len(_trimmed(whole[0]))


def _trimmed(value: str) -> str:
    marked = _LEADING_MARKER.match(value)
    kept = marked.end() if marked else 0
    return value[:kept] + value[kept:].rstrip(_TRAILING)


URL_RULES: Final = (
    Rule(
        name="url-password",
        about="password in the userinfo of a URL",
        keywords=("://",),
        # The password runs to the last at sign before a path, a query, white space or a quote, so that
        # one that holds an at sign of its own is taken out whole.
        pattern=(
            rf"""://(?<=[A-Za-z0-9]://)(?:{MARKER}|(?!\[REDACTED:)[^\s:/?#@"'`<>])*+:(?P<secret>[^\s/?#"'`<>]+)@"""
        ),
        true=(
            "redis://svc-user:«0P3hkBvvBI%21lpo»@db-98.internal:5432/prod?sslmode=require",
            "rediss://:«MY4nCweC39%25vu3»@db:6379",
            "postgresql+asyncpg://bob:«p@ss»@db/app",
        ),
        false=(
            "https://url:8000 @something else",
            "https://url:8000/ @something else",
            "postgres://bob:${PGPASSWORD}@db/app",
            "postgres://bob:***@db/app",
            "http://[::1]:8080/@x",
        ),
        locate=_password,
    ),
    Rule(
        name="url-user",
        about="key in place of the user of a URL",
        keywords=("://",),
        pattern=r"""://(?<=[A-Za-z0-9]://)(?P<secret>[^\s:/?#@"'`<>\[\]]{16,512}+)@""",
        true=("https://«4795ecc090254f5b4795ecc090254f5b»@o42.ingest.example.com/7",),
        false=("ssh://git@example.com/a.git", "https://continuous-integration@example.com"),
        locate=_user,
    ),
    Rule(
        name="url-query",
        about="value of a telling query parameter, also percent-encoded",
        keywords=_QUERY_KEYWORDS,
        needs=("=", "%3D", "%3d"),
        pattern=r"(?:[?&;]|%3[Ff]|%26)(?P<key>[\w.-]{1,64}+)(?:=|(?P<encoded>%3[Dd]))",
        true=(
            "GET /v1/files?page=2&password=«XHn3U8tmy3oO5T4uXcIOH8m6»&limit=10 HTTP/1.1",
            "https://example.com/?auth=«1GlKrX5f».",
            "https://example.com/?key=«4795ecc090254f5b»#top",
            "Server=x;Uid=sa;Pwd=«aB3$x»;Database=d",
            "/login?next=https%3A%2F%2Fh%2F%3Fapi_key%3D«a%2Fb»%26page%3D1",
            "https://b.s3.example.com/o?X-Amz-Signature=«fe5f80»&X-Amz-Expires=300",
        ),
        false=(
            "https://docs.example.com/authentication#tokens?page=7",
            "/items?key=name&code=200&page_token=abc",
            "/v1/chat?max_tokens=4096&token=",
        ),
        locate=_parameter,
    ),
)
