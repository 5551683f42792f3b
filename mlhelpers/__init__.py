"""Helpers for multi-label classification, from the checked label matrix to thresholds and an audit.

Every subject is a module: ``mlhelpers.datasets``, ``labels``, ``splits``, ``losses``, ``keras_metrics``,
``metrics``, ``hierarchy``, ``thresholds``, ``calibration``, ``binary_relevance``, ``bundle``, ``audit``,
``plotting``, ``interactive``, ``tables``, ``exercises``, ``grade``.
A module is imported when it is first used, so ``import mlhelpers`` loads neither matplotlib
nor TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlhelpers import (  # noqa: F401
        audit,
        binary_relevance,
        bundle,
        calibration,
        datasets,
        exercises,
        grade,
        hierarchy,
        interactive,
        keras_metrics,
        labels,
        losses,
        metrics,
        plotting,
        splits,
        tables,
        thresholds,
    )

    __version__: str

_MODULES = (
    "audit",
    "binary_relevance",
    "bundle",
    "calibration",
    "datasets",
    "exercises",
    "grade",
    "hierarchy",
    "interactive",
    "keras_metrics",
    "labels",
    "losses",
    "metrics",
    "plotting",
    "splits",
    "tables",
    "thresholds",
)


def _version() -> str:
    """Return the version that is installed, under whatever name an index has the package."""
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    try:
        return version("mlhelpers")
    except PackageNotFoundError:
        names = packages_distributions().get("mlhelpers")
        return version(names[0]) if names else "0+unknown"  # a folder of sources that nobody has installed


if not TYPE_CHECKING:  # else every misspelt name would type-check

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"mlhelpers.{name}")
        if name == "__version__":
            return _version()
        raise AttributeError(f"module 'mlhelpers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "__version__", *_MODULES})
