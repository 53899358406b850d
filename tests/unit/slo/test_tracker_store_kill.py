"""A process killed in the middle of its saves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from exai_sre.slo import SqliteTrackerStore

PROGRAM = """
import itertools, sys
from exai_sre.slo import Point, SqliteTrackerStore
store = SqliteTrackerStore(sys.argv[1])
last = max((point.stamp for point in store.load()), default=0.0)
for number in itertools.count(int(last) + 1):
    counts = {f"shop-slo-{at}@1": (float(number), float(number), float(number)) for at in range(14)}
    store.save([Point(resolution, number % 50, float(number), counts) for resolution in (0, 1, 60)])
    print(number, flush=True)
"""


def test_kill_in_the_middle_of_a_save_loses_at_most_that_save_real_clock(tmp_path: Path) -> None:
    path = tmp_path / "slo.db"
    saved = 0
    for lines in (1, 17, 60):
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(lines):
            saved = int(child.stdout.readline())
        child.kill()
        rest = child.stdout.read().split()
        child.stdout.close()
        child.wait()
        saved = int(rest[-1]) if rest and rest[-1].isdigit() else saved
        store = SqliteTrackerStore(path)
        points = store.load()
        store.close()
        newest = max(point.stamp for point in points)
        assert saved <= newest <= saved + 2
        assert sum(point.stamp == newest for point in points) == 3
        assert not list(tmp_path.glob("*.corrupt-*"))
        saved = int(newest)
