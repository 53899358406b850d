"""Keys, tokens and hashes in standard forms, whoever made them."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.rule import Rule, Span, behind
from exai_sre.logs.sanitize.rules.forms import hexa, mixed, token, upper

__all__ = ["MATERIAL_RULES"]

_BODY = "MIIEpAIBAAKCAQEA7bq0" * 3
_JWT = f"eyJ{'hbGciOiJI' * 2}.eyJ{'zdWIiOiIx' * 2}"
# The block of data of a Kubernetes secret: lines of deeper indentation below the key.
_ENTRY: Final = r"(?:\\n|\n)[ \t]{1,8}[\w.-]{1,80}:[ \t]{0,4}[|>\"']?"
_KIND: Final = re.compile(r"kind:[ \t]{0,4}[\"']?secret\b", re.IGNORECASE)


def _of_a_secret(text: str, match: re.Match[str]) -> Span | None:
    """The value of an entry, if the document is one of kind Secret."""
    return match.span("secret") if _KIND.search(text) else None


MATERIAL_RULES: Final = (
    Rule(
        name="private-key",
        keywords=("private key",),
        # Words of anything but dashes, parted by white space, escaped line ends or single dashes, up to
        # the next run of dashes; the text must begin like key material or like one of its headers.
        pattern=(
            r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\++[nrt])*+"
            r"(?=[A-Za-z0-9+/=]{16}|[A-Z][A-Za-z-]{2,20}:)"
            r"(?P<secret>[^-\s\\]++(?:(?:\s|\\++[nrt]?|-(?!----))++[^-\s\\]++)*+)"
        ),
        true=(
            f"-----BEGIN RSA PRIVATE KEY-----\n«{_BODY}\n{_BODY}==»\n-----END RSA PRIVATE KEY-----",
            f'{{"pem":"-----BEGIN PRIVATE KEY-----\\n«{_BODY}\\n{_BODY}»\\n-----END PRIVATE KEY-----\\n"}}',
            f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n«Version: 2\n\n{_BODY}»\n-----END PGP PRIVATE KEY BLOCK-----",
            f"cut off -----BEGIN EC PRIVATE KEY-----\n«{_BODY}»",
        ),
        false=("-----BEGIN PRIVATE KEY----- is missing in key.pem", f"-----BEGIN PUBLIC KEY-----\n{_BODY}"),
        about="private key in PEM or PGP armour",
    ),
    Rule(
        name="putty-key",
        keywords=("private-lines:",),
        pattern=(
            r"Private-Lines: [0-9]{1,3}(?:\s|\\++[nr])++"
            r"(?P<secret>[A-Za-z0-9+/=]++(?:(?:\s|\\++[nr])++[A-Za-z0-9+/=]{16,}+)*+)"
        ),
        true=(f"Private-Lines: 2\n«{mixed(64)}\n{mixed(40)}==»\nPrivate-MAC: 1f",),
        false=("Private-Lines: 14 were expected",),
        locate=lambda _text, match: match.span("secret") if match.end("secret") - match.start("secret") >= 16 else None,
        about="private key of PuTTY",
    ),
    Rule(
        name="jwt",
        keywords=("eyj",),
        pattern=(
            "eyJ" + behind("eyJ", "-") + r"[A-Za-z0-9_-]{10,}+\."
            r"(?:eyJ[A-Za-z0-9_-]{10,}+|[A-Za-z0-9_-]{0,512}+(?:\.[A-Za-z0-9_-]{10,}+){2})"
            r"(?:\.[A-Za-z0-9_-]*+)?"
        ),
        true=(f"got «{_JWT}.{'c2lnbmF0' * 4}» back", f"«{_JWT}»"),
        false=("eyJBB.eyJCC.eyJDDDD", "eyJ stands for an opening brace"),
        about="JSON Web Token",
    ),
    token("jwt-base64", "JSON Web Token in base64", "ZXlK", r"[A-Za-z0-9+/_-]{60,}+={0,2}", "ZXlK" + mixed(120)),
    token(
        "age-secret-key",
        "age identity",
        "AGE-SECRET-KEY-1",
        r"[A-Z0-9]{58}",
        "AGE-SECRET-KEY-1" + upper(58),
        uniform=True,
    ),
    Rule(
        name="password-hash",
        keywords=(
            "$2a$",
            "$2b$",
            "$2x$",
            "$2y$",
            "$2$",
            "$argon2",
            "$5$",
            "$6$",
            "$1$",
            "$y$",
            "$apr1$",
            "$scrypt$",
            "$pbkdf2",
        ),
        pattern=(
            r"\$(?:2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}|argon2(?:id|i|d)\$v=[0-9]{1,3}\$[a-z0-9=,]{5,60}\$[A-Za-z0-9+/]{8,90}\$"
            r"[A-Za-z0-9+/]{16,180}|(?:[156y]|apr1)\$[A-Za-z0-9./=$]{0,60}\$[./A-Za-z0-9]{22,90}"
            r"|(?:scrypt|pbkdf2(?:-sha[0-9]{1,3})?)\$[A-Za-z0-9=,./+$]{30,200})(?![./A-Za-z0-9])"
        ),
        true=(
            f"row $1, hash «$2b$12${mixed(53)}»",
            f"«$6$saltsalt${mixed(86)}» for bob",
            f"«$argon2id$v=19$m=65536,t=3,p=4${mixed(22)}${mixed(43)}»",
        ),
        false=("costs $2 and $5 or $6", "$2b$12$ is the beginning"),
        about="hash of a password (bcrypt, Argon2, crypt, scrypt, PBKDF2)",
    ),
    Rule(
        name="kubernetes-secret",
        keywords=("secret",),
        needs=("data:", "Data:"),
        pattern=rf"{_ENTRY}(?P<secret>[A-Za-z0-9+/]{{10,}}+={{0,2}})(?=[\"']?[ \t]{{0,4}}(?:\\n|\n|$))",
        true=(
            f"kind: Secret\ndata:\n  tls.key: «{mixed(24)}==»\n  user: «{mixed(16)}»\nmetadata:\n  name: a",
            f'apiVersion: v1\ndata:\n  pass: "«{mixed(20)}»"\nkind: Secret\n',
        ),
        false=(
            f"kind: ConfigMap\ndata:\n  colour: {mixed(24)}\n  secret: none\n",
            "kind: secret\ndata:\n\textra: YmFyCg==\n",
        ),
        locate=_of_a_secret,
        about="value of a Kubernetes Secret",
    ),
    Rule(
        name="totp-secret",
        keywords=("otpauth",),
        pattern=r"otpauth(?:://|%3A%2F%2F)[^\s\"'<>]{1,200}?secret(?:=|%3D)(?P<secret>[A-Za-z2-7]{8,128}+)",
        true=("otpauth://totp/acme:bob?secret=«JBSWY3DPEHPK3PXP»&issuer=acme",),
        false=("otpauth://totp/acme:bob?issuer=acme",),
        about="seed of one-time passwords",
    ),
    Rule(
        name="wireguard-key",
        keywords=("privatekey", "presharedkey"),
        pattern=r"(?:PrivateKey|PresharedKey)[ \t]{0,4}=[ \t]{0,4}(?P<secret>[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]=)",
        true=(f"[Interface]\nPrivateKey = «{mixed(43)}=»\nListenPort = 51820",),
        false=("PrivateKey = <generated>", "PrivateKey is missing"),
        about="WireGuard private or pre-shared key",
    ),
    Rule(
        name="ethereum-private-key",
        keywords=("wallet", "signer"),
        pattern=(
            r"(?i:private|secret|signer|wallet)[ _-]{0,2}(?i:key)?[\"'\]]{0,2}[ \t]{0,4}[=:][ \t]{0,4}[\"']?"
            r"(?P<secret>0x[0-9a-fA-F]{64})(?![0-9a-fA-F])"
        ),
        true=(f"wallet: «0x{hexa(64)}» loaded",),
        false=(f"transaction 0x{hexa(64)} mined",),
        about="private key of a wallet",
    ),
)
