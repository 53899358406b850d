"""Agent loops: what counts as the same failing call again, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.middleware.mcp_loops import AgentLoop, AgentLoops, LoopOptions, fingerprint
from exai_sre.outcome import Outcome

ERROR, OK = Outcome.ERROR, Outcome.OK


def noted(loops: AgentLoops, *outcomes: Outcome, client: str = "c", arguments: object = None) -> list[int]:
    return [loops.note(client, "t", arguments or {"a": 1}, outcome, at) for at, outcome in enumerate(outcomes)]


def test_the_third_equal_failure_in_a_row_is_a_loop():
    assert noted(AgentLoops(LoopOptions()), ERROR, ERROR, ERROR, ERROR) == [0, 0, 3, 4]


@pytest.mark.parametrize("outcome", [Outcome.CLIENT_ERROR, Outcome.TIMEOUT, Outcome.UPSTREAM_ERROR])
def test_whosever_fault_it_is_a_repeated_failure_is_a_loop(outcome):
    assert noted(AgentLoops(LoopOptions(after=2)), outcome, outcome) == [0, 2]


def test_a_call_that_ends_well_ends_its_row():
    loops = AgentLoops(LoopOptions())
    assert noted(loops, ERROR, ERROR, OK, ERROR, ERROR, ERROR) == [0, 0, 0, 0, 0, 3]


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.OVERLOAD])
def test_what_was_withdrawn_or_sent_away_neither_ends_a_row_nor_adds_to_it(outcome):
    assert noted(AgentLoops(LoopOptions()), ERROR, ERROR, outcome, ERROR) == [0, 0, 0, 3]


def test_other_calls_between_do_not_end_a_row():
    loops = AgentLoops(LoopOptions(after=2))
    assert noted(loops, ERROR) == [0]
    assert loops.note("c", "t", {"a": 2}, ERROR, 1.0) == 0
    assert loops.note("c", "u", {"a": 1}, OK, 1.0) == 0
    assert loops.note("d", "t", {"a": 1}, ERROR, 1.0) == 0
    assert loops.note("c", "t", {"a": 1}, ERROR, 1.0) == 2


def test_a_row_ends_by_itself_after_a_while():
    loops = AgentLoops(LoopOptions(after=2, within=10.0))
    assert [loops.note("c", "t", {}, ERROR, at) for at in (0.0, 10.0, 20.5, 21.0)] == [0, 2, 0, 2]


def test_a_loop_is_found_once_and_told_at_each_doubling():
    loops = AgentLoops(LoopOptions(after=3))
    assert [count for count in range(3, 50) if loops.is_new(count)] == [3]
    assert [count for count in range(3, 50) if loops.is_telling(count)] == [3, 6, 12, 24, 48]


def test_no_more_is_kept_than_allowed_and_the_quiet_go_first():
    loops = AgentLoops(LoopOptions(after=2, kept=3))
    for number in range(100):
        loops.note(f"client-{number}", "t", {}, ERROR, float(number))
    assert len(loops) == 3
    assert loops.note("client-99", "t", {}, ERROR, 100.0) == 2
    assert loops.note("client-0", "t", {}, ERROR, 100.0) == 0
    for number in range(100):
        loops.note("busy", "t", {"n": number}, ERROR, 101.0)
    assert len(loops) == 3
    assert loops.note("busy", "t", {"n": 99}, ERROR, 102.0) == 2
    assert loops.note("busy", "t", {"n": 0}, ERROR, 102.0) == 0


def test_a_row_that_ended_is_kept_no_longer():
    loops = AgentLoops(LoopOptions())
    noted(loops, ERROR, ERROR)
    assert len(loops) == 1
    noted(loops, OK)
    assert len(loops) == 0


def test_who_listens_is_told_and_may_fail():
    told: list[AgentLoop] = []

    def listen(loop: AgentLoop) -> None:
        told.append(loop)
        raise RuntimeError

    loop = AgentLoop("t", 3, ERROR)
    AgentLoops(LoopOptions(on_loop=listen)).tell(loop)
    AgentLoops(LoopOptions()).tell(loop)
    assert told == [loop]


@pytest.mark.parametrize("wrong", [{"after": 1}, {"within": 0.0}, {"within": float("nan")}, {"kept": 0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="after >= 2"):
        LoopOptions(**wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(JSON, JSON)
def test_two_arguments_have_one_fingerprint_only_if_they_are_equal(one, other):
    same = repr(ordered(one)) == repr(ordered(other))
    assert (fingerprint(one) == fingerprint(other)) is same


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=4), JSON, min_size=2, max_size=4))
def test_the_order_of_keys_does_not_matter(arguments):
    assert fingerprint(arguments) == fingerprint(dict(reversed(list(arguments.items()))))


def ordered(value: object) -> object:
    if isinstance(value, dict):
        return [(key, ordered(value[key])) for key in sorted(value)]
    return (type(value), [ordered(item) for item in value]) if isinstance(value, list) else value


def test_large_and_deep_arguments_cost_a_bounded_time():
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    assert fingerprint(deep) == fingerprint([deep])
    text = "x" * 70_000
    assert fingerprint([text, "a"]) == fingerprint([text, "b"])
    assert fingerprint([object()]) == fingerprint([object()])


@pytest.mark.parametrize("wide", [[[]], [None], [{}]])
def test_wide_arguments_are_read_no_further_than_the_bound(wide):
    assert fingerprint([*wide * 70_000, "a"]) == fingerprint([*wide * 80_000, "b"])
