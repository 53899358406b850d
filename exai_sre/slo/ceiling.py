"""The ceiling of an objective: no service is better than what it cannot do without.

Dependencies that are all needed multiply; of those that replace each other, only the failure of
all at once counts: 1 minus the product of their failures. Their failures are taken as independent,
which flatters redundant ones that share a cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from exai_sre.slo.model import Slo, Source

__all__ = ["Ceiling", "ceiling_findings", "ceiling_of"]

_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the dependencies of one SLO allow it to promise.

    Attributes:
        slo: id of the SLO.
        objective: what it promises (0..1).
        ceiling: what its known dependencies allow at most (0..1); 1 where no figure is known.
        missing: ids of dependencies for which no SLO is defined, sorted.
        source: where the SLO is defined.
    """

    slo: str
    objective: Decimal
    ceiling: Decimal
    missing: tuple[str, ...]
    source: Source

    @property
    def above(self) -> bool:
        """Whether more is promised than the dependencies allow."""
        return self.objective > self.ceiling

    @property
    def message(self) -> str:
        """What is wrong with the objective and what to do about it, in one line; empty if nothing is."""
        if not self.above:
            return ""
        return (
            f"{self.slo} promises {_percent(self.objective)} %, but its dependencies allow "
            f"{_percent(self.ceiling)} % at most; lower the objective, or add a dependency that can replace one"
        )


def ceiling_of(slo: Slo, objectives: dict[str, Decimal]) -> Ceiling:
    """The ceiling of one SLO.

    Args:
        slo: an entry of its ``depends_on`` is an id, or ids joined by ``|`` that can replace each other.
        objectives: objective by id of every SLO that is known.
    """
    missing: set[str] = set()
    with localcontext() as context:
        context.prec = _DIGITS
        ceiling = Decimal(1)
        for entry in slo.depends_on:
            names = [name.strip() for name in entry.split("|") if name.strip()]
            unknown = [name for name in names if name not in objectives or name == slo.id]
            missing.update(unknown)
            if names and not unknown:
                ceiling *= 1 - _product(1 - objectives[name] for name in names)
    return Ceiling(slo.id, slo.objective, ceiling, tuple(sorted(missing)), slo.source)


def ceiling_findings(slos: Sequence[Slo]) -> list[Ceiling]:
    """The SLOs that promise more than their dependencies allow, or whose dependencies are not known, by id."""
    objectives = {slo.id: slo.objective for slo in slos}
    found = [ceiling_of(slo, objectives) for slo in sorted(slos, key=lambda slo: slo.id) if slo.depends_on]
    return [ceiling for ceiling in found if ceiling.above or ceiling.missing]


def _product(factors: Iterable[Decimal]) -> Decimal:
    product = Decimal(1)
    for factor in factors:
        product *= factor
    return product


def _percent(ratio: Decimal) -> str:
    text = format((ratio * 100).quantize(Decimal("1E-6")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
