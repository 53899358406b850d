"""Rule files with the tests that are shipped with them: what mutants are made of and what judges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exai_sre.generate.alert_tests import alert_tests
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.rules import prometheus_rules, rule_file
from exai_sre.metrics import Catalog
from exai_sre.slo import load_slos
from exai_sre.slo.model import Slo
from server.metrics import build_catalog
from tests.mutants.kinds import kinds_of_slos

__all__ = ["Subject", "subject_of", "subjects", "subjects_of_kinds"]

_SLOS = Path(__file__).parents[2] / "slo"


@dataclass(frozen=True)
class Subject:
    """One rule file.

    Attributes:
        name: its name without the suffix.
        rules: its text.
        tests: texts of test files by name; those about other rule files too are no judges of this one.
    """

    name: str
    rules: str
    tests: Mapping[str, str]


def subjects() -> Iterator[Subject]:
    """The rule files of this service: one for each SLO, and the symptom alerts."""
    catalog = build_catalog()
    slos = load_slos(_SLOS, catalog=catalog)
    for slo in slos:
        yield subject_of(slo, catalog)
    yield _subject(None, slos, catalog)


def subjects_of_kinds() -> Iterator[Subject]:
    """A rule file for each kind of indicator."""
    for slo in kinds_of_slos():
        yield subject_of(slo)


def subject_of(slo: Slo, catalog: Catalog | None = None, options: RuleOptions | None = None) -> Subject:
    """The rule file of one SLO."""
    return _subject(slo, [slo], catalog, options)


def _subject(
    slo: Slo | None, slos: Sequence[Slo], catalog: Catalog | None, options: RuleOptions | None = None
) -> Subject:
    name = rule_file(slo)
    rules = prometheus_rules(slos, catalog=catalog, options=options)[name]
    return Subject(name.removesuffix(".rules.yaml"), rules, alert_tests(slos, catalog=catalog, options=options))
