"""One run of ``exai-sre redact``: files and streams through the redaction, and what was found in them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from exai_sre.cli.exits import FINDINGS, OK
from exai_sre.cli.redact_io import Source, Writable, opened, replacing
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.findings import findings_in, rules_in
from exai_sre.logs.sanitize.json_lines import JsonLines
from exai_sre.logs.sanitize.stream import StreamRedactor

__all__ = ["Redaction"]


class Redaction:
    """Redacts one file after the other and keeps what was found.

    Args:
        sanitizer: what redacts.
        check: write nothing and keep each place.
    """

    def __init__(self, sanitizer: Sanitizer, *, check: bool) -> None:
        self._sanitizer = sanitizer
        self._check = check
        self._rules: Counter[str] = Counter()
        self._findings: list[dict[str, Any]] = []
        self._bytes = self._files = self._thrown_away = 0
        self._name, self._line = "", 1

    def file(self, path: Path | None, shared: Writable | None, *, shown: bool) -> None:
        """Redact one file, or standard input, into ``shared``, or else in place."""
        self._name, self._line = str(path or "-"), 1
        self._files += 1
        first = len(self._findings)
        with ExitStack() as stack:
            source = stack.enter_context(opened(path, sys.stdin.buffer))
            target = shared
            if target is None and not self._check and path is not None:
                target = stack.enter_context(replacing(path, compressed=source.compressed))
            advance = stack.enter_context(_progress(source, shown=shown))
            self._copy(source, target, advance, eager=path is None and not self._check)
        self._findings[first:] = sorted(self._findings[first:], key=lambda finding: finding["line"])

    def _copy(self, source: Source, target: Writable | None, advance: Callable[[int], None], *, eager: bool) -> None:
        stream = StreamRedactor(self._sanitizer.redact_text, eager=eager, seen=self._saw_text)
        lines = JsonLines(self._sanitizer.redact, self._sanitizer.redact_text, seen=self._saw_line)
        read = 0
        for text, position in source.pieces():
            self._write(source, target, stream.feed(lines.feed(text)), flush=eager)
            advance(position - read)
            self._bytes += position - read
            read = position
        self._write(source, target, stream.feed(lines.finish()) + stream.finish(), flush=eager)
        self._thrown_away += stream.thrown_away

    @staticmethod
    def _write(source: Source, target: Writable | None, text: str, *, flush: bool) -> None:
        if target is not None and text:
            target.write(source.encoded(text))
            if flush:
                target.flush()

    def _saw_text(self, text: str, redacted: str) -> None:
        if redacted != text:
            for finding in findings_in(text, redacted, self._line):
                self._note(finding.rule, finding.line)
        self._line += text.count("\n")

    def _saw_line(self, line: str, written: str, number: int) -> None:
        for rule in (rules_in(written) - rules_in(line)).elements():
            self._note(rule, number)

    def _note(self, rule: str, line: int) -> None:
        self._rules[rule] += 1
        if self._check:
            self._findings.append({"file": self._name, "line": line, "rule": rule})

    def report(self, form: str) -> int:
        """Say what was found: with ``--check`` each place, else a summary; the exit code."""
        if self._check:
            self._list(form)
            return FINDINGS if self._rules else OK
        if form == "json":
            click.echo(json.dumps(self._summary()), err=True)
        elif self._rules or self._thrown_away:
            click.echo(self._sentence(), err=True)
        return OK

    def _list(self, form: str) -> None:
        if form == "json":
            click.echo(json.dumps(self._findings, indent=2))
            return
        for each in self._findings:
            click.echo(f"{each['file']}:{each['line']}: {each['rule']}")

    def _summary(self) -> dict[str, Any]:
        return {
            "files": self._files,
            "bytes": self._bytes,
            "redactions": sum(self._rules.values()),
            "rules": dict(sorted(self._rules.items())),
            "thrown_away": self._thrown_away,
        }

    def _sentence(self) -> str:
        rules = ", ".join(f"{rule} {number}" for rule, number in self._rules.most_common())
        text = f"taken out: {sum(self._rules.values())} ({rules})"
        return text + (f"; left out of longer ones: {self._thrown_away} characters" if self._thrown_away else "")


@contextmanager
def _progress(source: Source, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """What takes the number of bytes that were read, and shows them on standard error."""
    if not (shown and source.size):
        yield lambda _bytes: None
        return
    with click.progressbar(length=source.size, label=source.name, file=sys.stderr) as bar:
        yield bar.update
