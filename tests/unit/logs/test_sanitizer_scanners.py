"""The three scanners: equal answers, whatever the text, and a clear word where one is missing."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.errors import MissingExtraError, SettingError
from exai_sre.logs.sanitize import SECRET_RULES, Sanitizer
from exai_sre.logs.sanitize.literals import any_of
from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.scanners import SCANNERS, Vocabulary, scanner_for
from exai_sre.logs.sanitize.scanners.aho_corasick import AhoCorasickScanner
from exai_sre.logs.sanitize.scanners.glance import around, glance
from exai_sre.logs.sanitize.scanners.hyperscan import HyperscanScanner
from exai_sre.logs.sanitize.scanners.plain import PlainScanner

NAMES = SCANNERS[1:]
ALL = [scanner_for(name, (), SECRET_RULES) for name in NAMES]
KEYWORDS = Vocabulary((), SECRET_RULES).keywords
WORDS = ("key", "keyid", "ke.", "token", "a$b", "-us")
PIECES = st.sampled_from([*KEYWORDS[::7], "a", " ", "K", "\u212a", "\u0130", "é", "\ud800", "0", "=", "x" * 20, "\n"])
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_all_scanners_find_the_same_keywords(text: str) -> None:
    expected = {keyword for keyword in KEYWORDS if keyword in text.lower()}
    assert [set(scanner.keywords(text)) for scanner in ALL] == [expected] * len(NAMES)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_no_scanner_passes_over_a_strong_keyword(text: str) -> None:
    if any(keyword in text.lower() for keyword in Vocabulary((), SECRET_RULES).strong):
        assert all(scanner.any(text) for scanner in ALL)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), st.text("keytoknid.ab$-us ", max_size=20))
def test_a_glance_stops_wherever_a_literal_stands(literals: list[str], text: str) -> None:
    found = re.search(glance(literals), text) is not None
    assert found or not any(literal in text for literal in literals)


def test_the_longest_literal_is_matched_on_request() -> None:
    assert re.findall(any_of(WORDS, longest=True), "keyid key") == ["keyid", "key"]


def test_the_glance_knows_for_each_place_where_it_stops_the_literals_that_can_stand_there() -> None:
    near = around(WORDS)
    for word in WORDS:
        text = f".{word}."
        stops = [stop.start() for stop in re.finditer(glance(WORDS), text)]
        possible = {
            (literal, at - start)
            for at in stops
            for before, behind, table in near
            for literal, start in table.get(text[at - before : at + behind], ())
        }
        assert (word, 1) in possible


@pytest.mark.parametrize("name", NAMES)
def test_a_scanner_without_words_finds_nothing(name: str) -> None:
    scanner = scanner_for(name, ())
    assert not scanner.any("password=abc")
    assert scanner.keywords("password=abc") == frozenset()
    assert scanner.name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_keyword_of_ordinary_texts_counts_with_the_shape_of_its_rule_only(name: str) -> None:
    rule = Rule(name="r", keywords=("s.",), pattern="s[.][0-9]{4}", true=("«s.1234»",), shape="s[.][0-9]{4}")
    scanner = scanner_for(name, (), (rule,))
    assert not scanner.any("it works. this too")
    assert scanner.any("got s.1234 back")
    assert scanner.keywords("this is. ") == {"s."}


def test_an_unknown_scanner_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"scanner='grep'.*auto, hyperscan, aho-corasick, plain"):
        Sanitizer(scanner="grep")


def test_the_quickest_scanner_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(scanner_for("auto", ("a",)), HyperscanScanner)
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert isinstance(scanner_for("auto", ("b",)), AhoCorasickScanner)
    monkeypatch.setitem(sys.modules, "ahocorasick", None)
    assert isinstance(scanner_for("auto", ("c",)), PlainScanner)
    with pytest.raises(MissingExtraError, match="fast"):
        scanner_for("aho-corasick", ("d",))


def test_whoever_finds_hyperscan_in_use_goes_another_way() -> None:
    scanner = HyperscanScanner(Vocabulary(("token",)))
    assert scanner.whole_event is not None
    assert not scanner.whole_event({"a": "b"})
    with scanner.taken():
        assert scanner.any("nothing here")
        assert scanner.whole_event({"a": "b"})
        assert scanner.keywords("a token here") == {"token"}
    assert scanner.whole_event({"a": "TOKEN"})
    assert scanner.whole_event({"token": 1})
    assert scanner.whole_event({"a": {1, 2}})
    assert scanner.whole_event({"a": "to\u212aen"})
    assert not scanner.whole_event({"a": "naïve"})
    assert scanner.any("to\u212aen")
