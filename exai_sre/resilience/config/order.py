"""A linter of the order of strategies, which knows what goes wrong when one stands at the wrong place.

The default order, outermost first: fallback and cache, total deadline, admission (load shedder,
adaptive limit, rate limit, bulkhead), retry, breaker, hedge, timeout of one attempt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Literal

from exai_sre.resilience.config.kinds import KINDS
from exai_sre.resilience.config.spec import StrategySpec
from exai_sre.resilience.config.times import Limits, time_findings
from exai_sre.resilience.strategy import Strategy

__all__ = ["Finding", "order_findings"]

_RANKS: Final = {
    "fallback": 0,
    "cache": 0,
    "total timeout": 1,
    "load_shedder": 2,
    "adaptive_limit": 3,
    "rate_limit": 3,
    "bulkhead": 3,
    "retry": 4,
    "breaker": 5,
    "hedge": 6,
    "timeout": 7,
}
"""Places in the default order; what is not here may stand anywhere."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about the strategies of a pipeline.

    Attributes:
        code: name of the rule that speaks.
        message: what is wrong and what to do about it.
        severity: an ``error`` breaks a promise of the pipeline, a ``warning`` is only said.
        at: position of the strategy concerned, counted from 0, outermost first.
    """

    code: str
    message: str
    severity: Literal["error", "warning"]
    at: int


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    options: Mapping[str, Any]
    at: int

    @property
    def place(self) -> str:
        """The key of its rank: a timeout is the total deadline or that of an attempt."""
        return "total timeout" if self.kind == "timeout" and self.options.get("total") else self.kind


def order_findings(strategies: Sequence[Strategy | StrategySpec]) -> list[Finding]:
    """What is wrong with these strategies in this order.

    Args:
        strategies: strategies, or what a file says of them, outermost first.
    """
    steps = [_step(each, at) for at, each in enumerate(strategies)]
    found = [*_retries(steps), *_breaker_outside_retry(steps), *_timeout_outside_breaker(steps), *_misplaced(steps)]
    found += [Finding(*each) for each in time_findings([Limits(step.kind, step.options, step.at) for step in steps])]
    return sorted(found, key=lambda finding: (finding.at, finding.code))


def _step(each: Strategy | StrategySpec, at: int) -> _Step:
    if isinstance(each, StrategySpec):
        fixed = {"total": True} if each.slot == "total_timeout" else {}
        return _Step(each.kind, {**each.options, **fixed}, at)
    options: Any = getattr(each, "options", None)
    known = tuple(fields(options)) if is_dataclass(options) else ()
    return _Step(each.kind, {field.name: getattr(options, field.name) for field in known}, at)


def _of_kind(steps: Sequence[_Step], *kinds: str) -> list[_Step]:
    return [step for step in steps if step.kind in kinds]


def _retries(steps: Sequence[_Step]) -> Iterator[Finding]:
    for inner in _of_kind(steps, "retry")[1:]:
        message = "a retry inside another makes one attempt only (of nested retries the outermost repeats); remove it"
        yield Finding("retry-inside-retry", message, "error", inner.at)


def _breaker_outside_retry(steps: Sequence[_Step]) -> Iterator[Finding]:
    """C27: the breaker learns of failures when the retries are over, and cannot stop them midway."""
    for breaker in _of_kind(steps, "breaker"):
        if any(step.at > breaker.at for step in _of_kind(steps, "retry")):
            message = (
                "the breaker stands outside the retry: it hears of a dependency that is down only when all attempts "
                "of a call are over, and cannot stop them midway; put the retry outside"
            )
            yield Finding("breaker-outside-retry", message, "error", breaker.at)


def _timeout_outside_breaker(steps: Sequence[_Step]) -> Iterator[Finding]:
    """C20: a breaker should see each attempt that hangs end by a timeout of its own."""
    for breaker in _of_kind(steps, "breaker"):
        timeouts = _of_kind(steps, "timeout")
        if timeouts and not any(step.at > breaker.at for step in timeouts):
            message = (
                "every timeout stands outside the breaker: a call that hangs counts as a failure only when the time "
                "of all attempts is used up; put a timeout for one attempt inside"
            )
            yield Finding("timeout-outside-breaker", message, "error", breaker.at)


def _misplaced(steps: Sequence[_Step]) -> Iterator[Finding]:
    known = [step for step in steps if step.place in _RANKS]
    for at, inner in enumerate(known):
        for outer in known[:at]:
            pair = (outer.kind, inner.kind)
            # These two have findings of their own, and a timeout may bound anything in addition.
            if _RANKS[outer.place] > _RANKS[inner.place] and pair != ("breaker", "retry") and outer.place != "timeout":
                yield Finding("order", _explain(outer, inner), "warning", inner.at)
                break


def _explain(outer: _Step, inner: _Step) -> str:
    why = _REASONS.get(inner.kind, f"{KINDS[inner.kind].help.lower().rstrip('.')} for a part of the call only")
    return f"{inner.kind} stands inside {outer.kind}: {why}; the default order has it outside"


_REASONS: Final = {
    "fallback": "what it answers is a success for all that stands around it, which then learns of no failure",
    "cache": "a result that is at hand still has to pass what stands around it",
    "timeout": "what stands around it does not share the deadline",
    "bulkhead": "each attempt has to find a slot anew, and a full bulkhead ends the retries",
    "rate_limit": "each attempt counts against the rate",
}
