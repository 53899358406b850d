"""Whatever somebody's configuration looks like: merging keeps it, is idempotent, and can be undone."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.generate.alertmanager import OurPart, merge_alertmanager

NAMES = st.text("abcxyz", min_size=1, max_size=4)
COMMENTS = st.sampled_from(["", "", "  # a remark", "   "])
GAPS = st.lists(st.sampled_from(["", "# a remark", "   # indented", "#"]), max_size=2)
ENTRIES = st.dictionaries(st.sampled_from(["text", "matchers", "note"]), st.text(max_size=8), max_size=2)
QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SECTIONS = ("routes", "inhibit_rules", "receivers", "time_intervals")


@st.composite
def listing(draw, key, name, indent):
    """A list as people write them: any indentation, comments between the entries, or nothing at all."""
    inner = indent + " " * draw(st.sampled_from([0, 2, 4]))
    lines = [f"{indent}{key}:{draw(COMMENTS)}"]
    for _ in range(draw(st.integers(0, 3))):
        lines += draw(GAPS)
        lines.append(f"{inner}- {name}: {draw(NAMES)}{draw(COMMENTS)}")
        lines += [f"{inner}  {field}: {quoted(value)}" for field, value in draw(ENTRIES).items()]
    return lines


def quoted(text):
    return yaml.safe_dump(text, default_style='"', width=10**6).strip()


@st.composite
def configurations(draw):
    parts = [["route:", f"  receiver: {draw(NAMES)}{draw(COMMENTS)}"]]
    if draw(st.booleans()):
        parts[0] += draw(listing("routes", "receiver", "  "))
    if draw(st.booleans()):
        parts[0][1:] = parts[0][2:] + parts[0][1:2]
    for key, name in (("inhibit_rules", "note"), ("receivers", "name"), ("time_intervals", "name")):
        if draw(st.booleans()):
            parts.append(draw(listing(key, name, "")))
    parts.append(["global:", f"  resolve_timeout: 5m{draw(COMMENTS)}"])
    ordered = draw(st.permutations(parts))
    lines = [line for part in ordered for line in [*draw(GAPS), *part]]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join([*lines, *draw(GAPS)]) + draw(st.sampled_from(["", end]))


@st.composite
def parts(draw):
    def some(key):
        names = draw(st.lists(NAMES, max_size=3, unique=True))
        return [{key: f"exai-{name}", **draw(ENTRIES)} for name in names]

    rules = [{"equal": [name]} for name in draw(st.lists(NAMES, max_size=2, unique=True))]
    return OurPart(some("receiver"), rules, some("name"), some("name"))


def theirs(text):
    """Their lines: those outside of our blocks, without the keys of lists that hold nothing but ours."""
    kept, inside = [], False
    for line in text.splitlines():
        inside = inside or "# BEGIN exai-sre" in line
        if not inside:
            kept.append(line)
        inside = inside and "# END exai-sre" not in line
    return kept


def lists(text):
    loaded = yaml.load(text, Loader=QUICK)
    route = loaded.pop("route")
    found = {"routes": route.pop("routes", None) or []}
    found.update({key: loaded.pop(key, None) or [] for key in SECTIONS[1:]})
    return {**loaded, "route": route}, found


@settings(max_examples=40, deadline=None)
@given(configurations(), parts(), parts())
def test_merging_keeps_theirs_and_is_idempotent(text, ours, later):
    once = merge_alertmanager(text, ours)
    assert merge_alertmanager(once, ours) == once
    # What a later merge leaves does not depend on the earlier one, but for the keys of empty lists.
    twice = merge_alertmanager(once, later)
    assert lists(twice) == lists(merge_alertmanager(text, later))
    left = theirs(twice)
    for line in text.splitlines():
        left.remove(line)
    assert {line.strip() for line in left} <= {f"{section}:" for section in SECTIONS}


@settings(max_examples=30, deadline=None)
@given(configurations(), parts())
def test_the_merged_configuration_means_theirs_and_ours(text, ours):
    rest, mixed = lists(merge_alertmanager(text, ours))
    before, given_lists = lists(text)
    assert rest == before
    for section in SECTIONS:
        assert mixed[section] == getattr(ours, section) + given_lists[section]
