"""What redaction leaves of the throughput of structlog with orjson: ``python -m benchmarks.bench_sanitizer``.

Events as a service writes them: about 450 bytes, eleven fields, two levels of nesting, ids and
times that never come again, one in twenty with a secret. All strategies see the same events,
rounds are interleaved, and the share is the median over the rounds of bare by redacted, in
processor time. ``cold`` has the memory of clean texts emptied before each event. Of the texts it
says how many were remembered, how many are identifiers or times, and how many are looked at.
"""

from __future__ import annotations

import random
import statistics
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import structlog

from exai_sre.logs.sanitize import SECRET_RULES, Sanitizer
from exai_sre.logs.sanitize.identifiers import Identifiers

EVENTS = 2000
ROUNDS = 9
LETTERS = string.ascii_letters + string.digits
Event = dict[str, Any]


def events(seed: int = 7) -> list[Event]:
    """The realistic mix."""
    draw = random.Random(seed)

    def some(length: int, characters: str = LETTERS) -> str:
        return "".join(draw.choices(characters, k=length))

    dirty: list[Callable[[], str]] = [
        lambda: f"GET /v1/items?page=1 Authorization: Bearer {some(40)}",
        lambda: f"using key sk-{some(48)}",
        lambda: f"dsn postgresql://app:{some(12)}@db:5432/prod",
        lambda: f"login of {some(6).lower()}@example.com",
        lambda: f"pat ghp_{some(36)}",
        lambda: f"jwt eyJhbGciOiJIUzI1NiJ9.eyJ{some(60)}.{some(43)}",
    ]
    made = []
    for number in range(EVENTS):
        quoted = (
            draw.choice(dirty)()
            if number % 20 == 0
            else (
                f"upstream answered after {draw.randrange(4)} attempts, breaker closed, "
                f"queue depth {draw.randrange(50)}"
            )
        )
        made.append({
            "event": draw.choice(["request finished", "tool call completed", "retry scheduled", "session opened"]),
            "level": draw.choice(["info", "debug", "warning"]),
            "timestamp": f"2026-11-22T20:{number // 60 % 60:02}:{number % 60:02}.{draw.randrange(10**6):06}Z",
            "logger": "exai.server.router",
            "trace_id": some(32, "0123456789abcdef"),
            "span_id": some(16, "0123456789abcdef"),
            "request_id": "-".join(some(length, "0123456789abcdef") for length in (8, 4, 4, 4, 12)),
            "route": f"/mcp/v1/tools/{draw.choice(['chat', 'file_upload', 'analyze'])}",
            "duration_ms": round(draw.random() * 900, 3),
            "provider": {"name": draw.choice(["glm", "kimi"]), "usage": {"in": draw.randrange(9000), "out": 7}},
            "detail": quoted,
        })  # fmt: skip
    return made


def logger(stream: Any, *processors: Any) -> Any:
    """A structlog logger that renders with orjson."""
    render = structlog.processors.JSONRenderer(serializer=orjson.dumps)
    return structlog.wrap_logger(structlog.BytesLogger(file=stream), processors=[*processors, render])


def cold(sanitizer: Sanitizer) -> Callable[[Any, str, Event], Event]:
    """The sanitizer as a processor that remembers no text."""

    def redact(_logger: Any, _method: str, event: Event) -> Event:
        sanitizer.forget()
        redacted: Event = sanitizer.redact(event)
        return redacted

    return redact


def run(log: Any, mix: list[Event]) -> float:
    """Processor time per event, microseconds."""
    copies = [dict(event) for event in mix]
    began = time.process_time()
    for event in copies:
        log.info(event.pop("event"), **event)
    return (time.process_time() - began) / len(mix) * 1e6


def percentile(sanitizer: Sanitizer, mix: list[Event]) -> float:
    """The 99.9th percentile of the time of one event, microseconds; of five runs the least for each event."""
    least = [float("inf")] * len(mix)
    for _ in range(5):
        for number, event in enumerate(mix):
            began = time.thread_time()
            sanitizer.redact(event)
            least[number] = min(least[number], (time.thread_time() - began) * 1e6)
    return sorted(least)[int(len(least) * 0.999)]


def texts_of(event: Event) -> list[str]:
    """The texts of an event, those of its parts too."""
    return [
        text
        for value in event.values()
        for text in ([value] if isinstance(value, str) else texts_of(value) if isinstance(value, dict) else [])
    ]


def print_cached(name: str, sanitizer: Sanitizer, mix: list[Event]) -> None:
    """Print the shares of the texts that are remembered, that are identifiers, and that are looked at."""
    texts = [text for event in mix for text in texts_of(event)]
    unknown = [text for text in texts if not sanitizer.remembers(text)]
    looked_at = len(Identifiers(numbers=True).others(unknown))
    remembered, known = len(texts) - len(unknown), len(unknown) - looked_at
    shares = [f"{count / len(texts):.3f}" for count in (remembered, known, looked_at)]
    print(f"{name:36} remembered {shares[0]}, identifiers {shares[1]}, looked at {shares[2]} of the texts")


def print_alone(name: str, sanitizer: Sanitizer, mix: list[Event], rounds: int) -> None:
    """Print what is known of a sanitizer without a logger, after some rounds from an empty memory."""
    sanitizer.forget()
    for _ in range(rounds + 1):
        for event in mix:
            sanitizer.redact(event)
    print_cached(name, sanitizer, mix)
    print(f"{name:36} {percentile(sanitizer, mix):8.1f} us  p99.9 of one event")


def main(rounds: int) -> None:
    """Print the shares."""
    mix = events()
    sanitizers = {(name, pii): Sanitizer(scanner=name, pii=pii) for name in ("plain", "aho-corasick", "hyperscan")
                  for pii in (False, True)}  # fmt: skip
    with Path("/dev/null").open("wb") as null:
        logs = {"bare structlog + orjson": logger(null)}
        for (name, pii), sanitizer in sanitizers.items():
            logs[f"{name}{', personal data too' if pii else ''}"] = logger(null, sanitizer)
            if not pii:
                # Its own: what the cold one forgets, the other must not have to learn again in each round.
                logs[f"{name}, cold"] = logger(null, cold(Sanitizer(scanner=name)))
        times: dict[str, list[float]] = {name: [] for name in logs}
        for _ in range(rounds + 1):
            for name, log in logs.items():
                times[name].append(run(log, mix))
    bare = times["bare structlog + orjson"][1:]
    print(f"{len(SECRET_RULES)} kinds of secrets, {EVENTS} events, {rounds} rounds")
    for name, found in times.items():
        share = statistics.median(b / t for b, t in zip(bare, found[1:], strict=True))
        print(f"{name:36} {statistics.median(found[1:]):8.1f} us  share {share:.2f}")
    for (name, pii), sanitizer in sanitizers.items():
        if not pii:
            print_alone(name, sanitizer, mix, rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
