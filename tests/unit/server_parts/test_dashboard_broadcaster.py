"""What live pages are told, and what happens to one that does not listen."""

from __future__ import annotations

import asyncio
import json

import pytest

from exai_sre.testing import VirtualClock
from server.monitoring.dashboard_broadcaster import DashboardBroadcaster, TooManyPages


class World:
    def __init__(self, **options):
        self.asked = 0
        self.recent = [{"event": f"old {at}"} for at in range(150)]
        self.broadcaster = DashboardBroadcaster(self.state, lambda: self.recent, **options)

    def state(self):
        self.asked += 1
        return {"value": self.asked}


async def told(client):
    return json.loads(await asyncio.wait_for(client.next(), 1))


async def test_a_page_gets_a_snapshot_first_and_deltas_then():
    world = World()
    client = world.broadcaster.connect()
    world.broadcaster.add_line({"event": "new"})
    world.broadcaster.publish()
    snapshot, delta = await told(client), await told(client)
    assert (snapshot["type"], snapshot["seq"], snapshot["dropped"], snapshot["value"]) == ("snapshot", 1, 0, 1)
    assert [line["event"] for line in snapshot["log"]] == [f"old {at}" for at in range(50, 150)]
    assert (delta["type"], delta["seq"], delta["value"], delta["log"]) == ("delta", 2, 2, [{"event": "new"}])


async def test_a_log_line_is_told_once():
    world = World()
    client = world.broadcaster.connect()
    await told(client)
    world.broadcaster.add_line({"event": "once"})
    world.broadcaster.publish()
    world.broadcaster.publish()
    assert [len((await told(client))["log"]) for _ in range(2)] == [1, 0]


async def test_a_slow_page_loses_its_oldest_messages_and_is_told_while_others_lose_nothing():
    world = World(queue=3)
    slow, quick = world.broadcaster.connect(), world.broadcaster.connect()
    await told(quick)
    for _ in range(5):
        world.broadcaster.publish()
        await told(quick)
    assert quick.dropped == 0
    left = [await told(slow) for _ in range(3)]
    assert [message["seq"] for message in left] == [4, 5, 6]
    assert {message["dropped"] for message in left} == {3}


async def test_a_page_waits_for_the_next_message():
    world = World()
    client = world.broadcaster.connect()
    await told(client)
    waiting = asyncio.create_task(told(client))
    await asyncio.sleep(0)
    world.broadcaster.publish()
    assert (await waiting)["seq"] == 2


def test_nothing_is_gathered_while_nobody_watches():
    world = World()
    client = world.broadcaster.connect()
    world.broadcaster.disconnect(client)
    world.asked = 0
    world.broadcaster.add_line({"event": "unseen"})
    world.broadcaster.publish()
    assert world.asked == 0
    world.broadcaster.disconnect(client)


def test_the_number_of_pages_is_bounded_and_room_comes_back():
    world = World(pages=1)
    client = world.broadcaster.connect()
    with pytest.raises(TooManyPages, match="1 live pages are open"):
        world.broadcaster.connect()
    world.broadcaster.disconnect(client)
    world.broadcaster.connect()


async def test_it_publishes_at_its_interval_and_at_once_when_something_happened():
    world, clock = World(), VirtualClock()
    client = world.broadcaster.connect()
    running = asyncio.create_task(world.broadcaster.run(1.0, clock))
    await clock.elapse(3.05)
    assert (await told(client))["seq"] == 1
    assert [(await told(client))["seq"] for _ in range(3)] == [2, 3, 4]
    world.broadcaster.notify()
    world.broadcaster.notify()
    await clock.elapse(0.2)
    assert (await told(client))["seq"] == 5
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_json_does_not_know_is_told_as_text():
    broadcaster = DashboardBroadcaster(lambda: {"odd": {1}.__class__}, list)
    assert "set" in (await told(broadcaster.connect()))["odd"]
