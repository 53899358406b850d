"""Names and labels of recorded series: Sloth's contract, and ours beside it."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.slo.model import Slo

__all__ = ["Series", "SlothLabel", "identity", "identity_labels", "own_labels", "ratio_name"]


_LABEL_NAME = re.compile(r"(?!sloth_|__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


class Series:
    """Names of recorded series."""

    RATIO: Final = "slo:sli_error:ratio_rate"
    """Error ratio; the window follows, as in ``slo:sli_error:ratio_rate5m``."""
    ERRORS: Final = "slo:sli_error:increase5m"
    """Bad events of five minutes (ours)."""
    TOTAL: Final = "slo:sli_total:increase5m"
    """All events of five minutes (ours)."""
    OBJECTIVE: Final = "slo:objective:ratio"
    BUDGET: Final = "slo:error_budget:ratio"
    PERIOD: Final = "slo:time_period:days"
    CURRENT_BURN: Final = "slo:current_burn_rate:ratio"
    PERIOD_BURN: Final = "slo:period_burn_rate:ratio"
    REMAINING: Final = "slo:period_error_budget_remaining:ratio"
    INFO: Final = "sloth_slo_info"


class SlothLabel:
    """Names of the labels on recorded series and burn alerts."""

    ID: Final = "sloth_id"
    SERVICE: Final = "sloth_service"
    SLO: Final = "sloth_slo"
    WINDOW: Final = "sloth_window"
    SEVERITY: Final = "sloth_severity"
    MODE: Final = "sloth_mode"
    OBJECTIVE: Final = "sloth_objective"
    SPEC: Final = "sloth_spec"
    VERSION: Final = "sloth_version"
    TIER: Final = "burnrate_tier"
    """Ours: which burn tier an alert implements."""


def identity_labels(slo: Slo) -> dict[str, str]:
    """The labels that tell an SLO's series from all others."""
    return {SlothLabel.ID: slo.id, SlothLabel.SERVICE: slo.service, SlothLabel.SLO: slo.name}


def own_labels(slo: Slo) -> dict[str, str]:
    """Labels of the definition that can stand on a series, such as ``team``; Sloth's own cannot be overridden."""
    return {name: value for name, value in sorted(slo.labels.items()) if _LABEL_NAME.fullmatch(name)}


def identity(slo: Slo) -> str:
    """The same as a PromQL selector body, braces included."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in identity_labels(slo).items()) + "}"


def ratio_name(window: str) -> str:
    """Name of the recorded error ratio over a window, such as ``5m``."""
    return f"{Series.RATIO}{window}"
