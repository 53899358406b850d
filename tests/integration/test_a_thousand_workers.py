"""Files of workers that come and go take no more space than the workers that live.

The bound is that of the guide: the workers that live at a time, as many that have died and are not
folded yet, and two archives of at most twice the size, each of the size of one worker's file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.workers_lives import AT_ONCE, CALLS, size
from tests.unit.metrics.workers_group import Worker

LIVES = int(os.environ.get("EXAI_WORKER_LIVES", "40"))
"""Lives of real processes; ``make workers-proof`` runs a thousand."""

FILE_BYTES = 1 << 16
BOUND = 2 * (AT_ONCE + 2) * FILE_BYTES


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one: on a disk each archive that is put in place waits for it."""
    shared = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else tmp_path))
    yield made / "cells"
    shutil.rmtree(made)


def test_a_thousand_recyclings_stay_under_the_bound(directory: Path) -> None:
    directory.mkdir()
    living: list[Worker] = []
    sizes: list[int] = []
    for number in range(1000):
        worker = Worker(directory)
        worker.calls.labels(client=f"client {number}").inc()
        worker.seconds.labels().observe(0.3)
        living.append(worker)
        sizes.append(size(str(directory)))
        if len(living) == AT_ONCE:
            living.pop(0).die()
    assert max(sizes) <= BOUND
    # It has found its level long before: nothing is left behind.
    assert max(sizes[10:20]) == max(sizes[990:])
    read = living[0].read()
    assert sum(value for name, value in read.items() if name.startswith("calls_total")) == 1000
    assert read["call_seconds_count"] == 1000
    assert read["call_seconds_sum"] == pytest.approx(300)
    for worker in living:
        worker.die()


@pytest.mark.timeout(600)
async def test_killed_processes_leave_their_counts_and_no_files(directory: Path, root: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.workers_lives", str(directory), str(LIVES)),
        cwd=root,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await program.communicate()
    left = json.loads(output)
    assert (left["counted"], left["observed"]) == (LIVES * CALLS, LIVES * CALLS)
    assert max(left["sizes"]) <= BOUND
    assert max(left["sizes"][10:20]) == max(left["sizes"][-10:])
    assert left["end"] <= 2 * FILE_BYTES + 1024
