"""Sampling by event name: of what happens all the time, a known share is enough."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from exai_sre.context.correlation import correlation_id
from exai_sre.errors import SettingError
from exai_sre.logs.levels import LEVELS, level_name, level_number
from exai_sre.names import LogField

__all__ = ["EventSampling"]

_CRC_VALUES: Final = 2**32


class EventSampling:
    """Keeps a share of the lines of named events; a structlog processor for the front of a chain.

    Within a unit of work the correlation id decides, so that in every process all sampled lines of
    one request are kept, or none; outside of one, chance does. A kept line says in ``sample_ratio``
    how many it stands for: one in that share. Lines of the standard library's loggers go by their
    text before its arguments are put in, such as ``"GET %s"``.
    """

    def __init__(
        self,
        ratios: Mapping[str, float],
        *,
        spare: str = "warning",
        chance: Callable[[], float] = random.random,
        on_drop: Callable[[str, int], None] | None = None,
    ) -> None:
        """Take the shares.

        Args:
            ratios: share of lines kept, 0 to 1, by event name; all of what is not named.
            spare: lines of this level and above are always kept.
            chance: a random number from 0 to below 1.
            on_drop: called with the reason ``sampled`` and the number of lines left out.

        Raises:
            SettingError: a share is not from 0 to 1, or there is no such level.
        """
        self._ratios: dict[object, float] = {}
        for event, ratio in ratios.items():
            self.set(event, ratio)
        self._spare = level_number(spare)
        self._chance = chance
        self._on_drop = on_drop

    def set(self, event: str, ratio: float) -> None:
        """From now on, keep that share, 0 to 1, of the lines of ``event``.

        Raises:
            SettingError: the share is not from 0 to 1.
        """
        if not 0 <= ratio <= 1:
            raise SettingError(event, str(ratio), "no share of lines", remedy="use a number from 0 to 1")
        self._ratios[event] = float(ratio)

    def __call__(self, _logger: Any, method: str, event: Any) -> Any:
        """The event, unless it is left out.

        Raises:
            DropEvent: it is left out; structlog catches this.
        """
        record = event.get("_record")
        name = event.get(LogField.EVENT) if record is None else record.msg
        ratio = self._ratios.get(name, 1.0) if isinstance(name, str) else 1.0
        if ratio >= 1 or self._spares(method, record):
            return event
        if self._point() >= ratio:
            self._leave_out()
        event[LogField.SAMPLE_RATIO] = ratio
        return event

    def _spares(self, method: str, record: Any) -> bool:
        number = LEVELS.get(level_name(method), self._spare) if record is None else record.levelno
        return bool(number >= self._spare)

    def _point(self) -> float:
        """Where between 0 and 1 this line falls."""
        unit = correlation_id.get()
        return self._chance() if unit is None else zlib.crc32(unit.encode()) / _CRC_VALUES

    def _leave_out(self) -> None:
        from structlog import DropEvent

        if self._on_drop is not None:
            self._on_drop("sampled", 1)
        raise DropEvent
