"""Mutate the rules of SLOs one change at a time and print how many changes their tests notice.

``python -m tests.mutants [--every N] [SLO ...]``: names of SLOs in slo/, all by default; every Nth mutant only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from exai_sre.slo import load_slos
from server.metrics import build_catalog
from tests.mutants.judge import Judge
from tests.mutants.mutations import mutants

GOAL = 0.95
"""Least share of mutants that must be noticed."""


def main() -> int:
    """Run, print the table, and say by the exit code whether the goal is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("slos", nargs="*", help="names of SLOs; all by default")
    parser.add_argument("--every", type=int, default=1, help="try every Nth mutant only")
    chosen = parser.parse_args()
    catalog = build_catalog()
    made, killed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    survivors = []
    for slo in load_slos(Path(__file__).parents[2] / "slo", catalog=catalog):
        if chosen.slos and slo.name not in chosen.slos:
            continue
        with tempfile.TemporaryDirectory() as folder:
            judge = Judge(slo, Path(folder), catalog)
            tried = list(mutants(judge.rules))[:: chosen.every]
            for number, mutant in enumerate(tried, 1):
                print(f"\r{slo.name}: {number} of {len(tried)}", end="", file=sys.stderr, flush=True)
                key = (slo.name, mutant.kind)
                made[key] += 1
                if judge.kills(mutant.rules):
                    killed[key] += 1
                else:
                    survivors.append(f"{slo.name}: {mutant.kind}: {mutant.what}")
        print(file=sys.stderr)
    return _report(made, killed, survivors)


def _report(made: Counter[tuple[str, str]], killed: Counter[tuple[str, str]], survivors: list[str]) -> int:
    print(f"{'SLO':<24} {'kind':<12} {'mutants':>8} {'killed':>8} {'share':>8}")
    for key, count in sorted(made.items()):
        print(f"{key[0]:<24} {key[1]:<12} {count:>8} {killed[key]:>8} {killed[key] / count:>8.1%}")
    total, noticed = made.total(), killed.total()
    share = noticed / total if total else 0.0
    print(f"{'all':<24} {'':<12} {total:>8} {noticed:>8} {share:>8.1%}")
    for survivor in survivors:
        print(f"survived: {survivor}")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
