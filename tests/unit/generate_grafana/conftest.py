"""The server's dashboards, compiled once, and small definitions to compile others from."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from exai_sre.generate.alert import Alert, Guidance
from exai_sre.generate.grafana import grafana_dashboards
from exai_sre.metrics import Catalog
from exai_sre.slo.model import QueryIndicator, Slo, make_slo
from server.metrics import build_catalog


def objective(name: str, target: str = "0.995", service: str = "exai-mcp") -> Slo:
    return make_slo(
        name,
        service,
        Decimal(target),
        QueryIndicator(good=None, bad="bad_total", total="all_total"),
        display_name=f"The {name} objective",
        description=f"What {name} promises.",
    )


def alert(name: str, severity: str = "page") -> Alert:
    return Alert(name, "vector(1)", severity, Guidance("It happened.", ("Look.",)), topic="slo")  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def slos() -> list[Slo]:
    return [objective("availability"), objective("latency", "0.95"), objective("median", "0.5")]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return build_catalog()


@pytest.fixture(scope="session")
def alerts() -> list[Alert]:
    return [alert("BudgetBurn"), alert("SlowBurn", "ticket"), alert("Watchdog", "none")]


@pytest.fixture(scope="session")
def dashboards(slos, catalog, alerts):
    return grafana_dashboards(slos, catalog, alerts=alerts)


@pytest.fixture(scope="session")
def recorded(dashboards) -> set[str]:
    """Recorded series as Sloth names them."""
    names: set[str] = set()
    for dashboard in dashboards.values():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                names |= set(re.findall(r"slo:\w+:\w+", target["expr"]))
    return names
