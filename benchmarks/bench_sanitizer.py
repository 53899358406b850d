"""Recall, false positives and cost of the sanitizer: ``python benchmarks/bench_sanitizer.py [VECTORS]``.

The example data is read from the argument, else from ``$EXAI_VECTORS``, else from
``../shared/vectors``; without it only the cost is printed. Costs are CPU time, minimum of
five rounds.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exai_sre.logs.sanitize import Sanitizer

CLEAN = {
    "event": "mcp_operation",
    "method": "tools/call",
    "tool": "chat",
    "outcome": "ok",
    "duration_ms": 812.25,
    "waited_ms": 790.5,
    "request_id": 4711,
    "transport": "http",
    "route": "/mcp",
    "user": "u-4711",
    "detail": "the upstream answered within its deadline; 17 chunks were streamed to the client " * 3,
}
DIRTY = {**CLEAN, "detail": "GET https://api.example.com/v1/chat?api_key=" + "aB3dE6gH9j" * 4 + "&page=2 was refused"}
ATTACK = "token=" * (64 * 1024 // 6)


def is_found(sanitizer: Sanitizer, row: dict[str, Any]) -> bool:
    """Whether everything that a row marks is gone, or, where it marks nothing, anything changed."""
    redacted = sanitizer.redact_text(row["string"])
    hidden = row.get("value") or ([row["secret"]] if row.get("secret") else [])
    return all(secret not in redacted for secret in hidden) if hidden else redacted != row["string"]


def quality(path: Path) -> None:
    """Print the share of found rows by set, origin and scope; for personal data by kind."""
    secrets, everything = Sanitizer(), Sanitizer(pii=True)
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            personal = row["set"].startswith("pii")
            detail = row["kind"] if personal else row.get("scope") or ""
            count = counts[row["set"], row["origin"], detail]
            count[0] += is_found(everything if personal else secrets, row)
            count[1] += 1
    for (kind, origin, detail), (found, total) in sorted(counts.items()):
        print(f"{kind:20} {origin:15} {detail:12} {found:4} of {total:4}  {found / total:.3f}")


def microseconds(call: Callable[[], object], times: int) -> float:
    """CPU time of one call in microseconds, minimum of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            call()
        rounds.append((time.process_time() - began) / times * 1e6)
    return min(rounds)


def cost() -> None:
    """Print what one event costs."""
    sanitizer = Sanitizer()
    size = len(json.dumps(CLEAN))
    for name, call, times in (
        (f"clean event, {size} bytes", lambda: sanitizer.redact(CLEAN), 2000),
        ("event with a secret", lambda: sanitizer.redact(DIRTY), 500),
        ("64 KiB of `token=`", lambda: sanitizer.redact_text(ATTACK), 1),
    ):
        print(f"{name:28} {microseconds(call, times):12.1f} us")


if __name__ == "__main__":
    root = Path(__file__).parents[2] / "shared" / "vectors"
    vectors = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EXAI_VECTORS", root))
    sample = vectors / "secrets_dev_sample.jsonl.gz"
    if sample.is_file():
        quality(sample)
    else:
        print(f"no example data at {sample}", file=sys.stderr)
    cost()
