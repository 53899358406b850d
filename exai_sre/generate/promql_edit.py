"""Changes to PromQL expressions: other names, further conditions, duplicates of replicas counted once."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from exai_sre.generate.promql_tokens import Selector, Token, find_selectors, tokenize

__all__ = ["narrow", "once_per_replica", "rename_metrics"]

_ABSENT: Final = frozenset({"absent", "absent_over_time"})
_NAME_LABEL: Final = "__name__"


def rename_metrics(expr: str, names: Mapping[str, str]) -> str:
    """The expression with other metric names; labels, functions and texts of the same words stay.

    Args:
        expr: PromQL.
        names: new names by old ones.

    Raises:
        ValueError: a condition on ``__name__`` matches one of the names by a regular expression, so
            that nobody can say what it is to match afterwards.
    """
    tokens = tokenize(expr)
    texts = [token.text for token in tokens]
    for selector in find_selectors(tokens):
        if selector.name is not None:
            texts[selector.name] = names.get(texts[selector.name], texts[selector.name])
        if selector.braces is not None:
            _rename_inside(tokens, texts, selector.braces, names)
    return "".join(texts)


def narrow(expr: str, labels: Mapping[str, str]) -> str:
    """The expression with conditions added to every selector.

    Args:
        expr: PromQL.
        labels: values that labels must have.
    """
    conditions = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())
    tokens = tokenize(expr)
    texts = [token.text for token in tokens]
    for selector in find_selectors(tokens) if conditions else ():
        if selector.braces is None:
            texts[selector.first] += f"{{{conditions}}}"
        else:
            first, last = selector.braces
            more = any(token.kind != "space" for token in tokens[first + 1 : last])
            texts[first] = f"{{{conditions}, " if more else f"{{{conditions}"
    return "".join(texts)


def once_per_replica(expr: str, replica_labels: Sequence[str], recorded: Collection[str] = ()) -> str:
    """The expression with each pair of duplicates, told apart by these labels only, counted once.

    What a function makes of a range is taken per series, and then the largest of the duplicates:
    of two replicas that scraped the same target, the one that missed less. Without this, a sum over
    both would hold every event twice. Native histograms have no largest, so where one is read the
    mean is taken. A replica's own absence is no absence, so ``absent`` stays as it is.

    Args:
        expr: PromQL.
        replica_labels: labels that tell replicas apart, such as ``replica`` or ``prometheus_replica``.
        recorded: names of series that the rules record themselves: these have no duplicates.
    """
    tokens = tokenize(expr)
    texts = [token.text for token in tokens]
    labels = ", ".join(replica_labels)
    for first, last, function in sorted(_duplicated(tokens, recorded)) if labels else ():
        texts[first] = f"{function} without ({labels}) ({texts[first]}"
        texts[last] += ")"
    return "".join(texts)


def _duplicated(tokens: Sequence[Token], recorded: Collection[str]) -> set[tuple[int, int, str]]:
    found = set()
    for selector in find_selectors(tokens):
        own = selector.name is not None and tokens[selector.name].text in recorded
        if own or _ABSENT.intersection(selector.inside[-1:]):
            continue
        function = "avg" if any(word.startswith("histogram_") for word in selector.inside) else "max"
        found.add((*_extent(selector), function))
    return found


def _extent(selector: Selector) -> tuple[int, int]:
    return selector.call or (selector.first, selector.last)


def _rename_inside(
    tokens: Sequence[Token], texts: list[str], braces: tuple[int, int], names: Mapping[str, str]
) -> None:
    inner = [at for at in range(braces[0] + 1, braces[1]) if tokens[at].kind != "space"]
    words = [tokens[at].text for at in inner]
    for place, at in enumerate(inner):
        if tokens[at].kind != "text":
            continue
        label, operator = _condition(words[:place])
        # A quoted name alone is a metric; one before an operator is a label, and one after it a value.
        if words[place + 1 : place + 2] in ([], [","]) and (label == _NAME_LABEL or not operator):
            if operator.endswith("~"):
                _refuse(texts[at], names)
            else:
                texts[at] = _renamed(texts[at], names)


def _condition(words: Sequence[str]) -> tuple[str, str]:
    """The label and the operator that end these words; both empty where they end in none."""
    start = len(words)
    while start and words[start - 1] in ("=", "!", "~"):
        start -= 1
    return (words[start - 1] if start and start < len(words) else ""), "".join(words[start:])


def _renamed(text: str, names: Mapping[str, str]) -> str:
    name = text[1:-1]
    return f"{text[0]}{names[name]}{text[-1]}" if name in names else text


def _refuse(text: str, names: Mapping[str, str]) -> None:
    try:
        pattern = re.compile(text[1:-1])
    except re.error:
        return
    hit = next((name for name in names if pattern.fullmatch(name)), None)
    if hit is not None:
        raise ValueError(f"the condition on __name__ {text} matches {hit}, which is to be renamed; write its name out")
