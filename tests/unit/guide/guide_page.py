"""A page of the guide as the tests see it: its headings, its tables, its examples."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from benchmarks.cases.virtual_time import VirtualTime, clocks_of, run_virtually

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r'^```\w+ title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class GuidePage:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def headings(self) -> list[str]:
        without_code = re.sub(r"^```.*?^```$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        return re.findall(r"^## (.+)$", without_code, re.MULTILINE)

    def with_text(self, old: str, new: str) -> GuidePage:
        """The page with another text in place of one that it must have."""
        assert old in self.text
        page = GuidePage(self.path)
        # where the cached property looks first
        page.__dict__["text"] = self.text.replace(old, new)
        return page

    def rows(self, heading: str) -> list[tuple[str, ...]]:
        """The rows of the tables under a heading, without their heads."""
        section = self.text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| `")]
        return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]

    @property
    def examples(self) -> list[tuple[int, str]]:
        """Each Python example with the line on which it begins."""
        found = _BLOCK.finditer(self.text)
        return [(self.text[: match.start()].count("\n") + 2, match.group(1)) for match in found]

    def write_files(self, folder: Path) -> None:
        """Write the files that the page shows under a title."""
        for name, text in _FILE.findall(self.text):
            (folder / name).write_text(text, encoding="utf-8")

    def run(self) -> None:
        """Run the examples in order, in one namespace and one event loop, in virtual time."""
        import_everything()
        time = VirtualTime()
        with clocks_of(("exai_sre",), time):
            run_virtually(time, self._run)

    def run_for_real(self) -> None:
        """Run the examples in order, in one namespace and one event loop, by the real clock."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        namespace: dict[str, Any] = {"__name__": "example"}
        for line, text in self.examples:
            # blank lines before it, so that a traceback names the line of the page
            source = "\n" * (line - 1) + text
            code = compile(source, str(self.path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, namespace)
            if inspect.iscoroutine(result):
                await result


def import_everything() -> None:
    """Import what examples import: a clock that is imported later would stay a real one."""
    for name in ("exai_sre.resilience", "exai_sre.context", "exai_sre.testing", "exai_sre.metrics"):
        package = import_module(name)
        for module in walk_packages(package.__path__, f"{name}."):
            import_module(module.name)


def pages(root: Path) -> Iterator[GuidePage]:
    return (GuidePage(path) for path in sorted((root / "docs/guide/resilience").glob("*.md")))
