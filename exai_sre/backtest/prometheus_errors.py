"""How asking Prometheus fails: one error, told apart by its kind."""

from __future__ import annotations

from typing import Literal

from exai_sre.errors import ExaiSreError

__all__ = ["PrometheusError", "PrometheusFailure"]

PrometheusFailure = Literal["unreachable", "unauthorized", "refused", "not_prometheus", "incomplete", "empty", "stale"]
"""``unreachable``: nothing answered in time; ``unauthorized``: 401, 403 or a redirect to a login;
``refused``: Prometheus said what is wrong with the query; ``not_prometheus``: something else answers there;
``incomplete``: the answer came with a warning that parts of it are missing; ``empty``: no series;
``stale``: series, but none of them new enough."""


class PrometheusError(ExaiSreError):
    """Prometheus did not give what was asked for.

    Attributes:
        url: base address as the user gave it, without credentials.
        kind: how it failed.
    """

    def __init__(self, what: str, *, url: str, kind: PrometheusFailure, remedy: str = "") -> None:
        self.url = url
        self.kind = kind
        super().__init__(f"{url}: {what}", remedy=remedy)
