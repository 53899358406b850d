"""Other places that generated files can go to: Kubernetes with Prometheus's operator, Mimir, Thanos."""

from __future__ import annotations

from exai_sre.generate.targets.aggregation import with_aggregation
from exai_sre.generate.targets.kubernetes import KubernetesOptions, kubernetes_files
from exai_sre.generate.targets.mimir import MimirOptions, mimir_files

__all__ = ["KubernetesOptions", "MimirOptions", "kubernetes_files", "mimir_files", "with_aggregation"]
