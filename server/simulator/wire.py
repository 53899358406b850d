"""The vendors' JSON as the simulator speaks it."""

from __future__ import annotations

import json
from typing import Any, Final

from server.simulator.replies import Reply

__all__ = ["MALFORMED", "answer_body", "checked_request", "error_body", "prompt_of", "stream_events"]

MALFORMED: Final = b'{"choices": [{"message": {"content": 42}'
"""An answer that is none, under HTTP 200."""

_CODES: Final = {
    "glm": {400: "1214", 401: "1002", 403: "1220", 404: "1211", 429: "1302"},
    "kimi": {
        400: "invalid_request_error",
        401: "invalid_authentication_error",
        403: "permission_denied_error",
        404: "resource_not_found_error",
        429: "rate_limit_reached_error",
    },
}
_DEFAULT_CODES: Final = {"glm": "500", "kimi": "server_error"}
_PIECES_PER_CHUNK: Final = 4


def error_body(provider: str, status: int, code: str, message: str) -> dict[str, Any]:
    """An error as ``provider`` words it; without ``code`` the one that goes with ``status``."""
    code = code or _CODES[provider].get(status, _DEFAULT_CODES[provider])
    return {"error": {"code" if provider == "glm" else "type": code, "message": message}}


def checked_request(data: bytes) -> dict[str, Any]:
    """The body of a request.

    Raises:
        ValueError: a vendor would refuse it; the text says why.
    """
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ValueError("the body is no JSON object")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise ValueError("model is required")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages is required")
    if not all(isinstance(turn, dict) and isinstance(turn.get("content"), str) for turn in messages):
        raise ValueError("each message needs a content")
    max_tokens = body.get("max_tokens")
    if max_tokens is not None and (not isinstance(max_tokens, int) or max_tokens < 1):
        raise ValueError("max_tokens must be a positive integer")
    return body


def prompt_of(body: dict[str, Any]) -> str:
    """All turns of a request as one text."""
    return "\n".join(turn["content"] for turn in body["messages"])


def answer_body(model: str, number: int, reply: Reply) -> dict[str, Any]:
    """A whole answer."""
    return {
        "id": f"sim-{number}",
        "object": "chat.completion",
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": reply.finish_reason,
            }
        ],
        "usage": _usage(reply),
    }


def stream_events(provider: str, model: str, number: int, reply: Reply) -> list[bytes]:
    """The events of a streamed answer, ``[DONE]`` last; usage where the vendor puts it."""
    pieces = reply.pieces
    texts = ["".join(pieces[at : at + _PIECES_PER_CHUNK]) for at in range(0, len(pieces), _PIECES_PER_CHUNK)]
    events = []
    for at, text in enumerate(texts):
        choice: dict[str, Any] = {"index": 0, "delta": {"role": "assistant", "content": text}}
        chunk: dict[str, Any] = {"id": f"sim-{number}", "object": "chat.completion.chunk", "model": model}
        chunk["choices"] = [choice]
        if at == len(texts) - 1:
            choice["finish_reason"] = reply.finish_reason
            (choice if provider == "kimi" else chunk)["usage"] = _usage(reply)
        events.append(_event(json.dumps(chunk)))
    return [*events, _event("[DONE]")]


def _usage(reply: Reply) -> dict[str, int]:
    output = len(reply.pieces)
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": output,
        "total_tokens": reply.prompt_tokens + output,
    }


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()
