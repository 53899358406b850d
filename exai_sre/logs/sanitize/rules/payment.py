"""Keys of payment, commerce, banking and trading services."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rules.forms import UUID, digits, hexa, lower, mixed, token, upper, uuid, vendor

__all__ = ["PAYMENT_RULES"]

PAYMENT_RULES: Final = (
    token(
        "stripe-key",
        "Stripe secret or restricted key (Clerk's and Paystack's look alike)",
        "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_",
        r"[A-Za-z0-9]{10,247}+",
        "sk_live_" + mixed(24),
    ),
    token(
        "webhook-secret",
        "webhook secret of Stripe, Svix and others",
        "whsec_",
        r"[A-Za-z0-9+/=]{24,}+",
        "whsec_" + mixed(32),
    ),
    token(
        "square-token",
        "Square OAuth token or secret",
        "sq0atp- sq0csp- sq0idp-",
        r"[\\A-Za-z0-9_-]{22,60}+",
        "sq0atp-" + mixed(22),
    ),
    token(
        "square-access-token",
        "Square access token",
        "EAAA",
        r"[A-Za-z0-9_+=-]{60}",
        "EAAA" + mixed(60),
        shape=r"[A-Za-z0-9_+=-]{60}",
    ),
    token("shopify-token", "Shopify access token", "shpat_ shpca_ shppa_", r"[0-9a-fA-F]{32}", "shpat_" + hexa(32)),
    token("shopify-secret", "Shopify shared secret", "shpss_", r"[0-9a-fA-F]{32}", "shpss_" + hexa(32)),
    token("paypal-token", "PayPal access token", "A21AA", r"[A-Za-z0-9_-]{70,100}+", "A21AA" + mixed(92)),
    token(
        "braintree-token",
        "Braintree access token",
        "access_token$production$ access_token$sandbox$",
        r"[0-9a-z]{16}\$[0-9a-f]{32}",
        f"access_token$production${lower(16)}${hexa(32)}",
    ),
    token(
        "plaid-token",
        "Plaid access token",
        "access-sandbox- access-development- access-production-",
        UUID,
        "access-sandbox-" + uuid(),
    ),
    token(
        "flutterwave-secret",
        "Flutterwave secret key",
        "FLWSECK_TEST- FLWSECK-",
        r"[0-9a-hA-H]{12,32}(?:-X)?",
        f"FLWSECK_TEST-{hexa(32)}-X",
    ),
    token(
        "flutterwave-test-key",
        "Flutterwave encryption or public key",
        "FLWSECK_TEST FLWPUBK_TEST- FLWPUBK-",
        r"[0-9a-hA-H]{12,32}(?:-X)?",
        f"FLWSECK_TEST{hexa(12)}",
    ),
    token("razorpay-key", "Razorpay key", "rzp_live_ rzp_test_", r"[A-Za-z0-9]{14,20}+", "rzp_live_" + mixed(14)),
    token(
        "duffel-token", "Duffel token", "duffel_test_ duffel_live_", r"[A-Za-z0-9_=-]{43}", "duffel_test_" + mixed(43)
    ),
    token(
        "easypost-key", "EasyPost key", "EZAK EZTK", r"[A-Za-z0-9]{54}", "EZAK" + mixed(54), shape=r"[A-Za-z0-9]{54}"
    ),
    token("shippo-token", "Shippo token", "shippo_live_ shippo_test_", r"[0-9a-fA-F]{40}", "shippo_live_" + hexa(40)),
    token(
        "mollie-key",
        "Mollie or GoCardless or Lob key",
        "live_ test_",
        r"(?=[A-Za-z_-]{0,40}+[0-9])[A-Za-z0-9_=-]{30,40}+",
        "live_" + mixed(40),
        shape=r"[A-Za-z0-9_=-]{30}",
    ),
    token(
        "coinbase-key",
        "Coinbase key name",
        "organizations/",
        rf"{UUID}/apiKeys/{UUID}",
        f"organizations/{uuid()}/apiKeys/{uuid()}",
        shape=r"[0-9A-Fa-f]{8}-",
    ),
    token("settlemint-token", "SettleMint token", "sm_aat_ sm_pat_ sm_sat_", r"[A-Za-z0-9]{16}", "sm_aat_" + mixed(16)),
    token(
        "tink-key",
        "Lightspark or Tink style live secret",
        "lsk_live_ lsk_test_",
        r"[A-Za-z0-9]{24,48}+",
        "lsk_live_" + mixed(32),
    ),
    vendor("paypal-secret", "PayPal client secret", "paypal braintree", r"[A-Za-z0-9_-]{80}|[0-9a-f]{32}", mixed(80)),
    vendor("adyen-key", "Adyen key", "adyen", r"AQE[A-Za-z0-9+/=_.<>{}$@!%^&*()\[\]|~-]{60,250}", "AQE" + mixed(100)),
    vendor("gocardless-token", "GoCardless token", "gocardless", r"live_[A-Za-z0-9_=-]{40}", "live_" + mixed(40)),
    vendor(
        "lob-key",
        "Lob key",
        "lob_ lob- lobtoken lobkey lobapi lobsecret",
        r"(?:live|test)_[0-9a-f]{35}",
        "live_" + hexa(35),
    ),
    vendor(
        "lob-public-key",
        "Lob publishable key",
        "lob_ lob- lobtoken lobkey lobapi lobpub",
        r"(?:test|live)_pub_[0-9a-f]{31}",
        "test_pub_" + hexa(31),
    ),
    vendor("plaid-secret", "Plaid client id or secret", "plaid", r"[A-Za-z0-9]{24}|[A-Za-z0-9]{30}", lower(30)),
    vendor("coinbase-secret", "Coinbase key", "coinbase", r"[A-Za-z0-9_-]{64}", mixed(64)),
    vendor("binance-key", "Binance key", "binance", r"[A-Za-z0-9]{64}", mixed(64)),
    vendor("bittrex-key", "Bittrex key", "bittrex", r"[a-z0-9]{32}", lower(32)),
    vendor("kraken-key", "Kraken key", "kraken", r"[A-Za-z0-9/=_+-]{80,90}", mixed(84)),
    vendor("kucoin-key", "KuCoin key", "kucoin", rf"[0-9a-f]{{24}}|{UUID}", hexa(24)),
    vendor("freshbooks-token", "FreshBooks token", "freshbooks", r"[a-z0-9]{64}", lower(64)),
    vendor("finicity-key", "Finicity key", "finicity", r"[a-z0-9]{20}|[0-9a-f]{32}", hexa(32)),
    vendor("finnhub-token", "Finnhub token", "finnhub", r"[a-z0-9]{20}", lower(20)),
    vendor("etsy-token", "Etsy token", "etsy", r"[a-z0-9]{24}", lower(24)),
    vendor("squarespace-token", "Squarespace token", "squarespace", UUID, uuid()),
    vendor("bigcommerce-token", "BigCommerce token", "bigcommerce", r"[a-z0-9]{31}", lower(31)),
    vendor("alchemy-key", "Alchemy key", "alchemy", r"[A-Za-z0-9_-]{32}", mixed(32)),
    vendor("etherscan-key", "Etherscan key", "etherscan", r"[A-Z0-9]{34}", upper(34)),
    vendor("paddle-key", "Paddle key", "paddle", r"[0-9a-f]{50}|pdl_[a-z]{4}_apikey_[A-Za-z0-9_]{40,60}", hexa(50)),
    vendor("wise-token", "Wise token", "transferwise wise_", UUID, uuid()),
    vendor("recurly-key", "Recurly key", "recurly", r"[0-9a-f]{32}", hexa(32)),
    vendor(
        "payu-key",
        "PayU or Mercado Pago key",
        "payu mercadopago mercado_pago",
        r"APP_USR-[0-9]{16}-[0-9]{6}-[0-9a-f]{32}-[0-9]{6,10}",
        f"APP_USR-{digits(16)}-{digits(6)}-{hexa(32)}-{digits(9)}",
    ),
)
