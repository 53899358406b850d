"""The shipped tests of one rule file as judges of its mutants: whatever notices first decides."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.mutants.mutations import Mutant
from tests.mutants.slices import Slice, Slicer
from tests.mutants.subjects import Subject

__all__ = ["Experience", "Judge"]

_AT_ONCE = 40
"""Test files that one promtool runs: enough for its start not to matter."""
_PROCESSES = 2


class Experience:
    """How often corresponding checks have noticed a change: those that often do are tried first."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._tried, self._noticed = Counter[tuple[str, int, int]](), Counter[tuple[str, int, int]]()

    def learn(self, place: tuple[str, int, int], *, noticed: bool) -> None:
        """Remember one trial."""
        self._tried[place] += 1
        self._noticed[place] += noticed

    def chance(self, place: tuple[str, int, int]) -> float:
        """How likely the checks of that place notice a change, 0 to 1."""
        return (self._noticed[place] + 0.2) / (self._tried[place] + 1)


class Judge:
    """Runs those parts of the promtool tests of one rule file that can see a change.

    Attributes:
        rules: the rules as generated.
    """

    def __init__(self, subject: Subject, folder: Path, experience: Experience | None = None) -> None:
        """Read the rule file, and of the test files those that are about it alone; work in an empty folder."""
        self.rules: dict[str, Any] = _loaded(subject.rules)
        beside = [f"../{subject.name}.rules.yaml"]
        loaded = {file: _loaded(content) for file, content in subject.tests.items()}
        about = {file: content for file, content in loaded.items() if content["rule_files"] == beside}
        self._slicer = Slicer(self.rules, about)
        self._folder = folder
        self._tried = 0
        self._sound: set[tuple[int, int, tuple[int, ...]]] = set()
        self._experience = experience or Experience()
        folder.mkdir(parents=True, exist_ok=True)

    def survivors(self, mutants: Sequence[Mutant]) -> list[Mutant]:
        """The mutants that no test notices.

        Raises:
            AssertionError: a test fails on the rules as they were generated.
        """
        untried = {number: self._slicer.slices(mutant.number, mutant.rule) for number, mutant in enumerate(mutants)}
        pending = list(untried)
        while any(untried[number] for number in pending):
            turn = {number: self._next(untried[number]) for number in pending if untried[number]}
            found = self._passed([self._slicer.files(each, mutants[number].rule) for number, each in turn.items()])
            passed = dict(zip(turn, found, strict=True))
            self._vouch(each for number, each in turn.items() if not passed[number])
            for number, each in turn.items():
                self._experience.learn(each.place, noticed=not passed[number])
            pending = [number for number in pending if passed.get(number, True)]
        return [mutants[number] for number in pending]

    def _next(self, untried: list[Slice]) -> Slice:
        """Take the slice that promises most for its cost."""
        best = max(untried, key=lambda each: self._experience.chance(each.place) / each.cost)
        untried.remove(best)
        return best

    def _vouch(self, slices: Iterable[Slice]) -> None:
        """See that what has noticed something for the first time passes on the rules as generated."""
        new = {each.key: each for each in slices if each.key not in self._sound}
        tests = [self._slicer.files(each) for each in new.values()]
        for (rules, test), fine in zip(tests, self._passed(tests), strict=True):
            if not fine:
                raise AssertionError(f"fails on the rules as generated: {json.dumps([test, rules])}")
        self._sound |= set(new)

    def _passed(self, tests: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[bool]:
        names = [self._written(*each) for each in tests]
        parts = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
        with ThreadPoolExecutor(_PROCESSES) as pool:
            passed = set[str]().union(*pool.map(self._run, parts))
        return [name in passed for name in names]

    def _written(self, rules: dict[str, Any], test: dict[str, Any]) -> str:
        self._tried += 1
        rules_name, test_name = f"{self._tried}.rules.json", f"{self._tried}.test.json"
        # JSON is YAML, and quicker to write.
        (self._folder / rules_name).write_text(json.dumps(rules))
        (self._folder / test_name).write_text(json.dumps({**test, "rule_files": [rules_name]}))
        return test_name

    def _run(self, names: Sequence[str]) -> set[str]:
        """Names of the test files that pass."""
        done = subprocess.run(
            ["promtool", "test", "rules", *names],
            cwd=self._folder,
            env={**os.environ, "GOMAXPROCS": "1", "GOGC": "400"},
            capture_output=True,
            text=True,
            check=False,
        )
        for name in names:
            (self._folder / name).unlink()
            (self._folder / name.replace(".test.", ".rules.")).unlink()
        passed, name = set(), ""
        # Each file is announced on standard output and, where it passes, confirmed there.
        for line in done.stdout.splitlines():
            if line.startswith("Unit Testing:"):
                name = line.removeprefix("Unit Testing:").strip()
            elif line.strip() == "SUCCESS":
                passed.add(name)
        return passed


def _loaded(text: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return made
