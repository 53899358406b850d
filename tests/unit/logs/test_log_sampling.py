"""Sampling by event name: a known share, whole requests together, errors always."""

from __future__ import annotations

import io
import json
import logging
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import structlog
from structlog import DropEvent

from exai_sre.context import correlation_id
from exai_sre.errors import ExaiSreError, SettingError
from exai_sre.logs import Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.configure import set_sampling
from exai_sre.logs.sampling import EventSampling
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import LabelName

DICE = random.Random(7)

configure = partial(configure_logging, sanitizer=Sanitizer())


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    shutdown_logging()
    structlog.reset_defaults()


def kept(sampling: EventSampling, event: str, method: str = "info") -> dict[str, Any] | None:
    try:
        result: dict[str, Any] = sampling(None, method, {"event": event})
    except DropEvent:
        return None
    return result


def test_a_share_of_the_named_events_is_kept_and_says_what_it_stands_for() -> None:
    sampling = EventSampling({"tick": 0.1}, chance=DICE.random)
    lines = [kept(sampling, "tick") for _ in range(4000)]
    some = [line for line in lines if line is not None]
    assert 320 <= len(some) <= 480
    assert all(line == {"event": "tick", "sample_ratio": 0.1} for line in some)
    assert all(kept(sampling, "other") == {"event": "other"} for _ in range(100))


def test_none_or_all_can_be_kept() -> None:
    sampling = EventSampling({"none": 0, "all": 1}, chance=lambda: 0.0)
    assert kept(sampling, "none") is None
    assert kept(sampling, "all") == {"event": "all"}


def test_warnings_and_errors_are_always_kept() -> None:
    sampling = EventSampling({"tick": 0})
    assert kept(sampling, "tick", "warning")
    assert kept(sampling, "tick", "exception")
    assert kept(EventSampling({"tick": 0}, spare="error"), "tick", "warning") is None


def test_the_lines_of_one_unit_of_work_are_kept_together_in_every_process() -> None:
    events = ("a", "b", "c")
    processes = [EventSampling(dict.fromkeys(events, 0.3)) for _ in range(2)]
    whole = 0
    for number in range(2000):
        token = correlation_id.set(f"0199{number:028x}")
        seen = {kept(sampling, event) is not None for sampling in processes for event in events}
        correlation_id.reset(token)
        assert len(seen) == 1
        whole += seen.pop()
    assert 500 <= whole <= 700


def test_what_is_kept_at_a_small_share_is_kept_at_a_larger_one() -> None:
    small, large = EventSampling({"a": 0.2}), EventSampling({"a": 0.6})
    for number in range(500):
        token = correlation_id.set(f"unit-{number}")
        assert kept(small, "a") is None or kept(large, "a")
        correlation_id.reset(token)


def test_an_event_that_is_no_text_is_kept() -> None:
    event = {"event": ["tick"]}
    assert EventSampling({"tick": 0})(None, "info", event) is event


def test_a_share_can_change_while_the_service_runs(stream: io.StringIO) -> None:
    metrics = TelemetryMetrics.declare(Catalog())
    configure("svc", stream=stream, sampling={"tick": 0}, metrics=metrics)
    log = get_logger("a")
    log.info("tick", n=1)
    logging.getLogger("b").info("tick")
    log.error("tick", n=2)
    set_sampling("tick", 1)
    log.info("tick", n=3)
    set_sampling("GET %s", 0)
    logging.getLogger("b").info("GET %s", "/a")
    logging.getLogger("b").warning("GET %s", "/b")
    shutdown_logging()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("n", line["event"]) for line in lines] == [2, 3, "GET /b"]
    assert metrics.log_dropped.labels(**{LabelName.REASON: "sampled"}).value == 3


def test_a_sampled_line_of_the_standard_library_says_so_too(stream: io.StringIO) -> None:
    configure("svc", stream=stream, sampling={"GET %s": 0.999999})
    token = correlation_id.set("unit-1")
    logging.getLogger("b").info("GET %s", "/a")
    correlation_id.reset(token)
    shutdown_logging()
    assert json.loads(stream.getvalue())["sample_ratio"] == 0.999999


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_an_error_and_changes_nothing(stream: io.StringIO, ratio: float) -> None:
    configure("svc", stream=stream)
    handlers = list(logging.getLogger().handlers)
    with pytest.raises(SettingError, match=r"tick=.*no share"):
        configure("svc", stream=stream, sampling={"tick": ratio})
    assert logging.getLogger().handlers == handlers
    with pytest.raises(SettingError, match="no share"):
        set_sampling("tick", ratio)


def test_sampling_without_a_set_up_is_an_error() -> None:
    shutdown_logging()
    with pytest.raises(ExaiSreError, match="not configured"):
        set_sampling("tick", 0.5)
