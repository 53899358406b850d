"""Policies: the pipelines of a file, made on demand, and exchanged when the file changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from exai_sre.clock import Clock
from exai_sre.resilience.breaker import CircuitBreaker
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.classifiers import Classify
from exai_sre.resilience.config.building import arguments_of, breaker_name, make_strategy
from exai_sre.resilience.config.kinds import KINDS
from exai_sre.resilience.config.live_pipeline import LivePipeline
from exai_sre.resilience.config.order import Finding, order_findings
from exai_sre.resilience.config.spec import PipelineSpec, PolicySpec, StrategySpec
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.pipeline import Pipeline
from exai_sre.resilience.strategy import Strategy

if TYPE_CHECKING:
    from exai_sre.metrics.families import ResilienceMetrics

__all__ = ["Changes", "Policies"]

CodeOptions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reload changed, by names of pipelines.

    Attributes:
        added: new in the file.
        changed: with other strategies or options than before.
        removed: no longer in the file; where they are in use they stay as they were.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Made:
    """One strategy with what it was made of."""

    recipe: tuple[Any, ...]
    strategy: Strategy


@dataclass(slots=True)
class _Running:
    """One pipeline in use, and what code gave to it."""

    live: LivePipeline
    made: dict[tuple[str, int], _Made]
    metrics: ResilienceMetrics | None
    clock: Clock | None
    code: CodeOptions


class Policies:
    """The pipelines of a policy file.

    A pipeline is made when it is first asked for, and is one object from then on. Breakers and
    budgets of one name are shared between pipelines. Not thread-safe: ask for pipelines and reload
    from one thread; calls through the pipelines may come from any.

    Args:
        spec: what the file says.
    """

    def __init__(self, spec: PolicySpec) -> None:
        self._spec = spec
        self._running: dict[str, _Running] = {}
        self._breakers: dict[str, CircuitBreaker] = {}
        self._budgets: dict[str, tuple[Mapping[str, Any], RetryBudget]] = {}

    @property
    def spec(self) -> PolicySpec:
        """What the file says."""
        return self._spec

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pipelines, in the order of the file."""
        return tuple(self._spec.pipelines)

    def to_dict(self) -> dict[str, Any]:
        """The policies as plain data: what the file says."""
        return self._spec.to_dict()

    def findings(self, name: str) -> list[Finding]:
        """What is wrong with the order and the times of one pipeline; see :func:`order_findings`."""
        return order_findings(self._pipeline_spec(name).strategies)

    def pipeline(
        self,
        name: str,
        *,
        metrics: ResilienceMetrics | None = None,
        clock: Clock | None = None,
        code: CodeOptions | None = None,
    ) -> LivePipeline:
        """The pipeline of that name. Metrics, clock and code count when it is first asked for.

        Args:
            name: its name in the file.
            metrics: where its decisions are counted.
            clock: taken over by every strategy.
            code: arguments that no file can give, by kind of strategy, such as
                ``{"fallback": {"to": other}, "load_shedder": {"burn": burn_rate}}``.

        Raises:
            OptionError: the file has no such pipeline, or one of its strategies needs an argument
                that only code can give.
        """
        running = self._running.get(name)
        if running is None:
            spec = self._pipeline_spec(name)
            given = code or {}
            pipeline, made = self._make(spec, {}, metrics, clock, given)
            running = self._running[name] = _Running(LivePipeline(pipeline), made, metrics, clock, given)
        return running.live

    def breaker(self, name: str) -> CircuitBreaker:
        """The breaker of that name, once a pipeline with it was made.

        Raises:
            OptionError: there is none.
        """
        try:
            return self._breakers[name]
        except KeyError:
            raise OptionError("breaker", name, f"there are {', '.join(sorted(self._breakers)) or 'none yet'}") from None

    def reload(self, path: str | PathLike[str]) -> Changes:
        """Take over a changed file. Calls that run end as they began.

        A strategy whose options are the same stays the same object, with its state. A breaker whose
        name stays keeps its state and its window (but for one of another length, which begins
        empty) and takes over the changed options; any other strategy whose options changed begins
        anew.

        Raises:
            SpecError: the file has a fault; everything stays as it was.
            OptionError: a strategy needs what only code can give, and was not given; likewise.
        """
        from exai_sre.resilience.config.loading import read_policies

        return self.take_over(read_policies(path))

    def take_over(self, spec: PolicySpec) -> Changes:
        """Like :meth:`reload`, from a spec that was read already."""
        before, old, new = self._spec, self._spec.pipelines, spec.pipelines
        budgets = {name for name in spec.budgets if spec.budgets[name] != before.budgets.get(name)}
        changed = [name for name in new if name in old and (new[name] != old[name] or _uses(new[name], budgets))]
        added = [name for name in new if name not in old]
        try:
            self._exchange(spec, {*changed, *added})
        except OptionError:
            self._exchange(before, ())
            raise
        return Changes(tuple(added), tuple(changed), tuple(name for name in old if name not in new))

    def _exchange(self, spec: PolicySpec, names: Collection[str]) -> None:
        """Go by another spec, and make those of the pipelines in use anew that have one of these names."""
        self._spec = spec
        self._adopt(spec)
        made = {
            name: self._make(spec.pipelines[name], running.made, running.metrics, running.clock, running.code)
            for name, running in self._running.items()
            if name in names
        }
        for name, (pipeline, strategies) in made.items():
            running = self._running[name]
            running.made, running.live.pipeline = strategies, pipeline

    def _pipeline_spec(self, name: str) -> PipelineSpec:
        try:
            return self._spec.pipelines[name]
        except KeyError:
            raise OptionError("pipeline", name, f"there are {', '.join(self.names)}") from None

    def _make(
        self,
        spec: PipelineSpec,
        before: Mapping[tuple[str, int], _Made],
        metrics: ResilienceMetrics | None,
        clock: Clock | None,
        code: CodeOptions,
    ) -> tuple[Pipeline, dict[tuple[str, int], _Made]]:
        made: dict[tuple[str, int], _Made] = {}
        seen: Counter[str] = Counter()
        # innermost first: a load shedder goes by the limit inside it
        for each in reversed(spec.strategies):
            key = (each.kind, seen[each.kind])
            seen[each.kind] += 1
            recipe = self._recipe(spec.name, each, made)
            known = before.get(key)
            strategy = (
                known.strategy
                if known is not None and known.recipe == recipe
                else self._strategy(spec.name, each, made, clock, code.get(each.kind, {}))
            )
            made[key] = _Made(recipe, strategy)
        strategies: Sequence[Strategy] = [entry.strategy for entry in reversed(made.values())]
        judge = [Classify(*spec.classifiers)] if spec.classifiers else []
        return Pipeline(spec.name, *strategies, *judge, metrics=metrics, clock=clock), made

    def _recipe(self, pipeline: str, spec: StrategySpec, made: Mapping[tuple[str, int], _Made]) -> tuple[Any, ...]:
        """All that decides what a strategy is; where it is equal, the strategy can stay."""
        if spec.kind == "breaker":
            return (breaker_name(pipeline, spec),)
        budget = spec.options.get("budget")
        shared = self._spec.budgets.get(budget) if isinstance(budget, str) else None
        limit = made.get(("adaptive_limit", 0)) if spec.kind == "load_shedder" else None
        return (spec.slot, dict(spec.options), shared, limit and limit.recipe)

    def _strategy(
        self,
        pipeline: str,
        spec: StrategySpec,
        made: Mapping[tuple[str, int], _Made],
        clock: Clock | None,
        code: Mapping[str, Any],
    ) -> Strategy:
        arguments = {**arguments_of(pipeline, spec), **code}
        if spec.kind == "breaker":
            return self._breaker(arguments, clock)
        if "budget" in arguments:
            arguments["budget"] = self._budget(arguments["budget"], clock)
        limit = made.get(("adaptive_limit", 0))
        if spec.kind == "load_shedder" and limit is not None:
            arguments.setdefault("limit", limit.strategy)
        kind = KINDS[spec.kind]
        if kind.completed_by and not any(name in arguments for name in kind.completed_by):
            needed = " or ".join(kind.completed_by)
            raise OptionError(spec.kind, pipeline, f"needs {needed}; give it as code={{{spec.kind!r}: ...}}")
        return make_strategy(spec, arguments, clock)

    def _breaker(self, arguments: Mapping[str, Any], clock: Clock | None) -> CircuitBreaker:
        name = arguments["name"]
        if name not in self._breakers:
            self._breakers[name] = CircuitBreaker(**arguments, clock=clock)
        return self._breakers[name]

    def _budget(self, given: Any, clock: Clock | None) -> RetryBudget:
        if not isinstance(given, str):
            return RetryBudget(**given, clock=clock)
        options = self._spec.budgets[given]
        known = self._budgets.get(given)
        if known is None or known[0] != options:
            known = self._budgets[given] = (options, RetryBudget(**options, clock=clock))
        return known[1]

    def _adopt(self, spec: PolicySpec) -> None:
        """Give the breakers that stay their changed options."""
        for pipeline in spec.pipelines.values():
            for each in pipeline.strategies:
                name = breaker_name(pipeline.name, each)
                if each.kind == "breaker" and name in self._breakers:
                    self._breakers[name].adopt(CircuitBreaker(**arguments_of(pipeline.name, each)).options)


def _uses(pipeline: PipelineSpec, budgets: set[str]) -> bool:
    return any(each.options.get("budget") in budgets for each in pipeline.strategies if _named_budget(each))


def _named_budget(spec: StrategySpec) -> bool:
    return isinstance(spec.options.get("budget"), str)
