"""Our part in somebody else's configuration: theirs stays as it is, ours is found again."""

from __future__ import annotations

import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.generate import alertmanager_config
from exai_sre.generate.alertmanager import OurPart, merge_alertmanager, our_part

THEIRS = """\
# kept by the platform team
global:
  resolve_timeout: 5m   # keep this
route:
  receiver: mail        # who else
  routes:
  # the database people
  - receiver: dba
    matchers: [job="db"]
  - receiver: mail

# receivers
receivers:
  - name: mail
    email_configs:
      - {to: a@x, from: b@x, smarthost: "mail:25",
         text: "two
           lines"}
  - name: dba
templates: ["*.tmpl"]
# the end
"""

OURS = OurPart(
    routes=[{"receiver": "exai-page", "matchers": ['severity="page"']}],
    inhibit_rules=[{"source_matchers": ['a="b"'], "target_matchers": ['c="d"'], "equal": ["e"]}],
    receivers=[{"name": "exai-page", "slack_configs": [{"text": "one\n\ntwo\n"}]}],
    time_intervals=[{"name": "exai-nights", "time_intervals": [{"weekdays": ["sunday"]}]}],
)


def merged(text=THEIRS, ours=OURS):
    return merge_alertmanager(text, ours, file="am.yml")


def outside(text):
    """The lines that are not ours."""
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if "# BEGIN exai-sre" in line:
            inside = True
        if not inside:
            kept.append(line)
        if "# END exai-sre" in line:
            inside = False
    return "".join(kept)


def test_every_byte_of_theirs_stays():
    assert outside(merged()) == THEIRS + "inhibit_rules:\ntime_intervals:\n"


def test_theirs_and_ours_mean_what_they_meant():
    before, after = yaml.safe_load(THEIRS), yaml.safe_load(merged())
    assert after["route"].pop("routes") == OURS.routes + before["route"].pop("routes")
    assert after.pop("receivers") == OURS.receivers + before.pop("receivers")
    assert after.pop("inhibit_rules") == OURS.inhibit_rules
    assert after.pop("time_intervals") == OURS.time_intervals
    assert after == before


def test_merging_twice_is_merging_once():
    assert merged(merged()) == merged()


def test_a_later_merge_replaces_the_earlier_one():
    other = OurPart(routes=[{"receiver": "exai-new"}], receivers=[{"name": "exai-new"}])
    text = merged(merged(), other)
    assert "exai-page" not in text
    assert yaml.safe_load(text)["receivers"][0] == {"name": "exai-new"}
    assert yaml.safe_load(text)["time_intervals"] is None


def test_nothing_of_ours_leaves_nothing_of_ours():
    assert merged(merged(), OurPart()) == THEIRS + "inhibit_rules:\ntime_intervals:\n"


def test_a_block_that_was_moved_stays_where_it_is():
    start, end = "  # BEGIN exai-sre routes", "# END exai-sre routes\n"
    text = merged()
    block = text[text.index(start) : text.index(end) + len(end)]
    moved = text.replace(block, "").replace("  - receiver: mail\n", f"  - receiver: mail\n{block}")
    assert merged(moved) == moved
    assert yaml.safe_load(moved)["route"]["routes"][-1] == OURS.routes[0]


def test_a_block_that_was_moved_out_of_its_list_comes_back():
    text = merged()
    start, end = "  # BEGIN exai-sre routes", "# END exai-sre routes\n"
    block = text[text.index(start) : text.index(end) + len(end)]
    moved = text.replace(block, "").replace("  - name: dba\n", f"  - name: dba\n{block}")
    assert merged(moved) == text


def test_windows_line_ends_are_kept():
    text = THEIRS.replace("\n", "\r\n")
    made = merged(text)
    assert outside(made) == text + "inhibit_rules:\r\ntime_intervals:\r\n"
    assert "\n" not in made.replace("\r\n", "")
    assert merged(made) == made


def test_entries_that_lost_their_comments_are_known_by_their_names():
    """As after a program that writes YAML anew, such as Helm's toYaml."""
    bare = yaml.safe_dump(yaml.safe_load(merged()), sort_keys=False)
    again = merged(bare)
    made = yaml.safe_load(again)
    assert [route["receiver"] for route in made["route"]["routes"]] == ["exai-page", "dba", "mail"]
    assert [each["name"] for each in made["receivers"]] == ["exai-page", "mail", "dba"]
    assert len(made["inhibit_rules"]) == len(made["time_intervals"]) == 1
    assert merged(again) == again


def test_an_alias_to_something_of_the_prefix_is_left_where_it_is():
    text = "x: &x {name: exai-old}\nroute:\n  receiver: x\nreceivers:\n- *x\n- name: x\n"
    assert [each["name"] for each in yaml.safe_load(merged(text))["receivers"]] == ["exai-page", "exai-old", "x"]


def test_a_list_in_which_only_ours_stood_is_found_empty():
    text = (
        "route:\n  receiver: x\nreceivers:\n- name: x\ninhibit_rules:\n- equal: [e]\n  target_matchers: ['c=\"d\"']\n"
    )
    text += '  source_matchers:\n  - a="b"\n'
    assert len(yaml.safe_load(merged(text))["inhibit_rules"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "route:\n  receiver: x\n  routes:\nreceivers:\n",
        "receivers:\nroute:\n  receiver: x\n  routes:",
        "route:\n  receiver: x\nreceivers:\n- name: x",
        "route:\n    routes:\n    -\n        receiver: x\n    # after\n    receiver: x\nreceivers:\n- name: x\n",
        "---\nroute:\n  receiver: x\n  routes: &all\n  - receiver: x\nreceivers: # all\n\n- name: x\n...\n",
        "route:\n  receiver: x\n  routes:\n    &all\n    - receiver: x\nreceivers:\n- name: x\n",
        "route: !!map\n  receiver: |\n    x\nreceivers:\n- &x\n  name: |-\n    x\n# end\n\n",
    ],
)
def test_every_way_to_write_a_list_on_lines_is_added_to(text):
    made = merged(text)
    assert merged(made) == made
    added = {"", "inhibit_rules:", "receivers:", "time_intervals:", "  routes:", "    routes:"}
    # What remains without ours is theirs, and at most the key of a list that was missing.
    left = outside(made).splitlines()
    for line in text.splitlines():
        left.remove(line)
    assert set(left) <= added
    assert yaml.safe_load(made)["route"]["routes"][0] == OURS.routes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("route: {receiver: x}\nreceivers: []\n", "am.yml:1: route is not written out line by line; write each entry"),
        ("route:\n  receiver: x\n  routes: []\n", "am.yml:3: routes is not written"),
        ("x: &r\n- name: x\nroute:\n  receiver: x\nreceivers: *r\n", "am.yml:5: receivers is not written"),
        ("route:\n", "am.yml:1: route is not written"),
        ("receivers:\n- name: x\n", "am.yml: has no route; give it a route with a receiver first"),
        ("", "am.yml: is no configuration written line by line; write the whole configuration"),
        ("{route: {receiver: x}}", "is no configuration written line by line"),
        ("- a\n", "is no configuration"),
        ("a: 1\n---\nb: 2\n", "is no configuration"),
        ("route:\n  receiver: [\n", "am.yml:3: is not readable as YAML"),
        ("a: " + 500 * "[", "is not readable as YAML: nested too deeply"),
        ("d: &d {receiver: x}\nroute:\n  <<: *d\n", "am.yml:3: a merge key hides what stands here"),
        ("route:\n  receiver: x\n# a\rb\n", "am.yml:3: a line ends in an unusual way"),
        ("# BEGIN exai-sre routes\nroute:\n", "am.yml:2: the block of routes has no end"),
        ("# END exai-sre routes\nroute:\n", "am.yml:1: the comment '# END exai-sre routes' has no partner; remove all"),
        ("# BEGIN exai-sre routes\n# BEGIN exai-sre routes\n", "am.yml:2: the comment"),
        ("# BEGIN exai-sre a\n# END exai-sre a\n# BEGIN exai-sre a\n# END exai-sre a\n", "am.yml:3: the comment"),
        ("route:\n  receiver: x\nreceivers:\n- name: |\n    x",
         "am.yml: its last value would change; end the file with a line feed first"),
        (f"x: |\n  # BEGIN exai-sre routes\n  # END exai-sre routes\n{THEIRS}",
         "am.yml: cannot be added to without a change"),
        ("route:\n  receiver: x\n  receiver: y\n", "am.yml:3: receiver is given twice; remove one"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_to_is_refused_with_line_and_remedy(text, words):
    with pytest.raises(SpecError) as caught:
        merged(text)
    assert words in str(caught.value)


def test_our_whole_configuration_is_merged_into_by_names(slos, catalog):
    whole, part = alertmanager_config(slos, catalog=catalog), our_part(slos, catalog=catalog)
    made = yaml.safe_load(merged(whole, part))
    names = [each["name"] for each in made["receivers"]]
    assert len(names) == len(set(names))
    assert made["inhibit_rules"] == part.inhibit_rules
