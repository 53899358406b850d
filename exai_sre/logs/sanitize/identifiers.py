"""Identifiers and times that services make by the dozen: no rule finds anything in them, so that they need no look."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

__all__ = ["Identifiers"]

_ONE: Final = b"x"
_LENGTHS: Final = (16, 32, 40, 64)
_UUID: Final = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_SECONDS: Final = b"xxxx-xx-xxTxx:xx:xx"
_FRACTIONS: Final = (b"", *[b"." + _ONE * digits for digits in range(3, 10)])
_ZONES: Final = (b"", b"Z", b"+xx:xx", b"-xx:xx", b"+xxxx", b"-xxxx")
_FORMS: Final = frozenset({
    _UUID,
    *[_ONE * length for length in _LENGTHS],
    *[_SECONDS + fraction + zone for fraction, zone in product(_FRACTIONS, _ZONES)],
})  # fmt: skip
# Of a text all digits and small letters up to f become x; what is x itself becomes something else.
_FORM: Final = bytes.maketrans(b"0123456789abcdefx", _ONE * 16 + b"?")
_MOST_TOGETHER: Final = 16
_COMBINATIONS: Final = 256


class Identifiers:
    """Tells identifiers and times from other texts.

    An identifier is a trace id, a digest or a UUID in small letters; a time is one by ISO 8601.
    The forms that stood in one event stand in the next one too: they are remembered, and all are
    then compared at once.
    """

    def __init__(self, *, numbers: bool) -> None:
        """Nothing is remembered yet.

        Args:
            numbers: whether what has digits only may count as one. Where cards and the like are
                looked for it may not.
        """
        self._numbers = numbers
        self._together: dict[bytes, int] = {}

    def others(self, texts: Sequence[str]) -> Sequence[str]:
        """Those of ``texts`` that are no identifiers."""
        form = _form("\n".join(texts))
        if self._together.get(form) == len(texts) and (self._numbers or True not in map(str.isdigit, texts)):
            return ()
        forms = form.split(b"\n")
        if len(forms) != len(texts):
            # One of them has several lines.
            forms = [*map(_form, texts)]
        others = [
            text
            for text, own in zip(texts, forms, strict=True)
            if own not in _FORMS or (not self._numbers and text.isdigit())
        ]
        if not others and len(texts) <= _MOST_TOGETHER and len(self._together) < _COMBINATIONS:
            self._together[form] = len(texts)
        return others


def _form(text: str) -> bytes:
    return text.encode("ascii", "replace").translate(_FORM)
