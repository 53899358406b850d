"""The page about workers: its example serves, and what it says of files is so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from exai_sre.metrics.multiprocess import Workers
from tests.unit.guide.guide_page import GuidePage
from tests.waiting import eventually

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: exai-sre, spec: {labels: {outcome: error}}}}
        total: {metricSource: {type: exai-sre, spec: {instrument: orders_total}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


@pytest.fixture
def page(root: Path) -> GuidePage:
    return GuidePage(root / "docs" / "guide" / "workers.md")


async def test_the_example_serves_what_it_promises_real_clock(
    page: GuidePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "orders.yaml").write_text(SLO, encoding="utf-8")
    for name, path in (("METRICS_DIR", "cells"), ("SLO_DIR", "slo"), ("SLO_DB", "slo.sqlite3")):
        monkeypatch.setenv(f"SHOP_{name}", str(tmp_path / path))
    names: dict[str, Any] = {}
    for _, example in page.examples:
        exec(example, names)
    app = names["app"]
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop")
    async with client, app.router.lifespan_context(app):
        assert (await client.get("/order")).text == "ordered"
        assert 'orders_total{outcome="ok"} 1.0' in (await client.get("/metrics")).text
        assert await eventually(lambda: _slos(client))
    listed = re.findall(r"`([\w.<>-]+)`", page.text.partition("\n## Files\n")[2].partition("\n\nA worker")[0])
    patterns = [re.sub("<.*?>", "[^-]+", name) for name in listed if name != "flock"]
    made = [path.name for path in (tmp_path / "cells").iterdir()]
    assert [name for name in made if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []
    assert len(made) >= len(patterns) - 1
    shutil.rmtree(tmp_path / "cells")


async def _slos(client: httpx.AsyncClient) -> bool:
    slos = (await client.get("/slo")).json()["slos"]
    return [one["total"] for one in slos] == [1.0]


def test_a_worker_s_file_has_the_size_that_the_page_names(page: GuidePage, tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    (file,) = tmp_path.glob("worker-*.cells")
    assert file.stat().st_size == 64 * 1024
    assert "64 KiB for a small service" in page.text
    workers.close()
