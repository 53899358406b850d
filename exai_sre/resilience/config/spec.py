"""What a policy file says, as objects: pipelines, their strategies and the budgets that these share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exai_sre.resilience.config.document import Path

__all__ = ["PipelineSpec", "PolicySpec", "StrategySpec"]


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """One strategy of a pipeline.

    Attributes:
        kind: kind of the strategy, a name from :data:`~exai_sre.resilience.config.kinds.KINDS`.
        options: its options, as plain data; those that were left out are missing.
        slot: its place in the default order; empty where the file gives an order of its own.
        path: where it stands in its file.
    """

    kind: str
    options: Mapping[str, Any]
    slot: str = ""
    path: Path = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """One pipeline.

    Attributes:
        name: its name.
        strategies: its strategies, outermost first.
        classifiers: names of the classifiers that judge errors next to the call.
        ordered: whether the file gives an order of its own; otherwise it is the default order.
        path: where it stands in its file.
    """

    name: str
    strategies: tuple[StrategySpec, ...]
    classifiers: tuple[str, ...] = ()
    ordered: bool = False
    path: Path = field(default=(), compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The pipeline as a file has it."""
        made: dict[str, Any] = {"classifiers": list(self.classifiers)} if self.classifiers else {}
        if self.ordered:
            made["strategies"] = [{"kind": each.kind, **each.options} for each in self.strategies]
        else:
            made.update((each.slot, dict(each.options)) for each in self.strategies)
        return made


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """One policy file.

    Attributes:
        pipelines: pipelines by name, in the order of the file.
        budgets: options of the named budgets.
    """

    pipelines: Mapping[str, PipelineSpec]
    budgets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The policies as a file has them."""
        made: dict[str, Any] = {"version": 1}
        if self.budgets:
            made["budgets"] = {name: dict(options) for name, options in self.budgets.items()}
        made["pipelines"] = {name: pipeline.to_dict() for name, pipeline in self.pipelines.items()}
        return made
