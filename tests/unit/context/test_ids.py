"""Correlation ids: made in order, taken over only under the rule."""

import subprocess
import sys
import threading
import uuid

import pytest

from exai_sre.context.ids import CorrelationIds, accept_correlation_id, judge_correlation_id, new_correlation_id
from exai_sre.context.rejection import Rejection

# A clock that stands still, as it does for all that forks within a millisecond: only what is random tells ids apart.
FORKS = """
import os
from exai_sre.context import ids
ids._PROCESS._now_ns = lambda: 9 * 10**18
ids.new_correlation_id()
read, write = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        os.write(write, ids.new_correlation_id().encode())
        os._exit(0)
    os.wait()
print(os.read(read, 108).decode() + ids.new_correlation_id())
"""


def test_an_id_is_a_uuid_of_version_7_that_passes_our_own_rule():
    text = new_correlation_id()
    parsed = uuid.UUID(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert judge_correlation_id([text]) == text


def test_ids_hold_the_unix_time_in_milliseconds():
    ids = CorrelationIds(lambda: 1_700_000_000_123_000_000, lambda bits: 0)
    assert int(ids.next().replace("-", "")[:12], 16) == 1_700_000_000_123


def test_ids_ascend_strictly_within_a_millisecond_and_over_a_used_up_counter():
    ids = CorrelationIds(lambda: 5_000_000, lambda bits: (1 << bits) - 1)
    made = [ids.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(text).version == 7 for text in made)


def test_ids_ascend_when_the_clock_goes_back():
    times = iter([9_000_000, 3_000_000, 3_000_000, 9_000_001])
    ids = CorrelationIds(lambda: next(times), lambda bits: 0)
    made = [ids.next() for _ in range(4)]
    assert made == sorted(set(made))


def test_ids_made_by_many_threads_are_distinct_and_ascend_in_each():
    lists: list[list[str]] = [[] for _ in range(4)]

    def fill(into: list[str]) -> None:
        into.extend(new_correlation_id() for _ in range(500))

    threads = [threading.Thread(target=fill, args=(each,)) for each in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each == sorted(each) for each in lists)
    assert len({text for each in lists for text in each}) == 2000


def test_processes_that_were_forked_from_one_make_different_ids():
    run = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True, timeout=60)
    made = run.stdout.strip()
    assert len({made[at : at + 36] for at in range(0, 144, 36)}) == 4


@pytest.mark.parametrize("value", ["a" * 8, "A" * 64, "0.1_2:3-", "urn:uuid:12345678"])
def test_an_id_within_the_rule_is_taken_over(value):
    assert accept_correlation_id([value]) == value


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["short"], Rejection.ID_LENGTH),
        (["a" * 65], Rejection.ID_LENGTH),
        (["a" * 1_000_000], Rejection.ID_LENGTH),
        ([""], Rejection.ID_LENGTH),
        (["abcdefgh\r\nx: y"], Rejection.ID_CHARACTERS),
        (["abcdefgh\x00"], Rejection.ID_CHARACTERS),
        (["abcdefgh\x1b[0m"], Rejection.ID_CHARACTERS),
        (["abcdefg\u00e9"], Rejection.ID_CHARACTERS),
        (["abcdefgh\n"], Rejection.ID_CHARACTERS),
        (["{11111111-1111}"], Rejection.ID_CHARACTERS),
        (["one-id-12", "other-id-34"], Rejection.ID_AMBIGUOUS),
        (["one-id-12", 7], Rejection.ID_AMBIGUOUS),
        ([12345678], Rejection.ID_TYPE),
        ([None], Rejection.ID_TYPE),
    ],
)
def test_anything_else_is_refused_by_a_reason_that_does_not_repeat_it(values, reason):
    told: list[str] = []
    assert accept_correlation_id(values, told.append) is None
    assert told == [reason.value]
    assert accept_correlation_id(values) is None


def test_the_same_id_twice_is_one_id_and_nothing_is_no_refusal():
    told: list[str] = []
    assert accept_correlation_id(["same-id-123", "same-id-123"], told.append) == "same-id-123"
    assert accept_correlation_id([], told.append) is None
    assert told == []
