"""Keys and tokens in standard forms: PEM, JWT, age."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rule import Rule, start

__all__ = ["MATERIAL_RULES"]

_BODY = "MIIEpAIBAAKCAQEA7bq0" * 3

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
    ),
    Rule(
        name="jwt",
        keywords=("eyj",),
        pattern=(
            start("-") + r"eyJ[A-Za-z0-9_-]{10,}+\."
            r"(?:eyJ[A-Za-z0-9_-]{10,}+|[A-Za-z0-9_-]{0,512}+(?:\.[A-Za-z0-9_-]{10,}+){2})"
            r"(?:\.[A-Za-z0-9_-]*+)?"
        ),
        true=(
            f"got «eyJ{'hbGciOiJI' * 2}.eyJ{'zdWIiOiIx' * 2}.{'c2lnbmF0' * 4}» back",
            f"«eyJ{'hbGciOiJI' * 2}.eyJ{'zdWIiOiIx' * 2}»",
        ),
        false=("eyJBB.eyJCC.eyJDDDD", "eyJ stands for an opening brace"),
    ),
    Rule(
        name="age-secret-key",
        keywords=("age-secret-key-1",),
        pattern=r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
        true=(f"identity «AGE-SECRET-KEY-1{'QPZRY9X8' * 7}QQ»",),
        false=("AGE-SECRET-KEY-1 is its prefix",),
    ),
)
