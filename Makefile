# Every target sets up .venv by itself, from requirements.lock. `PYTHON=python3.12 make book`
# picks the interpreter; without it, an existing .venv keeps its own.

PYTHON ?= $(if $(wildcard .venv/.ready),.venv/bin/python,python3)
VENV := .venv/bin
chapters ?=

export JUPYTER_PREFER_ENV_PATH := 1
# Compiled modules are kept, whatever the shell says: without them TensorFlow starts ten seconds later, every time.
export PYTHONDONTWRITEBYTECODE :=
# Chapters run on the processor, so that every machine computes the same.
export CUDA_VISIBLE_DEVICES := -1
export TF_CPP_MIN_LOG_LEVEL := 3

.DEFAULT_GOAL := help
.PHONY: help book test lint run bench lock clean environment

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 16

book: environment  ## execute the chapters, build the HTML book, print the page to open
	@$(VENV)/python tools/book.py build

test: lint book  ## lint, then unit, doc and property tests, stored outputs, built pages
	@$(VENV)/python -m pytest --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg mlhelpers tests chapters

lint: environment  ## check style (notebooks too) and types
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet . || { echo "error: run '$(VENV)/ruff format .'"; exit 1; }
	@$(VENV)/mypy

run: environment  ## execute chapters in place and store their outputs: make run chapters="00 01"
	@$(VENV)/python tools/book.py run $(chapters)

bench: environment  ## measure mlhelpers beside its peers
	@$(VENV)/python benchmarks/bench.py

lock: environment  ## renew requirements.lock from pyproject.toml
	@$(VENV)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--all-extras --no-annotate --no-header pyproject.toml --output-file requirements.lock

clean:  ## remove what the other targets made
	@rm -rf .venv _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:  ## only set up .venv
	@$(PYTHON) -c '' 2>/dev/null || { echo "error: $(PYTHON) does not run; install Python 3.11, 3.12 or 3.13, or name another one, as in PYTHON=python3.12 make book" >&2; exit 1; }
	@$(PYTHON) tools/environment.py
