"""Words of many processes as one: exact sums in any order, whole exemplars, gauges by their rule."""

from __future__ import annotations

from array import array
from fractions import Fraction
from math import inf, isfinite, isnan, nan
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.metrics.multiprocess_merge import added_up, left_over, one_of_many

AMOUNTS = st.lists(st.floats(1e-6, 1e3) | st.just(0.0), min_size=1, max_size=6)
"""Microseconds to a quarter of an hour: their sums fit into the two numbers that an archive keeps."""


def counter(value, trace=0, stamp=0.0, amount=1.0):
    """The words of a counter, with an exemplar if there is a trace."""
    return pack("=dQQdd", value, 0, trace, amount if trace else 0.0, stamp)


def value_of(words):
    return array("d", words)[0]


def trace_of(words):
    return array("Q", words)[2]


@given(AMOUNTS, st.randoms())
def test_sums_are_exact_and_the_order_makes_no_difference(amounts, random):
    words = [counter(amount) for amount in amounts]
    shuffled = random.sample(words, len(words))
    assert added_up(words, words, 1) == added_up(shuffled, shuffled, 1)
    assert value_of(added_up(words, words, 1)) == float(sum(map(Fraction, amounts)))


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_folding_some_first_changes_no_total(first, second, rest):
    def folded(parts):
        total = added_up(parts, parts, 1)
        return [total, left_over(parts, total, 1)]

    some, more, others = ([counter(amount) for amount in amounts] for amounts in (first, second, rest))
    twice = [*folded([*folded(some), *more]), *others]
    once = [*some, *more, *others]
    assert added_up(twice, twice, 1) == added_up(once, once, 1)


@pytest.mark.parametrize("odd", [[inf, -inf], [inf, inf], [nan, 1.0], [1e308, 1e308]])
def test_odd_observations_make_an_odd_sum_and_no_error(odd):
    words = [counter(value) for value in odd]
    total = added_up(words, words, 1)
    once, later = value_of(total), value_of(added_up([total, left_over(words, total, 1)], [total, total], 1))
    assert not isfinite(once)
    assert once == later or (isnan(once) and isnan(later))


def test_the_newest_exemplar_is_taken_whatever_the_order():
    words = [counter(1.0, trace=7, stamp=5.0), counter(1.0, trace=8, stamp=6.0), counter(1.0)]
    for order in (words, words[::-1]):
        assert trace_of(added_up(order, order, 1)) == 8


def test_of_two_exemplars_of_one_moment_every_process_takes_the_same():
    words = [counter(1.0, trace=7, stamp=5.0), counter(1.0, trace=8, stamp=5.0)]
    assert added_up(words, words, 1) == added_up(words[::-1], words[::-1], 1)


def test_an_exemplar_that_changes_under_our_hands_is_left_out():
    old = counter(1.0, trace=7, stamp=5.0)
    now, then = counter(2.0, trace=9, stamp=6.0), counter(3.0, trace=10, stamp=7.0)
    assert trace_of(added_up([now], [then], 1)) == 0
    merged = added_up([now], [then], 1, old)
    assert (trace_of(merged), value_of(merged)) == (7, 2.0)


def test_an_exemplar_without_its_time_is_half_written_and_left_out():
    half = counter(2.0, trace=9, stamp=0.0)
    assert trace_of(added_up([half], [half], 1)) == 0


def test_an_exemplar_from_before_stays_until_there_is_a_newer_one():
    old = counter(1.0, trace=7, stamp=5.0)
    for trace, stamp, kept in ((8, 4.0, 7), (8, 6.0, 8), (0, 0.0, 7)):
        words = [counter(1.0, trace, stamp)]
        assert trace_of(added_up(words, words, 1, old)) == kept


def test_each_bucket_of_a_histogram_keeps_an_exemplar_of_its_own():
    def histogram(first, second):
        return pack("=ddd", 1.0, 1.0, 2.0) + first[8:] + second[8:]

    words = [
        histogram(counter(0, trace=1, stamp=9.0), counter(0)),
        histogram(counter(0, trace=2, stamp=3.0), counter(0, trace=3, stamp=3.0)),
    ]
    merged = array("Q", added_up(words, words, 3))
    assert (merged[4], merged[8]) == (1, 3)
    assert list(array("d", merged.tobytes())[:3]) == [2.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("across", "values", "one"),
    [
        ("sum", [1.0, 2.0, nan], 3.0),
        ("max", [1.0, 2.0, nan], 2.0),
        ("min", [1.0, 2.0, nan], 1.0),
        ("sum", [], 0.0),
        ("max", [-1.0], -1.0),
    ],
)
def test_gauges_become_one_by_their_rule(across, values, one):
    assert one_of_many(values, across) == one


@pytest.mark.parametrize(("across", "values"), [("max", []), ("min", []), ("sum", [nan]), ("max", [nan])])
def test_of_what_nobody_knows_nothing_is_told(across, values):
    assert isnan(one_of_many(values, across))
