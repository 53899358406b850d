"""The page about metrics: its examples run, its names exist, its variables are those that the code reads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exai_sre.metrics import otlp
from exai_sre.names import Metric
from tests.unit.guide.guide_page import GuidePage

PAGE = GuidePage(Path(__file__).parents[3] / "docs/guide/metrics.md")

RUN = """
import sys
from pathlib import Path
from tests.unit.guide.guide_page import GuidePage
GuidePage(Path(sys.argv[1])).run_for_real()
"""


def test_every_example_of_the_page_runs(root: Path) -> None:
    # In a process of its own: OpenTelemetry's provider can be set once.
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", RUN, str(PAGE.path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_metrics_that_the_page_names_exist() -> None:
    known = {value for name, value in vars(Metric).items() if name.isupper()}
    named = set(re.findall(r"\bexai_[a-z_]+(?=[{`])", PAGE.text)) - {"exai_sre"}
    assert named
    assert named <= known


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`(OTEL_[A-Z_]+)`", PAGE.text))))
def test_the_variables_on_the_page_are_read(variable: str) -> None:
    ours = Path(otlp.__file__).read_text(encoding="utf-8")
    exporters = ("OTEL_EXPORTER_OTLP_HEADERS",)
    assert variable in ours or variable in exporters
