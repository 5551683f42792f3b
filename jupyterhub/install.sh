#!/bin/sh
# Beside this script: the environment in env/, from the wheel and the constraints that lie here, and the data sets in data/.
set -eu
cd "$(dirname "$0")"

python3 -m venv env
env/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check uv
# The hub and its students' servers must have the same first number.
env/bin/uv pip install --quiet --no-cache --compile-bytecode --python env/bin/python --constraint constraints-course.txt \
    "$(ls mlhelpers-*.whl)[chapters]" jupyterlab "jupyterhub==${JUPYTERHUB:-5}.*"

# Once for all: a student needs no network, and no copy.
env/bin/python - data <<'END'
import sys
from mlhelpers.datasets import fetch_emotions, fetch_goemotions, fetch_scene, fetch_yeast

for fetch in (fetch_emotions, fetch_goemotions, fetch_scene, fetch_yeast):
    fetch(data_home=sys.argv[1])
END
chmod -R a+rX,go-w .
