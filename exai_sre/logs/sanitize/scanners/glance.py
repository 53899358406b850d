"""A pattern that passes quickly over a text in which no keyword stands: it stops at rare characters only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from exai_sre.logs.sanitize.literals import any_of

__all__ = ["around", "glance"]

# How often a character stands in log lines, identifiers and timestamps included, in parts of a
# thousand. What is not listed is rare.
_OFTEN: Final = dict(zip("etaonirshldu0123456789cbfmwpgyv-.:/,' ", [60] * 9 + [35] * 16 + [20] * 14, strict=False))
_RARE: Final = 4


def glance(literals: Collection[str]) -> str:
    """Source of a pattern that is found in every text in which one of ``literals`` stands.

    Each literal is looked for at one of its characters, and these are chosen so that together
    they are rare. What stands before and behind such a character is then compared with the
    literals; rarely the pattern is found although no literal stands there.
    """
    if not literals:
        return "(?!)"
    by_anchor: dict[str, dict[int, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for literal, at in _anchored(literals):
        by_anchor[literal[at]][at + 1].append((literal[: at + 1], literal[at + 1 :]))
    return "|".join(re.escape(anchor) + _around(places) for anchor, places in sorted(by_anchor.items()))


def around(literals: Collection[str]) -> list[tuple[int, int, dict[str, list[tuple[str, int]]]]]:
    """The literals that can stand where the pattern of :func:`glance` is found.

    Gives how many characters before that place and from there on to look at, and by these
    characters the literals, each with how many of its own stand before the place.
    """
    tables: dict[tuple[int, int], dict[str, list[tuple[str, int]]]] = {}
    for literal, at in _anchored(literals):
        before, behind = min(at, 1), min(len(literal) - at, 2)
        table = tables.setdefault((before, behind), {})
        table.setdefault(literal[at - before : at + behind], []).append((literal, at))
    return [(before, behind, table) for (before, behind), table in tables.items()]


def _anchored(literals: Collection[str]) -> list[tuple[str, int]]:
    """Each literal with the place of the character at which it is looked for."""
    anchors = _anchors(literals)
    return [
        (literal, literal.index(min((character for character in literal if character in anchors), key=_weight)))
        for literal in sorted(literals)
    ]


def _weight(character: str) -> int:
    return _OFTEN.get(character, _RARE)


def _anchors(literals: Collection[str]) -> set[str]:
    """Characters of which every literal has one: the weighted set cover, greedily."""
    missing = set(literals)
    chosen: set[str] = set()
    while missing:
        covers: dict[str, int] = defaultdict(int)
        for literal in missing:
            for character in set(literal):
                covers[character] += 1
        best = max(sorted(covers), key=lambda character: covers[character] / _weight(character))
        chosen.add(best)
        missing = {literal for literal in missing if best not in literal}
    return chosen


def _around(places: dict[int, list[tuple[str, str]]]) -> str:
    """Source for what stands around an anchor, by how many characters of the literal end with it."""
    branches = []
    for place, parts in sorted(places.items()):
        rights: dict[str, list[str]] = defaultdict(list)
        for left, right in parts:
            rights[left].append(right)
        whole = [f"(?<={re.escape(left)}){_ahead(ends)}" for left, ends in sorted(rights.items())]
        if place == 1:
            branches.append(_ahead(rights[parts[0][0]]))
        elif len(whole) == 1:
            branches.append(whole[0])
        else:
            branches.append(f"(?<={any_of(rights)})(?:{'|'.join(whole)})")
    return "" if "" in branches else f"(?:{'|'.join(branches)})"


def _ahead(rights: list[str]) -> str:
    return "" if "" in rights else f"(?={any_of(rights)})"
