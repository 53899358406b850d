"""Dashboards for the files that ``exai-sre init`` writes, as ``exai-sre generate`` would make them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from exai_sre.errors import MissingExtraError
from exai_sre.generate import generated_files
from exai_sre.generate.onboarding import read_catalog
from exai_sre.slo import load_slos

__all__ = ["dashboards_of"]


def dashboards_of(catalog: str, slos: str) -> tuple[Mapping[str, str], str]:
    """Dashboards by path, and a note where there are none for want of a package.

    Args:
        catalog: text of the catalog file.
        slos: text of the file of definitions.
    """
    known = read_catalog(catalog, "catalog.yaml")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "slo.yaml"
        file.write_text(slos, encoding="utf-8")
        definitions = load_slos(file, catalog=known)
    try:
        return generated_files(definitions, catalog=known, only=("dashboards",)), ""
    except MissingExtraError as error:
        return {}, f"no dashboards are written: {error}"
