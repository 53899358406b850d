"""The receiver of notifications, over real sockets."""

from __future__ import annotations

import asyncio

import aiohttp

from exai_sre.testing import VirtualClock
from server.demo.webhook import Notification, Webhook


def message(*alerts, receiver="page"):
    return {
        "receiver": receiver,
        "alerts": [{"labels": {"alertname": name, "x": "1"}, "status": status} for name, status in alerts],
    }


async def post(url, body):
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status


async def test_each_alert_of_a_message_becomes_a_notification_with_its_arrival():
    clock, told = VirtualClock(monotonic=10.0), []
    async with Webhook(clock, told.append) as hook:
        clock.advance(2.0)
        assert await post(hook.url, message(("A", "firing"), ("B", "resolved"))) == 200
        labels = [{"alertname": name, "x": "1"} for name in "AB"]
        assert (
            told
            == hook.received
            == [
                Notification(12.0, "A", "firing", labels[0], "page"),
                Notification(12.0, "B", "resolved", labels[1], "page"),
            ]
        )


async def test_a_listener_is_not_needed():
    async with Webhook(VirtualClock()) as hook:
        await post(hook.url, message(("A", "firing")))
        assert [found.alert for found in hook.received] == ["A"]


async def test_one_can_wait_for_a_notification_that_is_still_to_come():
    async with Webhook(VirtualClock()) as hook:
        waiting = asyncio.create_task(hook.wait_for(lambda found: found.alert == "B"))
        await post(hook.url, message(("A", "firing")))
        assert not waiting.done()
        await post(hook.url, message(("B", "firing")))
        assert (await asyncio.wait_for(waiting, 5)).alert == "B"


async def test_what_arrived_before_the_moment_that_matters_is_not_taken():
    clock = VirtualClock(monotonic=10.0)
    async with Webhook(clock) as hook:
        await post(hook.url, message(("A", "firing")))
        clock.advance(5.0)
        waiting = asyncio.create_task(hook.wait_for(lambda found: found.alert == "A", since=12.0))
        await post(hook.url, message(("A", "firing")))
        assert (await asyncio.wait_for(waiting, 5)).at == 15.0


async def test_the_port_is_free_again_afterwards():
    async with Webhook(VirtualClock()) as hook:
        url = hook.url
    try:
        await post(url, message())
    except aiohttp.ClientConnectorError:
        return
    raise AssertionError("it still listens")


async def test_a_webhook_that_never_started_can_be_left():
    await Webhook(VirtualClock()).__aexit__(None, None, None)
