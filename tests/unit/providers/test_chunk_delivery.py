"""What a caller has seen of an answer decides whether another provider may begin anew."""

from __future__ import annotations

from exai_sre.testing import VirtualClock
from server.providers.base import ChatChunk
from server.providers.delivery import Delivery


async def ignore(_chunk: ChatChunk) -> None:
    """A caller that takes every chunk."""


async def test_reasoning_alone_shows_the_caller_nothing():
    delivery = Delivery(ignore, VirtualClock())
    await delivery(ChatChunk(reasoning="let me think"))
    assert delivery.first_at is not None
    assert not delivery.started
    await delivery(ChatChunk(text="Hello"))
    assert delivery.started


async def test_a_caller_that_wants_the_whole_answer_has_seen_nothing_before_it():
    delivery = Delivery(None, VirtualClock())
    await delivery(ChatChunk(text="Hello"))
    assert not delivery.started
