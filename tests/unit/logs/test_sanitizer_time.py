"""The sanitizer's time grows no faster than its input, whatever that is."""

from __future__ import annotations

import time

import pytest

from exai_sre.logs.sanitize import Sanitizer

SANITIZER = Sanitizer(pii=True, limit=1 << 20)
ATTACKS = [
    *("a", "key ", "key=", "token=", 'password="', "eyJaaaaaaaaaa.", "://", "a://a:", "?token=", "&a=", "?a=?a="),
    *(
        "-----BEGIN PRIVATE KEY-----\n",
        "AAAAAAAAAAAAAAAAAAAAAAAA ",
        "sk-",
        "0123456789abcdef",
        "token\\\\\\",
        'token:\\"',
    ),
    *(
        "1 ",
        "4",
        "+1 2 3 ",
        "a@a.",
        "@",
        "<token>",
        "cookie: a",
        "authorization: bearer ",
        "basic aaaaaaa ",
        "curl -u a:",
    ),
    *(
        "[REDACTED:",
        "token=[REDACTED:x]",
        ".key",
        "password=(",
        "password={{{{",
        "password%3D%3F",
        "token=a,",
        "token=a&b",
    ),
    *(
        "xoxb-",
        "token=                ",
        "'",
        "secret'",
        "password: '\\\"`",
        "a.",
        "0123456789abcdef" * 2 + ".",
        "token=<a",
    ),
    *("password=xxxxxxx-", "token=$A", "-us", "tk-us-", "token => ", "key: string = "),
]


def seconds(text: str) -> float:
    began = time.process_time()
    SANITIZER.redact_text(text)
    return time.process_time() - began


@pytest.mark.parametrize("attack", ATTACKS)
def test_four_times_the_text_takes_about_four_times_as_long_by_the_real_clock(attack: str) -> None:
    small, large = (attack * (size // len(attack)) + "!" for size in (4_000, 16_000))
    seconds(small)
    slope = min(seconds(large) for _ in range(2)) / max(min(seconds(small) for _ in range(3)), 0.0005)
    assert slope < 9
