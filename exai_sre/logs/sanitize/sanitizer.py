"""The sanitizer: takes secrets out of texts and of nested values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.identifiers import Identifiers
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.pseudonyms import Pseudonyms
from exai_sre.logs.sanitize.quick import PlainEvents
from exai_sre.logs.sanitize.rule import Rule, marker
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
    """Replaces sensitive values by ``[REDACTED:<rule>:<length class>+]``, and nothing else.

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
        scanner: str = "auto",
        pseudonym_keys: Sequence[bytes] = (),
    ) -> None:
        """Prepare the rules.

        Args:
            pii: whether personal data is taken out too; or which kinds, by the names of
                ``PERSONAL_RULES``: ``email``, ``card``, ``phone``, ``iban`` and so on.
            keys: further keys whose values are secret, in any spelling.
            rules: further rules, tried before the built-in ones.
            metrics: counts redactions and failures.
            limit: characters of one text that are looked at; of a longer text the middle is cut
                away, for nobody has looked at it.
            scanner: how keywords are found: ``plain`` by the standard library alone,
                ``aho-corasick`` (extra ``fast``), ``hyperscan`` (extras ``hyperscan`` and ``fast``),
                ``auto`` the quickest that is installed. The results are the same.
            pseudonym_keys: a secret of 16 to 64 bytes by which markers get a tag, equal for equal
                values; two while it is being rotated, the new one first.

        Raises:
            SettingError: no such kind of personal data or scanner, a limit too small to work
                with, or a key of the wrong length.
            MissingExtraError: what the scanner needs is not installed.
        """
        if limit < _SMALLEST_LIMIT:
            raise SettingError("limit", str(limit), "too small", remedy=f"use {_SMALLEST_LIMIT} characters or more")
        self._metrics = metrics
        self._pseudonyms = Pseudonyms(pseudonym_keys)
        engine = Engine((*rules, *SECRET_RULES, *_personal(pii)), self.stand_in, scanner)
        self._text = TextRedactor(engine, self._count, self._failed, limit)
        self._keys = KeyTable(keys)
        # Identifiers are known by their form, but a rule of the user's may find something in them.
        self._plain = PlainEvents(self._text, self._keys, None if rules else Identifiers(numbers=not pii))
        self._whole_event = engine.whole_event if self._keys.is_standard else None

    def redact_text(self, text: str) -> str:
        """``text`` without secrets; the same object where there were none. Never raises."""
        return self._text.redact(text)

    def redact(self, event: Any) -> Any:
        """``event``, any nested value, without secrets; the same object where there were none.

        Nothing of the caller's is changed: what holds a secret is copied on the way to it. Never raises.
        """
        if type(event) is dict:
            if self._whole_event is not None and not self._whole_event(event):
                return event
            try:
                redacted = self._plain.redact(event)
            except Exception:  # whatever it was, the walk looks again and closes on failure
                redacted = None
            if redacted is not None:
                return redacted
        return Walk(self._text, self._keys, self._count, self._failed, self._pseudonyms.tags).value(event)

    def __call__(self, _logger: Any, _method: str, event: Any) -> Any:
        """The event without secrets: the sanitizer itself is a structlog processor."""
        return self.redact(event)

    def forget(self) -> None:
        """Forget which texts were seen to be clean; for measurements without that memory."""
        self._text.clean.clear()

    def remembers(self, text: str) -> bool:
        """Whether ``text`` was seen to be clean and is remembered; for measurements too."""
        return text in self._text.clean

    def stand_in(self, rule: str, secret: str) -> str:
        """The marker in place of ``secret``, with a tag if there is a key for pseudonyms."""
        return marker(rule, len(secret), self._pseudonyms.tags(secret))

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
