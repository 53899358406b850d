"""Cases of a window that was recorded throughout: it is covered whole, and not more than that."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exai_sre.generate.coverage import COVERAGE, counted_by
from exai_sre.generate.measure.shape import Scope
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.primed import primed
from exai_sre.generate.promtool import Case, ExprCheck, close_to, constant
from exai_sre.generate.slo_cases import parts_of, recorded_labels
from exai_sre.slo.model import Slo

__all__ = ["coverage_cases"]


def coverage_cases(slos: Sequence[Slo], options: RuleOptions, end: int) -> list[Case]:
    """Recordings without a gap, as many as the window has of them, and one more.

    Args:
        slos: the objectives.
        options: the interval of evaluation.
        end: moment of the look, in seconds; later than any window is long.
    """
    series: dict[int, dict[str, str]] = {}
    checks: dict[int, list[ExprCheck]] = {}
    for slo in slos:
        if slo.calendar is None and slo.missing == "excluded":
            name, seconds = counted_by(Scope(slo, options.slo_interval))
            steady = constant((Decimal(0), end // seconds + 1))
            series.setdefault(seconds, {}).update({part.recorded(name): steady for part in parts_of(slo)})
            checks.setdefault(seconds, []).append(close_to(end, COVERAGE, recorded_labels(slo), Decimal(1)))
    name = "a window that was recorded throughout is covered whole"
    cases = [Case(name, seconds, each, exprs=checks[seconds]) for seconds, each in series.items()]
    return [primed(case, slos, options, every=end) for case in cases]
