"""The linter of the order of strategies and of their times."""

from __future__ import annotations

import pytest
from tenacity import stop_after_delay, wait_fixed

from exai_sre.resilience import Bulkhead, CircuitBreaker, Retry, Timeout
from exai_sre.resilience.cache import Cache
from exai_sre.resilience.classifiers import Classify
from exai_sre.resilience.config import StrategySpec, order_findings
from exai_sre.resilience.config.kinds import DEFAULT_ORDER, KINDS
from exai_sre.resilience.rate_limit import RateLimit


def codes(*strategies):
    return [finding.code for finding in order_findings(strategies)]


def breaker(**options):
    return CircuitBreaker("b", **options)


def test_the_default_order_is_in_order():
    options = {"timeout": {"seconds": 60}, "bulkhead": {"limit": 1}, "retry": {"attempts": 1}}
    default = [StrategySpec(slot.kind, options.get(slot.kind, {}), slot.name) for slot in DEFAULT_ORDER]
    assert order_findings(default) == []


@pytest.mark.parametrize(
    ("strategies", "expected"),
    [
        # C20: a timeout outside the breaker only
        ([Timeout(1, total=True), breaker()], ["timeout-outside-breaker"]),
        ([Timeout(1), breaker()], ["timeout-outside-breaker"]),
        ([Timeout(1, total=True), breaker(), Timeout(0.5)], []),
        ([breaker(), Timeout(1)], []),
        ([breaker()], []),
        # C26: a retry outside the breaker neither waits for it nor opens it by itself
        ([Retry(), breaker()], []),
        ([Retry(wait=30), breaker()], ["retry-waits-for-breaker"]),
        ([Retry(wait=29), breaker()], []),
        ([Retry(1, wait=30), breaker()], []),
        ([Retry(wait=30), breaker(open_for=lambda turn: 1.0)], []),
        ([Retry(3), breaker(minimum_calls=3)], ["one-call-opens-breaker"]),
        ([Retry(3), breaker(minimum_calls=4)], []),
        # C27: a breaker outside the retry
        ([breaker(), Retry()], ["breaker-outside-retry"]),
        ([breaker(), Timeout(1), Retry()], ["breaker-outside-retry", "attempt-unbounded"]),
        # C24: nested retries
        ([Retry(), Retry()], ["retry-inside-retry"]),
        # anything else out of the default order
        ([Retry(), Bulkhead(1)], ["order"]),
        ([breaker(), RateLimit(1)], ["order"]),
        ([Retry(), Cache(1)], ["order"]),
        ([Bulkhead(1), Timeout(1, total=True)], ["order"]),
        ([Timeout(1), Bulkhead(1)], []),
        ([RateLimit(1), Bulkhead(1)], []),
        ([Classify("http"), Retry()], []),
    ],
)
def test_an_order_that_breaks_a_promise_is_found(strategies, expected):
    assert codes(*strategies) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_explained(kind):
    """Any kind inside the hedge, which is the innermost but for a timeout."""
    found = order_findings([StrategySpec("hedge", {}), StrategySpec(kind, {"seconds": 1, "total": True})])
    messages = [finding.message for finding in found if finding.code == "order"]
    assert [message.startswith(f"{kind} stands inside hedge: ") for message in messages] == [True] * (kind != "hedge")


@pytest.mark.parametrize(
    ("strategies", "expected"),
    [
        ([Timeout(10, total=True), Retry(3, wait=0), Timeout(4)], ["times-exceed-total"]),
        ([Timeout(12, total=True), Retry(3, wait=0), Timeout(4)], []),
        ([Timeout(12, total=True), Retry(3, wait=1), Timeout(4)], ["times-exceed-total"]),
        # the default wait is at most 0.2 s and then 0.4 s
        ([Timeout(12.6, total=True), Retry(3), Timeout(4)], []),
        ([Timeout(12.5, total=True), Retry(3), Timeout(4)], ["times-exceed-total"]),
        ([Timeout(10, total=True), Retry(3, wait=wait_fixed(9)), Timeout(4)], []),
        ([Timeout(10, total=True), Retry(stop=stop_after_delay(1)), Timeout(4)], []),
        ([Timeout(10, total=True), Retry()], ["attempt-unbounded"]),
        ([Timeout(10, total=True), Retry(1)], []),
        ([Retry(), Timeout(10)], []),
        ([breaker(slow_after=5), Timeout(5)], ["slow-never-seen"]),
        ([breaker(slow_after=4), Timeout(5)], []),
        ([breaker(half_open_limit=4), Timeout(5)], ["probe-cut-short"]),
    ],
)
def test_times_that_do_not_fit_together_are_found(strategies, expected):
    assert codes(*strategies) == expected


def test_a_finding_says_the_sum():
    (finding,) = order_findings([Timeout(60, total=True), Retry(3, wait=1), Timeout(30)])
    assert finding.message.startswith(
        "3 attempts of 30 s and waits of up to 2 s take 92 s, more than the total of 60 s"
    )
    assert (finding.severity, finding.at) == ("error", 1)


@pytest.mark.parametrize(
    ("wait", "needed"),
    [(None, 0.2 + 0.4 + 0.8), (2, 6.0), ({"multiplier": 1, "longest": 3}, 1 + 2 + 3), ({"multiplier": 1}, 1 + 2 + 4)],
)
def test_waits_of_a_file_are_summed(wait, needed):
    options = {"attempts": 4} | ({} if wait is None else {"wait": wait})
    for total, expected in ((4 + needed + 0.01, []), (4 + needed - 0.01, ["times-exceed-total"])):
        steps = (
            StrategySpec("timeout", {"seconds": total}, "total_timeout"),
            StrategySpec("retry", options),
            StrategySpec("timeout", {"seconds": 1}),
        )
        assert codes(*steps) == expected
