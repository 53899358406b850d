"""Classify in a pipeline: one judgement, seen by every strategy, in each form."""

from __future__ import annotations

import pytest

from exai_sre.outcome import Outcome
from exai_sre.resilience import CircuitBreaker, Pipeline, Retry
from exai_sre.resilience.classifiers import Classifier, Classify, Verdict
from exai_sre.testing import VirtualClock


class Refused(Exception):
    def __init__(self, status):
        self.status = status


class Upstream:
    """Fails with the statuses it is given, in each form, and counts its calls."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.calls = 0

    def sync(self):
        self.calls += 1
        status = self.statuses.pop(0) if self.statuses else 0
        if status:
            raise Refused(status)
        return "done"

    async def async_(self):
        return self.sync()

    def items(self):
        yield self.sync()

    async def stream(self):
        yield self.sync()


async def run(guard, upstream, form):
    if form == "sync":
        return guard.call(upstream.sync)
    if form == "async_":
        return await guard.call_async(upstream.async_)
    if form == "items":
        return next(iter(guard(upstream.items)()))
    return await anext(guard.stream(upstream.stream))


FORMS = ("sync", "async_", "items", "stream")


def pipeline(*strategies):
    return Pipeline("p", *strategies, Classify("http"), clock=VirtualClock())


@pytest.mark.parametrize("form", FORMS)
async def test_a_retry_repeats_what_may_pass_and_nothing_else(form):
    passing, final = Upstream(503), Upstream(404)
    retry = Retry(attempts=3, wait=0)
    assert await run(pipeline(retry), passing, form) == "done"
    assert passing.calls == 2
    with pytest.raises(Refused) as caught:
        await run(pipeline(retry), final, form)
    assert final.calls == 1
    assert caught.value.outcome is Outcome.CLIENT_ERROR


@pytest.mark.parametrize("form", FORMS)
async def test_a_breaker_counts_what_is_a_failure_and_nothing_else(form):
    breaker = CircuitBreaker("b", minimum_calls=2)
    guard = pipeline(breaker)
    for status in (404, 400, 503, 500):
        with pytest.raises(Refused):
            await run(guard, Upstream(status), form)
    assert breaker.state == "open"


def test_a_judge_of_your_own_takes_the_place_of_the_named_ones():
    judge = Classifier(lambda error, now: Verdict(Outcome.CLIENT_ERROR, retryable=False))
    with pytest.raises(Refused) as caught:
        Classify(judge=judge).call(Upstream(503).sync)
    assert caught.value.outcome is Outcome.CLIENT_ERROR
    assert Classify.decisions == ()


def test_the_clock_of_the_pipeline_dates_retry_after():
    clock = VirtualClock(epoch=1_000_000_000.0)

    def fail():
        error = Refused(429)
        error.headers = {"Retry-After": "Sun, 09 Sep 2001 01:46:50 GMT"}
        raise error

    with pytest.raises(Refused) as caught:
        Pipeline("p", Classify("http"), clock=clock).call(fail)
    assert caught.value.retry_after == 10.0
