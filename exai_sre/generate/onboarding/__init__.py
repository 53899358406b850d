"""Foreign metrics: from a page or a Prometheus to a catalog file and proposed SLOs."""

from exai_sre.generate.onboarding.catalog_source import read_catalog
from exai_sre.generate.onboarding.catalog_text import catalog_text
from exai_sre.generate.onboarding.declare import declared, label_warnings
from exai_sre.generate.onboarding.evidence import counted
from exai_sre.generate.onboarding.page import ACCEPT, read_page
from exai_sre.generate.onboarding.preset import Preset, sighting_of
from exai_sre.generate.onboarding.presets import PRESETS
from exai_sre.generate.onboarding.prometheus import read_prometheus, selector_of_job
from exai_sre.generate.onboarding.proposal import Proposal
from exai_sre.generate.onboarding.propose import Plan, propose
from exai_sre.generate.onboarding.seen import Sighting
from exai_sre.generate.onboarding.slo_text import slo_text

__all__ = [
    "ACCEPT",
    "PRESETS",
    "Plan",
    "Preset",
    "Proposal",
    "Sighting",
    "catalog_text",
    "counted",
    "declared",
    "label_warnings",
    "propose",
    "read_catalog",
    "read_page",
    "read_prometheus",
    "selector_of_job",
    "sighting_of",
    "slo_text",
]
