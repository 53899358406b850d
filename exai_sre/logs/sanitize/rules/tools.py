"""Tokens of the services around a service: code hosting, chat, payment, mail, monitoring, registries."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule, start
from exai_sre.logs.sanitize.rules.tokens import prefixed, varied

__all__ = ["TOOL_RULES"]

_HEX = "4795ecc090254f5b"
_MIXED = "aB3dE6gH9j"

TOOL_RULES: Final = (
    prefixed(
        "github-token",
        "gh[pousr]_",
        r"[A-Za-z0-9]{36,255}+",
        "ghp_" + _MIXED * 3 + "kL1mN4",
        keyword="ghp_ gho_ ghu_ ghs_ ghr_",
    ),
    prefixed("github-pat", "github_pat_", r"[A-Za-z0-9_]{22,255}+", "github_pat_" + _MIXED * 8),
    prefixed(
        "gitlab-token",
        "gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-",
        r"[A-Za-z0-9_=-]{20,}+",
        "glpat-" + _MIXED * 2,
        keyword="glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct-",
    ),
    prefixed("slack-token", r"xox[a-z](?:\.xox[bp])?-", r"[A-Za-z0-9-]{10,}+", "xoxb-" + _MIXED * 3, keyword="xox"),
    prefixed("slack-app-token", "xapp-", r"[A-Za-z0-9-]{20,}+", "xapp-1-" + _MIXED * 3),
    Rule(
        name="slack-webhook",
        keywords=("hooks.slack.com",),
        pattern=r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9+/_-]{20,}+)",
        true=(f"POST https://hooks.slack.com/services/«T024BE7LD/B024BE7LE/{_MIXED * 2}» 200",),
        false=("https://hooks.slack.com/services/",),
    ),
    Rule(
        name="discord-bot-token",
        keywords=(),
        trigger=r"\.(?=[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27})",
        pattern=(start(".-") + r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])"),
        true=(f"bot «OTUy{_MIXED * 2}.YjESug.{_MIXED * 3}»",),
        false=("MZ1yGvKTjE0rY0cV8i47CjAa.uRHQPq.Xb1Mk2nEhe,4iUcrGOuegj57zMC",),
        locate=varied,
    ),
    prefixed(
        "stripe-key",
        "[sr]k_(?:live|test|prod)_",
        r"[A-Za-z0-9]{10,99}+",
        "sk_live_" + _MIXED * 3,
        keyword="k_live_ k_test_ k_prod_",
    ),
    prefixed("webhook-secret", "whsec_", r"[A-Za-z0-9+/=]{24,}+", "whsec_" + _MIXED * 3),
    prefixed("square-token", "sq0(?:atp|csp|idp)-", r"[A-Za-z0-9_-]{22,60}+", "sq0atp-" + _MIXED * 3, keyword="sq0"),
    prefixed(
        "shopify-token",
        "shp(?:at|ca|pa|ss)_",
        r"[0-9a-fA-F]{32}",
        "shpat_" + _HEX * 2,
        keyword="shpat_ shpca_ shppa_ shpss_",
    ),
    prefixed("easypost-key", "EZ[AT]K", r"[A-Za-z0-9]{54}", "EZAK" + _MIXED * 5 + "kL1m", keyword="ezak eztk"),
    prefixed(
        "sendgrid-key",
        r"SG\.",
        r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}+",
        f"SG.{_MIXED * 2}.{_MIXED * 4}",
        keyword="sg.",
    ),
    prefixed("mailchimp-key", "", r"[0-9a-f]{32}-us[0-9]{1,2}", _HEX * 2 + "-us12", keyword="-us"),
    prefixed("mailgun-key", "(?:pub)?key-", r"[0-9a-f]{32}", "key-" + _HEX * 2, keyword="key-"),
    prefixed("npm-token", "npm_", r"[A-Za-z0-9]{36}", "npm_" + _MIXED * 3 + "kL1mN4"),
    prefixed("pypi-token", "pypi-AgE", r"[A-Za-z0-9_-]{50,}+", "pypi-AgEIcHlwaS5vcmc" + _MIXED * 6),
    prefixed("rubygems-key", "rubygems_", r"[0-9a-f]{48}", "rubygems_" + _HEX * 3),
    prefixed("docker-token", "dckr_pat_", r"[A-Za-z0-9_-]{27,}+", "dckr_pat_" + _MIXED * 3),
    Rule(
        name="artifactory-key",
        keywords=("akc",),
        pattern=start() + r"AKC[A-Za-z0-9]{10,}+",
        true=(f"artifactory:_password=«AKCp8{_MIXED * 6}»",),
        false=("testAKCwithinanotherword", "AKCshort"),
    ),
    prefixed("artifactory-token", "cmVmd", r"[A-Za-z0-9]{59}", "cmVmd" + _MIXED * 5 + "kL1mN4pQ7"),
    prefixed("sentry-token", "sntrys_eyJ", r"[A-Za-z0-9+/=_-]{60,}+", "sntrys_eyJ" + _MIXED * 7),
    prefixed("sentry-user-token", "sntryu_", r"[0-9a-f]{64}", "sntryu_" + _HEX * 4),
    prefixed("grafana-token", "gl(?:c|sa)_", r"[A-Za-z0-9+/_=-]{32,}+", "glc_" + _MIXED * 4, keyword="glc_ glsa_"),
    prefixed("newrelic-key", "NRAK-", r"[A-Z0-9]{27}", "NRAK-" + "AB3DE6GH9" * 3),
    prefixed(
        "dynatrace-token",
        r"dt0[a-z][0-9]{2}\.",
        r"[A-Z0-9]{24}\.[A-Z0-9]{64}",
        f"dt0c01.{'AB3DE6GH' * 3}.{'AB3DE6GH' * 8}",
        keyword="dt0",
    ),
    prefixed("linear-key", "lin_api_", r"[A-Za-z0-9]{40}", "lin_api_" + _MIXED * 4),
    prefixed("notion-token", "ntn_", r"[0-9]{11}[A-Za-z0-9]{35}", "ntn_12345678901" + _MIXED * 3 + "kL1mN"),
    prefixed("postman-key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}", "PMAK-" + _HEX + "4795ecc0-" + _HEX * 2 + "47"),
    prefixed("readme-key", "rdme_", r"[a-z0-9]{70}", "rdme_" + "ab3de6gh9j" * 7),
    prefixed("infracost-key", "ico-", r"(?=[a-z0-9]{0,31}+[A-Z])[A-Za-z0-9]{32}", "ico-" + _MIXED * 3 + "kL"),
    prefixed(
        "harness-token",
        r"(?:pat|sat)\.",
        r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}",
        f"pat.{_MIXED * 2}kL.{_MIXED * 2}kL1m.{_MIXED * 2}",
        keyword="pat. sat.",
    ),
)
