"""Rule files for Mimir (``mimirtool rules load``) and Thanos Rule.

How a pair of Prometheus replicas does not double counts: where the store itself removes duplicates
(Mimir's HA tracker, Thanos Query with ``--query.replica-label``) there is nothing to do. Where it
does not, name the labels that tell replicas apart: each series' increase is then taken on its own,
and of duplicates the largest counts, once. Rulers that are themselves a pair record every series
twice; Thanos removes that on reading, and ``--alert.label-drop`` does so for Alertmanager.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from exai_sre.generate.document import yaml_document
from exai_sre.generate.promql_edit import narrow, once_per_replica
from exai_sre.generate.rule_files import load_groups
from exai_sre.generate.targets.kinds import file_kind, stem_of

__all__ = ["MimirOptions", "mimir_files"]


@dataclass(frozen=True, slots=True)
class MimirOptions:
    """Choices for a store of several Prometheus.

    Attributes:
        flavour: ``mimir`` writes a namespace into each file; ``thanos`` a strategy into each group.
        namespace: how the namespaces begin; the file's name follows.
        split: whether recordings and alerts are files of their own, for rulers or tenants of their own.
        external_labels: what the store knows these series by, such as ``cluster``: every selector asks
            for it, and every rule's result carries it.
        replica_labels: labels that tell duplicates apart; empty where the store removes them.
        source_tenants: tenants that Mimir reads from; empty for the rules' own.
        partial_response: what Thanos does when a store does not answer: ``abort`` records nothing
            rather than too little.
        folder: where the files lie.
    """

    flavour: Literal["mimir", "thanos"] = "mimir"
    namespace: str = "exai-sre"
    split: bool = False
    external_labels: Mapping[str, str] = field(default_factory=dict)
    replica_labels: tuple[str, ...] = ()
    source_tenants: tuple[str, ...] = ()
    partial_response: Literal["abort", "warn"] = "abort"
    folder: str = "mimir"


def mimir_files(files: Mapping[str, str], options: MimirOptions | None = None) -> dict[str, str]:
    """Rule files for the store, by path.

    Args:
        files: plain generated files by path; those that hold no rules are left out.
        options: the choices; :class:`MimirOptions` otherwise.

    Raises:
        SpecError: a rule file holds no rules.
    """
    chosen = options or MimirOptions()
    groups = {path: load_groups(text, path) for path, text in sorted(files.items()) if file_kind(path) == "rules"}
    recorded = {
        str(rule["record"]) for each in groups.values() for group in each for rule in group["rules"] if "record" in rule
    }
    made = {}
    for path, each in groups.items():
        changed = [_group(group, chosen, recorded) for group in each]
        for name, part in _parts(stem_of(path), changed, split=chosen.split):
            head = {"namespace": f"{chosen.namespace}-{name}"} if chosen.flavour == "mimir" else {}
            made[f"{chosen.folder}/{name}.yaml"] = yaml_document({**head, "groups": part})
    return dict(sorted(made.items()))


def _parts(name: str, groups: list[dict[str, Any]], *, split: bool) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if not split:
        yield name, groups
        return
    for kind, key in (("recordings", "record"), ("alerts", "alert")):
        part = [{**group, "rules": [rule for rule in group["rules"] if key in rule]} for group in groups]
        kept = [group for group in part if group["rules"]]
        if kept:
            yield f"{name}-{kind}", kept


def _group(group: Mapping[str, Any], options: MimirOptions, recorded: Collection[str]) -> dict[str, Any]:
    made = dict(group)
    rules = made.pop("rules")
    if options.flavour == "thanos":
        made["partial_response_strategy"] = options.partial_response
    elif options.source_tenants:
        made["source_tenants"] = list(options.source_tenants)
    return {**made, "rules": [_rule(rule, options, recorded) for rule in rules]}


def _rule(rule: Mapping[str, Any], options: MimirOptions, recorded: Collection[str]) -> dict[str, Any]:
    expr = once_per_replica(rule["expr"], options.replica_labels, recorded)
    made = {**rule, "expr": narrow(expr, options.external_labels)}
    if options.external_labels:
        made["labels"] = dict(sorted({**options.external_labels, **rule.get("labels", {})}.items()))
    return made
