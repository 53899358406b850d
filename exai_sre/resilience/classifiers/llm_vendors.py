"""Error bodies of the LLM vendors: what their own codes mean, whatever HTTP status they come with."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from exai_sre.resilience.classifiers.http_status import HTTP_STATUSES, headers_of, status_of, status_verdict
from exai_sre.resilience.classifiers.retry_after import retry_after_in_body
from exai_sre.resilience.classifiers.verdict import FAULT, REFUSED, TRANSIENT, Verdict

__all__ = [
    "ACCOUNT",
    "GLM",
    "KIMI",
    "OPENAI",
    "VENDOR_STATUSES",
    "Vendor",
    "VendorReader",
    "error_in",
    "vendor_verdict",
]

ACCOUNT: Final = FAULT
"""Our key or account is refused: no caller can mend it, so it counts as an outage, never as the caller's fault."""

VENDOR_STATUSES: Final[Mapping[int, Verdict]] = {
    **HTTP_STATUSES,
    **dict.fromkeys((401, 402, 403), ACCOUNT),
    # Address, model and method are ours: no caller can mend them.
    **dict.fromkeys((404, 405, 410), FAULT),
}
"""Verdicts by HTTP status where the body's code says nothing."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one vendor words its errors.

    Attributes:
        name: name of the vendor.
        fields: fields of the error object that hold the code; the first known one counts.
        codes: verdicts by code.
    """

    name: str
    fields: tuple[str, ...]
    codes: Mapping[str, Verdict]


def _table(groups: Mapping[Verdict, str]) -> dict[str, Verdict]:
    return {code: verdict for verdict, codes in groups.items() for code in codes.split()}


GLM: Final = Vendor(
    "glm",
    ("code",),
    _table(
        {
            # 10xx key refused; 1110-1113 and 1121 account inactive, unknown, locked, in arrears; 1304, 1308-1311,
            # 1313 quota of the day, the plan or the model used up. The vendor sends many of them as HTTP 429, which
            # without its code would look like a plain "slow down". 1211, 1212, 1221, 1222 an unknown or withdrawn
            # model or API: our catalogue and our address name both, so no caller can mend it.
            ACCOUNT: "1000 1001 1002 1003 1004 1110 1111 1112 1113 1121 1211 1212 1220 1221 1222 1304 1308 1309 1310 "
            "1311 1313",
            # Parameters, a prompt beyond the context, content that policy blocks.
            REFUSED: "1200 1210 1213 1214 1215 1231 1261 1300 1301",
            # Account service unreachable, broken flow, network, concurrency, frequency, load of the model.
            TRANSIENT: "500 1100 1120 1230 1234 1302 1303 1305 1312",
        }
    ),
)
"""Source: docs.z.ai/api-reference/api-code and docs.bigmodel.cn/cn/api/api-code, as of November 2026."""

KIMI: Final = Vendor(
    "kimi",
    # Its type says what happened; its code, where present, repeats the HTTP status.
    ("type", "code"),
    _table(
        {
            # A quota used up is sent as HTTP 429: to whoever reads the status alone it looks like a rate limit.
            ACCOUNT: "exceeded_current_quota_error incorrect_api_key_error invalid_authentication_error "
            "permission_denied_error resource_not_found_error",
            REFUSED: "content_filter invalid_request_error",
            TRANSIENT: "engine_overloaded_error rate_limit_reached_error server_error unexpected_output",
        }
    ),
)
"""Source: platform.kimi.ai/docs/api/errors, as of November 2026."""

OPENAI: Final = Vendor(
    "openai",
    ("code", "type"),
    _table(
        {
            ACCOUNT: "account_deactivated billing_hard_limit_reached billing_not_active insufficient_quota "
            "invalid_api_key model_not_found authentication_error permission_error",
            REFUSED: "content_filter content_policy_violation context_length_exceeded invalid_request_error "
            "string_above_max_length",
            TRANSIENT: "rate_limit_exceeded server_error tokens requests",
        }
    ),
)
"""OpenAI and those who copy its wire. Source: platform.openai.com/docs/guides/error-codes."""


def error_in(body: object) -> Mapping[str, Any] | None:
    """The error object of a decoded body, which may itself be one; ``None`` where there is none."""
    if not isinstance(body, Mapping):
        return None
    inner = body.get("error", body)
    if isinstance(inner, str):
        return {"message": inner}
    return inner if isinstance(inner, Mapping) and ("code" in inner or "type" in inner or "message" in inner) else None


def vendor_verdict(
    vendor: Vendor, status: int, body: object, headers: Mapping[str, str] | None = None, now: float = 0.0
) -> Verdict:
    """What an answer of a vendor means that is no success: by the body's code where it is known, else by the status.

    Args:
        vendor: whose answer it is.
        status: HTTP status; 200 for an error inside a stream.
        body: the decoded JSON; ``None`` where it is no JSON.
        headers: header fields of the response.
        now: seconds since the Unix epoch, for dates in ``Retry-After``.
    """
    error = error_in(body) or {}
    by_status = status_verdict(500 if status == 200 else status, headers, now, statuses=VENDOR_STATUSES)
    code = next((str(error[field]) for field in vendor.fields if str(error.get(field)) in vendor.codes), None)
    verdict = vendor.codes[code] if code is not None else by_status
    asked = by_status.retry_after if by_status.retry_after is not None else retry_after_in_body(error)
    return replace(verdict, sent=True, retry_after=asked)


@dataclass(frozen=True, slots=True)
class VendorReader:
    """Reads errors of any client that carry an answer of one vendor: HTTP status, header fields and body.

    Attributes:
        vendor: whose answers they are.
    """

    vendor: Vendor

    def __call__(self, error: BaseException, now: float) -> Verdict | None:
        """The verdict on ``error``; ``None`` where it carries no HTTP status."""
        status = status_of(error)
        if status is None:
            return None
        return vendor_verdict(self.vendor, status, _body_of(error), headers_of(error), now)


def _body_of(error: BaseException) -> object:
    """The decoded body: the error's ``body``, or its response's JSON where that was read already."""
    body = getattr(error, "body", None)
    decode = getattr(getattr(error, "response", None), "json", None)
    if body is None and callable(decode) and not inspect.iscoroutinefunction(decode):
        # Each client has its own errors for a body that was not read or is no JSON; the status has to do then.
        with suppress(Exception):
            return decode()
    return body
