"""Metrics: declared once in a catalog, written through bound instruments, read at scrape time."""

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.collector import CatalogCollector, exposition
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import OTHER, OUTCOME_VALUES, OVERFLOW, Chart, Instrument, Label, NotCharted
from exai_sre.metrics.selection import Matcher, Selection

__all__ = [
    "OTHER",
    "OUTCOME_VALUES",
    "OVERFLOW",
    "Catalog",
    "CatalogCollector",
    "Chart",
    "Counter",
    "Gauge",
    "Histogram",
    "Instrument",
    "Label",
    "Matcher",
    "NotCharted",
    "Selection",
    "exposition",
]
