"""Rule 9: comments say why; no banners, no dead code, no stubs."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

from tests.architecture.tree import modules, plant

BANNED = {
    "left open": re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"),
    "banner": re.compile(r"^#\s*([-=*#~_]\s*){4,}"),
    "numbered phase": re.compile(r"^#\s*(step|phase|section)\s+\d", re.IGNORECASE),
    "commented-out code": re.compile(
        r"^#\s*(import \w|from \w+ import|def \w+\(|class \w+[:(]|return\b.*[()\[\]]|\w+ = \w+\()"
    ),
}
STUB = re.compile(r"raise NotImplementedError|^\s*pass  # ", re.MULTILINE)
MACHINE_PATH = re.compile(r"/root/|/home/\w+/")


def comments(text):
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def bad_comments(root):
    for module in modules(root, "exai_sre", "server", "tests", "benchmarks"):
        if module.name.endswith("test_rule_09_comments"):
            continue
        for line, comment in comments(module.text):
            yield from (module.at(line, what) for what, pattern in BANNED.items() if pattern.search(comment))
        yield from (module.at(module.text[: m.start()].count("\n") + 1, "stub") for m in STUB.finditer(module.text))


def test_no_comment_is_a_banner_or_dead_code_and_nothing_is_a_stub(root):
    assert list(bad_comments(root)) == []


TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".js", ".json", ".css", ".html", ""}


def machine_paths(root, names):
    for path in (Path(root, name) for name in names):
        if path.suffix in TEXT and path.is_file() and path.name != Path(__file__).name:
            text = path.read_text("utf-8", errors="replace")
            yield from (f"{path}: {match.group()}" for match in MACHINE_PATH.finditer(text))


def test_no_file_names_a_path_of_the_machine_it_was_written_on(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    assert list(machine_paths(root, listed)) == []


def test_a_planted_machine_path_is_found(tmp_path):
    (tmp_path / "a.md").write_text("see /home/someone/notes", encoding="utf-8")
    assert len(list(machine_paths(tmp_path, ["a.md"]))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "# TODO: later",
        "# ------ part ------",
        "# ===== x",
        "# Phase 2",
        "# import os",
        "# x = f()",
        "raise NotImplementedError",
    ],
)
def test_a_planted_fault_is_found(tmp_path, text):
    assert list(bad_comments(plant(tmp_path, exai_sre__a=text)))
