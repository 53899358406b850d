"""The source tree as the architecture rules see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: where it lies, what it says."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def ast(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def walk(self) -> Iterator[ast.AST]:
        return ast.walk(self.ast)

    def functions(self) -> Iterator[Function]:
        return (node for node in self.walk() if isinstance(node, Function))

    def imports(self, *, top_level: bool = False) -> Iterator[tuple[str, int]]:
        """Dotted names of imported modules with their lines; typing-only imports left out."""
        for node in self._statements(self.ast.body) if top_level else self.walk():
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno

    def _statements(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            yield statement
            if isinstance(statement, ast.If) and "TYPE_CHECKING" not in ast.unparse(statement.test):
                yield from self._statements([*statement.body, *statement.orelse])
            elif isinstance(statement, ast.Try):
                yield from self._statements([*statement.body, *(s for h in statement.handlers for s in h.body)])

    def at(self, line: int, text: str) -> str:
        return f"{self.name}:{line}: {text}"


@lru_cache(maxsize=32)
def modules(root: Path, *packages: str) -> list[Module]:
    """Every module of these packages below ``root``, ordered by name; each is read and parsed once a run."""
    found = [
        Module(path, ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
        for package in packages
        for path in (root / package).rglob("*.py")
    ]
    return sorted(found, key=lambda module: module.name)


def plant(root: Path, **files: str) -> Path:
    """Write a small tree with a planted fault; ``a__b`` names the file ``a/b.py``."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
