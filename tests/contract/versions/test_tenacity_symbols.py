"""One test for each public symbol of tenacity that the library uses; run on the lowest and the highest version."""

from __future__ import annotations

import pytest
import tenacity

from exai_sre.resilience.retry import Retry
from tests.contract.versions.symbols import symbols_in_use

pytestmark = pytest.mark.filterwarnings("error")


class Down(ConnectionError):
    """The dependency failed."""


class Wrong(Exception):
    """The caller's fault."""


def state(attempt=1, error=None, result=None):
    """The state of a call after ``attempt`` attempts, the last of which failed or returned."""
    made = tenacity.RetryCallState(tenacity.Retrying(), Down, ("a",), {"b": 1})
    made.attempt_number = attempt
    made.outcome = tenacity.Future(attempt)
    if error is None:
        made.outcome.set_result(result)
    else:
        made.outcome.set_exception(error)
    return made


def check_future():
    future = tenacity.Future(3)
    future.set_exception(Down())
    assert (future.attempt_number, future.failed, type(future.exception())) == (3, True, Down)


def check_state():
    made = state(2, Down())
    assert (made.fn, made.args, made.kwargs, made.attempt_number) == (Down, ("a",), {"b": 1}, 2)
    made.idle_for, made.outcome_timestamp, made.start_time = 1.0, 5.0, 2.0
    assert made.seconds_since_start == 3.0


def check_action():
    made = state(error=Down())
    made.next_action = tenacity.RetryAction(1.5)
    lines = []

    class Log:
        def log(self, level, text, *args, **_):
            lines.append(text % args if args else text)

    tenacity.before_sleep_log(Log(), 20)(made)
    assert made.next_action.sleep == 1.5
    assert "1.5 seconds" in lines[0]


def check_retrying():
    assert callable(tenacity.Retrying().stop)
    assert tenacity.RetryCallState(controller := tenacity.Retrying(), None, (), {}).retry_object is controller


def check_composites():
    parts = (tenacity.retry_if_exception_type(Down), tenacity.retry_if_result(bool))
    for kind, both in ((tenacity.retry_any, any), (tenacity.retry_all, all)):
        composite = kind(*parts)
        assert tuple(composite.retries) == parts
        assert composite(state(error=Down())) is both((True, False))
    assert isinstance(parts[0] | parts[1], tenacity.retry_any)
    assert isinstance(parts[0] & parts[1], tenacity.retry_all)


def check_base():
    assert isinstance(tenacity.retry_if_exception_type(Down), tenacity.retry_base)
    assert isinstance(tenacity.retry_if_result(bool), tenacity.retry_base)


def check_if_exception():
    """Kinds that look at errors only share one ``__call__``: the retry relies on that."""
    blind = tenacity.retry_if_exception.__call__
    assert tenacity.retry_if_exception_type.__call__ is blind
    assert tenacity.retry_if_not_exception_type.__call__ is blind
    assert tenacity.retry_if_exception_message.__call__ is blind
    assert tenacity.retry_if_result.__call__ is not blind
    assert tenacity.retry_unless_exception_type.__call__ is not blind
    assert tenacity.retry_if_exception(lambda error: isinstance(error, Down))(state(error=Down()))


def check_if_cause():
    error = Wrong()
    error.__cause__ = Down()
    assert tenacity.retry_if_exception_cause_type(Down)(state(error=error))
    assert not tenacity.retry_if_exception_cause_type(Down)(state(error=Wrong()))


def check_never():
    assert isinstance(tenacity.retry_never, tenacity.retry_base)
    assert not tenacity.retry_never(state(error=Down()))


def check_exponential():
    wait = tenacity.wait_exponential(multiplier=0.5, max=3, min=1)
    assert [wait(state(attempt)) for attempt in (1, 2, 3, 4, 9)] == [1, 1, 2, 3, 3]


def check_random_exponential():
    """Full jitter: from nothing to the exponential bound."""
    wait = tenacity.wait_random_exponential(multiplier=1, max=8)
    drawn = [wait(state(9)) for _ in range(200)]
    assert 0 <= min(drawn) < 2
    assert 6 < max(drawn) <= 8


CHECKS = {
    "Future": check_future,
    "RetryAction": check_action,
    "RetryCallState": check_state,
    "Retrying": check_retrying,
    "retry_all": check_composites,
    "retry_any": check_composites,
    "retry_base": check_base,
    "retry_if_exception": check_if_exception,
    "retry_if_exception_cause_type": check_if_cause,
    "retry_never": check_never,
    "wait_exponential": check_exponential,
    "wait_random_exponential": check_random_exponential,
}


@pytest.mark.parametrize("symbol", CHECKS)
def test_a_symbol_is_what_the_library_takes_it_for(symbol):
    assert hasattr(tenacity, symbol)
    CHECKS[symbol]()


def test_every_symbol_in_use_has_a_test(root):
    used = symbols_in_use(root, "tenacity")
    assert {"Future", "RetryCallState", "wait_random_exponential"} <= used
    assert used <= set(CHECKS)


STOPS = {
    "stop_after_attempt": (tenacity.stop_after_attempt(2), 2),
    "stop_never | stop_after_attempt": (tenacity.stop_never | tenacity.stop_after_attempt(3), 3),
    "stop_all": (tenacity.stop_after_attempt(2) & tenacity.stop_after_attempt(4), 4),
}


@pytest.mark.parametrize("stop", STOPS)
def test_any_stop_strategy_works_in_our_loop(stop):
    strategy, attempts = STOPS[stop]
    assert attempts_made(stop=strategy) == attempts


WAITS = {
    "wait_none": (tenacity.wait_none(), [0.0, 0.0]),
    "wait_fixed": (tenacity.wait_fixed(2), [2.0, 2.0]),
    "wait_incrementing": (tenacity.wait_incrementing(1, 2), [1.0, 3.0]),
    "wait_chain": (tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_fixed(5)), [1.0, 5.0]),
    "wait_combine": (tenacity.wait_fixed(1) + tenacity.wait_incrementing(0, 1), [1.0, 2.0]),
    "wait_exponential": (tenacity.wait_exponential(multiplier=2), [2.0, 4.0]),
}


@pytest.mark.parametrize("wait", WAITS)
def test_any_wait_strategy_works_in_our_loop(wait):
    strategy, seconds = WAITS[wait]
    slept = []
    attempts_made(wait=strategy, sleep=slept.append)
    assert slept == seconds


RETRIES = {
    "retry_always": (tenacity.retry_always, 3),
    "retry_never": (tenacity.retry_never, 1),
    "retry_if_exception_type": (tenacity.retry_if_exception_type(Down), 3),
    "retry_if_not_exception_type": (tenacity.retry_if_not_exception_type(Down), 1),
    "retry_if_exception_message": (tenacity.retry_if_exception_message(match="down"), 3),
    "retry_unless_exception_type": (tenacity.retry_unless_exception_type(Wrong), 3),
    "any": (tenacity.retry_if_exception_type(Wrong) | tenacity.retry_if_exception_type(Down), 3),
    "all": (tenacity.retry_if_exception_type(Down) & tenacity.retry_if_exception_message(match="up"), 1),
}


@pytest.mark.parametrize("on", RETRIES)
def test_any_retry_strategy_works_in_our_loop(on):
    strategy, attempts = RETRIES[on]
    assert attempts_made(on=strategy) == attempts


def attempts_made(**options):
    """How often a function that always fails is called."""
    calls = []

    def fail():
        calls.append(1)
        raise Down("down")

    with pytest.raises(Down):
        Retry(**{"attempts": 3, "wait": 0, "sleep": lambda _: None, **options}).call(fail)
    return len(calls)
