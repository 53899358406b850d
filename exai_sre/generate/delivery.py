"""Where generated files go: plain, under a shadow's names, as Kubernetes objects, or for Mimir."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from exai_sre.generate.alertmanager import OurPart, merge_alertmanager, our_part
from exai_sre.generate.files import Wanted
from exai_sre.generate.provenance import stamp
from exai_sre.generate.shadow import shadow_part, shadow_rules
from exai_sre.generate.targets import KubernetesOptions, MimirOptions, kubernetes_files, mimir_files
from exai_sre.generate.targets.kinds import file_kind
from exai_sre.version import __version__

__all__ = ["Delivery", "Target", "delivered", "merged"]

Target = Literal["prometheus", "kubernetes", "mimir", "thanos"]
"""What reads the files."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where files go.

    Attributes:
        target: what reads them.
        shadow: name of a shadow, under which the rules run beside others; empty for none.
        kubernetes: choices for the cluster.
        mimir: choices for a store of several Prometheus.
    """

    target: Target = "prometheus"
    shadow: str = ""
    kubernetes: KubernetesOptions = field(default_factory=KubernetesOptions)
    mimir: MimirOptions = field(default_factory=MimirOptions)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Folders with patterns of the names there that are this target's; none for plain files."""
        if self.target == "kubernetes":
            return [(self.kubernetes.folder, "*.yaml")]
        return [] if self.target == "prometheus" else [(self.store.folder, "*.yaml")]

    @property
    def store(self) -> MimirOptions:
        """The choices for a store of several Prometheus, of the flavour that the target names."""
        return replace(self.mimir, flavour="thanos", folder="thanos") if self.target == "thanos" else self.mimir


def delivered(files: Mapping[str, str], wanted: Wanted, delivery: Delivery, *, routes: bool = True) -> dict[str, str]:
    """The files as the target wants them, ordered by path.

    A shadow consists of rules alone: it tells nobody, and others' dashboards stay.

    Args:
        files: the plain generated files.
        wanted: what they were made from.
        delivery: where they go.
        routes: whether Alertmanager's part is wanted.

    Raises:
        SettingError: the shadow's name cannot begin a metric name.
        SpecError: a file is too large for its object, or holds what the target cannot.
    """
    made = dict(files)
    if delivery.shadow:
        made = shadow_rules({path: text for path, text in files.items() if file_kind(path) == "rules"}, delivery.shadow)
    if delivery.target == "kubernetes":
        part = _part(wanted, delivery) if routes else None
        made = kubernetes_files(made, part=part, options=delivery.kubernetes)
    elif delivery.target != "prometheus":
        made = mimir_files(made, delivery.store)
    return {path: stamp(text, __version__) for path, text in sorted(made.items())}


def merged(existing: str, wanted: Wanted, delivery: Delivery, *, file: str = "") -> str:
    """An Alertmanager configuration of somebody else with our part in it; the rest stays as it is.

    Args:
        existing: its text.
        wanted: what our part is made from.
        delivery: whether a shadow runs.
        file: its path, for errors.

    Raises:
        SpecError: it is no configuration that our part can be put into.
    """
    return merge_alertmanager(existing, _part(wanted, delivery), file=file)


def _part(wanted: Wanted, delivery: Delivery) -> OurPart:
    if delivery.shadow:
        return shadow_part(delivery.shadow)
    return our_part(wanted.slos, options=wanted.options, notifications=wanted.notifications, catalog=wanted.catalog)
