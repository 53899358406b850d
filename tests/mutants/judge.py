"""The shipped tests of one SLO as judges of its mutants: the quickest case that notices decides."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import prometheus_rules, rule_file
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo


class Judge:
    """Runs the promtool tests of one SLO, case by case, over changed rules.

    Attributes:
        rules: the rules as generated.
    """

    def __init__(self, slo: Slo, folder: Path, catalog: Catalog | None = None, options: RuleOptions | None = None):
        self._folder = folder
        self._rule_file = rule_file(slo)
        (folder / "tests").mkdir(parents=True)
        self.rules: dict[str, Any] = yaml.safe_load(
            prometheus_rules([slo], catalog=catalog, options=options)[self._rule_file]
        )
        self._cases = self._split(alert_tests([slo], catalog=catalog, options=options))
        self._write(self.rules)
        costs = {name: self._cost(name) for name in self._cases}
        self._cases.sort(key=costs.__getitem__)

    def kills(self, rules: dict[str, Any]) -> bool:
        """Whether a test fails with these rules."""
        self._write(rules)
        return any(not self._passes(name) for name in self._cases)

    def _split(self, files: dict[str, str]) -> list[str]:
        names = []
        for file, text in files.items():
            content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            if content["rule_files"] != [f"../{self._rule_file}"]:
                continue
            for number, case in enumerate(content["tests"]):
                name = f"{number}-{file}"
                (self._folder / "tests" / name).write_text(yaml.safe_dump({**content, "tests": [case]}))
                names.append(name)
        return names

    def _cost(self, name: str) -> float:
        begin = time.perf_counter()
        if not self._passes(name):
            raise AssertionError(f"{name} fails on the rules as generated")
        return time.perf_counter() - begin

    def _write(self, rules: dict[str, Any]) -> None:
        (self._folder / self._rule_file).write_text(yaml.safe_dump(rules))

    def _passes(self, name: str) -> bool:
        done = subprocess.run(
            ["promtool", "test", "rules", name], cwd=self._folder / "tests", capture_output=True, check=False
        )
        return done.returncode == 0
