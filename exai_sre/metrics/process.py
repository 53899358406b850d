"""The process's own metrics: read on demand before each scrape, and the event loop's lag by a sampler."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from typing import Final

from exai_sre.clock import Clock
from exai_sre.metrics.bound import BoundHistogram
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families import ProcessMetrics
from exai_sre.names import LabelName

__all__ = ["ProcessSampler", "sample_loop_lag"]

_PROC: Final = Path("/proc/self")


class ProcessSampler:
    """Keeps :class:`ProcessMetrics` up to date from ``/proc`` and ``getrusage``.

    Where there is no ``/proc`` (macOS), memory is the peak instead of the present value, the start
    is that of this object, and open file descriptors stay at 0.

    Args:
        metrics: what to update.
        version: version of the program, for the build info.
        proc: the process's directory in the ``proc`` file system.
    """

    def __init__(self, metrics: ProcessMetrics, *, version: str, proc: Path = _PROC) -> None:
        self._proc = proc
        self._cpu = metrics.cpu.labels()
        self._memory = metrics.memory.labels()
        self._open_fds = metrics.open_fds.labels()
        metrics.start_time.labels().set(_started_at(proc))
        metrics.build_info.labels(**{LabelName.VERSION: version}).set(1.0)

    def attach(self, catalog: Catalog) -> None:
        """Refresh before each exposition of ``catalog``."""
        catalog.before_collect(self.refresh)

    def refresh(self) -> None:
        """Read CPU time, memory and open file descriptors now."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._cpu.inc(max(0.0, usage.ru_utime + usage.ru_stime - self._cpu.value))
        self._memory.set(_resident(self._proc, usage.ru_maxrss))
        try:
            self._open_fds.set(float(len(os.listdir(self._proc / "fd"))))
        except OSError:
            self._open_fds.set(0.0)


def _resident(proc: Path, peak: int) -> float:
    """Resident memory in bytes; ``peak`` is ``ru_maxrss``, in bytes on macOS and in KiB elsewhere."""
    try:
        pages = int((proc / "statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return float(peak if sys.platform == "darwin" else peak * 1024)
    return float(pages * resource.getpagesize())


def _started_at(proc: Path) -> float:
    """Start of the process, seconds since the Unix epoch; source: ``proc(5)``, field 22 of ``stat``."""
    try:
        ticks = int((proc / "stat").read_text("ascii").rpartition(")")[2].split()[19])
        lines = (proc.parent / "stat").read_text("ascii").splitlines()
        boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        return boot + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return time.time()


async def sample_loop_lag(lag: BoundHistogram, *, clock: Clock, interval: float = 0.25) -> None:
    """Observe how late the event loop runs a timer, until cancelled.

    Args:
        lag: where to observe, seconds.
        clock: the clock that the timer runs on.
        interval: seconds between two samples.
    """
    while True:
        due = clock.monotonic() + interval
        await clock.sleep(interval)
        lag.observe(max(0.0, clock.monotonic() - due))
