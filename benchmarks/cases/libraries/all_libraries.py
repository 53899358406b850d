"""The libraries in the order of the table's columns."""

from __future__ import annotations

from benchmarks.cases.libraries.of_aiobreaker import AIOBREAKER
from benchmarks.cases.libraries.of_circuitbreaker import CIRCUITBREAKER
from benchmarks.cases.libraries.of_exai_sre import EXAI_SRE
from benchmarks.cases.libraries.of_hyx import HYX
from benchmarks.cases.libraries.of_purgatory import PURGATORY
from benchmarks.cases.libraries.of_pybreaker import PYBREAKER
from benchmarks.cases.libraries.of_tenacity import STAMINA, TENACITY
from benchmarks.cases.subject import Library

__all__ = ["LIBRARIES"]

LIBRARIES: tuple[Library, ...] = (PYBREAKER, AIOBREAKER, PURGATORY, CIRCUITBREAKER, HYX, TENACITY, STAMINA, EXAI_SRE)
