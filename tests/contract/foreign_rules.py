"""Rules generated from a written folder, fed with the series of a page by promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from exai_sre.cli.main import run
from exai_sre.generate.document import yaml_text
from exai_sre.generate.onboarding import read_page

MINUTES = 12


def measured(folder: Path, page: str, ratios: Mapping[str, Decimal], service: str = "shop") -> str:
    """What promtool has against these error ratios (0..1); empty where each is what the rules record.

    Every minute brings the traffic of the page once more.
    """
    catalog = str(folder / "catalog.yaml")
    arguments = ["-i", str(folder / "slo"), "-o", str(folder), "--catalog", catalog, "--only", "rules"]
    assert run(["generate", *arguments]) == 0
    checks = [
        {
            "expr": f'max(slo:sli_error:ratio_rate5m{{sloth_id="{service}-{name}"}})',
            "eval_time": f"{MINUTES}m",
            "exp_samples": [{"labels": "{}", "value": float(ratio)}],
        }
        for name, ratio in ratios.items()
    ]
    test = {
        "rule_files": sorted(str(path) for path in (folder / "alerts").glob(f"{service}-*.rules.yaml")),
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": _input(page), "promql_expr_test": checks}],
    }
    (folder / "ratio.test.yaml").write_text(yaml_text(test))
    done = subprocess.run(
        ["promtool", "test", "rules", str(folder / "ratio.test.yaml")], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _input(page: str) -> list[dict[str, str]]:
    return [
        {"series": f"{series.name}{{{_labels(series.labels)}}}", "values": f"0+{series.value}x{MINUTES}"}
        for series in read_page(page, "page").series
        if not series.name.startswith(("python_", "process_", "target_"))
    ]


def _labels(labels: Mapping[str, str]) -> str:
    named = {"job": "shop", "instance": "shop:80", **labels}
    return ",".join(f'{name}="{value}"' for name, value in named.items() if value)
