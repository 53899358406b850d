"""Policies at run time: pipelines on demand, what they share, and reloads that keep their state."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import ResilienceMetrics
from exai_sre.outcome import Outcome
from exai_sre.resilience import BreakerOpen, BulkheadFull, DeadlineExceeded, OptionError
from exai_sre.resilience.config import Changes, load_policies
from exai_sre.resilience.errors import RateLimited
from exai_sre.testing import VirtualClock
from tests.unit.resilience.config.policy_texts import EVERYTHING, TOML

HEAD = "version: 1\npipelines:\n"
BREAKER = HEAD + "  p:\n    breaker: {minimum_calls: 4, open_for: 5}\n"


class Down(ConnectionError):
    pass


class Coded(Exception):
    def __init__(self, status):
        self.status = status


def fail(error=Down):
    raise error


def answer():
    return "ok"


@pytest.fixture
def load(tmp_path):
    """Writes a policy file and loads it, or lets policies reload it."""

    def write(text, policies=None, suffix=".yaml"):
        path = tmp_path / f"resilience{suffix}"
        path.write_text(text, encoding="utf-8")
        return load_policies(path) if policies is None else policies.reload(path)

    return write


def failing(guard, times, error=None):
    """Calls that fail with ``error``; a connection that broke by default."""
    for _ in range(times):
        with pytest.raises(Down if error is None else type(error)):
            guard.call(fail, error or Down())


def test_a_pipeline_does_what_its_file_says(load):
    policies = load(TOML, suffix=".toml")
    assert policies.names == ("glm", "store")
    clock, metrics = VirtualClock(), ResilienceMetrics.declare(Catalog())
    guard = policies.pipeline("glm", clock=clock, metrics=metrics)
    assert guard.name == "glm"
    assert [each.kind for each in guard.pipeline.strategies] == [
        "timeout", "bulkhead", "retry", "breaker", "timeout", "classify",
    ]  # fmt: skip
    assert guard.call(answer) == "ok"
    failing(guard, 3, Coded(503))
    assert policies.breaker("glm").state == "open"
    # the open time is 5 s, then 10 s
    assert policies.breaker("glm").snapshot.retry_after == 5.0
    clock.advance(5.0)
    failing(guard, 1, Coded(503))
    assert policies.breaker("glm").snapshot.retry_after == 10.0
    assert metrics.decisions.labels(pipeline="glm", strategy="pipeline", decision="failed").value == 4.0


async def test_a_pipeline_with_every_kind_can_be_made(load):
    policies = load(EVERYTHING)
    assert len(policies.pipeline("all").pipeline.strategies) == 12

    async def answer_async():
        return "ok"

    assert await policies.pipeline("all").call_async(answer_async) == "ok"


def test_a_pipeline_is_one_object(load):
    policies = load(TOML, suffix=".toml")
    assert policies.pipeline("glm") is policies.pipeline("glm")


def test_a_budget_of_one_name_is_one_budget(load):
    policies = load(TOML, suffix=".toml")
    glm, store = (policies.pipeline(name).pipeline.strategies for name in ("glm", "store"))
    assert glm[2].options.budget is store[0].options.budget
    assert glm[2].options.budget.options.share == 0.2


def test_a_breaker_of_one_name_is_one_breaker(load):
    policies = load(HEAD + "  p: {breaker: {name: b}}\n  q: {retry: {}, breaker: {name: b}}\n")
    p, q = (policies.pipeline(name).pipeline.strategies for name in "pq")
    assert p[0] is q[1] is policies.breaker("b")
    with pytest.raises(OptionError, match="there are b"):
        policies.breaker("p")


def test_an_unknown_name_is_refused(load):
    policies = load(BREAKER)
    with pytest.raises(OptionError, match="there are p"):
        policies.pipeline("q")
    with pytest.raises(OptionError, match="none yet"):
        policies.breaker("p")


def test_errors_are_matched_by_outcome_and_by_class_path(load):
    policies = load(
        HEAD + "  p:\n    breaker:\n      minimum_calls: 2\n      ignore: [client_error, builtins.KeyError]\n"
    )
    guard = policies.pipeline("p")
    error = Coded(404)
    error.outcome = Outcome.CLIENT_ERROR
    for each in (KeyError("x"), error, KeyError("x"), Down()):
        with pytest.raises(type(each)):
            guard.call(fail, each)
    assert policies.breaker("p").snapshot.calls == 1


def test_a_classifier_of_the_file_judges_next_to_the_call(load):
    policies = load(HEAD + "  p:\n    classifiers: [http]\n    breaker: {minimum_calls: 2}\n")
    for status in (404, 404, 503):
        with pytest.raises(Coded):
            policies.pipeline("p").call(fail, Coded(status))
    assert policies.breaker("p").snapshot.calls == 1


def test_what_no_file_can_say_comes_from_code(load):
    text = HEAD + "  p:\n    fallback: {on: [upstream_error]}\n    load_shedder: {burn_start: 1, burn_full: 2}\n"
    with pytest.raises(OptionError, match="needs limit or burn"):
        load(text).pipeline("p")
    with pytest.raises(OptionError, match="needs value or of or to"):
        load(text).pipeline("p", code={"load_shedder": {"burn": lambda: 0.0}})
    guard = load(text).pipeline("p", code={"load_shedder": {"burn": lambda: 0.0}, "fallback": {"of": repr}})
    assert guard.call(fail) == "Down()"


def test_a_load_shedder_goes_by_the_limit_of_its_pipeline(load):
    guard = load(HEAD + "  p:\n    load_shedder: {}\n    adaptive_limit: {}\n").pipeline("p")
    assert [each.kind for each in guard.pipeline.strategies] == ["load_shedder", "adaptive_limit"]
    assert guard.call(answer) == "ok"


def test_findings_of_a_pipeline(load):
    policies = load(TOML, suffix=".toml")
    assert policies.findings("glm") == []
    strategies = "[{kind: breaker}, {kind: retry}]"
    assert [each.code for each in load(HEAD + f"  p: {{strategies: {strategies}}}\n").findings("p")] == [
        "breaker-outside-retry"
    ]


def test_a_reload_tells_what_changed(load):
    policies = load(HEAD + "  a: {retry: {}}\n  b: {retry: {}}\n  c: {retry: {}}\n")
    policies.pipeline("a")
    changes = load(HEAD + "  a: {retry: {}}\n  b: {retry: {attempts: 2}}\n  d: {retry: {}}\n", policies)
    assert changes == Changes(("d",), ("b",), ("c",))
    assert policies.names == ("a", "b", "d")
    assert policies.pipeline("a").call(answer) == "ok"


def test_a_pipeline_that_comes_back_is_the_one_in_use(load):
    policies = load(HEAD + "  a: {retry: {attempts: 1}}\n  b: {retry: {}}\n")
    guard = policies.pipeline("a")
    load(HEAD + "  b: {retry: {}}\n", policies)
    assert guard.call(answer) == "ok"
    assert load(HEAD + "  a: {retry: {attempts: 5}}\n  b: {retry: {}}\n", policies).added == ("a",)
    assert policies.pipeline("a") is guard
    assert guard.pipeline.strategies[0].options.attempts == 5


def test_a_reload_with_a_fault_changes_nothing(load):
    policies = load(BREAKER)
    guard = policies.pipeline("p")
    before = guard.pipeline
    with pytest.raises(SpecError):
        load(HEAD + "  p: {breaker: {window: -1}}\n", policies)
    assert guard.pipeline is before
    assert policies.spec.pipelines["p"].strategies[0].options["open_for"] == 5


def test_a_reload_that_needs_more_from_code_changes_nothing(load):
    policies = load(BREAKER)
    guard = policies.pipeline("p", clock=VirtualClock())
    before = guard.pipeline
    with pytest.raises(OptionError, match="needs value or of or to"):
        load(BREAKER.replace("open_for: 5}", "open_for: 9}\n    fallback: {}"), policies)
    assert guard.pipeline is before
    assert policies.spec.pipelines["p"].strategies[0].options["open_for"] == 5
    failing(guard, 4)
    assert policies.breaker("p").snapshot.retry_after == 5.0


def test_a_breaker_keeps_state_and_window_over_a_reload(load):
    clock = VirtualClock()
    policies = load(BREAKER)
    guard = policies.pipeline("p", clock=clock)
    breaker = policies.breaker("p")
    failing(guard, 3)
    changes = load(
        BREAKER.replace("open_for: 5", "open_for: 7").replace("breaker", "retry: {attempts: 1}\n    breaker"), policies
    )
    assert changes.changed == ("p",)
    assert policies.breaker("p") is breaker
    assert breaker.snapshot.failures == 3
    failing(guard, 1)
    assert breaker.state == "open"
    assert breaker.snapshot.retry_after == 7.0
    load(BREAKER.replace("minimum_calls: 4", "minimum_calls: 9"), policies)
    assert breaker.state == "open"
    with pytest.raises(BreakerOpen):
        guard.call(answer)


def test_a_changed_limit_of_a_breaker_counts_from_the_next_call_on(load):
    policies = load(BREAKER)
    guard = policies.pipeline("p", clock=VirtualClock())
    failing(guard, 2)
    load(BREAKER.replace("minimum_calls: 4", "minimum_calls: 3"), policies)
    failing(guard, 1)
    assert policies.breaker("p").state == "open"


def test_a_strategy_that_did_not_change_keeps_its_state(load):
    text = HEAD + "  p:\n    rate_limit: {rate: 2, burst: 2}\n    retry: {attempts: 1}\n"
    policies = load(text)
    guard = policies.pipeline("p", clock=VirtualClock())
    assert guard.call(answer) == guard.call(answer) == "ok"
    load(text.replace("attempts: 1", "attempts: 2"), policies)
    with pytest.raises(RateLimited):
        guard.call(answer)
    load(text.replace("rate: 2", "rate: 3"), policies)
    assert guard.call(answer) == "ok"


def test_a_changed_budget_changes_the_retries_that_use_it(load):
    text = "version: 1\nbudgets: {b: {reserve: 0}}\npipelines:\n  p: {retry: {budget: b}}\n  q: {retry: {budget: {}}}\n"
    policies = load(text)
    first = policies.pipeline("p").pipeline.strategies[0].options.budget
    assert load(text.replace("reserve: 0", "reserve: 3"), policies).changed == ("p",)
    second = policies.pipeline("p").pipeline.strategies[0].options.budget
    assert (first.options.reserve, second.options.reserve) == (0, 3)


async def test_calls_that_run_end_as_they_began(load):
    text = HEAD + "  p:\n    bulkhead: {limit: 1}\n"
    policies = load(text)
    guard = policies.pipeline("p")
    release = asyncio.Event()
    running = asyncio.create_task(guard.call_async(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull):
        guard.call(answer)
    load(text.replace("limit: 1", "limit: 2"), policies)
    assert guard.call(answer) == "ok"
    release.set()
    assert await running is True


async def test_each_form_follows_a_reload(load):
    text = HEAD + "  p:\n    rate_limit: {rate: 1, burst: 1}\n"
    policies = load(text)
    guard = policies.pipeline("p", clock=VirtualClock())

    async def answer_async():
        return "ok"

    def items():
        yield "ok"

    async def stream():
        yield "ok"

    sync, async_, generator, streamed = (guard(each) for each in (answer, answer_async, items, stream))
    assert sync() == "ok"
    for attempt in (sync, lambda: guard.call(answer)):
        with pytest.raises(RateLimited):
            attempt()
    load(text.replace("burst: 1", "burst: 7"), policies)
    assert [sync(), await async_(), *generator()] == ["ok"] * 3
    assert [item async for item in streamed()] == ["ok"]
    assert [guard.call(answer), await guard.call_async(answer_async)] == ["ok"] * 2
    assert [item async for item in guard.stream(stream)] == ["ok"]
    with pytest.raises(RateLimited):
        sync()
    assert guard.forms is guard.pipeline.forms


async def test_the_total_timeout_of_a_file_is_a_deadline(load):
    guard = load(HEAD + "  p:\n    total_timeout: {seconds: 2}\n").pipeline("p", clock=(clock := VirtualClock()))

    async def slow():
        await clock.sleep(3)

    with pytest.raises(DeadlineExceeded):
        await clock.run(guard.call_async(slow))
    assert guard.pipeline.strategies[0].options.total
