"""Ways to see quickly which keywords stand in a text: with the standard library alone, or with an extra."""

from exai_sre.logs.sanitize.scanners.choice import SCANNERS, scanner_for
from exai_sre.logs.sanitize.scanners.scanner import Scanner
from exai_sre.logs.sanitize.scanners.vocabulary import Vocabulary

__all__ = ["SCANNERS", "Scanner", "Vocabulary", "scanner_for"]
