"""What the tests of SLOs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exai_sre.metrics import OUTCOME_VALUES, Catalog, Label, NotCharted

UNCHARTED = NotCharted("a test")


@pytest.fixture
def catalog() -> Catalog:
    """A counter ``calls_total``, a histogram ``call_seconds`` and a gauge ``open_calls``."""
    made = Catalog()
    labels = (Label("outcome", values=OUTCOME_VALUES), Label("tool", bound=10))
    made.counter("calls_total", "Calls.", labels=labels, chart=UNCHARTED)
    made.histogram("call_seconds", "Calls.", labels=labels, buckets=(0.1, 0.5, 1.0), chart=UNCHARTED)
    made.gauge("open_calls", "Open calls.", labels=labels, chart=UNCHARTED)
    return made


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file below a temporary folder and return its path."""

    def write_file(text: str, name: str = "slo.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file
