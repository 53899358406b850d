"""What may stand in an open label: texts of bounded length, without secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from exai_sre.metrics.instrument import OVERFLOW
from exai_sre.metrics.redaction import redacted_labels

__all__ = ["LONGEST_VALUE", "LabelGuard"]

LONGEST_VALUE: Final = 128
"""Characters of a label value; a longer one is counted under :data:`~exai_sre.metrics.OVERFLOW`."""


class LabelGuard:
    """Cleans the values of open labels before they become series.

    Attributes:
        redact: removes secrets from a text, or ``None``.
    """

    __slots__ = ("redact",)

    def __init__(self, redact: Callable[[str], str] | None = None) -> None:
        self.redact = redact

    def clean(self, name: str, value: str) -> str:
        """The value of the label ``name``, redacted; one that is too long becomes the overflow value."""
        if len(value) > LONGEST_VALUE:
            return OVERFLOW
        if not value.isascii():
            # Half of a surrogate pair, which JSON and headers can hold, is in no text that a scraper reads.
            value = value.encode("utf-8", "replace").decode("utf-8")
        return value if self.redact is None else redacted_labels({name: value}, self.redact)[name]
