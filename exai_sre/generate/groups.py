"""Which groups have series of their own: at most as many as the SLO allows, and always the same ones.

Places are given to the groups with most events of the last hour, and kept: a group gives its
place up only when it has had no events to count for that hour. A mere ``topk`` would let
groups come and go at the edge with each evaluation. Between groups of the same size, Prometheus
chooses once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exai_sre.generate.measure.shape import OTHER, Recording, Scope
from exai_sre.generate.series import Series

__all__ = ["member_recordings"]

_KEPT: Final = "1e15"
"""More events than any group has in an hour, and little enough to leave the digits of events exact."""


def member_recordings(scope: Scope, populations: Sequence[str]) -> tuple[Recording, ...]:
    """The groups that have series of their own; nothing for an SLO without groups.

    Args:
        scope: the SLO.
        populations: how much there is of each group: one expression, or one for each component.
    """
    slo = scope.slo
    if not slo.group_by:
        return ()
    names = ", ".join(slo.group_by)
    every = "\n  or\n  ".join(populations)
    held = f"max by ({names}) (last_over_time({Series.GROUP}{scope.selector}[10m]))"
    # A group that is called like the rest is one of the rest, and takes no place.
    rest = "vector(0)"
    for name in slo.group_by:
        rest = f'label_replace({rest}, "{name}", "{OTHER}", "", "")'
    size = f"(({every}) unless on ({names}) {rest})"
    score = f"{size}\n  + on ({names}) {_KEPT} * ({held} or 0 * {size})"
    return (Recording(Series.GROUP, f"topk({slo.group_limit}, {score}) * 0 + 1"),)
