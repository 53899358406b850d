"""Policy files: read from TOML and YAML, dumped, and refused with file, line, field and remedy."""

from __future__ import annotations

import inspect
import json
import tomllib
from itertools import pairwise

import jsonschema
import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.resilience.config import (
    DEFAULT_ORDER,
    KINDS,
    dump_policies,
    examine_policies,
    load_policies,
    policies_schema,
    read_policies,
)
from exai_sre.resilience.config.values import VALUES
from exai_sre.resilience.errors import OptionError
from tests.unit.resilience.config.policy_texts import EVERYTHING, TOML, YAML


@pytest.fixture
def written(tmp_path):
    def write(text, suffix=".yaml"):
        path = tmp_path / f"resilience{suffix}"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def plain(text):
    """YAML as PyYAML reads it, but for the key ``on``, which YAML 1.1 takes for true."""
    return yaml.safe_load(text.replace(" on:", " 'on':"))


def test_toml_and_yaml_say_the_same(written):
    assert read_policies(written(TOML, ".toml")) == read_policies(written(YAML))


@pytest.mark.parametrize("form", ["toml", "yaml"])
@pytest.mark.parametrize("text", [YAML, EVERYTHING])
def test_what_is_dumped_loads_as_the_same(written, text, form):
    spec = read_policies(written(text))
    dumped = dump_policies(spec, form)
    again = read_policies(written(dumped, f".{form}"))
    assert again == spec
    assert dump_policies(again, form) == dumped


def test_data_comes_back_as_it_was(written):
    assert load_policies(written(TOML, ".toml")).to_dict() == tomllib.loads(TOML)
    assert load_policies(written(EVERYTHING)).to_dict() == plain(EVERYTHING)


@pytest.mark.parametrize("text", ['a"b\n\t\\\x7f\x1f ü', "", "plain"])
def test_a_text_of_any_kind_survives_toml(written, text):
    spec = read_policies(written(json.dumps({"version": 1, "pipelines": {text or "p": {"fallback": {"value": text}}}})))
    assert read_policies(written(dump_policies(spec), ".toml")) == spec


@pytest.mark.parametrize("value", [True, False, 0.1, 3, ["a", 1], {"a b": [], "c": {"d": "e"}}, []])
def test_a_value_of_any_kind_survives_toml(written, value):
    spec = read_policies(written(json.dumps({"version": 1, "pipelines": {"p": {"fallback": {"value": value}}}})))
    assert read_policies(written(dump_policies(spec), ".toml")) == spec


def test_a_null_cannot_be_written_in_toml(written):
    spec = read_policies(written("version: 1\npipelines: {p: {fallback: {value: null}}}"))
    with pytest.raises(OptionError, match="YAML"):
        dump_policies(spec)
    assert read_policies(written(dump_policies(spec, "yaml"))) == spec


ENDLESS = "{file}:1: repeats itself without end; write out what the aliases stand for"

FAULTS = {
    "an option that no kind has": (
        "version: 1\npipelines:\n  p:\n    retry:\n      atempts: 3\n",
        "{file}:5: pipelines.p.retry.atempts: is unknown; did you mean attempts?",
    ),
    "an unknown option that is like no other": (
        "version: 1\npipelines:\n  p:\n    timeout:\n      seconds: 3\n",
        "{file}:4: pipelines.p.timeout: is unknown; did you mean total_timeout?",
    ),
    "a value of the wrong kind": (
        "version: 1\npipelines:\n  p:\n    retry:\n      attempts: many\n",
        "{file}:5: pipelines.p.retry.attempts: is 'many'; write a whole number",
    ),
    "a value that the strategy refuses": (
        "version: 1\npipelines:\n  p:\n    breaker:\n      window: 10\n      failure_rate: 1.5\n",
        "{file}:6: pipelines.p.breaker.failure_rate: is 1.5; a rate lies above 0 and is at most 1",
    ),
    "a required option that is missing": (
        "version: 1\npipelines:\n  p:\n    bulkhead: {}\n",
        "{file}:4: pipelines.p.bulkhead: limit is missing; give it: calls that may run at once",
    ),
    "an unknown budget": (
        "version: 1\npipelines:\n  p:\n    retry: {budget: shared}\n",
        "{file}:4: pipelines.p.retry.budget: names the unknown budget 'shared'; define it under budgets",
    ),
    "an unknown budget beside others": (
        "version: 1\nbudgets: {a: {}}\npipelines:\n  p:\n    retry: {budget: b}\n",
        "{file}:5: pipelines.p.retry.budget: names the unknown budget 'b'; there are a",
    ),
    "a budget that makes no sense": (
        "version: 1\nbudgets:\n  a:\n    share: -1\npipelines:\n  p:\n    retry: {budget: a}\n",
        "{file}:4: budgets.a.share: is -1; a number of retries is not negative",
    ),
    "an inline budget that makes no sense": (
        "version: 1\npipelines:\n  p:\n    retry:\n      budget:\n        cap: 0\n",
        "{file}:6: pipelines.p.retry.budget.cap: is 0; is at least 1 and at least the reserve",
    ),
    "an inline budget with an unknown option": (
        "version: 1\npipelines:\n  p:\n    retry:\n      budget:\n        cup: 5\n",
        "{file}:6: pipelines.p.retry.budget.cup: is unknown; did you mean cap?",
    ),
    "an unknown kind": (
        "version: 1\npipelines:\n  p:\n    strategies:\n      - {kind: timeout, seconds: 1}\n      - {kind: retri}\n",
        "{file}:6: pipelines.p.strategies[1].kind: is 'retri'; did you mean retry?",
    ),
    "a kind that is like no other": (
        "version: 1\npipelines:\n  p:\n    strategies:\n      - {seconds: 1}\n",
        "{file}:5: pipelines.p.strategies[0].kind: is None; use one of fallback, cache, timeout, load_shedder, "
        "adaptive_limit, rate_limit, bulkhead, retry, breaker, hedge",
    ),
    "a strategy that is no mapping": (
        "version: 1\npipelines:\n  p:\n    strategies:\n      - retry\n",
        "{file}:5: pipelines.p.strategies[0]: is no mapping of options; write names with their values below it",
    ),
    "strategies that are no list": (
        "version: 1\npipelines:\n  p:\n    strategies: {}\n",
        "{file}:4: pipelines.p.strategies: is no list; write a list of mappings, each with its kind",
    ),
    "both orders at once": (
        "version: 1\npipelines:\n  p:\n    strategies:\n      - {kind: retry}\n    breaker: {}\n",
        "{file}:6: pipelines.p.breaker: stands beside strategies; put it into strategies, or leave these out",
    ),
    "a pipeline without a strategy": (
        "version: 1\npipelines:\n  p: {}\n",
        "{file}:3: pipelines.p: has no strategy; name one of fallback, cache, total_timeout, load_shedder, "
        "adaptive_limit, rate_limit, bulkhead, retry, breaker, hedge, attempt_timeout, or a list of strategies",
    ),
    "an option that the place decides": (
        "version: 1\npipelines:\n  p:\n    attempt_timeout: {seconds: 1, total: true}\n",
        "{file}:4: pipelines.p.attempt_timeout.total: is decided by the place attempt_timeout; leave it out",
    ),
    "no pipelines": ("version: 1\n", "{file}:1: pipelines: is no mapping of pipelines; write names with their values "
                     "below it"),
    "empty pipelines": ("version: 1\npipelines: {}\n", "{file}:2: pipelines: is empty; name at least one pipeline"),
    "a version of tomorrow": (
        "version: 2\npipelines: {p: {retry: {}}}\n",
        "{file}:1: version: is 2; write version 1",
    ),
    "a version that is only equal to one": (
        "version: true\npipelines: {p: {retry: {}}}\n",
        "{file}:1: version: is True; write version 1",
    ),
    "a list": ("- 1\n", "{file}:1: is no mapping; begin with version: 1 and pipelines"),
    "an unknown classifier": (
        "version: 1\npipelines:\n  p:\n    classifiers: [htpp]\n    retry: {}\n",
        "{file}:4: pipelines.p.classifiers[0]: is 'htpp'; use one of glm, grpc, http, kimi, mcp, openai",
    ),
    "classifiers that are no list": (
        "version: 1\npipelines:\n  p:\n    classifiers: http\n    retry: {}\n",
        "{file}:4: pipelines.p.classifiers: is no list; write a list of names",
    ),
    "an algorithm with an unknown option": (
        "version: 1\npipelines:\n  p:\n    adaptive_limit: {algorithm: {kind: aimd, x: 1}}\n",
        "{file}:4: pipelines.p.adaptive_limit: Aimd.__init__() got an unexpected keyword argument 'x'; "
        "leave out what is unknown",
    ),
    "an algorithm that nobody knows": (
        "version: 1\npipelines:\n  p:\n    adaptive_limit: {algorithm: {kind: vegas}}\n",
        "{file}:4: pipelines.p.adaptive_limit.algorithm: is {{'kind': 'vegas'}}; write a mapping whose kind is "
        "gradient2 or aimd, with that algorithm's numbers",
    ),
    "a jitter that nobody knows": (
        "version: 1\npipelines:\n  p:\n    retry: {wait: {jitter: some}}\n",
        "{file}:4: pipelines.p.retry.wait: is {{'jitter': 'some'}}; write seconds, or a mapping of multiplier and "
        "longest (seconds) and jitter (full or none)",
    ),
    "one breaker with two sets of options": (
        "version: 1\npipelines:\n  p:\n    breaker: {name: b}\n  q:\n    breaker: {name: b, window: 5}\n",
        "{file}:6: pipelines.q.breaker: is the breaker 'b' with other options than elsewhere; give both the same "
        "options, or one of them another name",
    ),
    "a key twice": ("version: 1\nversion: 1\n", "{file}:2: 'version' stands here twice; keep one of them"),
    "a key that is a list": ("[a]: 1\n", "{file}:1: a key is a list or a mapping; use a name"),
    "no YAML": ("a: [\n", "{file}:2: is no YAML: expected the node content, but found '<stream end>'"),
    "no YAML at all": ("\x00", "{file}: is no YAML: unacceptable character #x0000: special characters are not allowed "
                       'in "<unicode string>", position 0'),
    "an alias of itself": ("a: &a [*a]\n", ENDLESS),
    "aliases that fill the memory": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdef")),
        ENDLESS,
    ),
    "two documents": ("a: 1\n---\nb: 1\n", "{file}:2: is no YAML: but found another document"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_names_file_line_field_and_remedy(written, what):
    text, expected = FAULTS[what]
    path = written(text)
    with pytest.raises(SpecError) as caught:
        load_policies(path)
    assert str(caught.value) == expected.format(file=path)


def test_an_empty_file_is_a_mapping_without_anything(written):
    _, document = examine_policies(written(""))
    assert [fault.field for fault in document.faults] == ["version", "pipelines"]


def test_all_faults_are_told_at_once(written):
    with pytest.raises(SpecError) as caught:
        load_policies(written("version: 1\npipelines:\n  p:\n    retry: {atempts: 1}\n    breaker: {windw: 1}\n"))
    assert "atempts" in str(caught.value)
    assert ["windw" in note for note in caught.value.__notes__] == [True]


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("version = 1\n[pipelines.p.retry]\nattempts = 'x'\n", 3, "pipelines.p.retry.attempts"),
        ("version = 1\n[[pipelines.p.strategies]]\nkind = 'retry'\n[[pipelines.p.strategies]]\nkind = 'x'\n", 5,
         "pipelines.p.strategies[1].kind"),
        ("version = 1\npipelines.'p q'.retry.attempts = 0\n", 2, "pipelines.p q.retry.attempts"),
        ("version = 1\n[pipelines.p]\nretry = { attempts = 0 }\n", 3, "pipelines.p.retry.attempts"),
        ("version = 1\n[[pipelines.p.strategies]]\nkind = 'retry'\n[pipelines.p.strategies.budget]\ncap = 0\n", 5,
         "pipelines.p.strategies[0].budget.cap"),
        ("version = 1\n# [not.a.header]\n[pipelines.p.retry] # so\nbudget = 'b'\n", 4, "pipelines.p.retry.budget"),
        ("version = 1\n[pipelines.p.fallback]\nvalue = '''\n[x]\nkind = 1\n[x y]\n'''\n[pipelines.p.retry]\nwait = -1",
         9, "pipelines.p.retry.wait"),
        ("version = 1\n[[pipelines.p.strategies]]\nkind = 'fallback'\nvalue = [\n['a'],\n]\nons = 1\n", 7,
         "pipelines.p.strategies[0].ons"),
    ],
)  # fmt: skip
def test_a_fault_in_toml_has_its_line_too(written, text, line, field):
    with pytest.raises(SpecError) as caught:
        load_policies(written(text, ".toml"))
    assert (caught.value.line, caught.value.field) == (line, field)


@pytest.mark.parametrize(("text", "line"), [("version = \n", 1), ("version = 1\nx = [", 2), ("a = '", 1)])
def test_what_is_no_toml_is_refused_with_its_line(written, text, line):
    with pytest.raises(SpecError, match="is no TOML") as caught:
        load_policies(written(text, ".toml"))
    assert caught.value.line in (line, 0)


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(SpecError, match="neither TOML nor YAML"):
        load_policies(tmp_path / "policies.json")
    with pytest.raises(SpecError, match="cannot be read"):
        load_policies(tmp_path / "missing.toml")
    (tmp_path / "latin.yaml").write_bytes(b"\xff")
    with pytest.raises(SpecError, match="UTF-8"):
        load_policies(tmp_path / "latin.yaml")


VALIDATOR = jsonschema.Draft202012Validator(policies_schema())


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(policies_schema())


@pytest.mark.parametrize("text", [YAML, EVERYTHING])
def test_the_schema_accepts_what_is_read(text):
    VALIDATOR.validate(plain(text))


SHAPES = [name for name in FAULTS if name.startswith(("an option", "an unknown", "a value of", "a required", "a kind",
                                                      "strategies", "both", "a pipeline", "classifiers", "no pipe",
                                                      "empty", "a version of"))]  # fmt: skip


@pytest.mark.parametrize("what", [name for name in SHAPES if "budget" not in name])
def test_the_schema_refuses_what_is_wrong_in_shape(what):
    assert not VALIDATOR.is_valid(yaml.safe_load(FAULTS[what][0]))


@pytest.mark.parametrize("name", KINDS)
def test_the_table_of_kinds_knows_every_argument_of_its_strategy(name):
    kind = KINDS[name]
    arguments = inspect.signature(kind.load()).parameters
    expected = {option.name for option in kind.options} | set(kind.code_only) | {"clock"}
    assert set(arguments) == expected
    assert kind.named == ("name" in arguments)
    assert all(option.value in VALUES for option in kind.options)
    assert kind.load().kind == name
    required = {option.name for option in kind.options if option.required}
    without = {key for key, each in arguments.items() if each.default is each.empty} - {"name"}
    assert without == required


def test_every_kind_has_a_place_in_the_default_order():
    assert {slot.kind for slot in DEFAULT_ORDER} == set(KINDS)
