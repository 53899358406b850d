"""What can carry a secret to an exit: texts, containers, objects, exceptions, frames."""

from __future__ import annotations

import dataclasses
import html
import json
import traceback
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pydantic
import yarl
from multidict import CIMultiDict

from tests.property.leak_secrets import in_base64


class Login(NamedTuple):
    user: str
    password: str


@dataclasses.dataclass
class Account:
    user: str
    password: str
    notes: list[Any] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Handle:
    user: str
    material: str = dataclasses.field(repr=False)


class Settings(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    url: str
    key: pydantic.SecretStr


class Shown:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"Shown({self.secret!r})"


class Told(Shown):
    def __repr__(self) -> str:
        return "Told()"

    def __str__(self) -> str:
        return f"told {self.secret}"


class Silent(Exception):
    def __str__(self) -> str:
        return "silent"


def chain(secret: str) -> Exception:
    inner = ValueError(f"inner {secret}")
    inner.__context__ = OSError(5, "no", f"{secret}.txt")
    outer = RuntimeError("outer")
    outer.__cause__ = inner
    return outer


def noted(secret: str) -> Exception:
    error = ValueError("noted")
    error.add_note(f"see {secret}")
    return error


def raised_with_locals(secret: str) -> Exception:
    def connect(password: str) -> None:
        credential = [password]
        raise ConnectionError(f"refused after {len(credential)} attempts")

    try:
        connect(secret)
    except ConnectionError as error:
        return error
    return AssertionError("did not raise")


def login_json(secret: str) -> str:
    return json.dumps({"user": "bob", "db_password": secret, "n": 1})


def traceback_of(secret: str) -> str:
    return "".join(traceback.format_exception(chain(secret)))


TEXTS: dict[str, Callable[[str], str]] = {
    "sentence": lambda secret: f"provider rejected key {secret} (401)",
    "sentence end": lambda secret: f"it was {secret}.",
    "quoted": lambda secret: f'client = Client("{secret}")',
    "json": lambda secret: json.dumps({"args": {"k": secret}}),
    "json in json": lambda secret: json.dumps(json.dumps({"nested": {"k": secret}})),
    "repr of a dict": lambda secret: repr({"a": [1, {"k": secret}]}),
    "environment": lambda secret: f"env: EX_KEY={secret} PORT=8079",
    "header": lambda secret: f"Authorization: Bearer {secret}",
    "curl": lambda secret: f"curl -H 'X-Api-Key: {secret}' https://h.example",
    "query": lambda secret: f"GET https://h.example/v1?page=2&api_key={secret}&n=1",
    "query in a query": lambda secret: f"/login?next={quote(f'https://h/?access_token={secret}&n=1', safe='')}",
    "userinfo": lambda secret: f"postgresql://bot:{quote(secret)}@db.internal:5432/app",
    "fragment": lambda secret: f"https://h.example/cb#access_token={secret}&state=1",
    "path": lambda secret: f"https://h.example/hooks/{secret}/send",
    "escaped lines": lambda secret: f"first\\n{secret}\\nlast",
    "lines": lambda secret: f"first\n{secret}\nlast",
    "traceback": traceback_of,
    "xml": lambda secret: f"<a><clientSecret>{secret}</clientSecret></a>",
    "yaml": lambda secret: f"db:\n  password: {secret}\n  host: h",
    "body in nginx's log": lambda secret: rf'"POST / HTTP/1.1" 200 "{{\x22k\x22:\x22{secret}\x22}}"',
}
"""Texts with a token."""

VALUES: dict[str, Callable[[str], Any]] = {
    "value": lambda secret: {"a": {"b": [1, (secret,)]}},
    "key": lambda secret: {secret: 1},
    "set": lambda secret: {secret, "a"},
    "deque": lambda secret: deque([secret]),
    "bytes": lambda secret: b"x " + secret.encode(),
    "bytes beside others": lambda secret: b"\xff\xfe " + secret.encode(),
    "utf-16": lambda secret: {"raw": secret.encode("utf-16-le")},
    "bytearray": lambda secret: [bytearray(secret.encode())],
    "url object": lambda secret: yarl.URL("https://h.example/").with_query(t=secret),
    "other url object": lambda secret: httpx.URL(f"https://bob:{quote(secret)}@h.example/"),
    "namespace": lambda secret: SimpleNamespace(a=secret),
    "repr": lambda secret: [Shown(secret)],
    "str": lambda secret: (Told(secret),),
    "model": lambda secret: Settings.model_validate({"url": f"https://h/?t={secret}", "key": secret, "more": secret}),
    "dataclass": lambda secret: Account("bob", "", [secret]),
    "exception": lambda secret: ValueError(f"bad {secret}"),
    "exception chain": chain,
    "exception note": noted,
    "exception group": lambda secret: ExceptionGroup("several", [OSError("a"), ValueError(secret)]),
    "exception arguments": lambda secret: Silent(secret),
    "exceptions in a list": lambda secret: {"errors": [KeyError(secret), noted(secret)]},
    "locals": raised_with_locals,
}
"""Values with a token."""

KEYED_TEXTS: dict[str, Callable[[str], str]] = {
    "keyed json": login_json,
    "keyed json in json": lambda secret: json.dumps({"body": json.dumps({"client_secret": secret})}),
    "keyed repr": lambda secret: repr({"user": "bob", "password": secret}),
    "keyed assignment": lambda secret: f"DB_PASSWORD={secret} user=bob",
    "keyed option": lambda secret: f"mysql --password {secret} --host h",
    "keyed userinfo": lambda secret: f"redis://bot:{quote(secret, safe='')}@cache:6379/0",
    "keyed query": lambda secret: f"https://h.example/?user=bob&password={quote(secret, safe='')}&n=1",
    "basic": lambda secret: f"Authorization: Basic {in_base64(secret)}",
    "cookie": lambda secret: f"Cookie: session={secret}; theme=dark",
    "keyed xml": lambda secret: f"<password>{secret}</password>",
    "keyed json in a query": lambda secret: f"/find?filter={quote(login_json(secret), safe='')}&n=1",
    "keyed json in html": lambda secret: f"<pre>{html.escape(login_json(secret))}</pre>",
    "keyed json in nginx's log": lambda secret: login_json(secret).replace('"', r"\x22"),
}
"""Texts with a password."""

KEYED_VALUES: dict[str, Callable[[str], Any]] = {
    "under a key": lambda secret: {"user": "bob", "password": secret},
    "deep under a key": lambda secret: [{"a": ({"clientSecret": secret},)}],
    "list under a key": lambda secret: {"secrets": [secret, {"a": secret}]},
    "bytes under a key": lambda secret: {b"x-api-key": secret.encode()},
    "headers": lambda secret: CIMultiDict({"Authorization": f"Basic {in_base64(secret)}", "Accept": "*/*"}),
    "header pairs": lambda secret: [(b"host", b"h"), (b"x-api-key", secret.encode())],
    "name and value": lambda secret: {"env": [{"name": "DB_PASSWORD", "value": secret}]},
    "command line": lambda secret: ["mysql", "--password", secret, "--host", "h"],
    "named tuple": lambda secret: Login("bob", secret),
    "keyed dataclass": lambda secret: {"account": Account("bob", secret)},
    "hidden field": lambda secret: Handle("bob", secret),
    "secret type": lambda secret: {"a": pydantic.SecretStr(secret)},
    "items": lambda secret: {"password": secret}.items(),
}
"""Values with a password."""
