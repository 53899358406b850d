"""Whether faults may be injected here: off in production unless someone says so in as many words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from exai_sre.errors import ExaiSreError
from exai_sre.settings import Setting, SettingSources, one_of, read_settings

__all__ = ["CHAOS_SETTINGS", "ChaosPermission", "ChaosRefused"]

_PRODUCTION: Final = "production"

CHAOS_SETTINGS: Final = (
    Setting("environment", str.lower, _PRODUCTION, "Name of the environment, such as staging; production if unset."),
    Setting(
        "chaos_in_production", one_of("yes", "no"), "no", "Whether faults may be injected in production: yes or no."
    ),
)
"""The settings that permit chaos; under the prefix ``EXAI_SRE_`` they are ``EXAI_SRE_ENVIRONMENT`` and
``EXAI_SRE_CHAOS_IN_PRODUCTION``."""


class ChaosRefused(ExaiSreError):
    """An injector that was switched on where that is not permitted.

    Attributes:
        injector: kind of the injector.
        environment: name of the environment.
    """

    def __init__(self, injector: str, environment: str) -> None:
        self.injector = injector
        self.environment = environment
        super().__init__(
            f"{injector} must not be switched on in the environment {environment!r}",
            remedy="leave it off, name the environment, or permit chaos in production explicitly",
        )

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.injector, self.environment)


@dataclass(frozen=True, slots=True)
class ChaosPermission:
    """Where the program runs, and whether faults may be injected there.

    Nothing is read on import: whoever puts the program together reads the settings and hands this in.
    Unknown counts as production.

    Attributes:
        environment: name of the environment.
        in_production: whether chaos is permitted even if that is ``production``.
    """

    environment: str = _PRODUCTION
    in_production: bool = False

    @classmethod
    def read(cls, sources: SettingSources) -> Self:
        """Read the permission from settings.

        ``SettingSources(environment=os.environ, prefix="EXAI_SRE_")`` reads it from the environment.

        Raises:
            SettingError: a value cannot be used.
        """
        values = read_settings(CHAOS_SETTINGS, sources)
        return cls(values["environment"], values["chaos_in_production"] == "yes")

    @property
    def granted(self) -> bool:
        """Whether faults may be injected."""
        return self.in_production or self.environment != _PRODUCTION
