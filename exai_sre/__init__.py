"""exai_sre: an observability-first SRE toolkit for Python services.

Importing this package is cheap and imports nothing outside the standard library;
each subpackage is usable alone (``exai_sre.slo``, ``exai_sre.resilience``,
``exai_sre.logs``, ``exai_sre.metrics`` ...).
"""

from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome
from exai_sre.version import __version__

__all__ = ["ExaiSreError", "Outcome", "__version__"]
