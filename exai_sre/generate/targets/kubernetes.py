"""Objects for Kubernetes with Prometheus's operator and Grafana's sidecar.

``PrometheusRule`` is monitoring.coreos.com/v1, ``AlertmanagerConfig`` v1alpha1: the one version that
every operator serves without a conversion webhook. Dashboards are ConfigMaps with the label that
Grafana's sidecar looks for. Apply them with ``kubectl apply --server-side -k``: a large dashboard
does not fit into the annotation that a client-side apply writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.generate.alertmanager.part import OurPart
from exai_sre.generate.document import yaml_document
from exai_sre.generate.rule_files import load_groups
from exai_sre.generate.targets.alertmanager_object import alertmanager_spec
from exai_sre.generate.targets.kinds import file_kind, stem_of

__all__ = ["LARGEST_CONFIG_MAP", "LARGEST_RULE", "KubernetesOptions", "kubernetes_files", "object_name"]

LARGEST_CONFIG_MAP: Final = 1 << 20
"""Bytes that a ConfigMap's data may have: 1 MiB."""

LARGEST_RULE: Final = 1 << 19
"""Bytes of one PrometheusRule: the operator puts each into a ConfigMap that it fills by half."""

_LONGEST_NAME: Final = 200
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)
_MANAGED: Final = {"app.kubernetes.io/managed-by": "exai-sre"}

Made = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """Choices for the cluster.

    Attributes:
        namespace: where the objects live.
        rule_labels: labels by which the operator selects rules, such as ``release: kube-prometheus-stack``.
        alertmanager_labels: labels by which it selects Alertmanager configurations.
        dashboard_label: label that Grafana's sidecar looks for; its value is ``1``.
        secret: Secret that holds what the receivers' files hold, each under the file's name.
        namespace_label: whether alerts get the label ``namespace`` once there is an AlertmanagerConfig:
            the operator routes by it, unless its ``alertmanagerConfigMatcherStrategy`` is ``None``.
        folder: where the files lie.
    """

    namespace: str = "monitoring"
    rule_labels: Mapping[str, str] = field(default_factory=dict)
    alertmanager_labels: Mapping[str, str] = field(default_factory=dict)
    dashboard_label: str = "grafana_dashboard"
    secret: str = "exai-sre-receivers"  # noqa: S105 - the name of a Secret is none
    namespace_label: bool = True
    folder: str = "kubernetes"


def kubernetes_files(
    files: Mapping[str, str], *, part: OurPart | None = None, options: KubernetesOptions | None = None
) -> dict[str, str]:
    """Objects by path: rules, dashboards, Alertmanager's part, and a kustomization that lists them.

    Args:
        files: plain generated files by path; what is neither rules nor dashboard is left out.
        part: our part of Alertmanager's configuration; none for no AlertmanagerConfig.
        options: the choices; :class:`KubernetesOptions` otherwise.

    Raises:
        SpecError: an object would be too large, or Alertmanager's part holds what the object cannot.
    """
    chosen = options or KubernetesOptions()
    made = {}
    for path, text in sorted(files.items()):
        kind = file_kind(path)
        if kind == "rules":
            label = chosen.namespace if part is not None and chosen.namespace_label else ""
            made[f"rules-{object_name(stem_of(path))}.yaml"] = _rules(path, text, label, chosen)
        elif kind == "dashboard":
            made[f"dashboard-{object_name(stem_of(path))}.yaml"] = _dashboard(path, text, chosen)
    if part is not None:
        made["alertmanager-config.yaml"] = _alertmanager(part, chosen)
    documents = {name: yaml_document(made[name]) for name in sorted(made)}
    documents["kustomization.yaml"] = yaml_document(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(documents)}
    )
    return {f"{chosen.folder}/{name}": text for name, text in sorted(documents.items())}


def object_name(text: str) -> str:
    """A name that Kubernetes takes (DNS-1123): ``text`` itself if it is one, else one that no other text gets."""
    if (
        len(text) <= _LONGEST_NAME
        and _NAME.fullmatch(text)
        and ".." not in text
        and "-." not in text
        and ".-" not in text
    ):
        return text
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower())[: _LONGEST_NAME - 9].strip("-")
    return f"{plain}-{sha256(text.encode()).hexdigest()[:8]}".strip("-")


def _object(version: str, kind: str, name: str, labels: Mapping[str, str], options: KubernetesOptions) -> Made:
    metadata = {"name": name, "namespace": options.namespace, "labels": {**_MANAGED, **labels}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _rules(path: str, text: str, namespace: str, options: KubernetesOptions) -> Made:
    groups = load_groups(text, path)
    if namespace:
        groups = [{**group, "rules": [_in_namespace(rule, namespace) for rule in group["rules"]]} for group in groups]
    _refuse_large(path, text, LARGEST_RULE)
    name = object_name(f"exai-{stem_of(path)}")
    made = _object("monitoring.coreos.com/v1", "PrometheusRule", name, options.rule_labels, options)
    return {**made, "spec": {"groups": groups}}


def _in_namespace(rule: Mapping[str, Any], namespace: str) -> Made:
    if "alert" not in rule:
        return dict(rule)
    return {**rule, "labels": dict(sorted({"namespace": namespace, **rule.get("labels", {})}.items()))}


def _dashboard(path: str, text: str, options: KubernetesOptions) -> Made:
    _refuse_large(path, text, LARGEST_CONFIG_MAP)
    name = object_name(f"exai-dashboard-{stem_of(path)}")
    made = _object("v1", "ConfigMap", name, {options.dashboard_label: "1"}, options)
    return {**made, "data": {f"{object_name(stem_of(path))}.json": text}}


def _alertmanager(part: OurPart, options: KubernetesOptions) -> Made:
    kind, name = "AlertmanagerConfig", "exai-sre"
    made = _object("monitoring.coreos.com/v1alpha1", kind, name, options.alertmanager_labels, options)
    return {**made, "spec": alertmanager_spec(part, options.secret)}


def _refuse_large(path: str, text: str, limit: int) -> None:
    size = len(text.encode())
    if size > limit:
        remedy = "split the SLOs among services, or leave panels out"
        raise SpecError(f"has {size} bytes, more than the {limit} of one object", file=path, remedy=remedy)
