"""Retry in a pipeline: a generator behind it is driven as if it were called directly."""

from __future__ import annotations

import pytest

from exai_sre.resilience import Pipeline, Retry
from exai_sre.testing import VirtualClock
from tests.unit.resilience.rig import Down, Wrong


class Dialogue:
    """A generator function whose first call fails; it notes what it is sent and how it ends."""

    def __init__(self):
        self.calls = 0
        self.heard = []

    def talk(self):
        self.calls += 1
        if self.calls == 1:
            raise Down
        try:
            for question in ("name", "age"):
                try:
                    self.heard.append((yield question))
                except Wrong as error:
                    self.heard.append(error)
        finally:
            self.heard.append("closed")
        return "done"


@pytest.fixture
def dialogue():
    return Dialogue()


@pytest.fixture
def talk(dialogue):
    clock = VirtualClock()
    guarded = Pipeline("p", Retry(wait=0, sleep=clock.advance), clock=clock)(dialogue.talk)
    return guarded()


def test_what_is_sent_at_the_first_item_and_later_reaches_the_generator(dialogue, talk):
    assert next(talk) == "name"
    assert talk.send("Ada") == "age"
    with pytest.raises(StopIteration) as ended:
        talk.send(36)
    assert ended.value.value == "done"
    assert dialogue.heard == ["Ada", 36, "closed"]
    assert dialogue.calls == 2


def test_what_is_thrown_at_the_first_item_and_later_reaches_the_generator(dialogue, talk):
    first, second = Wrong("first"), Wrong("second")
    assert next(talk) == "name"
    assert talk.throw(first) == "age"
    with pytest.raises(StopIteration):
        talk.throw(second)
    assert dialogue.heard == [first, second, "closed"]


def test_an_error_that_the_generator_does_not_handle_is_not_retried(dialogue, talk):
    assert next(talk) == "name"
    with pytest.raises(Down):
        talk.throw(Down())
    assert dialogue.heard == ["closed"]
    assert dialogue.calls == 2


def test_a_generator_that_is_left_at_its_first_item_is_closed(dialogue, talk):
    assert next(talk) == "name"
    talk.close()
    assert dialogue.heard == ["closed"]
