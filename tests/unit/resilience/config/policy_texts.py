"""Policy files that tests share: the same policies in TOML and in YAML."""

from __future__ import annotations

TOML = """\
version = 1

[budgets.shared]
share = 0.2
reserve = 5

[pipelines.glm]
classifiers = ["glm"]

[pipelines.glm.total_timeout]
seconds = 60

[pipelines.glm.bulkhead]
limit = 64
queue = 128

[pipelines.glm.retry]
attempts = 3
wait = { multiplier = 0.5, longest = 2, jitter = "none" }
on = ["timeout", "httpx.ConnectError"]
budget = "shared"

[pipelines.glm.breaker]
minimum_calls = 4
open_for = { first = 5, factor = 2, longest = 60 }

[pipelines.glm.attempt_timeout]
seconds = 15

[[pipelines.store.strategies]]
kind = "retry"
budget = "shared"
wait = 0

[[pipelines.store.strategies]]
kind = "breaker"
ignore = ["client_error"]
"""

YAML = """\
version: 1
budgets:
  shared: {share: 0.2, reserve: 5}
pipelines:
  glm:
    classifiers: [glm]
    total_timeout: {seconds: 60}
    bulkhead: {limit: 64, queue: 128}
    retry:
      attempts: 3
      wait: {multiplier: 0.5, longest: 2, jitter: none}
      on: [timeout, httpx.ConnectError]
      budget: shared
    breaker:
      minimum_calls: 4
      open_for: {first: 5, factor: 2, longest: 60}
    attempt_timeout: {seconds: 15}
  store:
    strategies:
    - {kind: retry, budget: shared, wait: 0}
    - kind: breaker
      ignore: [client_error]
"""

EVERYTHING = """\
version: 1
pipelines:
  all:
    classifiers: [http, grpc]
    fallback: {value: sorry, on: [timeout, overload]}
    cache:
      ttl: 60
      max_entries: 10
      negative: [client_error]
      negative_ttl: 5
      stale_if_error: 30
      stale_on: [timeout]
    total_timeout: {seconds: 60}
    load_shedder: {name: shed, target: 0.8, width: 0.4, burn_start: 2, burn_full: 10}
    adaptive_limit:
      name: limit
      algorithm: {kind: aimd, backoff: 0.8}
      initial: 10
      minimum: 5
      maximum: 50
      window: 1
      samples: 5
    rate_limit: {name: rate, rate: 100, per: 1, burst: 10, wait: 0.5, keys: 5}
    bulkhead: {limit: 10, queue: 5}
    retry:
      attempts: 2
      wait: 0.1
      on: [timeout]
      budget: {share: 0.1, per_second: 1, reserve: 5, cap: 50}
      longest_wait: 5
      idempotent: true
    breaker:
      name: b
      failure_rate: 0.4
      slow_rate: 0.9
      slow_after: 5
      window: 20
      minimum_calls: 10
      open_for: 10
      half_open_calls: 2
      half_open_limit: 30
      failure_on: [timeout, upstream_error]
      ignore: [client_error, builtins.KeyError]
    hedge: {after: 0.5, idempotent: true, quantile: 0.95, extra: 1, budget: {share: 0.05}}
    attempt_timeout: {seconds: 10}
"""
"""Every kind with every option."""
