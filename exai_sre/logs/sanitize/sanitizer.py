"""The sanitizer: takes secrets, and on request personal data, out of texts and values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.keys import Sensitivity, sensitivity
from exai_sre.logs.sanitize.rule import Rule, marker
from exai_sre.logs.sanitize.rules import PERSONAL_RULES, SECRET_RULES
from exai_sre.logs.sanitize.walk import FAILED, Walk
from exai_sre.metrics.families.telemetry import TelemetryMetrics
from exai_sre.names import LabelName

__all__ = ["Sanitizer"]

_LIMIT: Final = 64 * 1024
_MARGIN: Final = 4096
_PASSES: Final = 8
_CACHED: Final = 4096
_CACHED_LENGTH: Final = 96


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
        """Compile the rules.

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
        if limit < 4 * _MARGIN:
            raise SettingError("limit", str(limit), "too small", remedy=f"use {4 * _MARGIN} characters or more")
        self._engine = Engine((*rules, *SECRET_RULES, *_personal(pii)))
        self._keys = frozenset(_spelling(key) for key in keys)
        self._metrics = metrics
        self._limit = limit
        self._clean: set[str] = set()
        self._levels: dict[str, Sensitivity] = {}

    def redact_text(self, text: str) -> str:
        """``text`` without secrets; the same object where there were none. Never raises."""
        if text in self._clean:
            return text
        try:
            if len(text) <= self._limit and not self._engine.suspicious(text):
                self._remember(text)
                return text
            return self._settled(text)
        except Exception:  # a text that cannot be looked at is not let through
            self._failed()
            return marker(FAILED)

    def redact(self, event: Any) -> Any:
        """``event``, any nested value, without secrets; the same object where there were none.

        Nothing of the caller's is changed: what holds a secret is copied on the way to it. Never raises.
        """
        return Walk(self.redact_text, self._count, self._failed, self._level_of).value(event)

    def _settled(self, text: str) -> str:
        """What further passes do not change: a secret may come to light when its neighbour is gone."""
        for _ in range(_PASSES):
            redacted = self._pass(text)
            if redacted == text:
                return text
            text = redacted
        self._failed()
        return marker(FAILED)

    def _pass(self, text: str) -> str:
        if len(text) <= self._limit:
            return self._engine.apply(text, self._count)
        return self._cut(text)

    def _cut(self, text: str) -> str:
        """Head and tail of a long text, redacted.

        Each is redacted together with a margin that is then thrown away, so that no secret on
        the edge is left in part.
        """
        half = self._limit // 2 - 64
        head = self._engine.apply(text[: half + _MARGIN], self._count)[:-_MARGIN][:half]
        tail = self._engine.apply(text[-half - _MARGIN :], self._count)[_MARGIN:][-half:]
        return f"{head}[CUT:{len(text) - 2 * half}]{tail}"

    def _remember(self, text: str) -> None:
        if len(text) <= _CACHED_LENGTH:
            if len(self._clean) >= _CACHED:
                self._clean.clear()
            self._clean.add(text)

    def _level_of(self, key: str) -> Sensitivity:
        level = self._levels.get(key)
        if level is None:
            level = Sensitivity.STRONG if _spelling(key) in self._keys else sensitivity(key)
            if len(self._levels) >= _CACHED:
                self._levels.clear()
            self._levels[key] = level
        return level

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


def _spelling(key: str) -> str:
    return "".join(character for character in key.lower() if character.isalnum())
