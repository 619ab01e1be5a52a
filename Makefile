# `make help` prints the targets; every target that needs the environment calls `setup` first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup demo serve test test-browser check fuzz bench simulate second-verifier protos lock format wheel-check clean

help:  ## Print this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

setup: .venv/.ready  ## Make .venv from the hashed lock (a minute at most, once)

.venv/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version); name another with PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python .venv --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## One worker, three countries, one pension, on this machine (no server needed)
	@$(BIN)/portability demo

serve: setup  ## The same three institutions, kept up, with the worker's page
	@$(BIN)/portability demo --serve

test: setup  ## All tests, on real PostgreSQL and (with Java and Maven) real Apache Kafka
	@$(BIN)/pytest -n auto --dist loadfile

test-browser: setup  ## The worker's pages in Chromium: every page and language, by keyboard, on a small screen
	@command -v chromium chromium-browser >/dev/null || { echo "Chromium is missing: apt-get install chromium"; exit 1; }
	@$(BIN)/pytest tests/browser

check: setup  ## Format, lint, types, import contracts, protos, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy agreements/portability services/portability adapters/portability deploy/portability deploy/kafka tools
	@$(BIN)/lint-imports --no-cache | tail -8
	@$(BIN)/python tools/protos.py --check
	@$(BIN)/python tools/protos.py --lint
	@if git rev-parse --verify -q HEAD~1 >/dev/null; then $(BIN)/python tools/protos.py --breaking HEAD; fi
	@$(BIN)/portability agreements check
	@$(BIN)/python tools/agreement_files.py --check

fuzz: setup  ## Long campaigns on every reader of bytes from outside (an hour; make fuzz INPUTS=20000 is quick)
	@$(BIN)/python -m tests.fuzz --inputs $(or $(INPUTS),0) 2>/dev/null

bench: setup  ## Ratios beside named baselines, one JSON line each (minutes)
	@$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m tests.bench

SCHEDULES ?= 10000
simulate: setup  ## Delivery under SCHEDULES=10000 schedules of crashes, faults and wrong clocks; seeds are printed
	@$(BIN)/python -m tests.simulation --schedules $(SCHEDULES) --processes 2

PACKAGES ?= 10000
SEED ?= 1
second-verifier: setup  ## Both verifiers on PACKAGES=10000 evidence files changed at random (needs Java 17 and Maven)
	@$(BIN)/python -m tests.vectors.second_verifier --packages $(PACKAGES) --seed $(SEED)

protos: setup  ## Regenerate protos/gen from protos/portability
	@$(BIN)/python tools/protos.py

format: setup  ## Format and mend what the linter can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: setup  ## Resolve the dependencies anew into the hashed locks
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --group bench -c requirements.lock pyproject.toml -o requirements-bench.lock

wheel-check: setup  ## Build the wheel, install it into an empty environment, run the demo from it
	@tools/wheel-check

clean:  ## Remove the environment and caches
	rm -rf .venv .cache dist .pytest_cache .mypy_cache .ruff_cache
