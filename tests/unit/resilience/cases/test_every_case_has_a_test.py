"""The 31 correctness cases: none is without a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path


def case_numbers():
    """Numbers of the cases that the test functions of this folder name, with how often."""
    names = [
        node.name
        for file in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return [int(found[1]) for name in names if (found := re.match(r"test_c(\d\d)_", name))]


def test_every_case_from_1_to_31_has_a_test():
    assert set(case_numbers()) == set(range(1, 32))
