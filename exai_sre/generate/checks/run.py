"""All checks over all files that were named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exai_sre.generate.checks.alerts import (
    check_alert_annotations,
    check_alert_condition,
    check_alert_runbook,
    check_alert_severity,
)
from exai_sre.generate.checks.dashboards import check_charted, check_dashboards
from exai_sre.generate.checks.definitions import check_ceilings, check_dependencies, check_unreachable
from exai_sre.generate.checks.duplicates import check_duplicates
from exai_sre.generate.checks.groupings import check_groupings, check_templates
from exai_sre.generate.checks.names import check_names, check_syntax
from exai_sre.generate.checks.ranges import check_counters, check_ranges
from exai_sre.generate.checks.reading import finding_of, read_subject, take_in
from exai_sre.generate.checks.subject import Check, Subject
from exai_sre.generate.finding import Finding
from exai_sre.metrics import Catalog
from exai_sre.slo import validate_slos

__all__ = ["CHECKS", "check_conformance", "check_paths"]

CHECKS: Final[tuple[Check, ...]] = (
    check_unreachable,
    check_ceilings,
    check_dependencies,
    check_syntax,
    check_names,
    check_groupings,
    check_counters,
    check_ranges,
    check_duplicates,
    check_alert_condition,
    check_alert_severity,
    check_alert_annotations,
    check_alert_runbook,
    check_templates,
    check_dashboards,
    check_charted,
)
"""Every check."""


def check_paths(
    paths: Sequence[Path], *, catalog: Catalog | None, scrape_interval: int = 15, folder: Path | None = None
) -> list[Finding]:
    """What is wrong with these files, ordered by place.

    Args:
        paths: files and folders: SLO definitions, rule files, dashboards, told apart by content.
        catalog: the service's catalog; without it names are not checked.
        scrape_interval: seconds between two scrapes, for the ranges of rates.
        folder: where relative runbook links begin; the working folder by default.

    Raises:
        MissingExtraError: a checker's dependency is not installed.
    """
    subject = Subject(catalog, scrape_interval, folder or Path())
    findings = read_subject(paths, subject)
    for check in CHECKS:
        findings.extend(check(subject))
    return sorted(set(findings))


def check_conformance(paths: Sequence[Path]) -> list[Finding]:
    """Which SLO definitions are not valid in their own format, ordered by place.

    What is valid but not put together here, such as an SLO over another monitoring system or a
    reference into a file that is not among these, has no finding: a plain reader accepts it.

    Args:
        paths: files and folders; what is no SLO definition is passed over, unless it cannot be read.
    """
    findings, definitions = take_in(paths, Subject(None, 0, Path()))
    findings.extend(finding_of(fault, "slo") for fault in validate_slos(definitions))
    return sorted(set(findings))
