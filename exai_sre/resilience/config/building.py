"""From specs to strategies: objects made with the options of a file and what only code can give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exai_sre.clock import Clock
from exai_sre.resilience.budget import RetryBudget
from exai_sre.resilience.config.document import Document
from exai_sre.resilience.config.kinds import DEFAULT_ORDER, KINDS, Kind
from exai_sre.resilience.config.spec import PipelineSpec, PolicySpec, StrategySpec
from exai_sre.resilience.config.values import VALUES
from exai_sre.resilience.errors import OptionError
from exai_sre.resilience.strategy import Strategy

__all__ = ["arguments_of", "breaker_name", "check_options", "is_complete", "make_strategy"]


def breaker_name(pipeline: str, spec: StrategySpec) -> str:
    """The name of a strategy that takes one: its own, or that of its pipeline."""
    return str(spec.options.get("name", pipeline))


def arguments_of(pipeline: str, spec: StrategySpec) -> dict[str, Any]:
    """The arguments that a file gives to a strategy; a budget stays what the file says of it."""
    kind = KINDS[spec.kind]
    made = {
        option.name: VALUES[option.value].make(spec.options[option.name])
        for option in kind.options
        if option.name in spec.options
    }
    if kind.named:
        made["name"] = breaker_name(pipeline, spec)
    made.update(_fixed(spec))
    return made


def _fixed(spec: StrategySpec) -> dict[str, Any]:
    return next((dict(slot.fixed) for slot in DEFAULT_ORDER if slot.name == spec.slot), {})


def is_complete(kind: Kind, arguments: Mapping[str, Any]) -> bool:
    """Whether a strategy of this kind can be made with these arguments alone."""
    return not kind.completed_by or any(name in arguments for name in kind.completed_by)


def make_strategy(spec: StrategySpec, arguments: Mapping[str, Any], clock: Clock | None = None) -> Strategy:
    """The strategy, with all its arguments.

    Raises:
        OptionError: an option makes no sense.
    """
    strategy: Strategy = KINDS[spec.kind].load()(**arguments, clock=clock)
    return strategy


def check_options(spec: PolicySpec, document: Document) -> None:
    """Add to the faults of ``document`` what the strategies themselves refuse."""
    for name, options in spec.budgets.items():
        _try(lambda given=options: RetryBudget(**given), document, ("budgets", name))
    for pipeline in spec.pipelines.values():
        for each in pipeline.strategies:
            _check(pipeline, each, document)
    _check_breakers(spec, document)


def _check(pipeline: PipelineSpec, spec: StrategySpec, document: Document) -> None:
    kind = KINDS[spec.kind]
    if any(option.required and option.name not in spec.options for option in kind.options):
        return
    budget = spec.options.get("budget")
    if isinstance(budget, dict) and not _try(lambda: RetryBudget(**budget), document, (*spec.path, "budget")):
        return

    def build() -> Strategy | None:
        arguments = arguments_of(pipeline.name, spec)
        arguments.pop("budget", None)
        return make_strategy(spec, arguments) if is_complete(kind, arguments) else None

    _try(build, document, spec.path)


def _try(build: Any, document: Document, path: tuple[str | int, ...]) -> bool:
    try:
        build()
    except OptionError as error:
        why = error.what.removeprefix(f"{error.option}={error.value!r}: ")
        document.fault((*path, error.option), f"is {error.value!r}", why)
    except TypeError as error:
        document.fault(path, str(error), "leave out what is unknown")
    else:
        return True
    return False


def _check_breakers(spec: PolicySpec, document: Document) -> None:
    """Breakers of one name are one breaker, so they cannot have different options."""
    seen: dict[str, StrategySpec] = {}
    for pipeline in spec.pipelines.values():
        for each in pipeline.strategies:
            if each.kind != "breaker":
                continue
            name = breaker_name(pipeline.name, each)
            first = seen.setdefault(name, each)
            if _without_name(first) != _without_name(each):
                what = f"is the breaker {name!r} with other options than elsewhere"
                document.fault(each.path, what, "give both the same options, or one of them another name")


def _without_name(spec: StrategySpec) -> dict[str, Any]:
    return {name: value for name, value in spec.options.items() if name != "name"}
