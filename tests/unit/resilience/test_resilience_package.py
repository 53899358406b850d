"""The package's front door: names on first use, nothing heavy before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import exai_sre.resilience


def test_every_public_name_can_be_had():
    for name in exai_sre.resilience.__all__:
        assert getattr(exai_sre.resilience, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Hedgehog"):
        _ = exai_sre.resilience.Hedgehog


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import exai_sre.resilience", ["asyncio", "pybreaker", "tenacity", "prometheus_client"]),
        (
            "from exai_sre.resilience import CircuitBreaker",
            ["pybreaker", "redis", "tenacity", "prometheus_client", "structlog"],
        ),
        (
            "from exai_sre.resilience import Pipeline",
            ["pybreaker", "redis", "tenacity", "prometheus_client", "opentelemetry"],
        ),
    ],
)
def test_importing_loads_only_what_is_used(statement, absent):
    code = f"import sys; {statement}; print([name for name in {absent} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
