"""The package's public face."""

from __future__ import annotations

import subprocess
import sys

import pytest

import exai_sre.slo as package


def test_every_public_name_is_there() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_importing_everything_imports_no_third_party_package() -> None:
    program = (
        "import sys; import exai_sre.slo as s; [getattr(s, name) for name in s.__all__]; "
        "print(sorted({'yaml', 'structlog', 'opentelemetry', 'prometheus_client', 'sqlite3'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
