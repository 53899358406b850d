"""A process with a breaker of its own, for tests over several processes: ``python breaker_process.py KIND SOCKET``.

``KIND`` is ``shared`` (our own protocol), ``storage`` (a pybreaker storage beside our breaker) or
``pybreaker`` (pybreaker's own breaker). It prints ``ready``, opens its breaker when a line comes in,
prints the monotonic time of the opening, and ends when its input does.
"""

from __future__ import annotations

import asyncio
import sys
import time

import pybreaker
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.interop import StorageMirror
from exai_sre.resilience.shared.breaker_state import SharedBreakers


def refuse() -> None:
    raise ConnectionError("the dependency is down")


def trip(breaker: CircuitBreaker | pybreaker.CircuitBreaker) -> None:
    for _ in range(2):
        try:
            breaker.call(refuse)
        except (ConnectionError, pybreaker.CircuitBreakerError):
            continue
    print(time.monotonic(), flush=True)


def storage_on(socket: str) -> pybreaker.CircuitBreakerStorage:
    client = redis.Redis(unix_socket_path=socket, socket_timeout=0.25, retry=Retry(NoBackoff(), 0))
    return pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, client, namespace="upstream")


def breaker_of_ours() -> CircuitBreaker:
    return CircuitBreaker("upstream", minimum_calls=2)


async def shared(socket: str) -> None:
    breaker, loop = breaker_of_ours(), asyncio.get_running_loop()
    async with SharedBreakers(f"unix://{socket}", breaker):
        print("ready", flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
        trip(breaker)
        await loop.run_in_executor(None, sys.stdin.read)


def storage(socket: str) -> None:
    breaker = breaker_of_ours()
    with StorageMirror(breaker, storage_on(socket)):
        wait_and_trip(breaker)


def wait_and_trip(breaker: CircuitBreaker | pybreaker.CircuitBreaker) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    trip(breaker)
    sys.stdin.read()


if __name__ == "__main__":
    kind, path = sys.argv[1:]
    if kind == "shared":
        asyncio.run(shared(path))
    elif kind == "storage":
        storage(path)
    else:
        wait_and_trip(pybreaker.CircuitBreaker(fail_max=2, state_storage=storage_on(path)))
