"""Recall and false positives of redaction, beside peers: ``python -m benchmarks.redaction_quality [VECTORS]``.

The example data is read from the argument, else from ``$EXAI_VECTORS``, else from
``../shared/vectors``. Peers that are not installed are left out: detect-secrets with all its
plugins and without those that judge by entropy, and Sentry's scrubber in its kindest reading.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exai_sre.logs.sanitize import Sanitizer

Row = dict[str, Any]
Detector = Callable[[str], bool]
ORIGINS = ("gitleaks", "detect-secrets", "own")
PAIR = re.compile(r"^\s*[\"']?([\w.-]+)[\"']?\s*[:=]\s*(.+)$", re.DOTALL)


def load(path: Path) -> list[Row]:
    """The rows of the example data."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_found(sanitizer: Sanitizer, row: Row) -> bool:
    """Whether everything that a row marks is gone, or, where it marks nothing, anything changed."""
    redacted = sanitizer.redact_text(row["string"])
    hidden = row.get("value") or ([row["secret"]] if row.get("secret") else [])
    return all(secret not in redacted for secret in hidden) if hidden else redacted != row["string"]


def detect_secrets() -> Iterator[tuple[str, Detector]]:
    """detect-secrets with all plugins, and without those that judge by entropy."""
    try:
        from detect_secrets.core.scan import scan_line
        from detect_secrets.settings import default_settings, get_settings, transient_settings
    except ModuleNotFoundError:
        return
    with default_settings():
        everything = copy.deepcopy(get_settings().json())
    quiet = {**everything, "plugins_used": [p for p in everything["plugins_used"] if "HighEntropy" not in p["name"]]}
    for name, settings in (("detect-secrets", everything), ("detect-secrets, no entropy", quiet)):

        def finds(text: str, settings: dict[str, Any] = settings) -> bool:
            with transient_settings(settings):
                return any(True for line in text.splitlines() for _ in scan_line(line))

        yield name, finds


def sentry() -> Iterator[tuple[str, Detector]]:
    """Sentry's scrubber, which judges names of fields: ``key=value`` is made a field for it."""
    try:
        from sentry_sdk.scrubber import EventScrubber
    except ModuleNotFoundError:
        return
    scrubber = EventScrubber(recursive=True)

    def finds(text: str) -> bool:
        pair = PAIR.match(text)
        event: dict[str, Any] = {pair[1]: pair[2]} if pair else {"message": text}
        before = repr(event)
        scrubber.scrub_dict(event)
        return repr(event) != before

    yield "sentry EventScrubber", finds


def share(rows: list[Row], finds: Callable[[Row], bool]) -> str:
    """Share of rows that are found, or a dash for no rows."""
    return f"{sum(map(finds, rows)) / len(rows):6.3f}" if rows else "     -"


def print_table(rows: list[Row]) -> None:
    """One line per detector: recall by origin, false positives, the same for personal data."""
    true, clean, personal, impersonal = (
        [row for row in rows if row["set"] == name and (row.get("scope") or "any") == "any"]
        for name in ("true_positives", "false_positives", "pii_true_positives", "pii_false_positives")
    )
    secrets, everything = Sanitizer(), Sanitizer(pii=True)
    print(f"{'detector':28}{''.join(f'{origin:>16}' for origin in ORIGINS)}   FPR  PII recall  PII FPR")
    ours = ("exai-sre", lambda row: is_found(secrets, row), lambda row: is_found(everything, row))
    peers = [
        (name, lambda row, f=finds: f(row["string"]), lambda row, f=finds: f(row["string"]))
        for name, finds in (*detect_secrets(), *sentry())
    ]
    for name, finds, finds_personal in (ours, *peers):
        recall = "".join(f"{share([r for r in true if r['origin'] == origin], finds):>16}" for origin in ORIGINS)
        print(
            f"{name:28}{recall}{share(clean, finds)}{share(personal, finds_personal):>12}"
            f"{share(impersonal, finds_personal):>9}"
        )
    print(f"rows: {len(true)} secrets, {len(clean)} clean, {len(personal)} personal, {len(impersonal)} not personal")


if __name__ == "__main__":
    root = Path(__file__).parents[2] / "shared" / "vectors"
    vectors = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("EXAI_VECTORS", root))
    sample = vectors / "secrets_dev_sample.jsonl.gz"
    if not sample.is_file():
        sys.exit(f"no example data at {sample}: name its folder as argument or in EXAI_VECTORS")
    print_table(load(sample))
