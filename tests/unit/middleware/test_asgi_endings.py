"""How a request over ASGI ended, where its caller leaves or its work is cancelled in the middle of the answer."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import StreamingResponse

from exai_sre.outcome import Outcome
from tests.unit.middleware.asgi_rig import Rig


class SaysSoError(Exception):
    """Knows its own outcome."""

    outcome = Outcome.OVERLOAD


async def raising(scope: Any, receive: Any, send: Any) -> None:
    raise SaysSoError


async def cancelled_once(event: asyncio.Event, call: asyncio.Task[None]) -> None:
    await event.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_stream_that_its_caller_cuts_off_behind_a_middleware_of_starlette_is_cancelled():
    app = FastAPI()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            # As many as a caller that stays would not have waited for.
            for _ in range(100_000):
                yield b"x"
                await asyncio.sleep(0)

        return StreamingResponse(parts())

    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=passing)
    rig = Rig(app)
    call = asyncio.create_task(rig.get("/stream"))
    while len(rig.sent) < 3:
        await asyncio.sleep(0)
    rig.inbox.put_nowait({"type": "http.disconnect"})
    await call
    assert rig.line() == ("info", 499, "cancelled")


async def test_an_error_leaves_its_line_though_its_answer_cannot_be_sent():
    async def gone(message: Any) -> None:
        raise BrokenPipeError

    rig = Rig(raising)
    rig.send = gone
    with pytest.raises(BrokenPipeError):
        await rig.get("/")
    assert rig.line() == ("warning", 503, "overload")
    assert rig.lines[0][1]["error_type"] == "SaysSoError"
    assert rig.counted() == {("GET", "_OTHER", "503"): 1}


async def test_an_error_leaves_its_line_though_its_answer_is_cancelled():
    sending = asyncio.Event()

    async def slow(message: Any) -> None:
        sending.set()
        await asyncio.Event().wait()

    rig = Rig(raising)
    rig.send = slow
    await cancelled_once(sending, asyncio.create_task(rig.get("/")))
    assert rig.line() == ("warning", 503, "overload")


@pytest.mark.parametrize(("status", "line"), [(503, ("warning", 503, "overload")), (200, ("info", 200, "ok"))])
async def test_a_complete_answer_stays_what_it_is_when_work_behind_it_is_cancelled(status, line):
    done = asyncio.Event()

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        done.set()
        await asyncio.Event().wait()

    rig = Rig(answers)
    await cancelled_once(done, asyncio.create_task(rig.get("/")))
    assert rig.line() == line
