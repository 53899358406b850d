"""Runs the tests of what wraps pybreaker, tenacity and redis on the lowest versions that the project file allows.

``python -m tests.contract.versions`` makes a virtual environment in a temporary folder, installs
those versions there, finds everything else in the environment that it runs in, and runs the tests.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]

PACKAGES = ("pybreaker", "tenacity", "redis")

TESTS = (
    "tests/contract/versions",
    "tests/contract/test_breakers_over_redis_real_clock.py",
    "tests/unit/resilience/test_pybreaker_listeners.py",
    "tests/unit/resilience/test_storage_mirror.py",
    "tests/unit/resilience/test_retry_strategy.py",
    "tests/unit/resilience/test_retry_of_generators.py",
)


def lowest() -> dict[str, str]:
    """The lowest version of each package that the project file allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    bounds = dict(match.groups() for line in wanted if (match := re.match(r"([A-Za-z-]+)>=([\d.]+)", line)))
    return {package: bounds[package] for package in PACKAGES}


def installer(python: Path) -> list[str]:
    """The command that installs into the environment of ``python``, with what this machine has."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-compile", "-q"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", str(python), "--no-deps", "-q"]
    subprocess.run([python, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    return [str(python), "-m", "pip", "install", "--no-deps", "--no-compile", "-q"]


def make(folder: Path) -> Path:
    """An environment with the lowest versions, over the one that this runs in; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pins = [f"{package}=={version}" for package, version in lowest().items()]
    subprocess.run([*installer(python), *pins], check=True)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    own.joinpath("beneath.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def check(python: Path) -> None:
    """See that the versions under test are the lowest ones."""
    code = f"from importlib.metadata import version; print(*map(version, {PACKAGES}))"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    print("on", ", ".join(f"{package} {version}" for package, version in zip(PACKAGES, found, strict=True)), flush=True)
    for package, version in zip(PACKAGES, found, strict=True):
        if not f"{version}.".startswith(f"{lowest()[package]}."):
            raise SystemExit(f"{package} {version} is not the lowest version, {lowest()[package]}")


def main() -> int:
    """Make the environment, run the tests in it; the exit code of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        python = make(Path(folder))
        check(python)
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
