"""Metrics: declared once in a catalog, written through bound instruments, read at scrape time."""

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.collector import CatalogCollector
from exai_sre.metrics.exemplar import Exemplar
from exai_sre.metrics.exposition import exposition, exposition_in_steps
from exai_sre.metrics.family import Counter, Gauge, Histogram
from exai_sre.metrics.instrument import OTHER, OUTCOME_VALUES, OVERFLOW, Chart, Instrument, Label, NotCharted
from exai_sre.metrics.reading import Point, Reading
from exai_sre.metrics.redaction import RedactedCollector
from exai_sre.metrics.selection import Matcher, Selection

__all__ = [
    "Catalog",
    "CatalogCollector",
    "Chart",
    "Counter",
    "Exemplar",
    "Gauge",
    "Histogram",
    "Instrument",
    "Label",
    "Matcher",
    "NotCharted",
    "OTHER",
    "OUTCOME_VALUES",
    "OVERFLOW",
    "Point",
    "Reading",
    "RedactedCollector",
    "Selection",
    "exposition",
    "exposition_in_steps",
]
