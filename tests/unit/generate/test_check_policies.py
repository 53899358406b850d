"""``exai-sre check`` on policy files."""

from __future__ import annotations

import pytest

from exai_sre.generate.checks.policies import check_policy_file, is_policy_file

WRONG_ORDER = """\
version: 1
pipelines:
  p:
    strategies:
      - {kind: breaker}
      - {kind: retry}
"""


@pytest.fixture
def written(tmp_path):
    def write(name, text):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", WRONG_ORDER, True),
        ("a.toml", "version = 1\n[pipelines.p.retry]\n", True),
        ("a.toml", "[[pipelines.p.strategies]]\n", True),
        ("a.toml", "pipelines.p.retry = {}\n", True),
        ("a.toml", "[project]\nname = 'x'\n", False),
        ("a.yaml", "groups: []\n", False),
        ("a.json", "pipelines: {}\n", False),
        ("a.yaml", b"\xff", False),
    ],
)
def test_a_policy_file_is_known_by_its_pipelines(written, name, text, expected):
    assert is_policy_file(written(name, text)) is expected


def test_a_file_that_is_missing_is_none(tmp_path):
    assert not is_policy_file(tmp_path / "missing.yaml")


def test_a_finding_about_the_order_has_its_line(written):
    (found,) = check_policy_file(written("a.yaml", WRONG_ORDER))
    assert (found.line, found.code, found.severity) == (5, "breaker-outside-retry", "error")
    assert found.message.startswith("pipelines.p: the breaker stands outside the retry")


def test_a_fault_of_the_file_is_a_finding(written):
    file = written("a.yaml", "version: 1\npipelines:\n  p:\n    retry: {atempts: 1}\n")
    (found,) = check_policy_file(file)
    assert found.to_text() == f"{file}:4: policies: pipelines.p.retry.atempts: is unknown; did you mean attempts?"


def test_what_cannot_be_read_is_a_finding_too(written):
    (found,) = check_policy_file(written("a.yaml", "pipelines: [\n"))
    assert (found.line, found.code) == (2, "policies")
    (found,) = check_policy_file(written("a.ini", ""))
    assert found.line == 0
