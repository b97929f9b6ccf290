# One-line help per target: `make help`. Everything lives in .venv, .venv-bench and .cache; git ignores them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
PYTEST := $(BIN)/python -m pytest
SERVERS := $(BIN)/python -m tests.servers
# Two workers; what shares the one Neo4j database stays in one of them.
PARALLEL := -n 2 --dist loadgroup
INSTALL := $(UV) pip install -q --python $(BIN)/python
EDITABLE := $(INSTALL) --no-deps --no-build-isolation -e .
LOCK := $(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url
EXTRAS := $(addprefix --extra ,neo4j s3 torch onnx hf sklearn keras lightgbm catboost remote pictures parquet server)

.PHONY: help setup demo browser services services-fetch services-stop services-env check format test \
	test-fast test-neo4j-2026 bench soak golden wheel lock clean

help: ## Show this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

setup: .venv/full.stamp ## Make .venv with the pinned versions for checks and tests (torch: about 3 GB)

demo: .venv/demo.stamp ## Run the main job end to end on the embedded default, without torch
	$(BIN)/python examples/demo.py

services-fetch: .venv/full.stamp ## Download Neo4j (Maven) and build MinIO (Go) unless that was done
	$(SERVERS) fetch

services: .venv/full.stamp ## Start real Neo4j and MinIO on free loopback ports and leave them running
	$(SERVERS) start

services-env: .venv/full.stamp ## Print variables that point tests at them: eval "$$(make -s services-env)"
	@$(SERVERS) env

services-stop: .venv/full.stamp ## End what `make services` started, with its data
	$(SERVERS) stop

check: .venv/full.stamp ## Format, lint, types, import contracts, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: .venv/full.stamp ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: ## Install Chromium for the tests of the HTML page, where apt-get can and there is none
	@command -v chromium > /dev/null || command -v google-chrome > /dev/null || { \
		echo "installing Chromium ..."; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null; \
	} || { echo "Install Chromium, as the package chromium or from its maker, then run this again." >&2; exit 1; }

test: .venv/full.stamp services-fetch browser ## Run every test, with real Neo4j and MinIO; nothing is skipped for want of a server
	LINEAGE_REQUIRE_SERVICES=1 $(PYTEST) $(PARALLEL)

test-fast: .venv/full.stamp ## Run the tests that need no server and take no time
	$(PYTEST) -n 2 -m "not neo4j and not s3 and not slow"

test-neo4j-2026: .venv/full.stamp ## Run the Neo4j tests on Neo4j 2026.x (needs a JDK 25)
	$(SERVERS) fetch --neo4j 2026 --only neo4j
	LINEAGE_REQUIRE_SERVICES=1 LINEAGE_NEO4J_LINE=2026 $(PYTEST) -m neo4j

bench: .venv/full.stamp services-fetch .venv-bench/stamp ## Measure and write the benchmark report: BENCH="--only recall,wide" for a part
	$(BIN)/python -m benchmarks $(BENCH)

soak: .venv/full.stamp services-fetch ## Kill clients and servers at random for a long time and check that nothing is lost
	$(BIN)/python -m tests.soak

golden: .venv/full.stamp ## Write the expected outputs in tests/golden anew; read the diff before committing
	LINEAGE_UPDATE_GOLDEN=1 $(PYTEST) tests/golden -p no:randomly

wheel: .venv/full.stamp ## Build the wheel into dist/
	$(UV) build -q --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

lock: $(UV) ## Resolve all pinned versions anew
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) requirements/dev.in pyproject.toml $(EXTRAS) -o requirements/dev.txt
	$(LOCK) requirements/server.in pyproject.toml --extra neo4j --extra s3 --extra pictures --extra server \
		-c requirements/dev.txt -o requirements/server.txt
	$(LOCK) requirements/demo.in pyproject.toml -c requirements/dev.txt -o requirements/demo.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt

clean: ## Remove what was built here, the servers' cache too
	-test -x $(BIN)/python && $(SERVERS) stop
	rm -rf .venv .venv-bench .cache dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# uv comes with its hash from the same place as all else; it installs in a fraction of pip's time.
$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

.venv/demo.stamp: requirements/demo.txt pyproject.toml $(UV)
	@echo "installing the pinned libraries of the demo ..."
	$(INSTALL) --require-hashes -r $<
	$(EDITABLE)
	touch $@

# MLflow, which a benchmark compares with, wants other versions of what is in .venv. Without it the
# rest is measured all the same.
.venv-bench/stamp: requirements/bench.txt | .venv/full.stamp
	@echo "installing MLflow for a comparison, in an environment of its own ..."
	-$(UV) venv -q --clear --python $(BIN)/python .venv-bench \
		&& $(UV) pip install -q --python .venv-bench/bin/python --require-hashes -r $< && touch $@

.venv/full.stamp: requirements/dev.txt pyproject.toml $(UV)
	@echo "installing the pinned libraries for checks and tests (the first time this takes minutes) ..."
	$(INSTALL) --require-hashes -r $<
	$(EDITABLE)
	touch .venv/demo.stamp $@
