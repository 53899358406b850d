"""The server's definitions, read once, and small ones to try single points on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.metrics import Catalog, Matcher, NotCharted
from exai_sre.metrics.instrument import OUTCOME_VALUES, Label
from exai_sre.slo import EventsIndicator, load_slos, make_slo
from server.metrics import build_catalog

TOTAL = Matcher("outcome", ("client_error", "cancelled"), negated=True)


@pytest.fixture(scope="session")
def catalog():
    return build_catalog()


@pytest.fixture(scope="session")
def slos(root, catalog):
    return load_slos(root / "slo", catalog=catalog)


@pytest.fixture
def slo_of():
    """Makes an SLO over an indicator."""

    def make(indicator=None, target="0.999", **more):
        chosen = indicator or EventsIndicator("calls_seconds", (TOTAL,), good=(Matcher("outcome", ("ok",)),))
        return make_slo("api", "shop", Decimal(target), chosen, **more)

    return make


@pytest.fixture
def small_catalog():
    made = Catalog()
    silent = NotCharted("a test")
    outcome = Label("outcome", values=OUTCOME_VALUES)
    made.histogram("calls_seconds", "Calls.", buckets=(0.5, 1.0), labels=(outcome,), chart=silent)
    made.counter("jobs_total", "Jobs.", labels=(outcome, Label("queue", bound=5)), chart=silent)
    made.gauge("depth", "Depth.", chart=silent)
    return made
