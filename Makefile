# GPU Commons: the commands that the project keeps working.
#
#   make up      start the platform at http://127.0.0.1:8000 (PORT=… for another port)
#   make up HTTPS=1    the same by HTTPS, with an authority of its own
#   make up IMAGES=    without PyTorch, which else is built after the start
#   make up ADDONS=observability    the same with Prometheus and Alertmanager
#   make status  show address, accounts and the health of each part
#   make down    stop it; files stay
#   make test    all tests, on a platform of their own
#   make check   format, lint, types, unit tests
#   make bench   measure, and compare with peers
#   make docs    build the documentation as a site, in build/docs
#   make sbom    write what a release is made of, in dist/sbom
#   make translations    take up what is new in the texts of pages and editors
#   make policies    write the admission policies for Gatekeeper, too
#   make images IMAGES=pytorch    build more environments

.DEFAULT_GOAL := help
SHELL := /bin/bash
PORT ?= 8000
HTTPS ?=
ADDONS ?=
IMAGES ?= pytorch
PYTHON ?= python3
# How many a test of a property looks at: quick or thorough.
EXAMPLES ?= quick
LIFECYCLE := tests/cluster/test_lifecycle.py
WATCHED := tests/faults/test_watched.py
VENV := .venv
BIN := $(VENV)/bin
GPUCOMMONS := $(BIN)/gpucommons
# Compiled modules are kept whatever the shell says: without them, each process of a run compiles
# all of them, and pytest all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up down status images test test-spawner test-sessions test-parts test-faults test-installed test-platform test-lifecycle test-watched check check-python check-pages bench dist sbom docs docs-links format requirements pictures translations policies clean

help:
	@sed -n 's/^#  *make /make /p' Makefile

# The tools' own environment, made anew when the pinned versions change.
$(VENV)/complete: requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("GPU Commons needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@echo "Setting up the tools in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { apt-get -qq update && apt-get -qq install --yes python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements/all.txt requirements/tools.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

up: $(VENV)/complete
	@$(GPUCOMMONS) up --port $(PORT) $(if $(filter-out 0 no false,$(HTTPS)),--https) $(addprefix --environment ,$(IMAGES)) $(addprefix --addon ,$(ADDONS))

down: $(VENV)/complete
	@$(GPUCOMMONS) down

status: $(VENV)/complete
	@$(GPUCOMMONS) status

images: $(VENV)/complete
	@$(GPUCOMMONS) images $(IMAGES)

# Both halves at once: each leaves a core idle for much of its time.
check: $(VENV)/complete node_modules
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check-python check-pages

check-python:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q --numprocesses 2 --hypothesis-profile $(EXAMPLES) tests/unit

check-pages:
	PATH=$(abspath $(BIN)):$$PATH npm run --silent lint
	PATH=$(abspath $(BIN)):$$PATH npm run --silent test

node_modules: package-lock.json $(VENV)/complete
	PATH=$(abspath $(BIN)):$$PATH npm ci --silent
	@touch $@

# What needs building first, so that no test is skipped for want of it. Then the parts, the longest
# first and four at once, as each waits for much of its time. An installation comes last: its
# images keep the disk busy.
test: $(VENV)/complete
	$(GPUCOMMONS) build --tests
	$(MAKE) --no-print-directory check EXAMPLES=thorough
	$(MAKE) --no-print-directory --jobs 4 --output-sync --keep-going test-platform test-sessions test-spawner test-parts test-faults test-lifecycle test-installed

# How far they are: tail -f build/test-*.log
test-spawner:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 tests/hub/spawner 2>&1 | tee build/$@.log

# What runs in a session: its server, JupyterLab, VS Code, and the files that they work with.
SESSIONS := $(addprefix tests/hub/,session lab nothing_lost earlier_files) tests/backup
test-sessions:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 $(SESSIONS) 2>&1 | tee build/$@.log

test-parts:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 $(addprefix --ignore ,tests/hub/spawner $(SESSIONS)) tests/hub tests/gpu 2>&1 | tee build/$@.log

# Our programs while the servers that they talk to go wrong in every way.
test-faults:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 --ignore $(WATCHED) tests/faults 2>&1 | tee build/$@.log

# Planted faults, from the fault to the message. Time goes twenty times as fast there, so that a busy
# machine raises alerts by itself: alone, and not a part of `make test`.
test-watched:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 $(WATCHED) 2>&1 | tee build/$@.log

# An installation as on a cluster: hub, proxy and Dex in pods, NetworkPolicies enforced.
test-installed:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 tests/installed 2>&1 | tee build/$@.log

test-platform:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 --ignore $(LIFECYCLE) tests/cluster tests/browser 2>&1 | tee build/$@.log

# A platform of their own goes up and down.
test-lifecycle:
	mkdir -p build && set -o pipefail && $(BIN)/pytest --durations 20 $(LIFECYCLE) 2>&1 | tee build/$@.log

bench: $(VENV)/complete
	$(BIN)/python -m bench $(BENCH)

format: $(VENV)/complete node_modules
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m gpucommons_contract.typescript
	PATH=$(abspath $(BIN)):$$PATH npm run --silent format

$(VENV)/docs-complete: requirements/docs.txt $(VENV)/complete
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirements requirements/docs.txt
	@touch $@

# The wheel, with the panel of JupyterLab in it, and the VS Code extension as images copy it.
dist: $(VENV)/complete node_modules
	PATH=$(abspath $(BIN)):$$PATH npm --workspace lab_extension run --silent build:prod
	PATH=$(abspath $(BIN)):$$PATH npm --workspace vscode_extension run --silent build
	$(BIN)/hatchling build --target wheel

# What the lock files pin, as CycloneDX. SBOM_IMAGES names images too, as `docker save` writes them.
sbom: $(VENV)/complete
	$(BIN)/python requirements/write_sboms.py dist/sbom $(SBOM_IMAGES)

# A link that leads nowhere within the site or the repository is an error, as any warning.
docs: $(VENV)/docs-complete
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs
	@echo "The documentation is in build/docs/index.html"

# Links to other sites too, which needs the internet.
docs-links: $(VENV)/docs-complete
	$(BIN)/sphinx-build --quiet -b linkcheck docs build/docs-links

# The docs' pictures, from the platform that runs; those of accounting are of a lab that is made up.
pictures: $(VENV)/complete
	$(BIN)/pytest --platform local tests/browser
	$(BIN)/pytest tests/hub/accounting/test_pictures.py
	mkdir -p docs/pictures
	cp build/pictures/*.png docs/pictures/

# Pin anew, after a change of pyproject.toml or to take up releases.
requirements: $(VENV)/complete
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --all-extras pyproject.toml --excludes images/base/excluded -o requirements/all.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate requirements/docs.in --constraints requirements/all.txt -o requirements/docs.txt
	PATH=$(abspath $(BIN)):$$PATH images/refresh-requirements

translations: $(VENV)/complete
	$(BIN)/python contract/update_translations.py

policies: $(VENV)/complete
	$(BIN)/python spawner/update_gatekeeper.py

clean:
	rm -rf $(VENV) node_modules lab_extension/lib session_client/lib vscode_extension/out build dist
