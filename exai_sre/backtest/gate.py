"""Whether a release may go out: the policy applied to how each SLO stands. It fails closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from exai_sre.backtest.gate_policy import Exemption, Freeze, GatePolicy, Limits
from exai_sre.backtest.standing import Standing
from exai_sre.slo.moments import moment_text

__all__ = ["Decision", "GateVerdict", "Objection", "decide", "overall"]

GateVerdict = Literal["pass", "block", "unknown"]
"""``block``: a rule of the policy says no; ``unknown``: nobody can say, which is no leave either."""

_WORST_FIRST: Final[tuple[GateVerdict, ...]] = ("block", "unknown", "pass")


@dataclass(frozen=True, slots=True)
class Objection:
    """One rule that says no.

    Attributes:
        rule: name of the rule.
        text: why, in one line.
        exempt: the exception that lifts it, or ``None``.
    """

    rule: str
    text: str
    exempt: Exemption | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one SLO, or one group of it.

    Attributes:
        standing: how it stands.
        verdict: whether a release may go out.
        rule: the rule that decided: one that blocks, ``data`` where nothing is known, ``exception``
            where one lifted every objection, ``budget`` where there was none.
        text: why, in one line.
        objections: every rule that said no, those that were lifted included.
        notes: what else should be looked at, such as an exception that has expired.
    """

    standing: Standing
    verdict: GateVerdict
    rule: str
    text: str
    objections: tuple[Objection, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "verdict": self.verdict,
            "rule": self.rule,
            "text": self.text,
            "objections": [
                {"rule": each.rule, "text": each.text, "lifted": each.exempt is not None} for each in self.objections
            ],
            "gate_notes": list(self.notes),
            "standing": self.standing.to_json(),
        }


def decide(standing: Standing, policy: GatePolicy, at: float) -> Decision:
    """What the policy says of one SLO at a moment (seconds since the Unix epoch)."""
    exemptions = [each for each in policy.exceptions if each.slo == standing.promise.id]
    valid = [each for each in exemptions if at < each.expires]
    objections = tuple(
        Objection(rule, text, next((each for each in valid if rule in each.allows), None))
        for rule, text in _objections(standing, policy, at)
    )
    notes = tuple(
        f"the exception in line {each.source.line} expired on {moment_text(each.expires)}: remove it"
        for each in exemptions
        if each not in valid
    )
    verdict, rule, text = _outcome(standing, objections)
    return Decision(standing, verdict, rule, text, objections, (*notes, *standing.notes))


def overall(decisions: Iterable[Decision]) -> GateVerdict:
    """The worst verdict; ``unknown`` where nothing was decided."""
    found = {decision.verdict for decision in decisions} or {"unknown"}
    return next(verdict for verdict in _WORST_FIRST if verdict in found)


def _outcome(standing: Standing, objections: Sequence[Objection]) -> tuple[GateVerdict, str, str]:
    open_ = [each for each in objections if each.exempt is None]
    if open_:
        return "block", open_[0].rule, open_[0].text
    left = _left(standing)
    if standing.unknown or left is None:
        return "unknown", "data", standing.unknown or "the budget is not known"
    lifted = next((each.exempt for each in objections if each.exempt), None)
    if lifted is not None:
        return "pass", "exception", f"{objections[0].text}; excepted by {lifted.author}: {lifted.reason}"
    return "pass", "budget", f"{_percent(left)} of the budget are left"


def _left(standing: Standing) -> float | None:
    """The budget that decides: the corrected one where there are corrections."""
    return standing.budget_remaining if standing.corrected_remaining is None else standing.corrected_remaining


def _objections(standing: Standing, policy: GatePolicy, at: float) -> list[tuple[str, str]]:
    limits = policy.limits(standing.promise.id)
    found = [("freeze", _frozen(freeze)) for freeze in policy.freezes if _holds(freeze, standing.promise.id, at)]
    burning = sorted(name for name, severity in standing.firing.items() if _blocks(limits, severity))
    if burning:
        found.append(("burning", f"firing now: {', '.join(burning)}"))
    return [*found, *_figures(standing, limits)]


def _figures(standing: Standing, limits: Limits) -> list[tuple[str, str]]:
    found, left, coverage = [], _left(standing), standing.coverage or 0.0
    least = float(limits.minimum_budget)
    if left is not None and (left <= 0 or left < least):
        found.append(("budget", f"{_percent(left)} of the budget are left, {_percent(least)} must be"))
    if not standing.unknown and coverage < float(limits.minimum_coverage):
        text = f"{_percent(coverage)} of the window were recorded, {_percent(float(limits.minimum_coverage))} must be"
        found.append(("coverage", text))
    return found


def _holds(freeze: Freeze, slo: str, at: float) -> bool:
    return freeze.start <= at < freeze.end and (not freeze.slos or slo in freeze.slos)


def _frozen(freeze: Freeze) -> str:
    return f"frozen until {moment_text(freeze.end)} by {freeze.author}: {freeze.reason}"


def _blocks(limits: Limits, severity: str) -> bool:
    return severity == "page" if limits.block_on == "page" else limits.block_on == "ticket"


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"
