"""Admission of calls: the drain, and the share of one connection."""

from __future__ import annotations

import asyncio

import pytest

from exai_sre.outcome import Outcome
from server.gate import CallGate, ConnectionSlots, connection_slots
from server.tools import ToolError


async def test_the_gate_counts_calls_and_knows_when_the_last_one_ended():
    gate = CallGate()
    assert await gate.drained(0)
    with gate.admitted():
        with gate.admitted():
            assert gate.running == 2
        assert not await gate.drained(0)
        waiting = asyncio.create_task(gate.drained(60))
        await asyncio.sleep(0)
    assert gate.running == 0
    assert await waiting


async def test_a_call_that_fails_is_not_counted_for_ever():
    gate = CallGate()
    with pytest.raises(LookupError), gate.admitted():
        raise LookupError
    assert gate.running == 0
    assert await gate.drained(0)


async def test_a_draining_gate_refuses_new_calls_as_overload():
    gate = CallGate()
    with gate.admitted():
        gate.draining = True
        with pytest.raises(ToolError) as refused, gate.admitted():
            pytest.fail("admitted")
        assert gate.running == 1
    assert (refused.value.outcome, refused.value.error_type) == (Outcome.OVERLOAD, "draining")


async def test_one_connection_cannot_take_the_slots_of_another():
    gate = CallGate()

    async def connection():
        connection_slots.set(ConnectionSlots(1))
        with gate.admitted():
            with pytest.raises(ToolError) as refused, gate.admitted():
                pytest.fail("admitted")
            assert refused.value.error_type == "too_many_calls"
            await asyncio.sleep(0)
        with gate.admitted():
            return gate.running

    await asyncio.gather(connection(), connection())
    assert gate.running == 0
