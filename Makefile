# Every target sets up the environment that it needs by itself: .venv from requirements.lock, and .venv-jax
# from requirements-jax.lock. `PYTHON=python3.12 make book` picks the interpreter; without it, an existing
# .venv keeps its own.

PYTHON ?= $(if $(wildcard .venv/.ready),.venv/bin/python,python3)
VENV := .venv/bin
HASHED := $(VENV)/uv pip compile --quiet --generate-hashes --no-annotate --no-header
COMPILE := $(HASHED) --universal --python-version 3.11 pyproject.toml
INSTALL = { $(PYTHON) -c '' 2>/dev/null || { echo "error: $(PYTHON) does not run; install Python 3.11, 3.12 or 3.13, or name another one, as in PYTHON=python3.12 make book" >&2; exit 1; }; } && $(PYTHON) tools/environment.py
chapters ?=

export JUPYTER_PREFER_ENV_PATH := 1
# Compiled modules are kept, whatever the shell says: without them TensorFlow starts ten seconds later, every time.
export PYTHONDONTWRITEBYTECODE :=
# Chapters run on the processor, so that every machine computes the same.
export CUDA_VISIBLE_DEVICES := -1
export TF_CPP_MIN_LOG_LEVEL := 3

.DEFAULT_GOAL := help
.PHONY: help book pdf publish test test-jax test-colab lint run bench lock clean environment

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

book: environment  ## execute the chapters, build the HTML book, print the page to open
	@$(VENV)/python tools/book.py build

publish: environment  ## build the book as it is published, with notebooks for Colab, in _build/site
	@$(VENV)/python tools/publish.py

pdf: book  ## print the whole book as one PDF, with the system's Chromium
	@$(VENV)/python tools/pdf.py

test: lint book  ## lint, then unit, doc and property tests with their coverage, stored outputs, built pages
	@$(VENV)/python -m pytest --cov=mlhelpers --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg mlhelpers tests chapters

test-jax:  ## the tests of losses and metrics on Keras's JAX backend, without TensorFlow
	@$(INSTALL) .venv-jax requirements-jax.lock
	@KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/test_backends.py

test-colab: environment  ## run the published chapters with Colab's versions, in .venv-colab: make test-colab chapters="00 01"
	@$(VENV)/python tools/colab.py $(chapters)

lint: environment  ## check style (notebooks too) and types
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet . || { echo "error: run '$(VENV)/ruff format .'"; exit 1; }
	@$(VENV)/mypy

run: environment  ## execute chapters in place and store their outputs: make run chapters="00 01"
	@$(VENV)/python tools/book.py run $(chapters)

bench: environment  ## measure mlhelpers beside its peers
	@$(VENV)/python benchmarks/bench.py

lock: environment  ## renew the locks from pyproject.toml; that of Colab's versions from tests/colab/constraints.txt
	@$(COMPILE) --upgrade --extra keras --extra interactive --extra book --extra test --output-file requirements.lock
	@$(COMPILE) --extra jax --extra test --constraint requirements.lock --output-file requirements-jax.lock
	@$(HASHED) --python-platform linux --python-version 3.12 --extra keras --extra interactive --constraint requirements.lock --output-file .binder/requirements.txt pyproject.toml
	@$(HASHED) --python-platform linux --python-version 3.13 --output-file requirements-colab.lock tests/colab/constraints.txt

clean:  ## remove what the other targets made
	@rm -rf .venv .venv-jax .venv-colab _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:  ## only set up .venv
	@$(INSTALL)
