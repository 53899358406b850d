"""The pages about resilience say what the code does, and their examples run."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from exai_sre.names import Metric
from tests.contract.redis_server_rig import RedisServer
from tests.unit.guide.guide_page import GuidePage, pages
from tests.unit.guide.strategies import STRATEGIES, home_of, load

FOLDER = Path(__file__).parents[3]

OUTLINE = ["What it is for", "Options", "Telemetry", "What goes wrong", "Example"]

PAGES = list(pages(FOLDER))
WITH_EXAMPLES = [page for page in PAGES if page.examples and page.path.stem != "shared-state"]


def page_of(name: str) -> GuidePage:
    return GuidePage(FOLDER / f"docs/guide/resilience/{name}.md")


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.path.stem)
def test_every_example_of_a_page_runs(page: GuidePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("EXAI_SRE_ENVIRONMENT", "EXAI_SRE_CHAOS_IN_PRODUCTION"):
        monkeypatch.delenv(name, raising=False)
    page.run()


@pytest.mark.needs_redis
def test_the_examples_of_shared_state_run_on_a_real_redis_by_the_real_clock(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        page_of("shared-state").with_text("redis://localhost:6379", redis.url).run_for_real()
    finally:
        redis.kill()


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_page_of_a_strategy_follows_the_outline(name: str) -> None:
    page = page_of(name)
    assert [heading for heading in page.headings if heading in OUTLINE] == OUTLINE
    assert page.examples


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_options_on_a_page_are_those_of_the_code_with_their_defaults(name: str) -> None:
    check_options(page_of(name).rows("Options"), *home_of(name).options)


def check_options(rows: list[tuple[str, ...]], *classes: Any) -> None:
    told = {row[0]: row[1] for row in rows}
    for field in (field for options in classes for field in fields(options)):
        default = told.pop(f"`{field.name}`", "missing")
        if field.default is MISSING and field.default_factory is MISSING:
            assert default == "required", field.name
        elif isinstance(field.default, (int, float, str, tuple, type(None))) and not callable(field.default):
            assert default == f"`{field.default!r}`", field.name
        else:
            assert default != "missing", field.name
    assert told == {}


@pytest.mark.parametrize(
    ("heading", "options"),
    [("Breakers", "breaker_state.SharedBreakersOptions"), ("Rate limit", "redis_rate_limit.RedisRateLimitOptions")],
)
def test_the_options_of_shared_state_are_those_of_the_code(heading: str, options: str) -> None:
    check_options(page_of("shared-state").rows(heading), load(f"shared.{options}"))


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_decisions_on_a_page_are_those_that_the_strategy_counts(name: str) -> None:
    told = {row[0].strip("`") for row in page_of(name).rows("Telemetry")}
    assert told == {decision.value for decision in home_of(name).strategy.decisions}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)
def test_every_metric_that_a_page_names_is_one_of_ours(page: GuidePage) -> None:
    ours = {value for name, value in vars(Metric).items() if name.isupper()}
    named = set(re.findall(r"\bexai_(?!sre\b)[a-z_]+[a-z]\b(?![.(])", page.text))
    assert named <= ours


def test_a_failing_example_is_noticed_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# A page\n\n```python\nx = 1\n```\n\ntext\n\n```python\nassert x == 2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError) as caught:
        GuidePage(path).run()
    assert caught.traceback[-1].lineno == 9
