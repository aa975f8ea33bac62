# The only command surface of STAIRS. `make` alone prints what there is.
#
# Every target does its own set-up: the first call makes .venv from the hashed lock, the next ones are instant.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
VAR    ?= var
KAFKA  ?=
CONTAINERS ?=
VERBOSE ?=
CYCLES ?= 2000
SEED   ?=
ONLY   ?=
WORKERS ?= logical
PART   ?=
COVERAGE ?=

MADE    := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
DEV     := $(VENV)/.dev
SEEN    := $(VAR)/faults/seen.json
PIP     := $(BIN)/python -m pip install -q --disable-pip-version-check
PYTEST  := $(BIN)/python -m pytest
EXAMPLES := $(wildcard tests/unit/*/test_*routes.py) tests/unit/notifications/test_outside.py \
  tests/unit/incidents/test_conversation.py tests/unit/incidents/test_pauses.py \
  tests/contract/test_openapi_examples.py tests/contract/test_refusal_codes.py
RULES   := services/*/domain/*,services/*/application/*
SPREAD  := -n $(WORKERS) --maxprocesses 4
STORY   := tests/e2e/test_the_story.py
LINTED  := $(VAR)/log/lint.txt
COVERED := $(if $(filter-out 0,$(COVERAGE)),--cov --cov-report=)
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q

# A shell that forbids bytecode would make pytest rewrite the asserts of every test file anew at every run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run kafka demo secrets engine engine-env image compose-test containers containers-infra \
  test everything check share count lint unit contract integration e2e other-e2e fuzz faults chaos reliability rules permissions coverage coverage-gate mutants bench abuses \
  schemas openapi openapi-lint sbom clients fmt lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1mmake %-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up -----------------------------------------------------------------------------------------------

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "STAIRS needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUNTIME): requirements.txt pyproject.toml | $(MADE)
	@echo "installing the locked packages (first time: about half a minute)"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q services shared deploy
	@touch $@

$(DEV): requirements-dev.txt requirements.txt pyproject.toml | $(MADE)
	@echo "installing the locked packages and tools (first time: about a minute)"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $@

install: $(DEV) ## Make .venv with everything, from the hashed lock

# --- the system -------------------------------------------------------------------------------------------

run: $(RUNTIME) ## Start everything here; Ctrl-C stops it (KAFKA=1, VERBOSE=1)
	@$(BIN)/stairs run --dir $(VAR) $(if $(filter-out 0,$(KAFKA)),--kafka) $(if $(filter-out 0,$(VERBOSE)),--verbose)

kafka: $(RUNTIME) ## Start Apache Kafka 4.3.1 alone, with the topics
	@$(BIN)/python -m deploy.kafka up

demo: $(RUNTIME) ## Play six real cases on the running system (CONTAINERS=1)
	@$(BIN)/stairs demo --dir $(VAR) $(if $(filter-out 0,$(CONTAINERS)),--containers)

# --- containers -------------------------------------------------------------------------------------------

secrets: $(RUNTIME) ## Make the secret files of docker-compose.yml, and .env
	@$(BIN)/stairs secrets --dir $(VAR)

engine: $(RUNTIME) ## Install podman and Compose, for machines without Docker
	@$(BIN)/python -m deploy.engine up

engine-env: $(RUNTIME) ## Print what docker needs: eval "$$(make -s engine-env)"
	@$(BIN)/python -m deploy.engine env

image: $(RUNTIME) ## Build the image that docker-compose.yml names
	@$(BIN)/python -m deploy.engine build

compose-test: $(DEV) ## The compose file as it stands: built, started, played against, broken, upgraded, removed
	@echo "── containers"
	@$(PYTEST) -q tests/containers

containers-infra: $(DEV) ## Store, relay, consumers and one whole story on PostgreSQL and Kafka in containers
	@echo "── containers-infra"
	@STAIRS_INFRA=containers STAIRS_REQUIRE=containers $(PYTEST) -q @tests/on_containers.txt

containers: engine compose-test ## Both, from nothing

# --- what must hold ---------------------------------------------------------------------------------------

test: $(DEV) ## See that it works: lint, rules, unit, contract, integration, one story on each transport
	@mkdir -p $(dir $(LINTED))
	@echo "── lint and rules (in the background); unit, contract, integration, one story on each transport"
	@$(if $(COVERED),rm -rf $(VAR)/coverage)
	@# not by the variable MAKE: `make -n test` would run the whole line
	@make --no-print-directory lint rules >$(LINTED) 2>&1 & linting=$$!; \
	  $(PYTEST) -q $(SPREAD) $(COVERED) tests/unit tests/contract tests/integration $(STORY); tested=$$?; \
	  wait $$linting || { cat $(LINTED); exit 1; }; echo "── lint and rules: nothing to complain of ($(LINTED))"; \
	  exit $$tested

everything: test other-e2e fuzz faults containers containers-infra clients ## And the rest: e2e, generated requests, faults, kills, containers, clients

check: lint unit contract ## The quick part, before a commit

share: $(DEV) ## A share of what `everything` adds, drawn by SEED=, as CI runs it (PART=faults|one-service|kills|e2e|…)
	@$(BIN)/python -m tests.share $(SEED) $(PART)

count: $(DEV) ## How many tests each layer has, as docs/testing.md tells
	@$(BIN)/python -m tests.count

lint: $(DEV) ## ruff, mypy --strict, import contracts
	@echo "── lint"
	@$(BIN)/ruff format --check -q . || { echo "not formatted: make fmt" >&2; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

unit contract integration e2e faults fuzz: $(DEV)
	@echo "── $@"
	@$(if $(SEED),STAIRS_FUZZ_SEED=$(SEED) )$(PYTEST) -q $(if $(filter integration,$@),$(SPREAD)) tests/$@

unit: ## Every rule, in milliseconds, no network
contract: ## Promises to others; one suite per port over each adapter
integration: ## One service with real PostgreSQL and Apache Kafka
e2e: ## All three services by their public doors
faults: ## The whole system with something broken under it; 100 kills at random
fuzz: ## 3,000 generated requests by every role, on all operations (SEED= repeats a run)

other-e2e: $(DEV) # what `make test` leaves of e2e
	@echo "── the other end-to-end stories"
	@$(PYTEST) -q tests/e2e --ignore=$(STORY)

chaos: $(DEV) ## Kill at random while cases are filed (CYCLES=2000, SEED= repeats a run)
	@$(BIN)/python -m tests.faults --cycles $(CYCLES) $(if $(SEED),--seed $(SEED))

reliability: $(DEV) ## Run the fault table anew and write docs/reliability.md with what was seen
	@rm -f $(SEEN)
	@STAIRS_FAULTS_SEEN=$(SEEN) $(PYTEST) -q tests/faults/test_cells_on_feeds.py tests/faults/test_cells_on_kafka.py
	@$(BIN)/python -m tests.faults.reliability take $(SEEN)

rules: $(DEV) ## Which test shows which rule and worked example; fails on a hole
	@echo "── rules"
	@$(BIN)/python -m tests.rules

permissions: $(DEV) ## Write docs/permissions.md: who may do what, from the rows that the guards read
	@$(BIN)/python -m tests.rules.permissions

coverage: $(DEV) ## Measure the branches that unit, contract and integration take, and judge them
	@echo "── coverage"
	@rm -rf $(VAR)/coverage
	@$(PYTEST) -q $(SPREAD) --cov --cov-report= tests/unit tests/contract tests/integration
	@$(MAKE) --no-print-directory coverage-gate

coverage-gate: $(DEV) ## Judge what COVERAGE=1 make test measured: domain and application 100 %, the whole 90 %
	@echo "── domain and application: every branch"
	@$(BIN)/coverage report --skip-covered --show-missing --include='$(RULES)' --fail-under=100
	@echo "── the whole: nine branches of ten"
	@$(BIN)/coverage report --skip-covered --skip-empty --fail-under=90

mutants: $(DEV) ## Change the rules on purpose and see a test fail (ONLY=services/appeals/domain/offers.py)
	@$(BIN)/mutmut run $(if $(ONLY),'$(subst /,.,$(ONLY:.py=)).*')
	@$(BIN)/mutmut results

schemas: $(DEV) ## Generate docs/events from the contracts: JSON Schemas, AsyncAPI, samples of new types
	@$(BIN)/python -W ignore -m tools.event_schemas docs/events deploy/kafka/topics.yaml
	@$(BIN)/python -W ignore -m tests.support.contracts.event_samples

openapi: $(DEV) ## Generate docs/openapi from the three applications: one document per service
	@STAIRS_RECORD_EXAMPLES=1 $(PYTEST) -q -k "not an_example and not every_example" $(EXAMPLES)
	@$(BIN)/python -W ignore -m tests.support.contracts.openapi_documents

openapi-lint: $(DEV) ## Lint docs/openapi by spectral and redocly (needs Node.js 20 or newer with npm)
	@$(PYTEST) -q tests/clients/test_linters.py

sbom: $(DEV) ## Bills of materials of the locked packages, in var/sbom; fails on a licence that is not allowed
	@$(BIN)/python -m tools.bill_of_materials $(VAR)/sbom

clients: $(DEV) ## Clients that other people's generators make of docs/openapi tell a story (npm, Go, Maven)
	@$(PYTEST) -q tests/clients

bench: $(DEV) ## Measure, as ratios within one run; a table and var/bench/latest.json
	@$(BIN)/python -m tests.load --out $(VAR)/bench/latest.json

abuses: $(DEV) ## Abuse a running service in ten ways; an honest client's times and the memory, beside rest
	@$(BIN)/python -m tests.load.abuses

# --- upkeep -----------------------------------------------------------------------------------------------

fmt: $(DEV) ## Format, and fix what ruff can fix
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

lock: $(DEV) ## Lock the newest allowed versions, with hashes
	@$(COMPILE) -o requirements.txt
	@$(COMPILE) --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove environment and caches; your data (var/) stays
	@rm -rf $(VENV) build mutants *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
