"""What a history supports: the tightest target, pages at candidate targets, and minimums for low traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Final

from exai_sre.backtest.history import STEP, History, window_sums
from exai_sre.backtest.replay import merged, replay, wanted_tiers
from exai_sre.backtest.trial import with_objective
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.windows import DAY, HOUR

__all__ = ["LADDER", "Achieved", "Candidate", "Suggestion", "TierAdvice", "suggest_from"]

LADDER: Final = tuple(Decimal(percent) / 100 for percent in ("99", "99.5", "99.9", "99.95", "99.99"))
"""Objectives that are tried where none are named."""

_SPANS: Final = (HOUR, DAY, 7 * DAY)
_FASTEST_MINIMUM, _OTHER_MINIMUM = 3, 10
_RARE: Final = 0.01
"""Share of the time below which too little traffic is no reason for a minimum of failures."""
_RULE_OF_THREE: Final = 3
"""Failures that may hide behind none seen, with 95 % confidence."""
_DIGITS: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Achieved:
    """Shares of good events over windows of one length, one after the other.

    Attributes:
        span: seconds of each window.
        worst: lowest share (0..1).
        low: share that one window in twenty is below.
        median: share that half of the windows are below.
    """

    span: int
    worst: float
    low: float
    median: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an objective would have meant.

    Attributes:
        objective: share of good events promised.
        left: share of the budget left after the costliest SLO window (or the whole history, if shorter).
        pages: stretches of paging per 30 days.
        tickets: stretches with a ticket per 30 days.
        guarded_pages: pages per 30 days with the advised minimums of failures.
    """

    objective: Decimal
    left: float
    pages: float
    tickets: float
    guarded_pages: float


@dataclass(frozen=True, slots=True)
class TierAdvice:
    """Whether a burn tier has enough traffic.

    Attributes:
        tier: the tier.
        needed: events its long window must hold for a single failure to stay below the threshold.
        usual: events that it holds half of the time.
        too_few: share of the time (0..1) in which it holds fewer than ``needed``.
        min_failures: advised minimum of failures; that of the tier where it is enough.
    """

    tier: BurnTier
    needed: float
    usual: float
    too_few: float
    min_failures: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a history supports for one SLO.

    Attributes:
        slo: the objective as it is defined.
        history: what was looked at.
        achieved: shares of good events over an hour, a day and a week.
        target: tightest objective that would have left the wanted share of budget; ``None`` without events.
        candidates: what other objectives would have meant, the loosest first.
        tiers: advice for each tier at the objective as it is defined.
    """

    slo: Slo
    history: History
    achieved: tuple[Achieved, ...]
    target: Decimal | None
    candidates: tuple[Candidate, ...]
    tiers: tuple[TierAdvice, ...]


def suggest_from(
    slo: Slo, history: History, leave: Decimal = Decimal("0.5"), objectives: Sequence[Decimal] = ()
) -> Suggestion:
    """Look at a history with the eyes of one who sets a target.

    Args:
        slo: the objective as it is defined; its tiers are tried.
        history: counts by minute.
        leave: share of the budget (0..1) that the target should leave.
        objectives: objectives to try; by default :data:`LADDER` with the defined and the suggested one.

    Raises:
        ValueError: ``leave`` or an objective is out of range.
    """
    if not 0 <= leave < 1:
        raise ValueError(f"the share of budget that is left lies between 0 and 1, got {leave}")
    worst = _worst_share(history, slo.window)
    target = None if worst is None else _target(worst, history.total[-1], leave)
    tiers = tuple(_advice(slo, tier, history) for tier in wanted_tiers(slo))
    tried = set(objectives) or {*LADDER, slo.objective, *(() if target is None else (target,))}
    return Suggestion(
        slo,
        history,
        tuple(achieved for span in _SPANS if (achieved := _achieved(history, span)) is not None),
        target,
        tuple(_candidate(slo, history, one, worst or 0.0) for one in sorted(tried)),
        tiers,
    )


def _worst_share(history: History, window: int) -> float | None:
    """Highest share of bad events of any whole SLO window, or of all there is; ``None`` without events."""
    length = window // STEP
    if history.minutes <= length:
        return history.bad_share()
    pairs = zip(window_sums(history.bad, length), window_sums(history.total, length), strict=True)
    return max((bad / total for bad, total in list(pairs)[length - 1 :] if total > 0), default=None)


def _target(worst: float, events: float, leave: Decimal) -> Decimal:
    """One minus the budget that the worst share fits in, rounded up to two digits that matter."""
    share = max(Decimal(repr(worst)), Decimal(_RULE_OF_THREE) / Decimal(repr(events)))
    budget = share / (1 - leave)
    rounded = budget.quantize(Decimal(1).scaleb(budget.adjusted()) * _DIGITS, rounding=ROUND_CEILING)
    return max(1 - rounded, Decimal("0.01")).normalize()


def _achieved(history: History, span: int) -> Achieved | None:
    length = span // STEP
    bad, total = window_sums(history.bad, length), window_sums(history.total, length)
    ends = range(length - 1, history.minutes, length)
    shares = sorted(1 - bad[at] / total[at] for at in ends if total[at] > 0)
    if not shares:
        return None
    return Achieved(span, shares[0], shares[len(shares) // 20], shares[len(shares) // 2])


def _candidate(slo: Slo, history: History, objective: Decimal, worst: float) -> Candidate:
    tried = with_objective(slo, objective)
    guarded = replace(
        tried, tiers=tuple(replace(one.tier, min_failures=one.min_failures) for one in _all_advice(tried, history))
    )
    per_month = 30 * DAY / max(history.end - history.start, 1)
    told = replay(tried, history)
    spared = told if guarded.tiers == tried.tiers else replay(guarded, history)
    return Candidate(
        objective,
        1 - worst / float(tried.budget),
        len(merged(told.of("page"), HOUR)) * per_month,
        len(merged(told.of("ticket"), HOUR)) * per_month,
        len(merged(spared.of("page"), HOUR)) * per_month,
    )


def _all_advice(slo: Slo, history: History) -> list[TierAdvice]:
    return [_advice(slo, tier, history) for tier in slo.tiers]


def _advice(slo: Slo, tier: BurnTier, history: History) -> TierAdvice:
    length = tier.long // STEP
    sums = window_sums(history.total, length)
    # Windows that have not filled yet say nothing of the traffic, unless there is no other.
    held = sorted(sums[min(length, history.minutes) - 1 :]) or [0.0]
    needed = 1 / float(tier.threshold(slo.budget))
    too_few = sum(events < needed for events in held) / len(held)
    fastest = tier.factor == max(other.factor for other in slo.tiers)
    wanted = (_FASTEST_MINIMUM if fastest else _OTHER_MINIMUM) if too_few > _RARE else 0
    return TierAdvice(tier, needed, held[len(held) // 2], too_few, max(wanted, tier.min_failures))
