"""What the alerts need to know of a policy: which strategies a pipeline has, and their numbers in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exai_sre.resilience.breaker_options import BreakerOptions
from exai_sre.resilience.config import PipelineSpec, PolicySpec, StrategySpec

__all__ = ["ADMISSION", "Guarded", "breakers_of", "budgeted", "guarded_by", "numbers_of"]

ADMISSION = ("adaptive_limit", "bulkhead", "rate_limit")
"""Kinds of strategy that refuse what is too much."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A pipeline, and those of its strategies that one alert is about.

    Attributes:
        pipeline: name of the pipeline.
        strategies: the strategies.
    """

    pipeline: str
    strategies: tuple[StrategySpec, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the strategies, each once, in order."""
        return tuple(sorted({each.kind for each in self.strategies}))

    @property
    def numbers(self) -> str:
        """The strategies with their numbers, such as ``bulkhead (limit 64, queue 128)``."""
        return " and ".join(numbers_of(each) for each in self.strategies)


def numbers_of(spec: StrategySpec) -> str:
    """A strategy with what the file says of it, such as ``timeout (seconds 60, total)``."""
    options = {**spec.options, **({"total": True} if spec.slot == "total_timeout" else {})}
    said = [
        name if value is True else f"{name} {value:g}"
        for name, value in options.items()
        if value is True or (isinstance(value, (int, float)) and not isinstance(value, bool))
    ]
    return f"{spec.kind} ({', '.join(said)})" if said else spec.kind


def guarded_by(policies: PolicySpec, *kinds: str) -> Iterator[Guarded]:
    """The pipelines that have a strategy of one of these kinds, in the order of their names."""
    for name in sorted(policies.pipelines):
        chosen = tuple(each for each in policies.pipelines[name].strategies if each.kind in kinds)
        if chosen:
            yield Guarded(name, chosen)


def budgeted(policies: PolicySpec) -> Iterator[Guarded]:
    """The pipelines with a retry or a hedge that a budget bounds; a hedge always has one."""
    for each in guarded_by(policies, "hedge", "retry"):
        bounded = tuple(spec for spec in each.strategies if spec.kind == "hedge" or "budget" in spec.options)
        if bounded:
            yield Guarded(each.pipeline, bounded)


def breakers_of(policies: PolicySpec) -> dict[str, float]:
    """The longest open time of each breaker, in seconds, by the breaker's name."""
    found: dict[str, float] = {}
    for pipeline in policies.pipelines.values():
        for name, seconds in _open_times(pipeline):
            found[name] = max(seconds, found.get(name, 0.0))
    return dict(sorted(found.items()))


def _open_times(pipeline: PipelineSpec) -> Iterator[tuple[str, float]]:
    for each in pipeline.strategies:
        if each.kind == "breaker":
            said = each.options.get("open_for", BreakerOptions().open_seconds(1))
            longest = said.get("longest", 300.0) if isinstance(said, dict) else said
            yield str(each.options.get("name", pipeline.name)), float(longest)
