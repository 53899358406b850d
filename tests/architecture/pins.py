"""The pins of constraints.txt, repeated for uv in pyproject.toml: ``python -m tests.architecture.pins`` writes them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

BEGIN = "[tool.uv]\n"


def pins(constraints: str) -> list[str]:
    """Requirements of a compiled requirements file, without their hashes."""
    return [line.rstrip("\\ ").strip() for line in constraints.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def section(constraints: str) -> str:
    """The [tool.uv] section that repeats the pins."""
    rows = "".join(f'  "{pin}",\n' for pin in pins(constraints))
    why = "# Written by `make lock` from constraints.txt, so that `uv run` installs the same versions."
    return f"{BEGIN}{why}\nconstraint-dependencies = [\n{rows}]\n"


def rewritten(pyproject: str, constraints: str) -> str:
    """The project file with its last section, [tool.uv], written anew."""
    return pyproject.partition(BEGIN)[0].rstrip("\n") + "\n\n" + section(constraints)


if __name__ == "__main__":
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    project = root / "pyproject.toml"
    text = rewritten(project.read_text("utf-8"), (root / "constraints.txt").read_text("utf-8"))
    project.write_text(text, encoding="utf-8")
