"""The dated catalogue of models: what exists, under which names, with which limits and prices."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final

from exai_sre.errors import SpecError

__all__ = ["CAPABILITIES", "Model", "ModelCatalogue", "load_catalogue"]

CAPABILITIES: Final = frozenset({"stream", "temperature", "thinking"})
"""Parameters that a model may or may not take."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        id: its name on the wire.
        provider: who serves it.
        context: tokens of prompt and answer together.
        max_output: tokens of an answer at most.
        capabilities: parameters that it takes, of :data:`CAPABILITIES`.
        input_price: US dollars per million tokens sent.
        output_price: US dollars per million tokens received.
        aliases: further names.
        fallback: id of the model of another provider that stands in; empty for none.
        retired_on: first day without it; ``None`` while the vendor has announced none.
        replaced_by: id of its successor; empty for none.
    """

    id: str
    provider: str
    context: int
    max_output: int
    capabilities: frozenset[str]
    input_price: float
    output_price: float
    aliases: tuple[str, ...] = ()
    fallback: str = ""
    retired_on: date | None = None
    replaced_by: str = ""

    def retired(self, today: date) -> bool:
        """Whether the vendor no longer serves it on ``today``."""
        return self.retired_on is not None and self.retired_on <= today

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars for one call."""
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 1e6


class ModelCatalogue:
    """Models by id and alias.

    Args:
        models: all models; ids and aliases are unique together.
        default: id of the model for callers that name none.
        as_of: the day on which the entries were checked.

    Raises:
        SpecError: a name is taken twice, or a reference leads nowhere or in a circle.
    """

    def __init__(self, models: Iterable[Model], *, default: str, as_of: date) -> None:
        self.models = tuple(models)
        self.default = default
        self.as_of = as_of
        self._ids = {model.id: model for model in self.models}
        self._names: dict[str, Model] = {}
        for model in self.models:
            for name in (model.id, *model.aliases):
                if self._names.setdefault(name.casefold(), model) is not model:
                    raise SpecError(f"the name {name!r} is taken twice", field=f"model.{model.id}")
        self._check_references()

    def find(self, name: str) -> Model | None:
        """The model of that id or alias, in any case; ``None`` where there is none."""
        return self._names.get(name.strip().casefold())

    def serving(self, model: Model, today: date) -> Model | None:
        """The model that serves requests for ``model`` on ``today``: itself or its successor."""
        while model.retired(today):
            if not model.replaced_by:
                return None
            model = self._ids[model.replaced_by]
        return model

    def fallback(self, model: Model, today: date) -> Model | None:
        """The model of another provider that stands in for ``model``."""
        return self.serving(self._ids[model.fallback], today) if model.fallback else None

    def _check_references(self) -> None:
        if self.default not in self._ids:
            raise SpecError(f"no model has the id {self.default!r}", field="default")
        for model in self.models:
            for field, target in (("fallback", model.fallback), ("replaced_by", model.replaced_by)):
                if target and target not in self._ids:
                    raise SpecError(f"no model has the id {target!r}", field=f"model.{model.id}.{field}")
            if model.fallback and self._ids[model.fallback].provider == model.provider:
                raise SpecError("the fallback is of the same provider", field=f"model.{model.id}.fallback")
            self._check_succession(model)

    def _check_succession(self, model: Model) -> None:
        seen = {model.id}
        successor = model
        while successor.replaced_by:
            successor = self._ids[successor.replaced_by]
            if successor.id in seen:
                raise SpecError("replacements form a circle", field=f"model.{model.id}.replaced_by")
            seen.add(successor.id)


def load_catalogue(text: str | None = None) -> ModelCatalogue:
    """Read a catalogue in the form of ``models.toml``; that file itself by default.

    Raises:
        SpecError: the text is no catalogue; the error names the field.
    """
    source = files("server.providers").joinpath("models.toml").read_text("utf-8") if text is None else text
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"is no TOML: {error}", file="models.toml") from error
    models = data.get("model")
    if not isinstance(models, list) or not models:
        raise SpecError("holds no [[model]]", file="models.toml", field="model")
    return ModelCatalogue(
        [_model(entry) for entry in models],
        default=str(data.get("default", "")),
        as_of=_field(data, "as_of", date, ""),
    )


def _model(entry: Mapping[str, Any]) -> Model:
    name = _field(entry, "id", str, "")
    unknown = sorted(set(entry) - set(Model.__dataclass_fields__))
    if unknown:
        raise SpecError(f"unknown key {unknown[0]!r}", file="models.toml", field=f"model.{name}")
    capabilities = frozenset(_field(entry, "capabilities", list, name))
    if not capabilities <= CAPABILITIES:
        strange = sorted(capabilities - CAPABILITIES)[0]
        raise SpecError(f"unknown capability {strange!r}", file="models.toml", field=f"model.{name}.capabilities")
    context, max_output = _field(entry, "context", int, name), _field(entry, "max_output", int, name)
    if not 0 < max_output < context:
        raise SpecError("must lie between 0 and context", file="models.toml", field=f"model.{name}.max_output")
    return Model(
        id=name,
        provider=_field(entry, "provider", str, name),
        context=context,
        max_output=max_output,
        capabilities=capabilities,
        input_price=float(_field(entry, "input_price", (int, float), name)),
        output_price=float(_field(entry, "output_price", (int, float), name)),
        aliases=tuple(entry.get("aliases", ())),
        fallback=entry.get("fallback", ""),
        retired_on=_field(entry, "retired_on", date, name) if "retired_on" in entry else None,
        replaced_by=entry.get("replaced_by", ""),
    )


def _field(entry: Mapping[str, Any], key: str, kind: type | tuple[type, ...], model: str) -> Any:
    value = entry.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        where = f"model.{model}.{key}" if model else key
        raise SpecError("is missing or of the wrong type", file="models.toml", field=where)
    return value
