"""Entry point of ``exai-sre``: runs a command and turns every foreseen error into one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from exai_sre.cli.exits import ENVIRONMENT, OK, USAGE, exit_code_of
from exai_sre.errors import ExaiSreError
from exai_sre.extras import require

__all__ = ["main", "run"]


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: what stands after ``exai-sre``.

    Returns:
        The exit code: 0 fine, 1 findings, 2 usage, 3 environment.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        require("click", package="click", extra="cli")
        return _run(arguments)
    except ExaiSreError as error:
        return _fail(str(error), exit_code_of(error))
    except OSError as error:
        return _fail(f"{error.filename or 'input/output'}: {error.strerror or error}", ENVIRONMENT)


def _run(arguments: Sequence[str]) -> int:
    import click

    from exai_sre.cli.group import commands

    try:
        result = commands.main(list(arguments), prog_name="exai-sre", standalone_mode=False)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        return _fail(f"{' '.join(error.format_message().split()).rstrip('.')}{hint}", USAGE)
    except click.Abort:
        return _fail("stopped", ENVIRONMENT)
    return result if isinstance(result, int) else OK


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"exai-sre: {' '.join(text.split())}\n")
    return code
