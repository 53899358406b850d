"""Recall and false positives on the shared example data, which is not ours alone."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.rule import MARKER

pytestmark = pytest.mark.needs_vectors

VECTORS = Path(os.environ.get("EXAI_VECTORS", Path(__file__).parents[4] / "shared" / "vectors"))
RECALL = {"own": 1.0, "gitleaks": 0.97, "detect-secrets": 0.97}
SANITIZER = Sanitizer()
EVERYTHING = Sanitizer(pii=True)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    with gzip.open(VECTORS / "secrets_dev_sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def found(sanitizer: Sanitizer, row: dict[str, Any]) -> bool:
    redacted = sanitizer.redact_text(row["string"])
    hidden = row.get("value") or ([row["secret"]] if row.get("secret") else [])
    return all(secret not in redacted for secret in hidden) if hidden else redacted != row["string"]


@pytest.mark.parametrize("origin", sorted(RECALL))
def test_recall_of_secrets_by_origin(rows: list[dict[str, Any]], origin: str) -> None:
    wanted = [row for row in rows if row["set"] == "true_positives" and row["origin"] == origin]
    missed = [row["string"] for row in wanted if not found(SANITIZER, row)]
    assert 1 - len(missed) / len(wanted) >= RECALL[origin], missed


def test_the_right_part_of_our_own_strings_is_taken_out(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["set"] == "true_positives" and row["origin"] == "own":
            redacted = SANITIZER.redact_text(row["string"])
            assert re.sub(MARKER, "#", redacted) == row["string"].replace(row["secret"], "#")


def test_clean_strings_pass_unchanged(rows: list[dict[str, Any]]) -> None:
    clean = [row for row in rows if row["set"] == "false_positives" and row["scope"] == "any"]
    wrong = Counter(row["origin"] for row in clean if SANITIZER.redact_text(row["string"]) != row["string"])
    assert wrong["own"] == 0
    assert sum(wrong.values()) / len(clean) <= 0.005, wrong


def test_personal_data_is_found_and_what_looks_like_it_passes(rows: list[dict[str, Any]]) -> None:
    wanted = [row for row in rows if row["set"] == "pii_true_positives"]
    missed = [row["string"] for row in wanted if not found(EVERYTHING, row)]
    assert 1 - len(missed) / len(wanted) >= 0.97, missed
    clean = [row["string"] for row in rows if row["set"] == "pii_false_positives"]
    wrong = [text for text in clean if EVERYTHING.redact_text(text) != text]
    assert len(wrong) / len(clean) <= 0.01, wrong


@pytest.mark.parametrize("scanner", ["plain", "aho-corasick", "hyperscan"])
def test_all_scanners_give_the_same_results(rows: list[dict[str, Any]], scanner: str) -> None:
    if scanner == "hyperscan":
        pytest.importorskip("hyperscan", reason="hyperscan is built for Linux on x86-64 only")
    sanitizer = Sanitizer(pii=True, scanner=scanner)
    for row in rows:
        expected = EVERYTHING.redact_text(row["string"])
        assert sanitizer.redact_text(row["string"]) == expected
        assert sanitizer.redact({"detail": row["string"]}) == {"detail": expected}


def test_redacting_twice_is_redacting_once(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        once = EVERYTHING.redact_text(row["string"])
        assert EVERYTHING.redact_text(once) == once
