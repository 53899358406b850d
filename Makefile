# `make` prints the targets; each is one command of the README or of .ci/run.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

# Without bytecode every start compiles the whole tree anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help headline cases lowest mutants mutants-kinds resilience-proof leak-proof workers-proof linearity interleavings theory picture run demo test unit integration e2e style generate check rules docs bench clean lock

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The server needs less than half of the pins: who only runs it does not wait for the rest.
# With pip, half of them are installed beside the other half: they need nothing of each other, and pip uses one core.
# What is not imported is not compiled; the first start writes the bytecode of the rest.
# The markers are newer than what they were built from, so an edit of either file builds anew.
REST := ^. What tests
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-input
install = @awk '/^[A-Za-z0-9]/ {n++} {print > (".venv/pins-" n % 2 ".txt")}' .venv/pins.txt; \
	install="$(PIP) --no-compile --no-deps --require-hashes"; \
	$$install -r .venv/pins-0.txt & first=$$!; $$install -r .venv/pins-1.txt && wait $$first

.venv/server: constraints.txt pyproject.toml
ifneq ($(UV),)
	@echo "Setting up .venv with uv ..."
	@$(UV) venv -q --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@sed '/$(REST)/,$$d' constraints.txt >.venv/pins.txt
	@$(UV) pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r .venv/pins.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@echo "Setting up .venv with pip (uv is about three times as fast: pip install uv) ..."
	@$(PYTHON) -m venv .venv || { echo "python3-venv is missing: install it (Debian: apt-get install python3-venv) and run make again" >&2; exit 3; }
	@sed '/$(REST)/,$$d' constraints.txt >.venv/pins.txt
	$(install)
	@$(PIP) --no-deps --no-build-isolation -e .
endif
	@$(BIN)/python -m compileall -q -j 0 exai_sre server
	@touch $@

.venv/ok: .venv/server
	@echo "Setting up what tests and documentation need ..."
ifneq ($(UV),)
	@$(UV) pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r constraints.txt
else
	@sed '1,/$(REST)/d' constraints.txt >.venv/pins.txt
	$(install)
endif
	@touch $@

run: .venv/server ## set up and start the server: MCP on 8079, live page on 8080
	@exec $(BIN)/python -m server serve

demo: .venv/server ## a scripted outage in 90 seconds: burn, alert, breaker, recovery
	@exec $(BIN)/python -m server demo

# What measures the real clock runs alone, after everything else; the rest shares the cores.
test: .venv/ok ## every test that this machine can run
	@$(BIN)/python -m pytest -q -n auto --dist loadfile -k "not real_clock"
	@$(BIN)/python -m pytest -q -k real_clock $(if $(findstring --cov,$(PYTEST_ADDOPTS)),--cov-append)

unit: .venv/ok ## the quick tests
	@$(BIN)/python -m pytest -q tests/unit tests/property tests/architecture

integration: .venv/ok ## tests of parts put together
	@$(BIN)/python -m pytest -q tests/integration tests/contract

e2e: .venv/ok ## tests of the running whole with the real programs
	@$(BIN)/python -m pytest -q tests/e2e

style: .venv/ok ## formatters, linters and type checkers
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && $(BIN)/black -q --check . && $(BIN)/isort -q --check . && $(BIN)/flake8 exai_sre server tests benchmarks
	@$(BIN)/mypy && $(BIN)/pyright && $(BIN)/bandit -q -c pyproject.toml -r exai_sre server

generate: .venv/ok ## write alerts/, dashboards/, docs/runbooks and docs/schema
	@$(BIN)/exai-sre generate -i slo -o .
	@$(BIN)/python -c 'import json, exai_sre.slo as slo; print(json.dumps(slo.openslo_schema(), indent=2))' >docs/schema/openslo-v1.json
	@$(BIN)/python -c 'import json, exai_sre.resilience.config as config; print(json.dumps(config.policies_schema(), indent=2))' >docs/schema/policies-v1.json

check: .venv/ok ## lint slo/, alerts/ and dashboards/, and fail on drift
	@$(BIN)/exai-sre check slo alerts dashboards && $(BIN)/exai-sre generate -i slo -o . --check

rules: ## prove the committed rules, tests and routes with promtool and amtool
	@promtool check rules alerts/*.rules.yaml && amtool check-config alerts/alertmanager.yaml
	@ls alerts/tests/*.yaml | xargs -P 2 -n 1 promtool test rules

# No -q here: it would hide warnings from --strict.
docs: .venv/ok ## build the documentation, warnings are errors
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/ok ## micro-benchmarks
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

headline: .venv/ok ## the headline table: Sloth's rules, one window, ours, on the same 30 days
	@$(BIN)/python benchmarks/headline.py

cases: .venv/ok ## the correctness cases C1 to C31 against every library
	@$(BIN)/python -m benchmarks.cases

lowest: .venv/ok ## tests of what wraps pybreaker, tenacity and redis, on their lowest versions
	@$(BIN)/python -m tests.contract.versions

mutants: .venv/ok ## change each threshold, window and label of the rules once: a shipped test must notice
	@$(BIN)/python -m tests.mutants

mutants-kinds: .venv/ok ## the same for every kind of indicator, each tenth change
	@$(BIN)/python -m tests.mutants --kinds --every 10

resilience-proof: .venv/ok ## a million transitions against the slow reference, 100,000 pipelines against the deadline (5 minutes)
	@EXAI_TRANSITIONS=1000000 $(BIN)/python -m pytest -q tests/property/test_breaker_model.py
	@EXAI_SRE_PROOF_PIPELINES=100000 $(BIN)/python -m pytest -q --timeout 0 tests/property/test_deadlines.py

leak-proof: .venv/ok ## a million secrets to every exit: none comes out
	@EXAI_LEAK_CASES=1000000 $(BIN)/python -m pytest -q -n 2 --dist loadfile --timeout 0 tests/property/test_leak_values.py tests/property/test_leak_texts.py

workers-proof: .venv/ok ## the counts of many processes, recycled and killed, against their client's (10 minutes)
	@EXAI_WORKERS_CALLS=20000 EXAI_WORKERS_SERVERS=4 EXAI_WORKER_LIVES=1000 EXAI_WORKER_HISTORIES=300 $(BIN)/python -m pytest -q --timeout 0 tests/integration/test_many_workers_real_clock.py tests/integration/test_a_thousand_workers.py tests/property/test_workers_properties.py tests/property/test_workers_budget_properties.py

linearity: .venv/ok ## every redaction rule takes twice the time for twice the text, up to 1 MiB
	@EXAI_LINEARITY_SIZE=1048576 $(BIN)/python -m pytest -q -p no:xdist --timeout 7200 tests/property/test_rule_linearity_real_clock.py

interleavings: .venv/ok ## 50,000 schedules of concurrent requests: no id crosses over (6 minutes)
	@EXAI_SCHEDULES=50000 $(BIN)/python -m pytest -q --timeout 0 tests/unit/context/test_statements_context.py -k no_schedule

theory: .venv/ok ## every cell of the table of detection and reset minutes in promtool (13 minutes)
	@EXAI_THEORY_TABLE=1 $(BIN)/python -m pytest -q tests/contract/test_burn_alerts_minute_by_minute.py -k theory

picture: .venv/ok ## take the README's picture of the live page (needs chromium)
	@$(BIN)/python -m tests.e2e.picture

lock: ## compile constraints.txt anew and repeat its pins for uv (needs uv)
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -q -o constraints.txt
	@printf 'hatchling\neditables\n' | uv pip compile pyproject.toml - --extra server -c constraints.txt --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url -q | $(PYTHON) -m tests.architecture.pins

clean: ## remove everything that was built
	@rm -rf .venv site build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage var
