"""The cache without I/O: entries with a time to live, least recently used ones dropped first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from exai_sre.resilience.classify import ErrorMatch, error_matcher
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.unavailable import is_unavailable

__all__ = ["CacheEngine", "CacheOptions", "Entry"]


def _every(_value: Any) -> bool:
    """Every result may be kept."""
    return True


@dataclass(frozen=True, slots=True)
class CacheOptions:
    """Options of a :class:`~exai_sre.resilience.cache.Cache`; times in seconds.

    Attributes:
        ttl: how long a result answers further calls.
        max_entries: most results kept; beyond it the least recently used go.
        key: makes what tells calls apart from their arguments; by default the arguments
            themselves. Each function has entries of its own.
        keep: which results may be kept.
        negative: errors that are kept too, and raised again.
        negative_ttl: how long such an error answers further calls; ``None`` for ``ttl``.
        stale_if_error: how long after ``ttl`` a result still answers calls whose own attempt
            failed with an error of ``stale_on``; 0 for never. As in RFC 5861.
        stale_on: errors that a stale result may hide.
    """

    ttl: float
    max_entries: int = 1024
    key: Callable[..., Hashable] | None = None
    keep: Callable[[Any], bool] = _every
    negative: ErrorMatch = ()
    negative_ttl: float | None = None
    stale_if_error: float = 0.0
    stale_on: ErrorMatch = is_unavailable

    def __post_init__(self) -> None:
        for option in ("ttl", "negative_ttl"):
            value = getattr(self, option)
            if value is not None and not value > 0:
                raise OptionError(option, value, "a time is more than 0 seconds")
        if self.max_entries < 1:
            raise OptionError("max_entries", self.max_entries, "at least one entry must be allowed")
        if not self.stale_if_error >= 0:
            raise OptionError("stale_if_error", self.stale_if_error, "a time is not negative")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one call came to.

    Attributes:
        value: its result.
        error: what it raised; ``None`` where it returned.
        fresh_until: monotonic time until which it answers calls.
        stale_until: monotonic time until which it answers calls that fail.
    """

    value: Any
    error: Exception | None
    fresh_until: float
    stale_until: float

    def give(self) -> Any:
        """Return or raise it."""
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self.value


class CacheEngine:
    """Holds entries and says which may answer. Thread-safe.

    Args:
        options: times, size, and what is kept.
    """

    __slots__ = ("_entries", "_generation", "_hides", "_lock", "_options", "_remembers")

    def __init__(self, options: CacheOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._generation = 0
        self._remembers = error_matcher(options.negative)
        self._hides = error_matcher(options.stale_on)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def generation(self) -> int:
        """How often entries were taken out by hand; what was begun before that is not kept after it."""
        return self._generation

    def find(self, key: Hashable, now: float) -> Entry | None:
        """The entry that may answer a call at ``now`` (monotonic seconds)."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or now >= entry.fresh_until:
                return None
            self._entries.move_to_end(key)
            return entry

    def keep(self, key: Hashable, value: Any, now: float, generation: int) -> None:
        """Keep the result of a call that was begun in ``generation``."""
        if self._options.keep(value):
            fresh_until = now + self._options.ttl
            self._put(key, Entry(value, None, fresh_until, fresh_until + self._options.stale_if_error), generation)

    def instead_of(self, error: Exception, key: Hashable, now: float, generation: int) -> Entry | None:
        """The stale entry that may stand for ``error`` at ``now``; keeps ``error`` itself if it is negative."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None and entry.error is None and now < entry.stale_until and self._hides(error):
            return entry
        if self._remembers(error):
            fresh_until = now + (self._options.negative_ttl or self._options.ttl)
            self._put(key, Entry(None, error, fresh_until, fresh_until), generation)
        return None

    def drop(self, key: Hashable) -> None:
        """Take one entry out."""
        with self._lock:
            self._generation += 1
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Take all entries out."""
        with self._lock:
            self._generation += 1
            self._entries.clear()

    def _put(self, key: Hashable, entry: Entry, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._entries[key] = entry
            self._entries.move_to_end(key)
            if len(self._entries) > self._options.max_entries:
                self._entries.popitem(last=False)
