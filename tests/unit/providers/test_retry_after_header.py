from __future__ import annotations

import pytest

from server.providers.retry_after import parse_retry_after

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
def test_seconds_and_dates_are_read_and_nonsense_is_ignored(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds
