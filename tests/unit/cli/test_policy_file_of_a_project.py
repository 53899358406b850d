"""Where a project keeps its resilience policies."""

from __future__ import annotations

import pytest

from exai_sre.cli.policies import load_policy_spec, policy_file
from exai_sre.errors import SettingError, SpecError

POLICIES = "version = 1\n[pipelines.p.retry]\nattempts = 2\n"


def test_a_project_may_have_none(tmp_path):
    assert policy_file(tmp_path) is None
    assert load_policy_spec(tmp_path) is None


@pytest.mark.parametrize("name", ["resilience.toml", "resilience.yaml", "resilience.yml"])
def test_a_file_of_the_usual_name_is_found(tmp_path, name):
    (tmp_path / name).write_text(POLICIES if name.endswith("toml") else "version: 1\npipelines: {p: {retry: {}}}\n")
    assert policy_file(tmp_path) == tmp_path / name
    assert list(load_policy_spec(tmp_path).pipelines) == ["p"]


def test_the_file_that_pyproject_names_comes_first(tmp_path):
    (tmp_path / "resilience.toml").write_text("nonsense")
    (tmp_path / "mine.toml").write_text(POLICIES)
    (tmp_path / "pyproject.toml").write_text('[tool.exai_sre]\npolicies = "mine.toml"\n')
    assert list(load_policy_spec(tmp_path).pipelines) == ["p"]


def test_what_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.exai_sre]\npolicies = 1\n")
    with pytest.raises(SettingError, match="write the path"):
        policy_file(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.exai_sre]\npolicies = "missing.toml"\n')
    with pytest.raises(SpecError, match="cannot be read"):
        load_policy_spec(tmp_path)
