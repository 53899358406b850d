"""A thousand workers in a row, four at a time, each killed: run as a program, it prints what they left behind.

Arguments: the directory, and how many of them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from exai_sre.metrics import Label, NotCharted
from exai_sre.metrics.multiprocess import Workers

AT_ONCE = 4
CALLS = 3
_SERVED = NotCharted("a test")


def serve(directory: str, number: int, tell: int) -> None:
    """A worker's life: it counts, says so, and waits for its end."""
    workers = Workers(directory)
    calls = workers.catalog.counter("calls_total", "C.", labels=(Label("client", bound=30),), chart=_SERVED)
    seconds = workers.catalog.histogram("call_seconds", "C.", buckets=(0.1, 1.0), chart=_SERVED).labels()
    for call in range(CALLS):
        calls.labels(client=f"client {number * CALLS + call}").inc()
        seconds.observe(0.3)
    os.write(tell, b"x")
    signal.pause()


def begin(directory: str, number: int) -> int:
    """Fork a worker and wait until it has counted."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        serve(directory, number, tell)
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    return child


def size(directory: str) -> int:
    """Bytes of all files of the directory."""
    return sum(path.stat().st_size for path in Path(directory).iterdir())


def main(directory: str, lives: int) -> None:
    """Run them, and print the largest size, the last one, and the counts."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    living: list[int] = []
    sizes: list[int] = []
    for number in range(lives):
        living.append(begin(directory, number))
        sizes.append(size(directory))
        if len(living) == AT_ONCE:
            os.kill(living[0], signal.SIGKILL)
            os.waitpid(living.pop(0), 0)
    for child in living:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    last = Workers(directory)
    calls = last.catalog.counter("calls_total", "C.", labels=(Label("client", bound=30),), chart=_SERVED)
    seconds = last.catalog.histogram("call_seconds", "C.", buckets=(0.1, 1.0), chart=_SERVED)
    last.gather()
    merged = last.merged
    counted = sum(series.value for series in merged.family(calls.instrument.name).series())
    observed = sum(series.count for series in merged.family(seconds.instrument.name).series())
    print(json.dumps({"sizes": sizes, "end": size(directory), "counted": counted, "observed": observed}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
