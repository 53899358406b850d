"""Keys of monitoring, logging, error tracking and product analytics."""

from __future__ import annotations

from typing import Final

from exai_sre.logs.sanitize.rules.forms import UUID, digits, hexa, lower, mixed, token, upper, uuid, vendor

__all__ = ["MONITORING_RULES"]

MONITORING_RULES: Final = (
    token(
        "sentry-token", "Sentry organisation token", "sntrys_eyJ", r"[A-Za-z0-9+/=_-]{60,}+", "sntrys_eyJ" + mixed(160)
    ),
    token("sentry-user-token", "Sentry user token", "sntryu_", r"[0-9a-f]{64}", "sntryu_" + hexa(64)),
    token(
        "grafana-token",
        "Grafana Cloud or service account token",
        "glc_ glsa_",
        r"[A-Za-z0-9+/_=-]{32,}+",
        "glsa_" + mixed(32) + "_" + hexa(8),
    ),
    token(
        "grafana-old-key",
        "Grafana key of older versions",
        "eyJrIjoi",
        r"[A-Za-z0-9+/=_-]{64,}+",
        "eyJrIjoi" + mixed(80),
    ),
    token("newrelic-key", "New Relic user key", "NRAK-", r"[A-Za-z0-9]{27}", "NRAK-" + upper(27)),
    token(
        "newrelic-insert-key", "New Relic insert or query key", "NRII- NRIQ-", r"[A-Za-z0-9_-]{32}", "NRII-" + mixed(32)
    ),
    token("newrelic-browser-key", "New Relic browser key", "NRJS-", r"[0-9a-f]{19}", "NRJS-" + hexa(19)),
    token(
        "dynatrace-token",
        "Dynatrace token",
        "dt0c01. dt0s01. dt0s02. dt0s03. dt0s16.",
        r"[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}",
        f"dt0c01.{upper(24)}.{upper(64)}",
    ),
    token(
        "honeycomb-key",
        "Honeycomb key",
        "hcaik_ hcalk_ hcxik_ hcxlk_ hcamk_",
        r"[A-Za-z0-9]{26,64}+",
        "hcaik_" + lower(58),
    ),
    token("axiom-token", "Axiom token", "xaat- xapt-", UUID, "xaat-" + uuid()),
    token("posthog-key", "PostHog personal key", "phx_ phs_", r"[A-Za-z0-9]{40,48}+", "phx_" + mixed(43)),
    token("segment-token", "Segment public API token", "sgp_", r"[A-Za-z0-9]{64}", "sgp_" + mixed(64)),
    token("influx-token", "InfluxDB Cloud token", "apiv3_", r"[A-Za-z0-9_-]{60,100}+", "apiv3_" + mixed(86)),
    token("instana-token", "Instana or Cribl token", "crbl_", r"[A-Za-z0-9]{32,64}+", "crbl_" + mixed(40)),
    token("healthchecks-key", "Healthchecks key", "hcw_ hcr_", r"[A-Za-z0-9]{28}", "hcw_" + mixed(28)),
    vendor(
        "datadog-key",
        "Datadog API or application key",
        "datadog dd_api dd_app dd-api dd-app ddog",
        r"[0-9a-z]{40}|[0-9a-f]{32}",
        hexa(32),
    ),
    vendor(
        "newrelic-licence",
        "New Relic licence or user id",
        "new_relic new-relic newrelic",
        r"[0-9a-f]{36}NRAL|[0-9a-f]{40}|[A-Za-z0-9]{64}",
        hexa(36) + "NRAL",
    ),
    vendor("sentry-key", "Sentry token of older versions", "sentry", r"[0-9a-f]{64}", hexa(64)),
    vendor(
        "sumologic-key",
        "Sumo Logic access key",
        "sumologic sumo_ sumo-",
        r"[A-Za-z0-9]{64}|su[A-Za-z0-9]{12}",
        mixed(64),
    ),
    vendor("splunk-token", "Splunk HTTP event collector token", "splunk", UUID, uuid()),
    vendor("loggly-token", "Loggly token", "loggly", UUID, uuid()),
    vendor(
        "logzio-token", "Logz.io token", "logzio logz_io logz.io", r"[A-Za-z]{32}", "aBdEgHjKmNpQrStUvWxYzAbCdEfGhJkL"
    ),
    vendor("rollbar-token", "Rollbar token", "rollbar", r"[0-9a-f]{32}", hexa(32)),
    vendor("bugsnag-key", "Bugsnag key", "bugsnag", r"[0-9a-f]{32}", hexa(32)),
    vendor("airbrake-key", "Airbrake key", "airbrake", r"[0-9a-f]{32}|[0-9a-f]{40}", hexa(32)),
    vendor("raygun-key", "Raygun key", "raygun", r"[A-Za-z0-9+/=]{22,24}", mixed(22)),
    vendor("amplitude-key", "Amplitude key", "amplitude", r"[0-9a-f]{32}", hexa(32)),
    vendor("mixpanel-key", "Mixpanel secret", "mixpanel", r"[0-9a-f]{32}", hexa(32)),
    vendor(
        "segment-key",
        "Segment write key",
        "segment_ segment- segmentkey segmenttoken segmentapi segmentwrite",
        r"[A-Za-z0-9]{32}",
        mixed(32),
    ),
    vendor("statuspage-key", "Statuspage key", "statuspage", rf"[A-Za-z0-9]{{64}}|{UUID}", mixed(64)),
    vendor(
        "uptimerobot-key",
        "UptimeRobot key",
        "uptimerobot uptime_robot",
        r"[um][0-9]{6,10}-[0-9a-f]{24,32}",
        f"u{digits(7)}-{hexa(24)}",
    ),
    vendor(
        "betterstack-token", "Better Stack token", "betterstack logtail better_uptime", r"[A-Za-z0-9]{24}", mixed(24)
    ),
    vendor(
        "honeycomb-team-key", "Honeycomb key of older versions", "honeycomb", r"[0-9a-f]{32}|[A-Za-z0-9]{22}", hexa(32)
    ),
    vendor("lightstep-token", "Lightstep token", "lightstep", r"[A-Za-z0-9+/=]{60,110}", mixed(84)),
    vendor("elastic-key", "Elastic key", "elastic elasticsearch", r"[A-Za-z0-9_-]{58}==|[A-Za-z0-9_-]{60}", mixed(60)),
    vendor("beamer-token", "Beamer token", "beamer", r"b_[a-z0-9=_-]{44}", "b_" + lower(44)),
    vendor("looker-key", "Looker client id or secret", "looker", r"[a-z0-9]{20}|[a-z0-9]{24}", lower(20)),
)
