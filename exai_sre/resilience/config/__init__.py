"""Pipelines as data: policy files in TOML or YAML, their schema, and a linter of their order."""

from exai_sre.resilience.config.dump import dump_policies
from exai_sre.resilience.config.kinds import DEFAULT_ORDER, KINDS
from exai_sre.resilience.config.live_pipeline import LivePipeline
from exai_sre.resilience.config.loading import examine_policies, load_policies, read_policies
from exai_sre.resilience.config.order import Finding, order_findings
from exai_sre.resilience.config.policies import Changes, Policies
from exai_sre.resilience.config.schema import policies_schema
from exai_sre.resilience.config.spec import PipelineSpec, PolicySpec, StrategySpec

__all__ = [
    "DEFAULT_ORDER",
    "KINDS",
    "Changes",
    "Finding",
    "LivePipeline",
    "PipelineSpec",
    "Policies",
    "PolicySpec",
    "StrategySpec",
    "dump_policies",
    "examine_policies",
    "load_policies",
    "order_findings",
    "policies_schema",
    "read_policies",
]
