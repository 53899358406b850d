"""Durations as texts."""

from __future__ import annotations

import pytest

from exai_sre.slo.windows import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("6h", 21600), ("1d", 86400), ("4w", 2419200), ("1w2d", 777600)],
)
def test_a_duration_text_means_its_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0m", "5", "m5", "1m1h", "1M", "1Q", "1Y", "-5m", "5 m", "1.5h", "5m5m", "\u0665m"]
)
def test_what_is_no_fixed_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(("seconds", "text"), [(21600, "6h"), (2592000, "30d"), (5400, "1h30m"), (45, "45s")])
def test_seconds_are_written_in_the_largest_units(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


def test_only_time_above_zero_is_a_duration() -> None:
    with pytest.raises(ValueError, match="above zero"):
        format_duration(0)
