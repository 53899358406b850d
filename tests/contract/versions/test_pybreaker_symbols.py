"""One test for each public symbol of pybreaker that the library uses; run on the lowest and the highest version."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pybreaker
import pytest

from exai_sre.resilience.breaker_open import BreakerOpen
from tests.contract.versions.symbols import symbols_in_use

pytestmark = pytest.mark.filterwarnings("error")


def fail():
    raise ConnectionError


def breaker(**options):
    return pybreaker.CircuitBreaker(**{"fail_max": 2, "reset_timeout": 30, "name": "upstream", **options})


class View:
    """The least that a breaker reads from its storage."""

    state, counter, success_counter, opened_at = pybreaker.STATE_OPEN, 7, 3, None


class Listener(pybreaker.CircuitBreakerListener):
    """Notes the hooks and what they are given."""

    def __init__(self):
        self.told = []

    def before_call(self, cb, func, *args, **kwargs):
        self.told.append(("before_call", cb.name, func, args, kwargs))

    def failure(self, cb, exc):
        self.told.append(("failure", cb.name, type(exc)))

    def success(self, cb):
        self.told.append(("success", cb.name))

    def state_change(self, cb, old_state, new_state):
        self.told.append(("state_change", cb.name, old_state.name, new_state.name))


def check_circuit_breaker():
    """Its state and counters come from a storage; what the facade of ours overrides is there to be overridden."""
    shown = breaker(state_storage=View(), success_threshold=3, exclude=[KeyError])
    assert (shown.current_state, shown.fail_counter, shown.success_counter) == ("open", 7, 3)
    assert (shown.name, shown.fail_max, shown.reset_timeout, shown.success_threshold) == ("upstream", 2, 30, 3)
    assert (shown.excluded_exceptions, shown.listeners) == ((KeyError,), ())
    assert isinstance(shown.state, pybreaker.CircuitOpenState)
    methods = ["call", "calling", "call_async", "open", "half_open", "close", "add_listener", "add_listeners"]
    methods += ["remove_listener", "add_excluded_exception", "add_excluded_exceptions", "remove_excluded_exception"]
    assert all(callable(getattr(pybreaker.CircuitBreaker, method)) for method in methods)
    assert callable(shown)


def check_circuit_breaker_error():
    with pytest.raises(pybreaker.CircuitBreakerError) as caught:
        raise BreakerOpen("upstream", 2.0)
    assert (caught.value.name, caught.value.retry_after) == ("upstream", 2.0)
    assert issubclass(pybreaker.CircuitBreakerError, Exception)


def check_circuit_breaker_listener():
    listener = Listener()
    original = breaker(listeners=[listener])
    original.call(int, "7")
    for _ in range(2):
        with pytest.raises((ConnectionError, pybreaker.CircuitBreakerError)):
            original.call(fail)
    assert listener.told == [
        ("before_call", "upstream", int, ("7",), {}),
        ("success", "upstream"),
        ("before_call", "upstream", fail, (), {}),
        ("failure", "upstream", ConnectionError),
        ("before_call", "upstream", fail, (), {}),
        ("failure", "upstream", ConnectionError),
        ("state_change", "upstream", "closed", "open"),
    ]
    assert pybreaker.CircuitBreakerListener().state_change(original, None, original.state) is None


def check_circuit_breaker_storage():
    assert {name for name in vars(pybreaker.CircuitBreakerStorage) if not name.startswith("_")} == {
        "counter",
        "increment_counter",
        "increment_success_counter",
        "name",
        "opened_at",
        "reset_counter",
        "reset_success_counter",
        "state",
        "success_counter",
    }
    storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
    assert isinstance(storage, pybreaker.CircuitBreakerStorage)
    now = datetime.now(UTC)
    storage.state, storage.opened_at = pybreaker.STATE_OPEN, now
    storage.increment_counter()
    storage.reset_counter()
    storage.reset_success_counter()
    assert (storage.state, storage.opened_at, storage.counter, storage.success_counter) == ("open", now, 0, 0)


def check_circuit_redis_storage():
    """Its outages look like a circuit that was never open: the mirror relies on that."""
    import redis

    class Gone:
        def _refuse(self, *_args, **_kwargs):
            raise redis.ConnectionError

        get = set = incr = transaction = _refuse

        def setnx(self, *_args):
            return True

    storage = pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, Gone(), namespace="upstream")
    assert (storage.state, storage.opened_at, storage.counter) == ("closed", None, 0)
    storage.state, storage.opened_at = pybreaker.STATE_OPEN, datetime.now(UTC)


def check_state(kind, name):
    listener = Listener()
    told_nobody = kind(breaker(listeners=[listener]), prev_state=None)
    assert (told_nobody.name, listener.told) == (name, [])
    assert isinstance(told_nobody, kind)


CHECKS = {
    "CircuitBreaker": check_circuit_breaker,
    "CircuitBreakerError": check_circuit_breaker_error,
    "CircuitBreakerListener": check_circuit_breaker_listener,
    "CircuitBreakerStorage": check_circuit_breaker_storage,
    "CircuitRedisStorage": check_circuit_redis_storage,
    "CircuitClosedState": lambda: check_state(pybreaker.CircuitClosedState, pybreaker.STATE_CLOSED),
    "CircuitHalfOpenState": lambda: check_state(pybreaker.CircuitHalfOpenState, pybreaker.STATE_HALF_OPEN),
    "CircuitOpenState": lambda: check_state(pybreaker.CircuitOpenState, pybreaker.STATE_OPEN),
    "STATE_CLOSED": lambda: breaker().close() or _is_text(pybreaker.STATE_CLOSED, "closed"),
    "STATE_HALF_OPEN": lambda: _is_text(pybreaker.STATE_HALF_OPEN, "half-open"),
    "STATE_OPEN": lambda: _is_text(pybreaker.STATE_OPEN, "open"),
}


def _is_text(value, text):
    assert value == text


@pytest.mark.parametrize("symbol", CHECKS)
def test_a_symbol_is_what_the_library_takes_it_for(symbol):
    assert hasattr(pybreaker, symbol)
    assert not symbol.startswith("_")
    CHECKS[symbol]()


def test_every_symbol_in_use_has_a_test(root):
    used = symbols_in_use(root, "pybreaker")
    assert {"CircuitBreaker", "CircuitBreakerError", "STATE_OPEN"} <= used
    assert used <= set(CHECKS)


def test_a_planted_use_without_a_test_is_found(tmp_path):
    (tmp_path / "exai_sre").mkdir()
    text = "import pybreaker\nx = pybreaker.Planted\nfrom pybreaker import Other\ny: 'pybreaker.Quoted'\n"
    (tmp_path / "exai_sre" / "a.py").write_text(text, encoding="utf-8")
    assert symbols_in_use(tmp_path, "pybreaker") == {"Planted", "Other", "Quoted"}


def test_the_parameters_that_are_passed_by_name_are_there():
    parameters = inspect.signature(pybreaker.CircuitBreaker).parameters
    assert {"fail_max", "reset_timeout", "success_threshold", "exclude", "state_storage", "name"} <= set(parameters)
