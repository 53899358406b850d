"""From paths to the subject of the checks: files told apart by their content, faults with their line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.generate.checks.policies import check_policy_file, is_policy_file
from exai_sre.generate.checks.rule_files import read_rules
from exai_sre.generate.checks.subject import DashboardFile, Subject
from exai_sre.generate.finding import Finding
from exai_sre.slo import read_slos

__all__ = ["finding_of", "read_subject", "take_in"]

_SUFFIXES: Final = (".json", ".yaml", ".yml")


def read_subject(paths: Sequence[Path], subject: Subject) -> list[Finding]:
    """Read files and folders into ``subject``; what cannot be read becomes findings.

    Args:
        paths: files, and folders that are searched for YAML and JSON.
        subject: filled with what was read.
    """
    findings, definitions = take_in(paths, subject)
    if definitions:
        reading = read_slos(definitions, catalog=subject.catalog)
        subject.slos.extend(reading.slos)
        findings.extend(finding_of(fault, "slo") for fault in reading.faults)
    return findings


def take_in(paths: Sequence[Path], subject: Subject) -> tuple[list[Finding], list[Path]]:
    """Read rules and dashboards into ``subject``; what cannot be read, and the files that remain: SLO definitions."""
    findings: list[Finding] = []
    definitions: list[Path] = []
    for path in paths:
        files = list(_files(path))
        if not files:
            findings.append(Finding(str(path), 0, "unreadable", "holds no .yaml, .yml or .json file"))
        for file in files:
            if is_policy_file(file):
                findings.extend(check_policy_file(file))
                continue
            try:
                if _is_definition(file, subject):
                    definitions.append(file)
            except SpecError as error:
                findings.append(finding_of(error, "unreadable"))
    return findings, definitions


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        wanted = file.suffix in _SUFFIXES or (file.suffix == ".toml" and is_policy_file(file))
        if wanted and file.is_file() and not hidden:
            yield file


def _is_definition(file: Path, subject: Subject) -> bool:
    """Take in a file of rules or a dashboard; whether it is neither, so an SLO file."""
    text = _text(file)
    if file.suffix == ".json":
        subject.dashboards.append(DashboardFile(str(file), _dashboard(file, text)))
        return False
    nodes = _documents(file, text)
    keys = {key for node in nodes for key in _keys(node)}
    if "groups" in keys:
        for node in nodes:
            subject.rules.extend(read_rules(str(file), node))
        return False
    # Tests of rules and Alertmanager's configuration have checkers of their own: promtool and amtool.
    return not keys & {"rule_files", "route", "receivers", "instruments"}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(f"is not UTF-8 text (byte {error.start})", file=str(file), remedy="save it as UTF-8") from None
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror or error}", file=str(file)) from None


def _dashboard(file: Path, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError(f"is no JSON: {error.msg}", file=str(file), line=error.lineno) from None
    if not isinstance(content, dict) or not isinstance(content.get("panels"), list):
        raise SpecError("is no dashboard: it has no list of panels", file=str(file))
    return content


def _documents(file: Path, text: str) -> list[Any]:
    import yaml

    try:
        return list(yaml.compose_all(text, Loader=_loader()))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SpecError(f"is no YAML: {error.problem}", file=str(file), line=line) from None
    except yaml.YAMLError as error:
        raise SpecError(f"is no YAML: {' '.join(str(error).split())}", file=str(file)) from None


def _loader() -> Any:
    """The fastest safe loader of this installation."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _keys(node: Any) -> set[str]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return set()
    return {key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)}


def finding_of(error: SpecError, code: str) -> Finding:
    """The error as a finding: its place goes into the columns, the rest into the message."""
    where = f"{error.file}:{error.line}: " if error.line else f"{error.file}: "
    return Finding(error.file, error.line, code, " ".join(str(error).removeprefix(where).split()))
