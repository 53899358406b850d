"""A real Prometheus with a history of our choosing, and promtool to import it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

START_WITHIN = 20.0


def openmetrics(series: Mapping[str, Iterable[tuple[float, float]]]) -> str:
    """A history as OpenMetrics text: points (seconds, value) by series, such as ``up{job="x"}``."""
    lines = [f"{name} {value!r} {at!r}" for name, points in series.items() for at, value in points]
    return "\n".join([*lines, "# EOF", ""])


def import_history(directory: Path, text: str) -> None:
    """Write the blocks of an OpenMetrics text into a data folder."""
    source = directory.with_suffix(".om")
    source.write_text(text, encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics"]
    subprocess.run([*command, str(source), str(directory)], check=True, capture_output=True)


@contextlib.contextmanager
def prometheus_running(directory: Path, *, config: str = "", web: str = "") -> Iterator[str]:
    """Run Prometheus over the data in ``directory`` and yield its address.

    Args:
        directory: data folder; its blocks may be years old.
        config: the configuration; scrapes nothing by default.
        web: the web configuration (TLS, basic authentication).
    """
    directory.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    files = {"config.file": config or "global: {}\n", "web.config.file": web}
    flags = []
    for flag, text in files.items():
        if text:
            path = directory.with_suffix(f".{flag}.yaml")
            path.write_text(text, encoding="utf-8")
            flags.append(f"--{flag}={path}")
    command = ["prometheus", *flags, f"--storage.tsdb.path={directory}", f"--web.listen-address={address}"]
    log = directory.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--storage.tsdb.retention.time=50y", "--scrape.discovery-reload-interval=1s"],
            stdout=output,
            stderr=output,
        )
    try:
        _until_ready(f"http://{address}/-/ready", log)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def _until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 401:
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"Prometheus did not start: {log.read_text(errors='replace')[-500:]}")
