"""When a peer wants to be asked again."""

from __future__ import annotations

import pytest

from exai_sre.resilience.classifiers.retry_after import parse_duration, parse_retry_after

NOW = 1_000_000_000.0  # 2001-09-09 01:46:40 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Sun, 09 Sep 2001 01:46:50 GMT", 10.0),
        ("Sun, 09 Sep 2001 01:46:00 GMT", 0.0),
        ("Sun, 99 Sep 2001 01:46:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_read_and_nonsense_is_ignored(value, seconds):
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("1m", 60.0), ("", None), (" ", None),
     ("5", None), ("soon", None)],
)  # fmt: skip
def test_durations_of_vendors(text, seconds):
    assert parse_duration(text) == (pytest.approx(seconds) if seconds is not None else None)
