"""One SLO on trial: its history replayed, held against known incidents, with the positive control beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from exai_sre.backtest.control import Control, positive_control
from exai_sre.backtest.history import History
from exai_sre.backtest.incidents import Incident
from exai_sre.backtest.quiet import QuietBurn, quiet_burns
from exai_sre.backtest.replay import Replay, Windows, replay
from exai_sre.backtest.score import Score, score
from exai_sre.slo.model import Slo

__all__ = ["FAULTS", "Fault", "Trial", "hold_trial", "with_objective"]

Fault = Literal["control", "exhausted", "false", "missed"]
"""What a trial may find: an outage that was not told, a spent budget, a false page, a missed incident."""

FAULTS: Final[tuple[Fault, ...]] = ("control", "exhausted", "false", "missed")
"""Every :data:`Fault`, in order."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a history says about the alerts of one SLO.

    Attributes:
        replay: which tier fired when, and the budget.
        score: pages against known incidents; ``None`` where no incident list was given.
        quiet: the costliest stretches that did not page.
        control: how a planted outage was met.
    """

    replay: Replay
    score: Score | None
    quiet: tuple[QuietBurn, ...]
    control: Control

    @property
    def slo(self) -> Slo:
        """The objective."""
        return self.replay.slo

    @property
    def faults(self) -> list[Fault]:
        """What is wrong, in the order of :data:`FAULTS`."""
        scored = self.score
        found: dict[Fault, bool] = {
            "control": not self.control.passed,
            "exhausted": self.replay.spent > 1,
            "false": scored is not None and bool(scored.false),
            "missed": scored is not None and bool(scored.missed),
        }
        return [fault for fault in FAULTS if found[fault]]


def hold_trial(
    slo: Slo, history: History, incidents: Sequence[Incident] | None = None, windows: Windows = "recorded"
) -> Trial:
    """Replay ``history`` against the alerts of ``slo``.

    Args:
        slo: the objective with its tiers.
        history: counts by minute.
        incidents: what should have paged; ``None`` if that is not known.
        windows: how the rules compute long windows.
    """
    told = replay(slo, history, windows)
    return Trial(
        told,
        None if incidents is None else score(told, incidents),
        tuple(quiet_burns(told)),
        positive_control(slo, history, windows),
    )


def with_objective(slo: Slo, objective: Decimal) -> Slo:
    """The same SLO with another objective; tiers that can then never fire are set apart.

    Raises:
        ValueError: the objective is not between 0 and 1.
    """
    if not 0 < objective < 1:
        raise ValueError(f"an objective lies between 0 and 1, got {objective}")
    budget = 1 - objective
    tiers = sorted((*slo.tiers, *slo.unreachable), key=lambda tier: -tier.factor)
    return replace(
        slo,
        objective=objective,
        tiers=tuple(tier for tier in tiers if tier.threshold(budget) < 1),
        unreachable=tuple(tier for tier in tiers if tier.threshold(budget) >= 1),
    )
