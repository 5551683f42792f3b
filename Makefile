# Every target sets up the environment that it needs by itself: .venv from requirements.lock, and .venv-jax
# from requirements-jax.lock. `PYTHON=python3.12 make book` picks the interpreter; without it, an existing
# .venv keeps its own.

PYTHON ?= $(if $(wildcard .venv/.ready),.venv/bin/python,python3)
VENV := .venv/bin
PIN := $(VENV)/uv pip compile --quiet --no-annotate
HASHED := $(PIN) --generate-hashes --no-header
# One version of each package on every Python, so that outputs stored with one fit on the others.
EVERYWHERE := --universal --fork-strategy fewest --python-version 3.11 pyproject.toml
COMPILE := $(HASHED) $(EVERYWHERE)
INSTALL = { $(PYTHON) -c '' 2>/dev/null || { echo "error: $(PYTHON) does not run; install Python 3.11, 3.12 or 3.13, or name another one, as in PYTHON=python3.12 make book" >&2; exit 1; }; } && $(PYTHON) tools/environment.py
chapters ?=
outputs ?=
formats ?=

export JUPYTER_PREFER_ENV_PATH := 1
# Compiled modules are kept, whatever the shell says: without them TensorFlow starts ten seconds later, every time.
export PYTHONDONTWRITEBYTECODE :=
# Chapters run on the processor, so that every machine computes the same.
export CUDA_VISIBLE_DEVICES := -1
export TF_CPP_MIN_LOG_LEVEL := 3
# scikit-learn's sums are added up in one order, however many cores there are. And where several processes share the
# cores, as in the tests, OpenBLAS's threads would wait for each other: fits take ten times as long then.
export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help book lab pdf test test-jax test-colab lint run sweep bench publish course figures lock clean environment

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

book: environment  ## build the HTML book from its stored outputs, print the page to open (outputs=stored: whether they fit or not)
	@$(VENV)/python tools/book.py build $(if $(filter stored,$(outputs)),--stored)

lab: environment  ## open the chapters in JupyterLab
	@$(VENV)/jupyter lab --notebook-dir=chapters

pdf: book  ## print the whole book as one PDF, with the system's Chromium
	@$(VENV)/python tools/pdf.py

test: lint  ## lint, then unit, doc and property tests with their coverage, every chapter once more, built pages
	@$(VENV)/python tools/book.py check
	@$(VENV)/python tools/book.py build
	@$(VENV)/python -m pytest -n auto --dist loadfile --durations 10 --cov=mlhelpers --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg mlhelpers tests chapters

test-jax:  ## the tests of losses and metrics on Keras's JAX backend, without TensorFlow
	@$(INSTALL) .venv-jax requirements-jax.lock
	@KERAS_BACKEND=jax .venv-jax/bin/python -m pytest tests/test_backends.py

test-colab: environment  ## run the published chapters with Colab's versions, in .venv-colab: make test-colab chapters="00 01", or chapters=changed
	@$(VENV)/python tools/colab.py $(chapters)

lint: environment  ## check style (notebooks too) and types
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet . || { echo "error: run '$(VENV)/ruff format .'"; exit 1; }
	@$(VENV)/mypy

run: environment  ## execute chapters in place and store their outputs: make run chapters="00 01"
	@$(VENV)/python tools/book.py run $(chapters)

sweep: environment  ## try every claim with other seeds and other arithmetic, for an hour: make sweep chapters="01"
	@$(VENV)/python tools/sweep.py $(chapters)

bench: environment  ## measure mlhelpers beside its peers
	@$(VENV)/python benchmarks/bench.py

publish: environment  ## build the book as it is published, with notebooks for Colab, in _build/site
	@$(VENV)/python tools/publish.py

course: environment  ## write the student edition, without solutions, into _build/course
	@$(VENV)/python tools/course.py

figures: environment  ## write the figures for slides into _build/figures: make figures chapters="00", formats=svg executes the chapters
	@$(VENV)/python tools/figures.py $(if $(filter svg,$(formats)),--svg) $(chapters)

lock: environment  ## renew the locks from pyproject.toml; that of Colab's versions from tests/colab/constraints.txt
	@$(COMPILE) --upgrade --extra chapters --extra book --extra lab --extra test --output-file requirements.lock
	@$(COMPILE) --extra jax --extra test --constraint requirements.lock --output-file requirements-jax.lock
	@cp requirements.lock constraints-course.txt  # what stands in a file that is written anew, uv keeps where it can
	@$(PIN) $(EVERYWHERE) --custom-compile-command "make lock" --extra chapters --extra lab --extra nbgrader --extra otter --output-file constraints-course.txt
	@$(HASHED) --python-platform linux --python-version 3.12 --extra chapters --constraint requirements.lock --output-file .binder/requirements.txt pyproject.toml
	@$(HASHED) --python-platform linux --python-version 3.13 --output-file requirements-colab.lock tests/colab/constraints.txt

clean:  ## remove what the other targets made
	@rm -rf .venv .venv-jax .venv-colab _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:  ## only set up .venv
	@$(INSTALL)
