"""GLM (Z.ai): its dialect of the shared wire and the meaning of its error codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.providers.base import Verdict
from server.providers.openai_wire import ACCOUNT, REFUSED, TRANSIENT, Dialect

__all__ = ["GLM_BASE_URL", "GlmDialect"]

GLM_BASE_URL: Final = "https://api.z.ai/api/paas/v4"
"""Where the vendor serves ``/chat/completions``."""


def _table(groups: Mapping[Verdict, str]) -> dict[str, Verdict]:
    return {code: verdict for verdict, codes in groups.items() for code in codes.split()}


_CODES: Final = _table(
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
)
"""Source: docs.z.ai/api-reference/api-code and docs.bigmodel.cn/cn/api/api-code, as of November 2026."""


class GlmDialect(Dialect):
    """GLM's wire: numeric error codes in the body, ``thinking`` as an object."""

    provider = "glm"
    codes = _CODES
