"""What tests of generated files share."""

from __future__ import annotations

import yaml

__all__ = ["parsed"]


def parsed(text):
    """A YAML document, by the quicker loader where there is one."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
