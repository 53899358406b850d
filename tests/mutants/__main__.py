"""Mutate the rules of SLOs one change at a time and print how many changes their tests notice.

``python -m tests.mutants [--kinds] [--every N] [RULES ...]``: the rules of slo/, or those of small SLOs of every
kind of indicator; rule files without ``.rules.yaml``, all by default; every Nth mutant only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutants.judge import Experience, Judge
from tests.mutants.mutations import mutants
from tests.mutants.subjects import subjects, subjects_of_kinds

GOAL = 0.95
"""Least share of mutants that must be noticed."""


def main() -> int:
    """Run, print the table, and say by the exit code whether the goal is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rules", nargs="*", help="rule files without .rules.yaml; all by default")
    parser.add_argument("--kinds", action="store_true", help="SLOs of every kind of indicator instead of slo/")
    parser.add_argument("--every", type=int, default=1, help="try every Nth mutant only")
    chosen = parser.parse_args()
    made, left = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    experience = Experience()
    for subject in subjects_of_kinds() if chosen.kinds else subjects():
        if chosen.rules and subject.name not in chosen.rules:
            continue
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            judge = Judge(subject, Path(folder), experience)
            tried = list(mutants(judge.rules))[:: chosen.every]
            survivors = judge.survivors(tried)
        made += Counter((subject.name, mutant.kind) for mutant in tried)
        left += Counter((subject.name, mutant.kind) for mutant in survivors)
        for mutant in survivors:
            print(f"survived: {subject.name}: {mutant.kind}: {mutant.what}", flush=True)
        took = time.monotonic() - begin
        print(f"{subject.name}: {len(survivors)} of {len(tried)} survive, {took:.0f} s", file=sys.stderr, flush=True)
    return _report(made, left)


def _report(made: Counter[tuple[str, str]], left: Counter[tuple[str, str]]) -> int:
    print(f"{'rules':<32} {'kind':<12} {'mutants':>8} {'noticed':>8} {'share':>8}")
    for key, count in sorted(made.items()):
        print(f"{key[0]:<32} {key[1]:<12} {count:>8} {count - left[key]:>8} {1 - left[key] / count:>8.1%}")
    total = made.total()
    share = 1 - left.total() / total if total else 0.0
    print(f"{'all':<32} {'':<12} {total:>8} {total - left.total():>8} {share:>8.1%}")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
