"""Our part put into a configuration that somebody else keeps: their text stays as it is, byte for byte.

Ours stands between comments. Where another program has dropped the comments, ours is known by the
prefix of its names, and inhibition rules, which have none, by being equal to ours. The result is
read again before it is given out: were anything of theirs changed, it would be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.generate.alertmanager.marks import marked, without_marked
from exai_sre.generate.alertmanager.outline import LISTS, Outline, Place, outline_of, plain
from exai_sre.generate.alertmanager.part import PREFIX, OurPart
from exai_sre.generate.document import yaml_document
from exai_sre.slo.documents import compose_documents

__all__ = ["merge_alertmanager"]

_NAMED_BY: Final = {"routes": "receiver", "receivers": "name", "time_intervals": "name"}
_ODD_END: Final = re.compile(r"\r(?!\n)|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_TEXT: Final = "tag:yaml.org,2002:str "


def merge_alertmanager(existing: str, ours: OurPart, *, file: str = "") -> str:
    """The text ``existing`` with our entries in it, those of an earlier merge replaced.

    Merging twice gives the same as merging once. Our routes come first where none of ours stand
    yet; a block that was moved stays where it is. Keys of lists that are missing are added.

    Args:
        existing: text of an Alertmanager configuration.
        ours: what belongs into it.
        file: its name, for errors.

    Raises:
        SpecError: the text is no such configuration, or is written in a way that cannot be added to
            without rewriting what is not ours.
    """
    lines = _lines(existing, file)
    theirs, places = without_marked(lines, file)
    before = _without_named(outline_of(theirs, file), ours, places)
    sections = {section: entries for section, entries in _entries(ours) if entries}
    newline = "\r\n" if "\r\n" in existing else "\n"
    made = list(before.lines)
    # From the last line on, so that what is put in moves nothing that is still to come.
    additions = sorted(_additions(before, sections, places), key=lambda each: each[:2])
    for at, _, added in additions[::-1]:
        made[at:at] = [f"{line}{newline}" for line in added]
    _check(outline_of(lines, file), before, outline_of(made, file), sections)
    return "".join(made)


def _lines(text: str, file: str) -> list[str]:
    """The lines with their ends; the last gets one.

    Raises:
        SpecError: lines end in a way that YAML knows and editors do not, or an end would be part of a value.
    """
    if odd := _ODD_END.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise SpecError("a line ends in an unusual way", file=file, line=line, remedy="end lines by line feeds")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        ended = [*lines[:-1], f"{lines[-1]}\n"]
        if plain(outline_of(lines, file).root) != plain(outline_of(ended, file).root):
            raise SpecError("its last value would change", file=file, remedy="end the file with a line feed first")
        return ended
    return lines


def _entries(ours: OurPart) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "routes", ours.routes
    yield "inhibit_rules", ours.inhibit_rules
    yield "receivers", ours.receivers
    yield "time_intervals", ours.time_intervals


def _additions(
    before: Outline, sections: Mapping[str, list[dict[str, Any]]], places: Mapping[str, int]
) -> Iterator[tuple[int, bool, list[str]]]:
    """Lines by the line before which they go; of two at the same line, that of a list that is there goes first."""
    for section, entries in sections.items():
        place = before.place(section)
        _, *lines = yaml_document(entries).splitlines()
        key = [place.key] if place.key else []
        yield _position(place, places.get(section)), bool(key), [*key, *marked(section, lines, place.indent)]


def _position(place: Place, earlier: int | None) -> int:
    """Where a block goes: where it stood if that is still inside its list, else first."""
    return earlier if earlier is not None and place.line <= earlier <= place.end else place.line


def _without_named(outline: Outline, ours: OurPart, places: dict[str, int]) -> Outline:
    """The configuration without entries of ours that stand outside of the comments."""
    rules = [plain(node) for node in _composed(ours.inhibit_rules)]
    dropped: set[int] = set()
    for section in LISTS:
        for entry, lines in outline.entries(section):
            named = str(entry.get(f"{_TEXT}{_NAMED_BY.get(section, '')}", "")) if isinstance(entry, dict) else ""
            if named.startswith(f"{_TEXT}{PREFIX}") or (section == "inhibit_rules" and entry in rules):
                dropped.update(lines)
    for section, at in places.items():
        places[section] = at - sum(line < at for line in dropped)
    kept = [line for number, line in enumerate(outline.lines) if number not in dropped]
    return outline_of(kept, outline.file) if dropped else outline


def _composed(entries: Sequence[dict[str, Any]]) -> list[Any]:
    nodes = compose_documents(yaml_document(list(entries))) if entries else ()
    return [item for node in nodes for item in node.value]


def _check(original: Outline, before: Outline, after: Outline, sections: Mapping[str, list[dict[str, Any]]]) -> None:
    """Make sure that nothing but our entries was added, and nothing but ours taken out.

    Raises:
        SpecError: something else differs.
    """
    first, old, new = plain(original.root), plain(before.root), plain(after.root)
    sound = True
    for section in LISTS:
        given, kept, now = _taken(first, section), _taken(old, section), _taken(new, section)
        added = [plain(node) for node in _composed(sections.get(section, []))]
        in_one_piece = any([*kept[:at], *added, *kept[at:]] == now for at in range(len(kept) + 1))
        sound = sound and in_one_piece and _in_order(kept, given)
    if not sound or not first == old == new:
        remedy = "see that BEGIN exai-sre and END exai-sre stand in comments alone, or merge by hand"
        raise SpecError("cannot be added to without a change of what is not ours", file=before.file, remedy=remedy)


def _taken(root: Any, section: str) -> list[Any]:
    """The entries of a list, which is taken out of its mapping; none where there is no list."""
    *above, last = (f"{_TEXT}{key}" for key in LISTS[section])
    for key in above:
        root = root.get(key)
    found = root.pop(last, None) if isinstance(root, dict) else None
    return found if isinstance(found, list) else []


def _in_order(part: Sequence[Any], whole: Sequence[Any]) -> bool:
    rest = iter(whole)
    return all(any(item == other for other in rest) for item in part)
