"""Keys of clouds, databases and platforms as a service."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule, start
from exai_sre.logs.sanitize.rules.tokens import prefixed

__all__ = ["CLOUD_RULES"]

_HEX = "4795ecc090254f5b"
_MIXED = "aB3dE6gH9j"
_AWS_KEYWORDS: Final = ("a3t", "akia", "asia", "abia", "acca")

CLOUD_RULES: Final = (
    Rule(
        name="aws-key-id",
        keywords=_AWS_KEYWORDS,
        pattern=start() + r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
        true=("EX_KEY=«AKIA" + "Q2W3E4R5T6Y7U2I3» PORT=8079", "«ASIA" + "Q2W3E4R5T6Y7U2I3»"),
        false=("AKIA is a prefix", "AKIA" + "Q2W3E4R5T6Y7U2I3EXTRA"),
    ),
    prefixed("aws-bedrock-key", "ABSK", r"[A-Za-z0-9+/]{100,}+={0,2}", "ABSK" + _MIXED * 12),
    prefixed("supabase-secret-key", "sb_secret_", r"[A-Za-z0-9_-]{20,}+", "sb_secret_" + _MIXED * 3),
    prefixed("supabase-access-token", "sbp_", r"[0-9a-f]{40}", "sbp_" + _HEX * 2 + "4795ecc0"),
    prefixed("digitalocean-token", "do[opr]_v1_", r"[0-9a-f]{64}", "dop_v1_" + _HEX * 4, keyword="_v1_"),
    prefixed("databricks-token", "dapi", r"[0-9a-f]{32}(?:-[0-9])?", "dapi" + _HEX * 2),
    prefixed(
        "doppler-token",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.",
        r"[A-Za-z0-9._-]{40,}+",
        "dp.pt." + _MIXED * 4,
        keyword="dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.",
    ),
    prefixed("vault-token", r"hv[sbr]\.", r"[A-Za-z0-9_-]{24,}+", "hvs." + _MIXED * 3, keyword="hvs. hvb. hvr."),
    prefixed(
        "planetscale-secret",
        "pscale_(?:pw|tkn|oauth)_",
        r"[A-Za-z0-9_=.-]{32,}+",
        "pscale_pw_" + _MIXED * 4,
        keyword="pscale_",
    ),
    prefixed("pulumi-token", "pul-", r"[0-9a-f]{40}", "pul-" + _HEX * 2 + "4795ecc0"),
    prefixed(
        "fly-token",
        "fm[12][ar]?_",
        r"[A-Za-z0-9+/=_,-]{40,}+",
        "fm2_" + _MIXED * 5,
        keyword="fm1_ fm1a_ fm1r_ fm2_ fm2a_ fm2r_",
    ),
    prefixed("scalingo-token", "tk-us-", r"[A-Za-z0-9_-]{48}", "tk-us-" + _MIXED * 4 + "kL1mN4pQ"),
    prefixed("heroku-token", "HRKU-", r"[A-Za-z0-9_-]{36,}+", "HRKU-" + _MIXED * 4),
)
