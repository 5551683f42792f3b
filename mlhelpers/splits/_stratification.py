"""Iterative stratification: distribute samples, rarest label first, over parts of exact sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers.labels import MISSING


def stratified_parts(labels: Any, sizes: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.intp]:
    """Return for each sample the part that iterative stratification puts it into; parts have exactly these sizes."""
    try:
        from iterstrat.ml_stratifiers import IterativeStratification
    except ModuleNotFoundError as error:
        raise ImportError(
            "mlhelpers.splits needs the package iterative-stratification; "
            "install it, as with %pip install iterative-stratification in a notebook"
        ) from error
    n_samples = labels.shape[0]
    # It fills the largest part first, from the first row on: in the order of the data, parts would be stretches of it.
    order = rng.permutation(n_samples)
    dense = to_spread(labels)[order]
    part = np.asarray(IterativeStratification(dense, sizes / n_samples, rng), dtype=np.intp)
    _resize(part, dense, sizes)
    result = np.empty_like(part)
    result[order] = part
    return result


def to_spread(labels: Any) -> NDArray[np.bool_]:
    """Return what every part needs its share of: the ones of each label, and its zeros where some are unknown."""
    dense = labels.toarray() if sparse.issparse(labels) else labels
    incomplete = dense[:, (dense == MISSING).any(axis=0)]
    return np.hstack([dense == 1, incomplete == 0])


def _resize(part: NDArray[np.intp], labels: NDArray[np.bool_], sizes: NDArray[np.int64]) -> None:
    """Move samples, in place, until the parts have these sizes: those that keep labels nearest to their shares."""
    totals = labels.sum(axis=0)
    n_parts = len(sizes)
    counts = np.array([labels[part == i].sum(axis=0) for i in range(n_parts)])
    excess = counts - np.outer(sizes / len(labels), totals)
    weight = 1 / np.maximum(totals, 1)
    while (surplus := np.bincount(part, minlength=n_parts) - sizes).any():
        source, target = surplus.argmax(), surplus.argmin()
        rows = np.flatnonzero(part == source)
        # by how much the sum of squared excesses, relative to each label's total, grows
        growth = labels[rows] @ (weight * (1 - excess[source] + excess[target]))
        row = rows[growth.argmin()]
        part[row] = target
        excess[source] -= labels[row]
        excess[target] += labels[row]
