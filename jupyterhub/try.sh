#!/bin/sh
# Run by start.sh as a student: fails unless a chapter runs, a home stays small, and what all share can't be changed.
set -eu
environment=$(dirname "$(command -v jupyterhub-singleuser)")
[ "$(id -u)" -ne 0 ] || { echo "this runs as root"; exit 1; }
if touch "$environment/x" "$MLHELPERS_DATA/x" 2>/dev/null; then echo "a student can change what all share"; exit 1; fi

cd "$HOME/book"
jupyter execute 00_label_matrix.ipynb
python -c 'from mlhelpers.datasets import fetch_goemotions; print(len(fetch_goemotions().X_train), "comments")'
jupyterhub-singleuser --version

size=$(du -sm "$HOME" | cut -f1)
echo "a student's home takes $size MB, what all share $(du -sm "$(dirname "$environment")" | cut -f1)"
[ "$size" -lt 50 ] || { echo "that is too much"; exit 1; }
