"""Which public symbols of a dependency the library uses, read from its source."""

from __future__ import annotations

import ast
from pathlib import Path


def symbols_in_use(root: Path, package: str) -> set[str]:
    """Names of ``package`` that modules of the library and the server import or read as its attributes."""
    found: set[str] = set()
    for folder in ("exai_sre", "server"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= _of(ast.parse(text), package) if package in text else set()
    return found


def _of(tree: ast.Module, package: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == package:
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{package}."):
            # a quoted annotation
            found |= _of(ast.parse(node.value), package) if node.value.replace(".", "").isidentifier() else set()
    return found
