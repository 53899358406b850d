"""Tokens of chat, mail, telephony and incident services, and the web addresses that are their secrets."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule, Span
from exai_sre.logs.sanitize.rules.forms import UUID, digits, hexa, lower, mixed, token, upper, uuid, vendor

__all__ = ["CHAT_RULES"]

_LONGEST_FIRST: Final = 26
_MOST_DIGITS: Final = 16
_BOT: Final = "/bot"
_REST: Final = 36
_TELEGRAM: Final = r":A(?<=[0-9]{5}:A)(?=[A-Za-z0-9_-]{34}(?![A-Za-z0-9_-]))"


def _hook(name: str, about: str, host: str, path: str, example: str) -> Rule:
    """The rule for an address whose path is the secret."""
    return Rule(
        name=name,
        keywords=(host,),
        pattern=host.replace(".", r"\.") + path,
        true=(f"POST https://{host}{example} 200",),
        false=(f"https://{host}/",),
        about=about,
    )


def _word_start(text: str, at: int) -> int:
    """Where the run of letters, digits, underscores and hyphens before ``at`` begins; at most 26 of them."""
    first = at
    while first > 0 and at - first < _LONGEST_FIRST and (text[first - 1].isalnum() or text[first - 1] in "_-"):
        first -= 1
    return first


def _bot_token(text: str, colon: int) -> Span | None:
    """The digits before the colon and what is behind it; of letters, only a path's ``/bot`` may stand before them."""
    first = colon
    while first > 0 and colon - first <= _MOST_DIGITS and text[first - 1] in "0123456789":
        first -= 1
    if colon - first > _MOST_DIGITS:
        return None
    before = text[max(0, first - len(_BOT)) : first]
    alone = not before or not (before[-1].isalnum() or before[-1] == "_")
    return (first, colon + _REST) if alone or before == _BOT else None


CHAT_RULES: Final = (
    token(
        "slack-config-token",
        "Slack configuration token",
        "xoxe- xoxe.xoxb- xoxe.xoxp-",
        r"[A-Za-z0-9-]{10,}+",
        "xoxe.xoxp-1-" + mixed(166),
    ),
    token(
        "slack-token",
        "Slack bot, user or workspace token",
        "xoxb- xoxp- xoxa- xoxo- xoxs- xoxr- xoxc- xoxd-",
        r"[A-Za-z0-9%/+-]{10,}+",
        "xoxb-" + mixed(50),
    ),
    token(
        "slack-app-token",
        "Slack app-level token",
        "xapp-",
        r"[A-Za-z0-9-]{20,}+",
        "xapp-1-" + upper(11) + "-" + hexa(64),
    ),
    _hook(
        "slack-webhook",
        "Slack webhook",
        "hooks.slack.com",
        r"/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9+/_-]{20,}+)",
        f"/services/«T024BE7LD/B024BE7LE/{mixed(24)}»",
    ),
    _hook(
        "discord-webhook",
        "Discord webhook",
        "/api/webhooks/",
        r"[0-9]{15,22}/(?P<secret>[A-Za-z0-9_-]{50,80}+)",
        f"{digits(18)}/«{mixed(68)}»",
    ),
    _hook(
        "teams-webhook",
        "Microsoft Teams webhook",
        "webhook.office.com/webhookb2/",
        r"(?P<secret>[A-Za-z0-9@/-]{70,200}+)",
        f"«{uuid()}@{uuid()}/IncomingWebhook/{hexa(32)}/{uuid()}»",
    ),
    _hook(
        "zapier-webhook",
        "Zapier webhook",
        "hooks.zapier.com/hooks/catch/",
        r"(?P<secret>[0-9]{4,12}/[A-Za-z0-9]{5,12})",
        "«123456/aB3dE6g»",
    ),
    _hook("lark-webhook", "Lark or Feishu webhook", "/open-apis/bot/v2/hook/", rf"(?P<secret>{UUID})", f"«{uuid()}»"),
    _hook(
        "google-chat-webhook",
        "Google Chat webhook",
        "chat.googleapis.com/v1/spaces/",
        r"[A-Za-z0-9_-]{8,20}/messages\?(?P<secret>[A-Za-z0-9_=&%-]{40,300}+)",
        f"AAAAbbbbCC/messages?«key={mixed(39)}&token={mixed(43)}»",
    ),
    Rule(
        name="discord-bot-token",
        keywords=(".",),
        shape=r"\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",
        pattern=(
            r"\.(?=[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27})(?:(?<=(?<![\w.-])[MNO][A-Za-z0-9_-]{23}\.)|(?<=(?<![\w.-])"
            r"[MNO][A-Za-z0-9_-]{24}\.)|(?<=(?<![\w.-])[MNO][A-Za-z0-9_-]{25}\.))"
            r"[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])"
        ),
        true=(f"bot «OTUy{mixed(20)}.YjESug.{mixed(27)}»",),
        false=("MZ1yGvKTjE0rY0cV8i47CjAa.uRHQPq.Xb1Mk2nEhe,4iUcrGOuegj57zMC",),
        locate=lambda text, match: (_word_start(text, match.start()), match.end()),
        about="Discord bot token",
    ),
    Rule(
        name="telegram-bot-token",
        keywords=(":a",),
        shape=r"[0-9]{5}:A[A-Za-z0-9_-]{34}",
        pattern=rf"{_TELEGRAM}",
        true=(
            f"bot «{digits(10)}:A{mixed(34)}» started",
            f"GET https://api.telegram.org/bot«{digits(9)}:A{mixed(34)}»/getMe",
        ),
        false=(f"{digits(4)}:A{mixed(34)}", f"{digits(10)}:A{mixed(20)}", f"robot{digits(9)}:A{mixed(34)}"),
        locate=lambda text, match: _bot_token(text, match.start()),
        about="Telegram bot token",
    ),
    Rule(
        name="twilio-key",
        keywords=tuple(prefix + digit for prefix in ("sk", "ac") for digit in "0123456789abcdefx"),
        shape=r"(?:SK|AC)[0-9a-z]{32}",
        pattern=r"(?:SK|AC)(?<=(?<![A-Za-z0-9_/+-])[SA][KC])[0-9a-z]{32}(?![A-Za-z0-9_/+-])",
        true=(f"twilio «SK{hexa(32)}» and «AC{lower(32)}»",),
        false=(f"SK{hexa(31)}", f"TASK{hexa(32)}"),
        about="Twilio key or account",
    ),
    token(
        "sendgrid-key",
        "SendGrid key",
        "SG.",
        r"[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}+",
        f"SG.{mixed(22)}.{mixed(43)}",
        shape=r"[A-Za-z0-9_-]{16}",
    ),
    token("mailgun-key", "Mailgun key", "key- pubkey-", r"[0-9a-f]{32}", "key-" + hexa(32), shape=r"[0-9a-f]{32}"),
    token(
        "brevo-key",
        "Brevo (Sendinblue) key",
        "xkeysib- xsmtpsib-",
        r"[0-9a-f]{64}-[A-Za-z0-9]{16}",
        f"xkeysib-{hexa(64)}-{mixed(16)}",
    ),
    token(
        "resend-key",
        "Resend key",
        "re_",
        r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
        f"re_{mixed(8)}_{mixed(24)}",
        shape=r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
    ),
    Rule(
        name="mailchimp-key",
        keywords=("-us",),
        pattern=r"-us(?<=(?<![A-Za-z0-9])[0-9a-f]{32}-us)(?=[0-9]{1,2}(?![A-Za-z0-9]))[0-9]{1,2}",
        true=(f"mailchimp «{hexa(32)}-us12» refused",),
        false=(f"{hexa(31)}-us1", f"{hexa(32)}-use1"),
        locate=lambda _text, match: (match.start() - 32, match.end()),
        about="Mailchimp key",
    ),
    token(
        "hubspot-token", "HubSpot private app token", "pat-na1- pat-na2- pat-eu1- pat-ap1-", UUID, "pat-na1-" + uuid()
    ),
    token("intercom-token", "Intercom token", "dG9rO", r"[A-Za-z0-9+/]{50,}+={0,2}", "dG9rO" + mixed(60)),
    token(
        "pushbullet-token",
        "Pushbullet token",
        "o.",
        r"(?=[A-Za-z]{0,32}+[0-9])(?=[a-z0-9]{0,32}+[A-Z])[A-Za-z0-9]{32}",
        "o." + mixed(32),
        after=".-",
        shape=r"[A-Za-z0-9]{32}",
    ),
    token(
        "courier-key",
        "Courier key",
        "pk_prod_ pk_test_",
        r"[A-Z0-9]{28}",
        "pk_prod_" + upper(28),
        shape=r"[A-Z0-9]{28}",
    ),
    vendor(
        "mailgun-signing-key",
        "Mailgun webhook signing key",
        "mailgun",
        r"[0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8}",
        f"{hexa(32)}-{hexa(8)}-{hexa(8)}",
    ),
    vendor("mailjet-key", "Mailjet key", "mailjet", r"[0-9a-f]{32}", hexa(32)),
    vendor("postmark-token", "Postmark server token", "postmark", UUID, uuid()),
    vendor("sparkpost-key", "SparkPost key", "sparkpost", r"[0-9a-f]{40}", hexa(40)),
    vendor(
        "telegram-key",
        "Telegram bot token without its usual look",
        "telegram",
        r"[0-9]{5,16}:A[A-Za-z0-9_-]{34}",
        f"{digits(10)}:A{lower(34)}",
    ),
    vendor("twilio-secret", "Twilio secret", "twilio", r"[0-9a-f]{32}", hexa(32)),
    vendor(
        "messagebird-key",
        "MessageBird key",
        "messagebird message_bird message-bird",
        rf"[a-z0-9]{{25}}|{UUID}",
        lower(25),
    ),
    vendor("vonage-secret", "Vonage (Nexmo) secret", "vonage nexmo", r"[A-Za-z0-9]{16}", mixed(16)),
    vendor("sendbird-token", "Sendbird token", "sendbird", rf"[0-9a-f]{{40}}|{UUID}", hexa(40)),
    vendor("intercom-key", "Intercom key", "intercom", r"[A-Za-z0-9=_-]{60}", mixed(60)),
    vendor("zendesk-key", "Zendesk key", "zendesk", r"[A-Za-z0-9]{40}", mixed(40)),
    vendor("mattermost-token", "Mattermost token", "mattermost", r"[a-z0-9]{26}", lower(26)),
    vendor("gitter-token", "Gitter token", "gitter", r"[A-Za-z0-9_-]{40}", mixed(40)),
    vendor(
        "discord-key",
        "Discord client secret or public key",
        "discord",
        r"[0-9a-f]{64}|[A-Za-z0-9=_-]{32}|[0-9]{18}",
        hexa(64),
    ),
    vendor("pagerduty-key", "PagerDuty key", "pagerduty pager_duty pd_", r"[A-Za-z0-9+_-]{20}|[0-9a-f]{32}", mixed(20)),
    vendor("opsgenie-key", "Opsgenie key", "opsgenie", UUID, uuid()),
    vendor("hubspot-key", "HubSpot key", "hubspot", UUID, uuid()),
    vendor(
        "line-channel-secret",
        "LINE channel secret or token",
        "line_channel",
        r"[0-9a-f]{32}|[A-Za-z0-9+/]{150,180}={0,2}",
        hexa(32),
    ),
)
