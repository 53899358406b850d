"""Where the lists of a written Alertmanager configuration begin, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exai_sre.errors import SpecError
from exai_sre.slo.documents import compose_documents

if TYPE_CHECKING:
    import yaml

__all__ = ["LISTS", "Outline", "Place", "outline_of", "plain"]

LISTS: Final = {
    "routes": ("route", "routes"),
    "inhibit_rules": ("inhibit_rules",),
    "receivers": ("receivers",),
    "time_intervals": ("time_intervals",),
}
"""The lists that hold entries of ours, with the keys that lead to them."""

_DASH: Final = re.compile(r"\s*-(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries of a list can be put.

    Attributes:
        line: index of the line before which the first entry stands, or could stand.
        end: index of the line after the last entry.
        indent: white space before the dash of an entry.
        key: the line of the key that has to be written first; empty where it is there.
    """

    line: int
    end: int
    indent: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A configuration as it was written.

    Attributes:
        lines: its lines, ends included.
        file: its name, for errors.
        root: its composed mapping.
    """

    lines: Sequence[str]
    file: str
    root: yaml.MappingNode

    def place(self, section: str) -> Place:
        """Where the entries of a list stand.

        Raises:
            SpecError: the list cannot be added to line by line: it is written in brackets, or is an alias.
        """
        *above, last = LISTS[section]
        mapping, start = self.root, -1
        for key in above:
            found = self._entry(mapping, key)
            if found is None:
                raise self._fault(f"has no {key}", 0, f"give it a {key} with a receiver first")
            mapping, start = found[1], found[0].start_mark.line
            self._refuse_brackets(found[0], mapping)
        found = self._entry(mapping, last)
        if found is None:
            indent = " " * mapping.value[0][0].start_mark.column
            line = start + 1 if above else self._end(mapping)
            return Place(line, line, indent, f"{indent}{last}:")
        return self._inside(*found)

    def entries(self, section: str) -> Iterator[tuple[Any, range]]:
        """Each entry of a list as a plain value, with the indices of its lines."""
        node: Any = self.root
        for key in LISTS[section]:
            found = self._entry(node, key) if node is not None else None
            node = found[1] if found else None
        if node is None or not isinstance(node.value, list) or node.flow_style:
            return
        for item in node.value:
            dashes = (at for at in range(item.start_mark.line, node.start_mark.line - 1, -1) if self._dashed(at))
            first = next(dashes, None)
            # An alias stands where its anchor is, which is not here.
            if first is not None:
                yield plain(item), range(first, _last_line(item) + 1)

    def _dashed(self, line: int) -> bool:
        return bool(_DASH.match(self.lines[line]))

    def _entry(self, mapping: Any, key: str) -> tuple[Any, Any] | None:
        return next(((name, value) for name, value in mapping.value if name.value == key), None)

    def _inside(self, key: Any, value: Any) -> Place:
        after = key.end_mark.line + 1
        column = " " * key.start_mark.column
        if value.tag.endswith(":null"):
            return Place(after, after, column)
        self._refuse_brackets(key, value)
        begin = value.start_mark.line
        after = after if self._dashed(begin) else begin + 1
        dashed = next(at for at in range(begin, len(self.lines)) if self._dashed(at))
        indent = self.lines[dashed][: len(self.lines[dashed]) - len(self.lines[dashed].lstrip())]
        return Place(after, _last_line(value) + 1, indent)

    def _refuse_brackets(self, key: Any, value: Any) -> None:
        # An alias stands where its anchor is, which is before its key.
        foreign = value.start_mark.line < key.start_mark.line
        if not isinstance(value.value, list) or value.flow_style or foreign or not value.value:
            what = f"{key.value} is not written out line by line"
            raise self._fault(what, key.start_mark.line + 1, "write each entry on lines of its own, without brackets")

    def _end(self, mapping: Any) -> int:
        mark = mapping.end_mark
        return len(self.lines) if mark.column else mark.line

    def _fault(self, what: str, line: int, remedy: str) -> SpecError:
        return SpecError(what, file=self.file, line=line, remedy=remedy)


def outline_of(lines: Sequence[str], file: str) -> Outline:
    """The outline of a configuration.

    Raises:
        SpecError: the lines are no single YAML mapping, or merge keys hide what stands in it.
    """
    import yaml

    try:
        nodes = list(compose_documents("".join(lines)))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = f"is not readable as YAML: {getattr(error, 'problem', None) or 'nested too deeply'}"
        raise SpecError(what, file=file, line=mark.line + 1 if mark else 0, remedy="mend it first") from None
    root = nodes[0] if len(nodes) == 1 else None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        remedy = "write the whole configuration that is generated, and merge into it later"
        raise SpecError("is no configuration written line by line", file=file, remedy=remedy)
    for mapping in (root, *(value for key, value in root.value if key.value == "route")):
        if isinstance(mapping, yaml.MappingNode):
            _refuse_hidden(mapping, file)
    return Outline(lines, file, root)


def _refuse_hidden(mapping: yaml.MappingNode, file: str) -> None:
    names: set[str] = set()
    for key, _ in mapping.value:
        twice = str(key.value) in names
        names.add(str(key.value))
        if twice or key.tag.endswith(":merge"):
            what = f"{key.value} is given twice" if twice else "a merge key hides what stands here"
            remedy = "remove one" if twice else "write its entries out"
            raise SpecError(what, file=file, line=key.start_mark.line + 1, remedy=remedy)


def plain(node: Any) -> Any:
    """A composed node as something that can be compared: what it means, not how it was written."""
    if isinstance(node.value, str):
        return f"{node.tag} {node.value}"
    if node.value and isinstance(node.value[0], tuple):
        return {str(plain(key)): plain(value) for key, value in node.value}
    return [plain(item) for item in node.value]


def _last_line(node: Any) -> int:
    """Index of the last line that belongs to a node; comments after it do not."""
    if node.value and not isinstance(node.value, str) and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return int(mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line)
