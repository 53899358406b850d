"""The set of generated files: what it should be, and how a folder differs from it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.alertmanager import alertmanager_config
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import alerts_of, prometheus_rules
from exai_sre.generate.runbooks import runbooks
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo

__all__ = ["PARTS", "Drift", "find_drift", "generated_files", "write_files"]


@dataclass(frozen=True, slots=True)
class Drift:
    """A file that is not as it would be generated.

    Attributes:
        path: path below the folder, with ``/``.
        kind: ``missing``, ``different``, or ``stale`` for a generated file that no definition yields any more.
        present: its text now; empty where it is missing.
        wanted: its text as generated; empty where it is stale.
    """

    path: str
    kind: Literal["missing", "different", "stale"]
    present: str
    wanted: str

    def diff(self) -> str:
        """The change that ``generate`` would make, as a unified diff."""
        lines = difflib.unified_diff(
            self.present.splitlines(keepends=True),
            self.wanted.splitlines(keepends=True),
            f"a/{self.path}" if self.present else "/dev/null",
            f"b/{self.path}" if self.wanted else "/dev/null",
        )
        return "".join(lines)


Maker = Callable[[Sequence[Slo], Catalog | None, RuleOptions], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One kind of file: its folder, the names that belong to it, and what makes it."""

    folder: str
    pattern: str
    make: Maker


def _rules(slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions) -> Mapping[str, str]:
    return prometheus_rules(slos, catalog=catalog, options=options)


def _alertmanager(slos: Sequence[Slo], _catalog: Catalog | None, options: RuleOptions) -> Mapping[str, str]:
    return {"alertmanager.yaml": alertmanager_config(slos, options=options)}


def _tests(slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions) -> Mapping[str, str]:
    return alert_tests(slos, catalog=catalog, options=options)


def _dashboards(slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions) -> Mapping[str, str]:
    from exai_sre.generate.grafana import grafana_dashboards, render

    alerts = alerts_of(slos, catalog=catalog, options=options)
    made = grafana_dashboards(slos, catalog or Catalog(), alerts=alerts)
    return {name: render(dashboard) for name, dashboard in made.items()}


def _runbooks(slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions) -> Mapping[str, str]:
    return runbooks(slos, catalog=catalog, options=options)


_PARTS: Final = {
    "alertmanager": _Part("alerts", "alertmanager.yaml", _alertmanager),
    "dashboards": _Part("dashboards", "*.json", _dashboards),
    "rules": _Part("alerts", "*.rules.yaml", _rules),
    "runbooks": _Part("docs/runbooks", "*.md", _runbooks),
    "tests": _Part("alerts/tests", "*.test.yaml", _tests),
}

PARTS: Final = tuple(_PARTS)
"""Names of the kinds of file that are generated."""


def generated_files(
    slos: Sequence[Slo],
    *,
    catalog: Catalog | None = None,
    options: RuleOptions | None = None,
    only: Collection[str] = PARTS,
) -> dict[str, str]:
    """Texts by path below the output folder, ordered by path.

    Args:
        slos: the objectives.
        catalog: the service's catalog; without it no instrument is charted or alerted on.
        options: scrape interval, windows, addresses and links.
        only: names from :data:`PARTS`.

    Raises:
        SpecError: a plain query leaves no room for a window.
        MissingExtraError: dashboards are wanted and grafanalib is not installed.
    """
    chosen = options or RuleOptions()
    made = {}
    for name in sorted(only):
        part = _PARTS[name]
        for file, text in part.make(slos, catalog, chosen).items():
            made[f"{part.folder}/{file}"] = text
    return dict(sorted(made.items()))


def find_drift(root: Path, files: Mapping[str, str], only: Collection[str] = PARTS) -> list[Drift]:
    """How the folder ``root`` differs from the generated ``files``, ordered by path.

    Args:
        root: the output folder.
        files: what :func:`generated_files` gave for the same ``only``.
        only: the kinds of file that are looked at.
    """
    found = []
    for path, wanted in files.items():
        present = _read(root / path)
        if present != wanted:
            found.append(Drift(path, "missing" if present is None else "different", present or "", wanted))
    for path in sorted(_generated_before(root, only) - set(files)):
        found.append(Drift(path, "stale", _read(root / path) or "", ""))
    return sorted(found, key=lambda drift: drift.path)


def write_files(root: Path, drifts: Sequence[Drift]) -> None:
    """Make the folder ``root`` as generated: write what differs, remove what is stale.

    Raises:
        OSError: a file cannot be written.
    """
    for drift in drifts:
        target = root / drift.path
        if drift.kind == "stale":
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(drift.wanted, encoding="utf-8", newline="\n")


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _generated_before(root: Path, only: Collection[str]) -> set[str]:
    """Files that an earlier run wrote: they say so themselves, so that a stranger's file is left alone."""
    return {
        path.relative_to(root).as_posix()
        for name in only
        for path in (root / _PARTS[name].folder).glob(_PARTS[name].pattern)
        if _says_generated(path)
    }


def _says_generated(path: Path) -> bool:
    return path.is_file() and _MARK in (_read(path) or "")


_MARK = "Generated by exai-sre "
