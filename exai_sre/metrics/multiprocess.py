"""One set of metrics for many processes: the workers of uvicorn or gunicorn on one machine.

Every process writes to a file of its own, at the cost of process memory, and any of them reads all
files. What is acknowledged is counted: a write is in the shared file the moment it is made, and
stays there when the process is killed.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Collection, Iterable

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.cell_records import series_key
from exai_sre.metrics.cells import Store
from exai_sre.metrics.instrument import Instrument
from exai_sre.metrics.mmap_cells import MmapStore
from exai_sre.metrics.multiprocess_files import CellDirectory
from exai_sre.metrics.multiprocess_fold import fold
from exai_sre.metrics.multiprocess_gather import GatheredCatalog
from exai_sre.metrics.multiprocess_sources import Sources
from exai_sre.names import Event

__all__ = ["Workers"]


class Workers:
    """This process's part in the metrics of its group.

    ::

        workers = Workers(os.environ.get("METRICS_DIR"))
        metrics = ServerMetrics.declare(workers.catalog)
        body, content_type = exposition(workers.merged, accept)

    Without a directory the process is alone, and both catalogs are one in process memory. A process
    that is forked from this one gets a file of its own and begins at zero, as the counts so far are
    its parent's.

    Args:
        directory: directory of the group, on a local file system; made if missing. Its counts go on
            for as long as it is there, over restarts of the whole service too.

    Attributes:
        catalog: what this process declares and writes to.
        merged: what all processes have written, for every way out.
        directory: the group's directory, ``None`` for a process alone.
        born: identifies this life of the directory; empty for a process alone.

    Raises:
        StoreError: the directory cannot be used.
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self.directory = CellDirectory(directory) if directory else None
        self.born = self.directory.born if self.directory else ""
        self._shared = _Shared(self.directory) if self.directory else None
        self.catalog = self._shared.catalog if self._shared else Catalog()
        self.merged = self._shared.merged if self._shared else self.catalog

    def gather(self, names: Collection[str] | None = None) -> None:
        """Bring :attr:`merged` up to date, for those who read its series and not :meth:`Catalog.readings`.

        Args:
            names: instruments that are wanted, or ``None`` for all.
        """
        if self._shared:
            self._shared.merged.gather(names)

    def fold(self) -> None:
        """Fold the files of processes that have died into one; every process does so when it starts.

        It takes milliseconds, or tenths of a second with thousands of series.
        """
        if self._shared:
            self._shared.fold()

    def lead(self) -> bool:
        """Whether this process is the one of its group that does what only one may do, such as counting budgets.

        It becomes that one if there is none, and stays it until it steps down or ends.
        """
        return self._shared.lead() if self._shared else True

    def step_down(self) -> None:
        """Let another process lead."""
        if self._shared:
            self._shared.step_down()

    def close(self) -> None:
        """Leave the group in good order: what was counted stays, gauges of this process go.

        To be called last: what is written afterwards is lost.
        """
        if self._shared:
            self._shared.close()


class _Shared:
    """A process among others."""

    def __init__(self, directory: CellDirectory) -> None:
        self._directory = directory
        self._sources = Sources(directory)
        self._store = MmapStore(directory, self._elsewhere)
        self._pooled = Store()
        self.catalog = Catalog(self._store)
        self.merged = GatheredCatalog(self._sources, self.catalog, self._pooled)
        self.merged.since = directory.since
        self._seat: int | None = None
        self._open = True
        self._follow_forks()
        self.fold()

    def _elsewhere(self, instrument: Instrument) -> Iterable[tuple[str, ...]]:
        with self._sources.lock:
            self._sources.refresh()
            found = self._sources.fresh(instrument.name)
        # Those of another release have other labels.
        own = series_key(instrument, ())
        return [key.values for key in found if key._replace(values=()) == own]

    def fold(self) -> None:
        try:
            with self._sources.lock:
                fold(self._directory, self._sources)
        except OSError as error:
            # What is not folded is still counted, and tried again.
            logging.getLogger(__name__).warning(Event.FOLDING_FAILED, extra={"reason": str(error)})

    def lead(self) -> bool:
        if self._seat is None and self._open:
            self._seat = self._directory.take_seat()
        return self._seat is not None

    def step_down(self) -> None:
        if self._seat is not None:
            os.close(self._seat)
            self._seat = None

    def close(self) -> None:
        if self._open:
            self._open = False
            self.step_down()
            self._store.close()
            with self._sources.lock:
                self._sources.close()

    def _follow_forks(self) -> None:
        """A child must not write to the words of its parent, and must find no lock held by a thread it has not."""
        watched = weakref.ref(self)

        def before() -> None:
            if shared := watched():
                shared.hold()

        def in_parent() -> None:
            if shared := watched():
                shared.let_go()

        def in_child() -> None:
            if shared := watched():
                shared.let_go()
                shared.begin_anew()

        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)

    def hold(self) -> None:
        self._store.lock.acquire()
        self._sources.lock.acquire()
        self._pooled.lock.acquire()

    def let_go(self) -> None:
        self._pooled.lock.release()
        self._sources.lock.release()
        self._store.lock.release()

    def begin_anew(self) -> None:
        self.step_down()
        if not self._open:
            return
        with self._sources.lock:
            self._sources.close()
        with self._store.lock:
            self._store.begin_anew()
            for family in self.catalog.families():
                family.move()
        self.fold()
