"""Helpers for multi-label classification: one checked label matrix, additive counts, figures.

Every subject is a module: ``mlhelpers.datasets``, ``labels``, ``metrics``, ``plotting``, ``tables``.
A module is imported when it is first used, so ``import mlhelpers`` loads neither matplotlib
nor TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlhelpers import datasets, labels, losses, metrics, plotting, tables  # noqa: F401

__version__ = "0.1.0"

_MODULES = ("datasets", "labels", "losses", "metrics", "plotting", "tables")


if not TYPE_CHECKING:  # else every misspelt name would type-check

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"mlhelpers.{name}")
        raise AttributeError(f"module 'mlhelpers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
