"""The sanitizer: takes secrets, and on request personal data, out of texts and values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.rules import PERSONAL_RULES, SECRET_RULES
from exai_sre.logs.sanitize.text import MARGIN, TextRedactor
from exai_sre.logs.sanitize.walk import Walk
from exai_sre.names import LabelName

if TYPE_CHECKING:
    from exai_sre.metrics.families.telemetry import TelemetryMetrics

__all__ = ["Sanitizer"]

_LIMIT: Final = 64 * 1024
_SMALLEST_LIMIT: Final = 4 * MARGIN


class Sanitizer:
    """Replaces sensitive values by ``[REDACTED:<rule>]``, and nothing else.

    Looks at types first (whatever has ``get_secret_value``, which is never called), then at keys,
    then at the text of values. Applying it again changes nothing. It fails closed: a value on
    which it fails is replaced, never passed on. Safe to use from several threads.
    """

    def __init__(
        self,
        *,
        pii: bool | Collection[str] = False,
        keys: Collection[str] = (),
        rules: Sequence[Rule] = (),
        metrics: TelemetryMetrics | None = None,
        limit: int = _LIMIT,
    ) -> None:
        """Prepare the rules.

        Args:
            pii: whether personal data is taken out too; or which kinds: ``email``, ``card``, ``phone``.
            keys: further keys whose values are secret, in any spelling.
            rules: further rules, tried before the built-in ones.
            metrics: counts redactions and failures.
            limit: characters of one text that are looked at; of a longer text the middle is cut
                away, for nobody has looked at it.

        Raises:
            SettingError: no such kind of personal data, or a limit too small to work with.
        """
        if limit < _SMALLEST_LIMIT:
            raise SettingError("limit", str(limit), "too small", remedy=f"use {_SMALLEST_LIMIT} characters or more")
        self._metrics = metrics
        self._text = TextRedactor(Engine((*rules, *SECRET_RULES, *_personal(pii))), self._count, self._failed, limit)
        self._keys = KeyTable(keys)

    def redact_text(self, text: str) -> str:
        """``text`` without secrets; the same object where there were none. Never raises."""
        return self._text.redact(text)

    def redact(self, event: Any) -> Any:
        """``event``, any nested value, without secrets; the same object where there were none.

        Nothing of the caller's is changed: what holds a secret is copied on the way to it. Never raises.
        """
        return Walk(self._text, self._keys, self._count, self._failed).value(event)

    def _count(self, rule: str) -> None:
        if self._metrics is not None:
            self._metrics.redactions.labels(**{LabelName.RULE: rule}).inc()

    def _failed(self) -> None:
        if self._metrics is not None:
            self._metrics.redaction_errors.labels().inc()


def _personal(pii: bool | Collection[str]) -> tuple[Rule, ...]:
    if isinstance(pii, bool):
        return PERSONAL_RULES if pii else ()
    known = {rule.name: rule for rule in PERSONAL_RULES}
    for name in pii:
        if name not in known:
            raise SettingError("pii", name, "no such kind of personal data", remedy=f"use of {', '.join(known)}")
    return tuple(rule for rule in PERSONAL_RULES if rule.name in pii)
