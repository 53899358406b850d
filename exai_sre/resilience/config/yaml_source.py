"""Policies in YAML: plain data and the line of each field."""

from __future__ import annotations

from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.resilience.config.document import Document, Path

__all__ = ["read_yaml"]

_MOST_NODES: Final = 5_000
"""More than any policy file has: aliases within aliases would fill the memory."""


def read_yaml(text: str, file: str) -> Document:
    """The document in ``text``.

    Raises:
        SpecError: it is no YAML, or uses what a policy file has no need of.
    """
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            walk = _Walk(loader, file)
            data = {} if node is None else walk.value(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SpecError(f"is no YAML: {error.problem}", file=file, line=line) from None
    except yaml.YAMLError as error:
        raise SpecError(f"is no YAML: {' '.join(str(error).split())}", file=file) from None
    return Document(data, file, walk.lines)


class _Walk:
    """From nodes to values. Keys stay text: YAML 1.1 would read the key ``on`` as true."""

    def __init__(self, loader: Any, file: str) -> None:
        self._loader = loader
        self._file = file
        self._nodes = 0
        self.lines: dict[Path, int] = {}

    def value(self, node: Any, path: Path) -> Any:
        import yaml

        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > 50:
            raise self._fault(node, "repeats itself without end", "write out what the aliases stand for")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, at)) for at, child in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        import yaml

        self._loader.flatten_mapping(node)
        made: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._fault(key, "a key is a list or a mapping", "use a name")
            if key.value in made:
                raise self._fault(key, f"{key.value!r} stands here twice", "keep one of them")
            self.lines[*path, key.value] = key.start_mark.line + 1
            made[key.value] = self.value(child, (*path, key.value))
        return made

    def _fault(self, node: Any, what: str, remedy: str) -> SpecError:
        return SpecError(what, file=self._file, line=node.start_mark.line + 1, remedy=remedy)
