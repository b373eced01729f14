# Supportbot. `make up` runs the product, `make test` proves it; both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# Ruff finds passwords in code; guessing by entropy finds hashes and ids. The words are those of examples.
SECRETS := --disable-plugin KeywordDetector --disable-plugin HexHighEntropyString --disable-plugin Base64HighEntropyString \
	--exclude-secrets '^(password|secret|word)$$'
export PORT

.DEFAULT_GOAL := help
.PHONY: help install up test lint format train bench eval client screenshots reset system

help: ## show the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/installed ## set up .venv with what the product needs

up: $(VENV)/installed ## run the whole product in one process (PORT, 8000 unless given)
	@exec $(BIN)/python manage.py serve --port $(PORT)

test: lint system ## run every test, on throw-away PostgreSQL, Redis and Chromium
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev node_modules/installed ## check style, types, imports, modules, deployment files, and that no secret is committed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/node node_modules/typescript/bin/tsc -p tsconfig.json
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/kubernetes-validate --strict --quiet --no-warn deploy/kubernetes/supportbot.yaml
	$(BIN)/hadolint Dockerfile
	git ls-files ':!corpus' ':!models' ':!*.png' ':!*.lock' ':!package-lock.json' | xargs -r $(BIN)/detect-secrets-hook $(SECRETS)

format: $(VENV)/installed-dev ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/installed-dev ## train the shipped checkpoint and its twin from corpus/ (goes on where it stopped)
	$(BIN)/python -m training.train
	$(BIN)/python -m training.train --without-category
	$(BIN)/python -m training.specialise
	$(BIN)/python -m training.baseline models/fennmoor

bench: $(VENV)/installed-dev system ## print the benchmark tables
	$(BIN)/python -m benchmarks

eval: $(VENV)/installed-dev ## judge the assistant on two companies' questions and customers
	$(BIN)/python -m benchmarks.evaluation

client: $(VENV)/installed-dev ## generate a typed Python client of the API into var/client
	$(BIN)/python manage.py export_openapi_schema --api supportbot.api.site.api --output var/openapi.json
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/openapi-python-client generate --path var/openapi.json \
		--output-path var/client/supportbot_client --meta none --overwrite

screenshots: $(VENV)/installed-dev system ## take the documentation's screenshots anew
	$(BIN)/python -m pytest tests/e2e/screenshots.py

reset: ## delete the embedded run's database and state (not what training has in var/training)
	@[ ! -d var ] || find var -mindepth 1 -maxdepth 1 ! -name training -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	$(BIN)/python -c "from inference.fused import warm_up; warm_up()"
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	touch $@

node_modules/installed: $(VENV)/installed-dev package-lock.json
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund
	touch $@

# Chromium comes from Debian; Ubuntu's package is a snap, so there Playwright brings its own.
system: $(VENV)/installed-dev
	@command -v redis-server >/dev/null \
		|| { $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server; }
	@command -v chromium >/dev/null || ls $$HOME/.cache/ms-playwright/chromium-* >/dev/null 2>&1 \
		|| { . /etc/os-release; if [ "$$ID" = debian ]; \
			then $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
			else $(SUDO) $(BIN)/playwright install --with-deps chromium; fi; }
