"""The pins of constraints.txt, in two parts, and repeated for uv in pyproject.toml.

``python -m tests.architecture.pins`` writes both; on its standard input are the requirements of the server.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

BEGIN = "[tool.uv]\n"
FIRST = "# What the server needs, and what builds this package."
SECOND = "# What tests, benchmarks and documentation need besides."


def pins(constraints: str) -> list[str]:
    """Requirements of a compiled requirements file, without their hashes."""
    return [line.rstrip("\\ ").strip() for line in constraints.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def name(pin: str) -> str:
    """Name of the package that a pin, with or without hashes, is about."""
    return re.split(r"[=\[ ;]", pin, maxsplit=1)[0]


def parted(constraints: str, server: list[str]) -> str:
    """The requirements file with the pins of the ``server`` first, so that `make run` need not wait for the others."""
    lines = "".join(line for line in constraints.splitlines(keepends=True) if not line.startswith("#"))
    blocks = re.split(r"^(?=[A-Za-z0-9])", lines, flags=re.MULTILINE)[1:]
    needed = {name(pin) for pin in server}
    first = "".join(block for block in blocks if name(block) in needed)
    second = "".join(block for block in blocks if name(block) not in needed)
    return f"{FIRST}\n{first}{SECOND}\n{second}"


def section(constraints: str) -> str:
    """The [tool.uv] section that repeats the pins."""
    rows = "".join(f'  "{pin}",\n' for pin in sorted(pins(constraints)))
    why = "# Written by `make lock` from constraints.txt, so that `uv run` installs the same versions."
    return f"{BEGIN}{why}\nconstraint-dependencies = [\n{rows}]\n"


def rewritten(pyproject: str, constraints: str) -> str:
    """The project file with its last section, [tool.uv], written anew."""
    return pyproject.partition(BEGIN)[0].rstrip("\n") + "\n\n" + section(constraints)


if __name__ == "__main__":
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    pinned, project = root / "constraints.txt", root / "pyproject.toml"
    pinned.write_text(parted(pinned.read_text("utf-8"), pins(sys.stdin.read())), encoding="utf-8")
    project.write_text(rewritten(project.read_text("utf-8"), pinned.read_text("utf-8")), encoding="utf-8")
