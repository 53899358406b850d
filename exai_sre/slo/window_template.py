"""The place in a query where a window is put: ``{{.window}}``, in Sloth's words and ours."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["WINDOW_TEMPLATE", "has_window"]

WINDOW_TEMPLATE: Final = "{{.window}}"
"""What stands for the range of a window in a query."""

_WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}", re.IGNORECASE)


def has_window(query: str) -> bool:
    """Whether a query has room for a window, blanks and capitals aside."""
    return bool(_WINDOW.search(query))
