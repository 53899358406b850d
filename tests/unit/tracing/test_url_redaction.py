"""URLs without credentials, otherwise byte for byte."""

import time

import pytest

from exai_sre.tracing import redact_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pa%40ss@host:8443/p", "https://REDACTED:REDACTED@host:8443/p"),
        ("//token@host/p", "//REDACTED:REDACTED@host/p"),
        ("https://h/?access_token=abc&x=1", "https://h/?access_token=REDACTED&x=1"),
        ("https://h/?API_KEY=abc", "https://h/?API_KEY=REDACTED"),
        ("https://h/?apiKey=abc", "https://h/?apiKey=REDACTED"),
        ("https://h/?X-Amz-Signature=abc&X-Amz-Algorithm=v4", "https://h/?X-Amz-Signature=REDACTED&X-Amz-Algorithm=v4"),
        ("https://h/?X-Goog-Signature=a", "https://h/?X-Goog-Signature=REDACTED"),
        ("https://h/?AWSAccessKeyId=a", "https://h/?AWSAccessKeyId=REDACTED"),
        ("https://h/?key=a&sig=b;code=c", "https://h/?key=REDACTED&sig=REDACTED;code=REDACTED"),
        ("https://h/?p%61ssword=a", "https://h/?p%61ssword=REDACTED"),
        ("https://h/?client_secret=a", "https://h/?client_secret=REDACTED"),
        ("https://h/#access_token=a&y=2", "https://h/#access_token=REDACTED&y=2"),
        ("https://h/#/done?id_token=a", "https://h/#/done?id_token=REDACTED"),
        ("https://h/?accessKey=a", "https://h/?accessKey=REDACTED"),
        ("https://h/?signing_key=a", "https://h/?signing_key=REDACTED"),
    ],
)
def test_what_authenticates_is_taken_out(url, expected):
    assert redact_url(url) == expected
    assert redact_url(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://host/secrets/config.yaml?tokenizer=bpe&design=system",
        "https://host/?max_tokens=50&token_count=3&primary_key=id&keyboard=us",
        "https://host/@user?mail=a@b",
        "https://host/%7Euser//double?x=%20+&&y=&=z#frag",
        "https://host/?signature&token=",
        "not a url",
        "",
        "https://host/?monkey=1&sort_key=2&token_type=bearer",
    ],
)
def test_what_does_not_is_left_byte_for_byte(url):
    assert redact_url(url) == url


def test_a_very_long_url_is_cut_before_it_is_read():
    assert len(redact_url("https://host/?x=" + "a" * 1_000_000)) == 8192


def cpu_time(length: int) -> float:
    """What a URL costs that could be a user's name to its end, at best of several tries."""
    url, tries = "https://h/" + "a" * length + "@", []
    for _ in range(10):
        start = time.process_time()
        for _ in range(20):
            redact_url(url)
        tries.append(time.process_time() - start)
    return min(tries)


def test_a_url_twice_as_long_takes_about_twice_the_time_real_clock():
    cpu_time(100)
    assert cpu_time(8000) < 3 * cpu_time(4000)
