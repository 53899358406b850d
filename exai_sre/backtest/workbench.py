"""A Prometheus of our own for an hour's work: it reads raw series from the user's and computes the past beside it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess  # nosec B404
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from exai_sre.backtest.prometheus_api import Access, PrometheusApi
from exai_sre.errors import ExaiSreError

__all__ = ["WorkbenchError", "needed_programs", "workbench", "write_blocks"]

PROGRAMS: Final = ("prometheus", "promtool")
_START_WITHIN: Final = 30.0
_STOP_WITHIN: Final = 10.0
_PAUSE: Final = 0.05


class WorkbenchError(ExaiSreError):
    """A program that backfilling needs is missing, or failed."""


def needed_programs() -> None:
    """Make sure that Prometheus's own programs are there.

    Raises:
        WorkbenchError: one is not on the PATH.
    """
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise WorkbenchError(
            f"not on the PATH: {', '.join(missing)}", remedy="install Prometheus here; its service need not run"
        )


def write_blocks(text: Path, output: Path) -> int:
    """Write the blocks of an OpenMetrics file into a folder, and return how many there are.

    Raises:
        WorkbenchError: promtool refused the text.
    """
    before = len(_blocks(output))
    # Without this flag promtool reads the whole text once for every two hours.
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics"]
    whole = [*command, str(text), str(output)]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    if done.returncode:
        raise WorkbenchError(f"promtool wrote no blocks: {' '.join(done.stderr.split())[-300:]}")
    return len(_blocks(output)) - before


def _blocks(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/meta.json"))


@contextlib.contextmanager
def workbench(directory: Path, blocks: Path, source: str, access: Access) -> Iterator[PrometheusApi]:
    """Run a Prometheus that has these blocks and reads everything else from the user's.

    Args:
        directory: where it keeps its own files.
        blocks: folder of blocks that it shall know; they are copied.
        source: base address of the user's Prometheus.
        access: credentials for that.

    Raises:
        WorkbenchError: it did not start.
    """
    data = directory / "data"
    for block in _blocks(blocks):
        if not (data / block.name).exists():
            shutil.copytree(block, data / block.name)
    config = directory / "prometheus.yml"
    # The credentials are in it, so nobody else may read it. JSON is YAML.
    with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"remote_read": [_remote(source, access)]}, file)
    address = f"127.0.0.1:{_free_port()}"
    log = directory / "prometheus.log"
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={address}",
        "--storage.tsdb.retention.time=100y",
        "--query.timeout=30m",
        "--log.level=error",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603  # nosec B603
    try:
        _until_ready(f"http://{address}/-/ready", process, log)
        yield PrometheusApi(f"http://{address}", timeout=1800.0)
    finally:
        _stop(process)


def _remote(source: str, access: Access) -> dict[str, Any]:
    remote: dict[str, Any] = {"url": f"{source}/api/v1/read", "read_recent": True, "remote_timeout": "30m"}
    if access.token:
        remote["authorization"] = {"credentials": access.token}
    elif access.user:
        remote["basic_auth"] = {"username": access.user, "password": access.password}
    if access.tenant:
        remote["headers"] = {"X-Scope-OrgID": access.tenant}
    return remote


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310  # nosec B310
            return
        time.sleep(_PAUSE)
    words = log.read_text("utf-8", "replace").split()
    raise WorkbenchError(f"the Prometheus for the computation did not start: {' '.join(words)[-300:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
