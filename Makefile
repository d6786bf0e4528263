# make run | test — everything else is a part of these two, or for those who change the code. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APP := $(VENV)/.app-installed
DEV := $(VENV)/.dev-installed
PEER_VENV := .venv-peer
PEER := $(PEER_VENV)/.installed
OBJECTS_VENV := .venv-objects
OBJECTS := $(OBJECTS_VENV)/.installed
SBOM_VENV := .venv-sbom
SBOM := $(SBOM_VENV)/.installed
MANIFESTS_VENV := .venv-manifests
MANIFESTS := $(MANIFESTS_VENV)/.installed
LOCK_VENV := .venv-lock
LOCK := $(LOCK_VENV)/.installed
DASH_VENV := .venv-dash
DASH := $(DASH_VENV)/.installed
SPARK_FOLDER := .venv-spark
SPARK := $(SPARK_FOLDER)/.installed

# Or every worker and every program of the tests compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run emulate test lint unit program peer objects replicas manifests spark faults browser ranges bench bench-small screenshots image sbom lock docs format clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

run: $(APP) ## open the dashboard (on the sample partner, until a source is configured)
	$(BIN)/streamlit run

emulate: $(APP) ## serve the sample partner as Partner Center would, on port 8600
	$(BIN)/python -m data_access emulate --port 8600

# Two at a time, since each of them waits for much of its time, and no figure of the small bench counts; the replicas
# beside the program, as they wait between one loss and the next; then alone what fills both cores with browsers. A
# browser that is missing is installed before, since a package manager lets in one at a time.
test: ## every check there is
	@sh tests/browser/chromium.sh > /dev/null
	$(MAKE) --jobs 2 --output-sync=target lint bench-small unit peer objects spark faults FAULT_KILLS=24
	$(MAKE) --jobs 2 --output-sync=target replicas program REPLICA_ROUNDS=2
	$(MAKE) browser

lint: $(DEV) ## style, types, who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(DEV) ## the everyday tests, a minute
	$(BIN)/pytest -n auto --dist worksteal -m "not program"

program: $(DEV) ## the tests of the program as a whole: its pages, its commands, weeks of its history
	$(BIN)/pytest -n auto --dist worksteal -m program

peer: $(DEV) $(PEER) ## a client made from Microsoft's Swagger reads the emulator
	PEER_PYTHON=$(PEER_VENV)/bin/python $(BIN)/pytest tests/peer

objects: $(DEV) $(OBJECTS) ## the history in an object store, over HTTP
	OBJECTS_PYTHON=$(OBJECTS_VENV)/bin/python $(BIN)/pytest tests/objects

REPLICA_ROUNDS := 100
replicas: $(DEV) $(OBJECTS) ## two processes behind nginx, one after the other killed while people work, 100 rounds; ten minutes
	CHROMIUM=$$(sh tests/browser/chromium.sh) NGINX=$$(sh tests/unpacked.sh nginx nginx) OBJECTS_PYTHON=$(OBJECTS_VENV)/bin/python \
	    REPLICA_ROUNDS=$(REPLICA_ROUNDS) $(BIN)/pytest -rP tests/replicas

spark: $(DEV) $(SPARK) ## the same numbers from a real Spark cluster on this machine
	JAVA_HOME=$$(sh tests/spark/java.sh) PYTHONPATH=$(SPARK_FOLDER) $(BIN)/pytest tests/spark

FAULT_KILLS ?= 200
faults: $(DEV) ## hundreds of collect, compact and prune killed, each operation of theirs failing, a full disk
	FAULT_KILLS=$(FAULT_KILLS) $(BIN)/pytest -n auto --dist worksteal tests/kill

browser: $(DEV) ## a few journeys in a real Chromium
	CHROMIUM=$$(sh tests/browser/chromium.sh) $(BIN)/pytest -n auto --dist loadfile tests/browser

ranges: $(DEV) ## how often the ranges of pace and day hold the truth; some minutes
	$(BIN)/python -m bench --only ranges

bench: $(DEV) $(DASH) ## figures of speed, as ratios in one run
	CHROMIUM=$$(sh tests/browser/chromium.sh) DASH_PYTHON=$(DASH_VENV)/bin/python $(BIN)/python -m bench

bench-small: $(DEV) $(DASH)
	CHROMIUM=$$(sh tests/browser/chromium.sh) DASH_PYTHON=$(DASH_VENV)/bin/python $(BIN)/python -m bench --small

screenshots: $(DEV) ## photograph every page and state into screenshots/
	CHROMIUM=$$(sh tests/browser/chromium.sh) $(BIN)/python -m tests.browser.screenshots

image: $(DEV) $(OBJECTS) ## build the image of deploy/Containerfile with buildah, and try it as another user; needs root and Debian
	CHROMIUM=$$(sh tests/browser/chromium.sh) OBJECTS_PYTHON=$(OBJECTS_VENV)/bin/python sh tests/image/build.sh

sbom: $(SBOM) ## write sbom.json, what deploy/requirements.lock installs with version and licence (CycloneDX), and check it
	$(SBOM_VENV)/bin/cyclonedx-py environment --output-format JSON --output-file sbom.json --pyproject pyproject.toml \
	    $(SBOM_VENV)/program/bin/python
	$(SBOM_VENV)/bin/python tests/deploy/sbom.py sbom.json deploy/requirements.lock

manifests: $(DEV) $(MANIFESTS) ## what is under deploy/ by the schemas of Kubernetes and Compose, by nginx and by promtool; no part of `make test`
	$(MANIFESTS_VENV)/bin/kubernetes-validate --strict deploy/kubernetes/*.yaml
	$(MANIFESTS_VENV)/bin/python tests/deploy/compose.py deploy/compose/compose.yaml
	$(MANIFESTS_VENV)/bin/compose-lint check -q deploy/compose/compose.yaml
	NGINX=$$(sh tests/unpacked.sh nginx nginx) $(BIN)/pytest -q tests/deploy
	sh tests/deploy/alerts.sh

lock: $(LOCK) ## write deploy/requirements.lock: the checksum of every file that the program may be installed from
	$(LOCK_VENV)/bin/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command 'make lock' --quiet --output-file deploy/requirements.lock

docs: $(APP) ## write the generated pages of the manual anew
	$(BIN)/python -m docs

format: $(DEV) ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what the commands above made
	rm -rf $(VENV) $(PEER_VENV) $(OBJECTS_VENV) $(DASH_VENV) $(SBOM_VENV) $(LOCK_VENV) $(MANIFESTS_VENV) .venv-nginx .venv-prometheus $(SPARK_FOLDER) sbom.json screenshots .mypy_cache .ruff_cache .hypothesis

$(APP): requirements.txt constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(DEV): $(APP) requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@

# Without a pip of its own, which would take longer to install than all the rest.
$(PEER): tests/peer/requirements.txt | $(DEV)
	$(PYTHON) -m venv --without-pip $(PEER_VENV)
	$(BIN)/python -m pip --python $(PEER_VENV)/bin/python install --disable-pip-version-check -q -r $<
	@touch $@

$(OBJECTS): tests/objects/requirements.txt | $(DEV)
	$(PYTHON) -m venv --without-pip $(OBJECTS_VENV)
	$(BIN)/python -m pip --python $(OBJECTS_VENV)/bin/python install --disable-pip-version-check -q -r $<
	@touch $@

# What the SBOM is of is installed as the image does it: no tool of ours is in the list.
$(SBOM): deploy/sbom-requirements.txt deploy/requirements.lock
	$(PYTHON) -m venv $(SBOM_VENV)
	$(SBOM_VENV)/bin/python -m pip install --disable-pip-version-check -q -r $<
	$(PYTHON) -m venv --without-pip $(SBOM_VENV)/program
	$(SBOM_VENV)/bin/python -m pip --python $(SBOM_VENV)/program/bin/python install --disable-pip-version-check -q \
	    --only-binary=:all: --require-hashes -r deploy/requirements.lock
	@touch $@

$(MANIFESTS): tests/deploy/requirements.txt | $(DEV)
	$(PYTHON) -m venv --without-pip $(MANIFESTS_VENV)
	$(BIN)/python -m pip --python $(MANIFESTS_VENV)/bin/python install --disable-pip-version-check -q -r $<
	@touch $@

$(LOCK): deploy/lock-requirements.txt
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --disable-pip-version-check -q -r $<
	@touch $@

$(DASH): bench/rivals/requirements.txt | $(DEV)
	$(PYTHON) -m venv --without-pip $(DASH_VENV)
	$(BIN)/python -m pip --python $(DASH_VENV)/bin/python install --disable-pip-version-check -q -r $<
	@touch $@

# Beside the main environment and on top of it.
$(SPARK): tests/spark/requirements.txt | $(DEV)
	rm -rf $(SPARK_FOLDER)
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --target $(SPARK_FOLDER) -r $<
	@touch $@
