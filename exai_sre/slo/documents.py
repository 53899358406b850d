"""YAML documents as values that know their file, line and path, read without guessing.

The text is composed, not loaded: a number keeps the digits that were written, a key that is
repeated is seen, and every complaint can name its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from exai_sre.errors import SpecError
from exai_sre.slo.suggestion import suggest

if TYPE_CHECKING:
    import yaml

__all__ = ["Faults", "Record", "Value", "compose_documents", "read_documents"]

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NULL = "tag:yaml.org,2002:null"
_TEXTS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")
_NAMES = {"mapping": "a mapping", "sequence": "a list", "scalar": "a single value"}


class Faults:
    """Collects every fault, so that a reader learns of all of them at once.

    Attributes:
        errors: the faults in the order in which they were met.
    """

    def __init__(self) -> None:
        self.errors: list[SpecError] = []

    def add(self, error: SpecError) -> None:
        """Keep a fault and go on."""
        self.errors.append(error)

    def attempt(self, read: Callable[[], T], default: T) -> T:
        """The result of ``read``, or ``default`` after keeping the fault that it raised."""
        try:
            return read()
        except SpecError as error:
            self.add(error)
            return default


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a document.

    Attributes:
        node: the composed YAML node.
        file: path of the file as the user named it.
        line: line in that file, counted from 1; for an entry of a mapping, that of its key.
        path: dotted path from the document's root, empty for the root.
    """

    node: yaml.Node
    file: str
    line: int
    path: str = ""

    @property
    def kind(self) -> str:
        """``mapping``, ``sequence`` or ``scalar``."""
        import yaml

        if isinstance(self.node, yaml.MappingNode):
            return "mapping"
        return "sequence" if isinstance(self.node, yaml.SequenceNode) else "scalar"

    @property
    def missing(self) -> bool:
        """Whether nothing was written here (null)."""
        return bool(self.node.tag == _NULL)

    def fault(self, what: str, remedy: str) -> SpecError:
        """A fault located at this value."""
        return SpecError(what, file=self.file, line=self.line, field=self.path, remedy=remedy)

    def _contents(self, kind: str) -> Any:
        if self.missing or self.kind != kind:
            found = "empty" if self.missing else _NAMES[self.kind]
            raise self.fault(f"must be {_NAMES[kind]}, not {found}", f"write {_NAMES[kind]} here")
        return self.node.value

    def text(self, *, empty: bool = False) -> str:
        """The text that stands here; ``empty`` allows it to be empty.

        Raises:
            SpecError: it is no text: a mapping, a list, or an unquoted number or boolean. A date is text.
        """
        text = str(self._contents("scalar"))
        if self.node.tag not in _TEXTS:
            raise self.fault(f"must be text, not {text}", f"put it in quotes: '{text}'")
        if not text and not empty:
            raise self.fault("must not be empty", "give it a value")
        return text

    def number(self) -> Decimal:
        """The number that stands here, with exactly the digits that were written.

        Raises:
            SpecError: it is no plain decimal number.
        """
        text = str(self._contents("scalar"))
        if getattr(self.node, "style", None) or not _NUMBER.fullmatch(text):
            raise self.fault(f"must be a number, not {text!r}", "write plain decimal digits, without quotes")
        return Decimal(text)

    def boolean(self) -> bool:
        """Whether ``true`` stands here.

        Raises:
            SpecError: neither ``true`` nor ``false`` stands here.
        """
        text = str(self._contents("scalar"))
        if getattr(self.node, "style", None) or text not in ("true", "false"):
            raise self.fault(f"must be true or false, not {text!r}", "write true or false, without quotes")
        return text == "true"

    def items(self) -> list[Value]:
        """The values of a list.

        Raises:
            SpecError: it is no list.
        """
        nodes = self._contents("sequence")
        return [Value(node, self.file, _line(node), f"{self.path}[{at}]") for at, node in enumerate(nodes)]

    def entries(self) -> dict[str, Value]:
        """The values of a mapping by key.

        Raises:
            SpecError: it is no mapping, a key is no text, or a key is repeated.
        """
        entries: dict[str, Value] = {}
        for key_node, node in self._contents("mapping"):
            line = _line(key_node)
            key = Value(key_node, self.file, line, self.path).text(empty=True)
            value = Value(node, self.file, line, f"{self.path}.{key}" if self.path else key)
            if key in entries:
                raise value.fault("is given twice", f"remove one; the first is in line {entries[key].line}")
            entries[key] = value
        return entries

    def find(self, path: tuple[str, ...]) -> Value:
        """The value at the end of a ``path`` of keys that were read before."""
        here = self
        for key in path:
            here = here.entries()[key]
        return here


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


class Record:
    """A mapping of which every key is known.

    Unknown and missing keys are kept as faults at once; the values are then taken
    one by one, so that a fault in one does not hide those of the others.

    Args:
        value: the mapping.
        faults: where faults go.
        required: keys that must be there.
        optional: keys that may be there.

    Raises:
        SpecError: the value is no mapping.
    """

    def __init__(
        self,
        value: Value,
        faults: Faults,
        *,
        required: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
    ) -> None:
        self.value = value
        self._faults = faults
        known = (*required, *optional)
        self._entries = {key: entry for key, entry in value.entries().items() if not (key in known and entry.missing)}
        for key, entry in self._entries.items():
            if key not in known:
                faults.add(entry.fault(f"unknown key {key!r}", suggest(key, known)))
        for key in required:
            if key not in self._entries:
                faults.add(value.fault(f"the field {key!r} is missing", "add it"))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def take(self, key: str, read: Callable[[Value], T], default: T) -> T:
        """What ``read`` makes of the value of ``key``; ``default`` if it is absent or faulty."""
        value = self._entries.get(key)
        return default if value is None else self._faults.attempt(lambda: read(value), default)

    def flag(self, key: str) -> bool:
        """Whether ``true`` stands under ``key``; an absent or faulty one is false."""
        return bool(self.take(key, Value.boolean, None))


def read_documents(text: str, file: str, faults: Faults) -> Iterator[Value]:
    """The documents of a YAML text; the items of a list count as documents of their own.

    A text that stops being YAML is kept as one fault after the documents before it.
    """
    import yaml

    try:
        for node in compose_documents(text):
            document = Value(node, file, _line(node))
            if document.kind == "sequence":
                yield from document.items()
            elif not document.missing:
                yield document
    except yaml.YAMLError as error:
        faults.add(_unreadable(error, file))
    except RecursionError:
        faults.add(SpecError("is nested too deeply to be read", file=file, remedy="flatten it"))


def compose_documents(text: str) -> Iterator[yaml.Node]:
    """The nodes of the documents, with the lines that they begin and end on.

    libyaml scans them where PyYAML was built with it, which is far quicker.
    What libyaml refuses is read once more without it, because only then does the fault name what
    stands in the text, and which documents before it are sound.

    Raises:
        YAMLError: the text stops being YAML; the documents before it have been given.
        RecursionError: it is nested too deeply.
    """
    import yaml

    if yaml.__with_libyaml__:
        try:
            return iter(list(yaml.compose_all(text, Loader=_scanned_by_libyaml())))
        except yaml.YAMLError:
            pass
    return yaml.compose_all(text, Loader=yaml.SafeLoader)


@cache
def _scanned_by_libyaml() -> Any:
    """A loader of libyaml's events that composes nodes in Python.

    PyYAML's own composer in C recurses without a limit: a text of many brackets ends the process.
    """
    from yaml.composer import Composer
    from yaml.cyaml import CSafeLoader

    class Loader(Composer, CSafeLoader):
        def __init__(self, stream: str) -> None:
            CSafeLoader.__init__(self, stream)
            Composer.__init__(self)

    return Loader


def _unreadable(error: yaml.YAMLError, file: str) -> SpecError:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed"
    return SpecError(
        f"is not readable as YAML: {what}",
        file=file,
        line=mark.line + 1 if mark else 0,
        remedy="check indentation, quotes and brackets there",
    )
