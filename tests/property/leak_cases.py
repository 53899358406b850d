"""The cases of the leak proof: every kind of secret, in every carrier, to every exit; no piece of one may come out.

``EXAI_LEAK_CASES`` says how many cases are generated: 100,000 by default, a million by ``make leak-proof``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice, product
from random import Random
from typing import Any, NamedTuple

from tests.property.leak_carriers import KEYED_TEXTS, KEYED_VALUES, TEXTS, VALUES
from tests.property.leak_exits import OF_TEXTS, OF_VALUES, Exit
from tests.property.leak_secrets import PASSWORDS, TOKENS, fragments, in_base64

CASES = int(os.environ.get("EXAI_LEAK_CASES", "100000"))
EXITS: Mapping[str, Exit] = {**OF_VALUES, **OF_TEXTS}
PER_EXIT = 2 * -(-CASES // len(EXITS) // 2)
BATCHES = {**dict.fromkeys(OF_VALUES, 160), **dict.fromkeys(OF_TEXTS, 24)}
"""Cases that go out together; of texts fewer, for each is looked for in all that came out."""

Build = Callable[[str], Any]


class Case(NamedTuple):
    kind: str
    carrier: str
    secret: str
    value: Any


def combinations(exit_name: str) -> list[tuple[str, Callable[[Random], str], str, Build]]:
    """Every kind of secret in every carrier that the exit takes."""
    values = exit_name in OF_VALUES
    tokens: dict[str, Build] = {**TEXTS, **(VALUES if values else {})}
    passwords: dict[str, Build] = {**KEYED_TEXTS, **(KEYED_VALUES if values else {})}
    pairs = [*product(TOKENS.items(), tokens.items()), *product(PASSWORDS.items(), passwords.items())]
    return [(kind, draw, carrier, build) for (kind, draw), (carrier, build) in pairs]


def cases(exit_name: str, count: int) -> Iterator[Case]:
    """That many cases, the same in every run; each combination comes before any comes again."""
    random = Random(exit_name)
    for kind, draw, carrier, build in islice(cycle(combinations(exit_name)), count):
        secret = draw(random)
        yield Case(kind, carrier, secret, build(secret))


def leaks(case: Case, given: str) -> list[str]:
    """Pieces of the secret that came out, in clear, between zero bytes or in Base64."""
    if case.carrier == "utf-16":
        given = given.replace("\\u0000", "").replace("\\x00", "").replace("\0", "")
    pieces = [*fragments(case.secret), in_base64(case.secret)[8:24]]
    return [piece for piece in pieces if piece in given]


def batches(name: str) -> Iterator[list[Case]]:
    remaining = cases(name, PER_EXIT)
    while batch := list(islice(remaining, BATCHES[name])):
        yield batch


def leaked(name: str) -> tuple[int, list[tuple[str, str, str, Any, str]]]:
    """How many cases went to that exit, and what came out of each that leaked."""
    found, number = [], 0
    for batch in batches(name):
        given = EXITS[name]([case.value for case in batch])
        assert len(given) == len(batch)
        number += len(batch)
        for case, output in zip(batch, given, strict=True):
            found += [(case.kind, case.carrier, piece, case.value, output) for piece in leaks(case, output)]
    return number, found


def prove(name: str) -> None:
    """Fail if a piece of any secret came out there, or if not every combination had its turn."""
    number, found = leaked(name)
    assert found[:3] == [], f"{len(found)} leaks in {sorted({(kind, carrier) for kind, carrier, *_ in found})}"
    assert number == PER_EXIT >= len(combinations(name))


def notices(name: str) -> bool:
    """Whether the proof sees what comes out in clear; to be called where the sanitizer finds nothing."""
    draw = Random(name)
    seen = [Case("github", "text", secret, f"got {secret}") for secret in map(TOKENS["github"], [draw] * 6)]
    given = EXITS[name]([case.value for case in seen])
    return all(leaks(case, output) for case, output in zip(seen, given, strict=True))
