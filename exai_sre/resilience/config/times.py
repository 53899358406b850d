"""Whether the times of a pipeline fit together: attempts, waits and timeouts within the total deadline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from exai_sre.resilience.config.values import is_number, longest_waits

__all__ = ["Limits", "TimeFinding", "time_findings"]

TimeFinding: TypeAlias = tuple[str, str, Literal["error", "warning"], int]
"""Code, message, severity and position."""

_ATTEMPTS: Final = 3
_MINIMUM_CALLS: Final = 20
_OPEN_FOR: Final = 30.0
_HALF_OPEN_LIMIT: Final = 60.0
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """One strategy, as far as time is concerned.

    Attributes:
        kind: kind of the strategy.
        options: its options; those that are missing have their defaults.
        at: its position, outermost first.
    """

    kind: str
    options: Mapping[str, Any]
    at: int


def time_findings(steps: Sequence[Limits]) -> Iterator[TimeFinding]:
    """What is wrong with the times of these strategies."""
    timeouts = [step for step in steps if step.kind == "timeout"]
    for step in steps:
        inside = [each for each in timeouts if each.at > step.at]
        attempt = min((each.options["seconds"] for each in inside), default=None)
        if step.kind == "retry":
            yield from _retry(step, attempt, _total(step, timeouts))
            yield from _retry_and_breaker(
                step, [each for each in steps if each.kind == "breaker" and each.at > step.at]
            )
        if step.kind == "breaker":
            yield from _breaker(step, attempt)


def _total(step: Limits, timeouts: Sequence[Limits]) -> float | None:
    """The shortest time limit around ``step``."""
    return min((each.options["seconds"] for each in timeouts if each.at < step.at), default=None)


def _retry(step: Limits, attempt: float | None, total: float | None) -> Iterator[TimeFinding]:
    attempts, wait = step.options.get("attempts", _ATTEMPTS), step.options.get("wait")
    if attempts < 2 or total is None:
        return
    if attempt is None:
        message = f"no timeout bounds one attempt: the first may use up all {total:g} s; put a timeout inside the retry"
        yield "attempt-unbounded", message, "warning", step.at
        return
    if not (wait is None or is_number(wait) or isinstance(wait, Mapping)) or step.options.get("stop") is not None:
        # A strategy object of tenacity: nobody knows how long it waits.
        return
    waits = longest_waits(wait, attempts)
    needed = attempts * attempt + waits
    if needed > total + _SLACK:
        message = (
            f"{attempts} attempts of {attempt:g} s and waits of up to {waits:g} s take {needed:g} s, more than the "
            f"total of {total:g} s: the last attempts will not be made; shorten them, or raise the total"
        )
        yield "times-exceed-total", message, "error", step.at


def _retry_and_breaker(step: Limits, breakers: Sequence[Limits]) -> Iterator[TimeFinding]:
    """C26: nothing should wait for a breaker to let calls through again."""
    attempts, wait = step.options.get("attempts", _ATTEMPTS), step.options.get("wait")
    for breaker in breakers:
        if attempts >= breaker.options.get("minimum_calls", _MINIMUM_CALLS):
            message = "the attempts of one call are enough to open the breaker; raise minimum_calls above them"
            yield "one-call-opens-breaker", message, "warning", step.at
        open_for = breaker.options.get("open_for", _OPEN_FOR)
        if attempts > 1 and is_number(wait) and is_number(open_for) and wait >= open_for:
            message = (
                f"a wait of {wait:g} s outlasts the breaker's {open_for:g} s: calls that it refused are held back to "
                "become its probes; wait for less"
            )
            yield "retry-waits-for-breaker", message, "warning", step.at


def _breaker(step: Limits, attempt: float | None) -> Iterator[TimeFinding]:
    if attempt is None:
        return
    slow_after = step.options.get("slow_after")
    if slow_after is not None and slow_after >= attempt:
        message = f"no call is slow: the timeout inside ends it after {attempt:g} s; lower slow_after below that"
        yield "slow-never-seen", message, "warning", step.at
    if step.options.get("half_open_limit", _HALF_OPEN_LIMIT) < attempt:
        message = f"a probe counts as failed before its timeout of {attempt:g} s; raise half_open_limit above that"
        yield "probe-cut-short", message, "warning", step.at
