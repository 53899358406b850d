"""The routes we generate, as the real amtool reads them."""

from __future__ import annotations

import itertools
import subprocess

import pytest

pytestmark = pytest.mark.needs_alertmanager

RECEIVERS = {"page": "page", "ticket": "ticket", "none": "ticket", "": "ticket"}


def amtool(*arguments, cwd):
    return subprocess.run(["amtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_the_committed_configuration_is_accepted(root):
    done = amtool("check-config", "alertmanager.yaml", cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("severity", "slo", "name"),
    list(itertools.product(RECEIVERS, ("", "exai-mcp-availability"), ("Watchdog", "UpstreamMostAttemptsFail"))),
)
def test_every_label_set_reaches_its_receiver(root, severity, slo, name):
    wanted = "dead-mans-switch" if name == "Watchdog" else RECEIVERS[severity]
    labels = [
        f"{key}={value}" for key, value in (("severity", severity), ("sloth_id", slo), ("alertname", name)) if value
    ]
    routes = ("config", "routes", "test", "--config.file=alertmanager.yaml", f"--verify.receivers={wanted}")
    done = amtool(*routes, *labels, cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr
