"""Whatever policies a file can hold: dumped in either form and read again they are the same."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers import CLASSIFIERS
from exai_sre.resilience.config import DEFAULT_ORDER, KINDS, dump_policies, policies_schema
from exai_sre.resilience.config.document import Document
from exai_sre.resilience.config.kinds import BUDGET_OPTIONS
from exai_sre.resilience.config.reading import read_spec
from exai_sre.resilience.config.toml_source import read_toml
from exai_sre.resilience.config.yaml_source import read_yaml

NUMBERS = st.one_of(st.integers(0, 10**6), st.floats(0, 1e9, allow_nan=False))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAMES = st.one_of(st.sampled_from(["glm", "kimi", "a.b", "two words", "on", "1", "naïve", '"']), TEXTS)
ERRORS = st.lists(st.sampled_from([*(each.value for each in Outcome), "builtins.KeyError", "httpx.ConnectError"]))
PLAIN = st.recursive(
    st.one_of(st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
VALUES = {
    "number": NUMBERS,
    "integer": st.integers(0, 1000),
    "boolean": st.booleans(),
    "text": NAMES,
    "anything": PLAIN,
    "errors": ERRORS,
    "wait": st.one_of(
        NUMBERS,
        st.fixed_dictionaries(
            {}, optional={"multiplier": NUMBERS, "longest": NUMBERS, "jitter": st.sampled_from(["full", "none"])}
        ),
    ),
    "open_time": st.one_of(NUMBERS, st.fixed_dictionaries({"first": NUMBERS}, optional={"factor": NUMBERS})),
    "algorithm": st.fixed_dictionaries({"kind": st.sampled_from(["aimd", "gradient2"])}, optional={"x": NUMBERS}),
    "budget": st.one_of(
        st.just("shared"), st.fixed_dictionaries({}, optional={each.name: NUMBERS for each in BUDGET_OPTIONS})
    ),
}


def options_of(kind, fixed=()):
    known = [each for each in KINDS[kind].options if each.name not in fixed]
    return st.fixed_dictionaries(
        {each.name: VALUES[each.value] for each in known if each.required},
        optional={each.name: VALUES[each.value] for each in known if not each.required},
    )


def listed(kind):
    return options_of(kind).map(lambda options: {"kind": kind, **options})


SLOTS = {slot.name: options_of(slot.kind, [name for name, _ in slot.fixed]) for slot in DEFAULT_ORDER}
JUDGED = st.lists(st.sampled_from(sorted(CLASSIFIERS)), min_size=1, max_size=2)
IN_SLOTS = st.fixed_dictionaries({}, optional=SLOTS).filter(bool)
IN_A_LIST = st.lists(st.one_of([listed(kind) for kind in KINDS]), min_size=1, max_size=4).map(
    lambda found: {"strategies": found}
)
PIPELINES = st.builds(
    lambda content, names: {"classifiers": names, **content} if names else content,
    st.one_of(IN_SLOTS, IN_A_LIST),
    st.one_of(st.just([]), JUDGED),
)
FILES = st.builds(
    lambda pipelines: {"version": 1, "budgets": {"shared": {"share": 0.5}}, "pipelines": pipelines},
    st.dictionaries(NAMES, PIPELINES, min_size=1, max_size=2),
)
VALIDATOR = jsonschema.Draft202012Validator(policies_schema())


@settings(max_examples=40, deadline=None)
@given(data=FILES)
@pytest.mark.parametrize(("form", "read"), [("toml", read_toml), ("yaml", read_yaml)])
def test_policies_survive_dump_and_load(form, read, data):
    document = Document(data)
    spec = read_spec(document)
    assert document.faults == []
    assert spec.to_dict() == data
    text = dump_policies(spec, form)
    assert read(text, "file").data == data
    again = read_spec(read(text, "file"))
    assert again == spec
    assert dump_policies(again, form) == text
    VALIDATOR.validate(data)
