"""Packaging: what is pinned, what the wheel holds, what the project file promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile

from tests.architecture.pins import FIRST, SECOND, name, parted, pins, rewritten


def test_uv_is_held_to_the_same_versions_as_pip(root):
    project = (root / "pyproject.toml").read_text("utf-8")
    assert rewritten(project, (root / "constraints.txt").read_text("utf-8")) == project


def test_a_planted_drift_of_the_pins_is_found(root):
    project = (root / "pyproject.toml").read_text("utf-8")
    constraints = (root / "constraints.txt").read_text("utf-8")
    assert rewritten(project, constraints.replace("aiohttp==", "aiohttp==9.", 1)) != project


def test_every_pin_has_hashes_and_no_line_names_a_host(root):
    text = (root / "constraints.txt").read_text("utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.removeprefix(FIRST).strip())
    assert len(blocks) == len(pins(text)) > 50
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "--index" not in text


def test_the_pins_of_the_server_come_first_and_none_is_lost(root):
    text = (root / "constraints.txt").read_text("utf-8")
    server = pins(text.partition(SECOND)[0])
    assert {"aiohttp", "mcp", "prometheus-client", "structlog", "hatchling"} <= set(map(name, server))
    assert not {"pytest", "playwright", "mypy"} & set(map(name, server))
    assert parted(text, server) == text
    assert sorted(pins(parted(text, ["aiohttp==1"]))) == sorted(pins(text))
    assert pins(parted(text, ["aiohttp==1"]).partition(SECOND)[0]) == [p for p in pins(text) if name(p) == "aiohttp"]


def test_the_lock_file_of_uv_is_not_tracked(root):
    listed = subprocess.run(["git", "ls-files", "uv.lock"], cwd=root, capture_output=True, text=True, check=True)
    assert listed.stdout == ""


def test_extras_that_the_documents_name_exist(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert {"all", "cli", "check", "otel", "aiohttp", "mcp", "grafana", "server", "fast", "dev"} <= set(extras)
    named = re.findall(r'extra="([a-z]+)"', "".join(p.read_text("utf-8") for p in (root / "exai_sre").rglob("*.py")))
    assert set(named) <= set(extras)


def test_the_wheel_packs_the_library_alone(root, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "exai_sre",
        *(n.split("/")[0] for n in names if ".dist-info" in n),
    }
    assert "exai_sre/py.typed" in names
