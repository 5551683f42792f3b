"""Which chapters need a data set that is not at hand and can't be fetched: they are skipped, each with the reason."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import nbformat

from mlhelpers import datasets

FETCHES = re.compile(r"\b(?:fetch_\w+|goemotions_scores)\b")  # called, or passed on to be called
TRIED = {"goemotions_scores": "fetch_goemotions"}  # the scores need the comments; training would take a minute


@functools.cache
def missing(fetch: str) -> str:
    """Return why a data set is not at hand, or nothing."""
    try:
        getattr(datasets, fetch)()
    except (OSError, ImportError) as error:
        return str(error)
    return ""


@functools.cache
def reason_to_skip(chapter: Path) -> str:
    """Return what a chapter needs and why it is not there, or nothing."""
    cells = nbformat.read(chapter, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    named = {TRIED.get(name, name) for name in FETCHES.findall(code)}
    return "; ".join(filter(None, (missing(name) for name in sorted(named) if hasattr(datasets, name))))
