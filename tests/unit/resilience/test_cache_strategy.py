"""Cache: what it keeps and for how long, what it hides, and what it refuses."""

from __future__ import annotations

import pytest

from exai_sre.resilience.cache import Cache
from exai_sre.resilience.errors import OptionError, UnsupportedForm
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.testing import VirtualClock
from tests.unit.resilience.counting import tallied
from tests.unit.resilience.rig import Down, Wrong, answer_async, collect, fail_async, items, stream


class Source:
    """Counts its calls; returns their number, or raises what it is told to."""

    def __init__(self, error=None):
        self.calls, self.error = 0, error

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.calls


@pytest.mark.parametrize(
    ("option", "value"), [("ttl", 0.0), ("max_entries", 0), ("negative_ttl", 0.0), ("stale_if_error", -1.0)]
)
def test_an_option_that_makes_no_sense_is_refused(option, value):
    with pytest.raises(OptionError, match=option):
        Cache(**{"ttl": 1.0, option: value})


def test_a_result_answers_until_its_time_is_over():
    clock, source = VirtualClock(), Source()
    forms, tally = tallied(Cache(10.0, clock=clock))
    assert [forms.sync(source, (1,), {}) for _ in range(3)] == [1, 1, 1]
    clock.advance(9.9)
    assert forms.sync(source, (1,), {}) == 1
    clock.advance(0.1)
    assert forms.sync(source, (1,), {}) == 2
    assert (source.calls, tally) == (2, {"cached": 3})


def test_the_wall_clock_may_jump():
    clock, source = VirtualClock(), Source()
    cache = Cache(10.0, clock=clock)
    cache.call(source)
    for hour in (-3600, 3600):
        clock.set_time(clock.time() + hour)
        assert cache.call(source) == 1


def test_calls_are_told_apart_by_function_and_arguments():
    cache, first, second = Cache(10.0), Source(), Source()
    assert [cache.call(first, 1), cache.call(first, 2), cache.call(first, a=1), cache.call(first, a=2)] == [1, 2, 3, 4]
    assert [cache.call(first, 1), cache.call(first, a=2), cache.call(second, 1)] == [1, 4, 1]
    assert len(cache) == 5


def test_a_key_of_ones_own_tells_calls_apart():
    cache, source = Cache(10.0, key=lambda request, **_: request["id"]), Source()
    assert [cache.call(source, {"id": 1}), cache.call(source, {"id": 1}, trace="x"), cache.call(source, {"id": 2})] == [
        1,
        1,
        2,
    ]


def test_arguments_that_cannot_tell_calls_apart_are_refused():
    with pytest.raises(UnsupportedForm, match=r"cannot tell calls apart.*unhashable.*give the cache a key"):
        Cache(10.0).call(Source(), ["a"])


def test_the_least_recently_used_entry_goes_first():
    cache, source = Cache(10.0, max_entries=2), Source()
    cache.call(source, "a")
    cache.call(source, "b")
    cache.call(source, "a")
    cache.call(source, "c")
    assert len(cache) == 2
    assert cache.call(source, "a") == 1
    assert cache.call(source, "b") == 4


def test_a_result_may_be_too_bad_to_keep():
    cache, source = Cache(10.0, keep=lambda result: result > 1), Source()
    assert [cache.call(source) for _ in range(3)] == [1, 2, 2]


def test_errors_are_not_kept_by_default():
    cache, source = Cache(10.0), Source(Wrong())
    for _ in range(2):
        with pytest.raises(Wrong):
            cache.call(source)
    assert (source.calls, len(cache)) == (2, 0)


def test_chosen_errors_are_kept_for_a_time_of_their_own():
    clock, source = VirtualClock(), Source(Wrong())
    cache = Cache(10.0, negative=Wrong, negative_ttl=2.0, clock=clock)
    for _ in range(3):
        with pytest.raises(Wrong) as caught:
            cache.call(source)
    assert source.calls == 1
    assert len(caught.traceback) < 12
    clock.advance(2.0)
    source.error = None
    assert cache.call(source) == 2


def test_a_kept_error_lasts_as_long_as_a_result_unless_told_otherwise():
    clock, source = VirtualClock(), Source(Wrong())
    cache = Cache(10.0, negative=Wrong, stale_if_error=60.0, clock=clock)
    with pytest.raises(Wrong):
        cache.call(source)
    clock.advance(9.0)
    source.error = Down()
    with pytest.raises(Wrong):
        cache.call(source)
    clock.advance(1.0)
    with pytest.raises(Down):
        cache.call(source)


async def test_a_stale_result_may_stand_for_an_error():
    clock, source = VirtualClock(), Source()

    async def fetch():
        return source()

    forms, tally = tallied(Cache(10.0, stale_if_error=5.0, clock=clock))
    assert (forms.sync(source, (), {}), await forms.async_(fetch, (), {})) == (1, 2)
    clock.advance(10.0)
    source.error = Down()
    assert (forms.sync(source, (), {}), await forms.async_(fetch, (), {})) == (1, 2)
    assert tally == {"fell_back": 2}
    source.error = Wrong()
    with pytest.raises(Wrong):
        forms.sync(source, (), {})
    source.error = Down()
    clock.advance(5.0)
    with pytest.raises(Down):
        forms.sync(source, (), {})
    with pytest.raises(Down):
        await forms.async_(fetch, (), {})


def test_what_a_stale_result_hides_can_be_chosen():
    clock, source = VirtualClock(), Source()
    cache = Cache(10.0, stale_if_error=5.0, stale_on=Wrong, clock=clock)
    cache.call(source)
    clock.advance(10.0)
    source.error = Wrong()
    assert cache.call(source) == 1
    source.error = Down()
    with pytest.raises(Down):
        cache.call(source)


def test_entries_can_be_taken_out():
    cache, source = Cache(10.0), Source()
    cache.call(source, 1)
    cache.call(source, 2)
    cache.forget(source, 1)
    cache.forget(source, 3)
    assert (cache.call(source, 2), cache.call(source, 1)) == (2, 3)
    cache.clear()
    assert (len(cache), cache.call(source, 2)) == (0, 4)


async def test_what_was_begun_before_entries_were_taken_out_is_not_kept():
    cache = Cache(10.0)

    def outdated():
        cache.clear()
        return "old"

    assert cache.call(outdated) == "old"
    assert len(cache) == 0


async def test_results_are_shared_by_plain_and_asynchronous_callers_of_one_function():
    """A plain function that returns a coroutine is none that can be cached: what it returns is awaited once."""
    forms, tally = tallied(Cache(10.0))
    assert await forms.async_(answer_async, (), {}) == "ok"
    assert forms.sync(answer_async, (), {}) == "ok"
    assert tally == {"cached": 1}


async def test_an_asynchronous_error_is_raised_as_it_is():
    with pytest.raises(Down):
        await Cache(10.0).call_async(fail_async)


async def test_generators_are_refused():
    cache = Cache(10.0)
    for fn in (items, stream):
        with pytest.raises(UnsupportedForm, match="items are given out once"):
            cache(fn)
    with pytest.raises(UnsupportedForm):
        list(Pipeline("p", cache)(items)(1))
    with pytest.raises(UnsupportedForm):
        await collect(cache.stream(stream, 1))


def test_a_guarded_function_keeps_its_results():
    source = Source()

    def load(name):
        return name, source()

    cached = Cache(10.0)(load)
    assert cached("a") == cached("a") == ("a", 1)
    assert cached.__name__ == "load"
