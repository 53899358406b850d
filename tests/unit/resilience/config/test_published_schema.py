"""The schema that editors read is the one that the code holds."""

from __future__ import annotations

import json
from pathlib import Path

from exai_sre.resilience.config import policies_schema


def test_the_published_schema_of_policies_is_the_codes_own(root: Path) -> None:
    published = (root / "docs" / "schema" / "policies-v1.json").read_text(encoding="utf-8")
    assert published == json.dumps(policies_schema(), indent=2) + "\n", "run make generate"
