"""A group of processes in one: each holds its own lock and file, and dies by letting go of them."""

from __future__ import annotations

from pathlib import Path

from exai_sre.metrics import Label, NotCharted, exposition
from exai_sre.metrics.bound import BoundSeries
from exai_sre.metrics.multiprocess import Workers

SERVED = NotCharted("a test")
BOUND = 5
BUCKETS = (0.1, 1.0)


class Worker:
    """One process of the group, as it is from the outside.

    Attributes:
        workers: its part in the group.
    """

    def __init__(self, directory: Path) -> None:
        self.workers = Workers(directory)
        catalog = self.workers.catalog
        label = Label("client", bound=BOUND)
        self.calls = catalog.counter("calls_total", "Calls.", labels=(label,), chart=SERVED)
        self.seconds = catalog.histogram("call_seconds", "Calls.", buckets=BUCKETS, chart=SERVED)
        self.running = catalog.gauge("running_calls", "Calls.", chart=SERVED)
        self.worst = catalog.gauge("worst_ratio", "Calls.", chart=SERVED, across="max")

    def die(self) -> None:
        """End as by kill -9: the kernel takes the lock back, and nothing else happens."""
        self.workers.close()

    def read(self) -> dict[str, float]:
        """All samples of the group as this process exposes them."""
        text = exposition(self.workers.merged)[0].decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def series(self, name: str) -> list[BoundSeries]:
        """The gathered series of an instrument."""
        self.workers.gather()
        return list(self.workers.merged.family(name).series())


def cell_files(directory: Path) -> dict[str, int]:
    """Sizes of the files of cells, in bytes."""
    return {path.name: path.stat().st_size for path in directory.iterdir() if ".cells" in path.name}
