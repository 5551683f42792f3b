# Every target sets up the environment that it needs by itself: .venv from requirements.lock, and .venv-jax
# from requirements-jax.lock. `PYTHON=python3.12 make book` picks the interpreter; without it, an existing
# .venv keeps its own.

PYTHON ?= $(if $(wildcard .venv/.ready),.venv/bin/python,python3)
VENV := .venv/bin
COMPILE := $(VENV)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
INSTALL = { $(PYTHON) -c '' 2>/dev/null || { echo "error: $(PYTHON) does not run; install Python 3.11, 3.12 or 3.13, or name another one, as in PYTHON=python3.12 make book" >&2; exit 1; }; } && $(PYTHON) tools/environment.py
chapters ?=

export JUPYTER_PREFER_ENV_PATH := 1
# Compiled modules are kept, whatever the shell says: without them TensorFlow starts ten seconds later, every time.
export PYTHONDONTWRITEBYTECODE :=
# Chapters run on the processor, so that every machine computes the same.
export CUDA_VISIBLE_DEVICES := -1
export TF_CPP_MIN_LOG_LEVEL := 3

.DEFAULT_GOAL := help
.PHONY: help book test test-jax lint run bench lock clean environment

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

book: environment  ## execute the chapters, build the HTML book, print the page to open
	@$(VENV)/python tools/book.py build

test: lint book  ## lint, then unit, doc and property tests with their coverage, stored outputs, built pages
	@$(VENV)/python -m pytest --cov=mlhelpers --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg mlhelpers tests chapters

test-jax:  ## the tests of losses and metrics on Keras's JAX backend, without TensorFlow
	@$(INSTALL) .venv-jax requirements-jax.lock
	@KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/test_backends.py

lint: environment  ## check style (notebooks too) and types
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet . || { echo "error: run '$(VENV)/ruff format .'"; exit 1; }
	@$(VENV)/mypy

run: environment  ## execute chapters in place and store their outputs: make run chapters="00 01"
	@$(VENV)/python tools/book.py run $(chapters)

bench: environment  ## measure mlhelpers beside its peers
	@$(VENV)/python benchmarks/bench.py

lock: environment  ## renew requirements.lock and requirements-jax.lock from pyproject.toml
	@$(COMPILE) --upgrade --extra keras --extra interactive --extra book --extra test --output-file requirements.lock
	@$(COMPILE) --extra jax --extra test --constraint requirements.lock --output-file requirements-jax.lock

clean:  ## remove what the other targets made
	@rm -rf .venv .venv-jax _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:  ## only set up .venv
	@$(INSTALL)
