"""Label values and exemplars without secrets, on anybody's registry."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import generate_latest

from exai_sre.logs import Sanitizer
from exai_sre.logs.sanitize import marker
from exai_sre.metrics.redaction import RedactedCollector, redacted_labels
from exai_sre.names import REDACTION_FAILED

TOKENS = ["ghp_" + "aB3dE6gH9j" * 3 + f"kL1mN{number}" for number in range(3)]
GONE = marker("github-token", len(TOKENS[0]))


@pytest.fixture
def theirs() -> CollectorRegistry:
    return CollectorRegistry()


def page(theirs: CollectorRegistry) -> str:
    ours = CollectorRegistry()
    ours.register(RedactedCollector(theirs, Sanitizer().redact_text))
    return generate_latest(ours).decode()


def test_a_registry_without_secrets_is_exposed_as_it_is(theirs: CollectorRegistry) -> None:
    Counter("a", "A.", ["path"], registry=theirs).labels("/v1").inc(exemplar={"trace_id": "ab12"})
    Histogram("b", "B.", registry=theirs).observe(0.2)
    Gauge("c", "C.", registry=theirs).set(3)
    assert page(theirs) == generate_latest(theirs).decode()
    collected = list(RedactedCollector(theirs, Sanitizer().redact_text).collect())
    assert all(not metric.samples or metric.samples[0].labels is not None for metric in collected)


def test_series_that_become_the_same_are_added_up(theirs: CollectorRegistry) -> None:
    counter = Counter("a", "A.", ["user"], registry=theirs)
    for number, token in enumerate(TOKENS):
        counter.labels(token).inc(number + 1)
    counter.labels("bob").inc(7)
    histogram = Histogram("b", "B.", ["user"], buckets=(1.0,), registry=theirs)
    for token in TOKENS:
        histogram.labels(token).observe(0.5)
    text = page(theirs)
    assert f'a_total{{user="{GONE}"}} 6.0' in text
    assert 'a_total{user="bob"} 7.0' in text
    assert f'b_bucket{{le="1.0",user="{GONE}"}} 3.0' in text
    assert f'b_sum{{user="{GONE}"}} 1.5' in text
    assert not any(token in text for token in TOKENS)


def test_a_secret_goes_from_an_exemplar(theirs: CollectorRegistry) -> None:
    Counter("a", "A.", registry=theirs).inc(exemplar={"trace_id": "ab12", "user": TOKENS[0]})
    text = page(theirs)
    assert TOKENS[0] not in text
    assert f'# {{trace_id="ab12",user="{GONE}"}} 1.0' in text


def test_the_other_registry_is_left_as_it_was(theirs: CollectorRegistry) -> None:
    Counter("a", "A.", ["user"], registry=theirs).labels(TOKENS[0]).inc()
    before = generate_latest(theirs)
    page(theirs)
    assert generate_latest(theirs) == before


def test_a_telling_name_counts_and_the_same_labels_come_back_otherwise() -> None:
    redact = Sanitizer().redact_text
    assert redacted_labels({"password": "hunter2horse", "n": "1"}, redact) == {
        "password": marker("key-value", 12),
        "n": "1",
    }
    labels = {"path": "/v1", "method": "GET"}
    assert redacted_labels(labels, redact) is labels


def test_a_value_on_which_the_redaction_fails_is_not_exposed() -> None:
    def fail(_text: str) -> str:
        raise RuntimeError(TOKENS[0])

    assert redacted_labels({"user": TOKENS[0]}, fail) == {"user": REDACTION_FAILED}


def test_registration_collects_nothing() -> None:
    class Broken:
        def collect(self) -> Any:
            raise AssertionError("collected")

    collector = RedactedCollector(Broken(), str)
    assert collector.describe() == []
    CollectorRegistry().register(collector)
