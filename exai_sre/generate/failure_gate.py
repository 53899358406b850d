"""The least number of failures that a burn tier waits for, as a condition on recorded increases."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.measure.text import decimal_text
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import Series, errors_name, identity
from exai_sre.generate.windows import window_source
from exai_sre.slo.indicators import EventsIndicator, GaugeIndicator, QueryIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration

__all__ = ["counts_failures", "enough_failures"]

_HALF: Final = Decimal("0.5")


def counts_failures(slo: Slo) -> bool:
    """Whether bad events of the SLO are things that can be counted.

    Those of a ready-made ratio or of a composite are shares, and a slice is long enough by itself.
    """
    return isinstance(slo.indicator, EventsIndicator | QueryIndicator | GaugeIndicator)


def enough_failures(slo: Slo, window: int, failures: int, options: RuleOptions) -> str:
    """A condition that holds while ``window`` (seconds) has that many bad events, or five minutes lately had.

    Each evaluation records the bad events of five minutes, so their sum over the window counts every
    event once per evaluation in five minutes. The sum lags behind a burst by those five minutes,
    which the first part of the condition sees at once. ``increase`` scales what it saw to the whole
    range, so a single event may count a little more or less than 1: half a failure is allowed for.
    """
    errors, least = f"{Series.ERRORS}{identity(slo)}", decimal_text(failures - _HALF)
    burst = f"max_over_time({errors}[{format_duration(BASE)}]) > {least}"
    if window_source(slo, window, options.windows) == "increases":
        # The ratio of this window has summed them already.
        return f"({burst} or {errors_name(window)}{identity(slo)} > {least})"
    repeats = decimal_text(Decimal(BASE) / options.slo_interval)
    return f"({burst} or sum_over_time({errors}[{format_duration(window)}]) / {repeats} > {least})"
