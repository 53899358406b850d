from __future__ import annotations

from datetime import date

import pytest

from exai_sre.errors import SpecError
from server.metrics import PROVIDERS
from server.providers.catalogue import load_catalogue

TODAY = date(2026, 11, 22)

ENTRY = """
[[model]]
id = "{id}"
provider = "{provider}"
context = 1000
max_output = 100
capabilities = ["stream"]
input_price = 1
output_price = 2.0
{more}
"""


def text(*entries: tuple[str, str, str], head: str = 'as_of = 2026-11-22\ndefault = "a"\n') -> str:
    return head + "".join(ENTRY.format(id=id_, provider=provider, more=more) for id_, provider, more in entries)


def test_the_shipped_catalogue_is_sound() -> None:
    catalogue = load_catalogue()
    assert {model.provider for model in catalogue.models} == set(PROVIDERS)
    assert catalogue.find(catalogue.default) is not None
    for model in catalogue.models:
        serving = catalogue.serving(model, TODAY)
        assert serving is not None
        assert not serving.retired(TODAY)
        assert bool(model.retired_on) == bool(model.replaced_by)
        standin = catalogue.fallback(serving, TODAY)
        assert standin is not None
        assert standin.provider != serving.provider


def test_a_model_is_found_by_id_and_alias_in_any_case() -> None:
    catalogue = load_catalogue()
    kimi = catalogue.find("kimi-k2.6")
    assert kimi is not None
    assert catalogue.find(" Kimi-K2.6 ") is kimi
    assert catalogue.find("KIMI") is kimi
    assert catalogue.find("gpt-4") is None


def test_a_retired_model_is_served_by_its_successor_from_that_day_on() -> None:
    catalogue = load_catalogue()
    old = catalogue.find("kimi-k2-0711-preview")
    assert old is not None
    before = catalogue.serving(old, date(2026, 5, 24))
    after = catalogue.serving(old, date(2026, 5, 25))
    assert before is old
    assert after is not None
    assert after.id == "kimi-k2.6"


def test_a_model_retired_without_successor_is_served_by_nobody() -> None:
    catalogue = load_catalogue(text(("a", "glm", "retired_on = 2026-01-01")))
    model = catalogue.find("a")
    assert model is not None
    assert catalogue.serving(model, TODAY) is None


def test_prices_are_per_million_tokens() -> None:
    model = load_catalogue(text(("a", "glm", ""))).find("a")
    assert model is not None
    assert model.cost(500_000, 250_000) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("= nonsense", ""),
        ("as_of = 2026-11-22\ndefault = 'a'\n", "model"),
        (text(("b", "glm", "")), "default"),
        (text(("a", "glm", ""), head='default = "a"\n'), "as_of"),
        (text(("a", "glm", "colour = 'red'")), "model.a"),
        (text(("a", "glm", 'aliases = ["b"]'), ("b", "glm", "")), "model.b"),
        (text(("a", "glm", 'aliases = ["B"]'), ("b", "glm", "")), "model.b"),
        (text(("a", "glm", 'fallback = "x"')), "model.a.fallback"),
        (text(("a", "glm", 'fallback = "b"'), ("b", "glm", "")), "model.a.fallback"),
        (text(("a", "glm", 'replaced_by = "x"')), "model.a.replaced_by"),
        (text(("a", "glm", 'replaced_by = "b"'), ("b", "glm", 'replaced_by = "a"')), "model.a.replaced_by"),
        (text(("a", "glm", 'retired_on = "soon"')), "model.a.retired_on"),
        (text(("a", "glm", "")).replace("context = 1000", "context = true"), "model.a.context"),
        (text(("a", "glm", "")).replace("context = 1000", "context = 100"), "model.a.max_output"),
        (text(("a", "glm", "")).replace('"stream"', '"sing"'), "model.a.capabilities"),
        (text(("a", "glm", "")).replace('id = "a"', ""), "id"),
    ],
)
def test_a_faulty_catalogue_is_refused_by_an_error_that_names_the_field(source: str, field: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_catalogue(source)
    assert caught.value.field == field
