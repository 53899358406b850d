"""The live page's files: small, their own, and nothing that a strict policy would refuse."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser

import pytest

MOST_BYTES = 60_000
MOST_LINES = 200


@pytest.fixture
def files(root):
    return {path.name: path.read_text(encoding="utf-8") for path in (root / "server" / "monitoring" / "web").iterdir()}


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(html):
    parser = Elements()
    parser.feed(html)
    return parser.found


def test_the_whole_page_weighs_little(files):
    assert sum(len(gzip.compress(text.encode(), 9)) for text in files.values()) <= MOST_BYTES


def test_each_module_is_short(files):
    assert {name for name, text in files.items() if name.endswith(".js") and text.count("\n") >= MOST_LINES} == set()


def test_nothing_comes_from_another_place(files):
    for name, text in files.items():
        addresses = [
            each for each in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if "www.w3.org/" not in f"{each}/"
        ]
        assert addresses == [], name


def test_there_is_no_inline_script_or_style(files):
    for tag, attributes in elements(files["index.html"]):
        assert "style" not in attributes, tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert tag != "style"
        assert tag != "script" or attributes.get("src", "").startswith("/assets/")


def test_modules_neither_parse_markup_nor_evaluate_text(files):
    dangerous = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.style\b")
    assert {name for name, text in files.items() if name.endswith(".js") and dangerous.search(text)} == set()


def test_every_file_that_is_asked_for_is_there(files):
    wanted = {
        value.removeprefix("/assets/")
        for _, attributes in elements(files["index.html"])
        for value in attributes.values()
        if value and value.startswith("/assets/")
    }
    for name, text in files.items():
        if name.endswith(".js"):
            wanted |= set(re.findall(r'from "\./([\w.]+)"', text))
    assert wanted == set(files) - {"index.html"}


def test_ids_that_modules_use_are_in_the_page(files):
    present = {attributes["id"] for _, attributes in elements(files["index.html"]) if "id" in attributes}
    used = {
        found
        for name, text in files.items()
        if name.endswith(".js")
        for found in re.findall(r'byId\("([\w-]+)"\)', text)
    }
    assert used <= present
