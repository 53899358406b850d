"""``exai-sre redact``: secrets out of files and streams, every other byte as it was."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from exai_sre.cli.exits import OK
from exai_sre.cli.redact_io import Writable, replacing
from exai_sre.cli.redact_run import Redaction
from exai_sre.logs.sanitize import Sanitizer

__all__ = ["command"]

_EPILOG = """\b
Examples:
  exai-sre redact app.log > shareable.log       one file, to standard output
  journalctl -fu app | exai-sre redact          a stream, line by line as it comes
  exai-sre redact --in-place logs/*.log *.gz    many files, each replaced as a whole
  exai-sre redact --pii all --key badge app.log personal data and a key of your own too
  exai-sre redact --check --format json dump.sql | jq .

Secrets of several lines are found. What is compressed with gzip is read, and stays compressed in
place. UTF-8, UTF-16 and UTF-32 are told apart. With --check nothing is written and each line of
output is FILE:LINE: RULE, never the value; the exit code is 1 if there was any.
"""
_ALL: Final = "all"


@click.command("redact", epilog=_EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write, whole or not at all."
)
@click.option("--in-place", is_flag=True, help="Replace each file by its redacted form.")
@click.option("--check", is_flag=True, help="Write nothing; list what would be taken out.")
@click.option("--pii", metavar="all|KIND,...", help="Personal data too: all of it, or these kinds.")
@click.option("--key", "keys", multiple=True, metavar="NAME", help="A key whose values are secret; may be repeated.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Of the list of --check, and of the summary on standard error.",
)  # fmt: skip
@click.option("--progress/--no-progress", default=None, help="Default: with files, on a terminal.")
def command(
    paths: Sequence[Path], output: Path | None, pii: str | None, keys: Sequence[str], form: str,
    *, in_place: bool, check: bool, progress: bool | None,
) -> int:  # fmt: skip
    """Take secrets out of log files and streams.

    PATH is a file; without one, or for -, standard input is read. What is not secret stays, byte for byte.
    """
    files = _files(paths, output, in_place=in_place, check=check)
    work = Redaction(Sanitizer(pii=_kinds(pii), keys=keys), check=check)
    shown = any(files) and sys.stderr.isatty() if progress is None else progress
    try:
        with ExitStack() as stack:
            shared = None if in_place or check else stack.enter_context(_target(output))
            for path in files:
                work.file(path, shared, shown=shown)
    except BrokenPipeError:
        # Whoever read the output has enough; the interpreter would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return work.report(form)


def _files(paths: Sequence[Path], output: Path | None, *, in_place: bool, check: bool) -> list[Path | None]:
    files: list[Path | None] = [None if str(path) == "-" else path for path in paths] or [None]
    if sum((output is not None, in_place, check)) > 1:
        raise click.UsageError("--output, --in-place and --check exclude each other")
    if in_place and None in files:
        raise click.UsageError("--in-place needs files")
    for path in files if in_place else [output]:
        if path is not None and path.exists() and not path.is_file():
            raise click.UsageError(f"{path} is a device or a pipe, and would be replaced by a file")
    return files


def _kinds(pii: str | None) -> bool | tuple[str, ...]:
    if pii is None or pii == _ALL:
        return pii == _ALL
    return tuple(kind.strip() for kind in pii.split(",") if kind.strip())


@contextmanager
def _target(output: Path | None) -> Iterator[Writable]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(output, compressed=False) as target:
        yield target
