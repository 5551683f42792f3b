"""Read labels that may be wrong: what `check_labels` refuses is here a finding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import label_names_of
from mlhelpers._validation import refuse_batches
from mlhelpers.audit._names import first_five
from mlhelpers.labels import MISSING, as_numeric, check_shape


@dataclass(frozen=True)
class Labels:
    """The entries of Y that are not 0: dense and sparse matrices read the same."""

    n_samples: int
    n_labels: int
    names: list[str]
    rows: NDArray[Any]
    columns: NDArray[Any]
    values: NDArray[np.float64]

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(self.values) | (self.values == MISSING))

    @cached_property
    def is_soft(self) -> NDArray[np.bool_]:
        return np.asarray((self.values > 0) & (self.values < 1))

    @cached_property
    def is_wrong(self) -> NDArray[np.bool_]:
        return np.asarray((self.values != 1) & ~self.is_soft & ~self.is_missing)

    @cached_property
    def wrong_values(self) -> NDArray[np.float64]:
        """The first of the wrong values: a code for missing labels is one of few."""
        return np.unique(self.values[self.is_wrong])[:3]

    @cached_property
    def signed(self) -> bool:
        """Whether Y seems to be coded as -1 and 1."""
        full = self.values.size == self.n_samples * self.n_labels
        return full and bool(np.isin(self.values, (-1, 1)).all()) and bool((self.values == -1).any())

    @cached_property
    def _ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The least and the greatest known value of every label."""
        known = ~self.is_missing | self.signed
        n_zero = self.n_samples - np.bincount(self.columns, minlength=self.n_labels)
        low, high = np.where(n_zero > 0, 0, np.inf), np.where(n_zero > 0, 0, -np.inf)
        np.minimum.at(low, self.columns[known], self.values[known])
        np.maximum.at(high, self.columns[known], self.values[known])
        return low, high

    @property
    def never(self) -> NDArray[np.intp]:
        return np.flatnonzero(self._ends[1] <= 0)

    @property
    def always(self) -> NDArray[np.intp]:
        low, high = self._ends
        return np.flatnonzero((low >= 1) & (high >= 1))

    @property
    def constant(self) -> NDArray[np.intp]:
        return np.union1d(self.never, self.always)

    @property
    def n_positives(self) -> NDArray[np.int64]:
        return np.asarray(self._in_folds(1)[0][0])

    @cached_property
    def one_per_row(self) -> bool:
        """Whether the values of every row are a distribution over several classes."""
        if self.n_labels == 1 or self.is_wrong.any() or self.is_missing.any():
            return False
        sums = np.bincount(self.rows, weights=self.values, minlength=self.n_samples)
        return bool(np.allclose(sums, 1, atol=1e-3))

    def folds_without(self, n_folds: int) -> tuple[int, NDArray[np.intp]]:
        """Return how many folds of consecutive rows lack a label that Y has, and which labels those are."""
        counts, _ = self._in_folds(n_folds)
        lacking = (counts == 0) & (counts.sum(axis=0) > 0)
        return int(lacking.any(axis=1).sum()), np.flatnonzero(lacking.any(axis=0))

    def only_one_class_in_a_fold(self, n_folds: int, only: int) -> NDArray[np.intp]:
        """Return the labels that are 0, or 1, in every row of some fold of consecutive rows."""
        counts, sizes = self._in_folds(n_folds)
        return np.flatnonzero((counts == only * sizes[:, None]).any(axis=0))

    def _in_folds(self, n_folds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the positives of every fold and label, and the sizes of the folds."""
        sizes = np.array([len(part) for part in np.array_split(np.arange(self.n_samples), n_folds)])
        fold = np.repeat(np.arange(n_folds), sizes)
        counts = np.zeros((n_folds, self.n_labels), dtype=np.int64)
        present = self.values == 1
        np.add.at(counts, (fold[self.rows[present]], self.columns[present]), 1)
        return counts, sizes

    def named(self, columns: NDArray[Any]) -> str:
        """Name at most five labels."""
        return f"label{'s' * (len(columns) > 1)} {first_five([self.names[j] for j in columns])}"

    def first(self, which: NDArray[np.bool_]) -> str:
        """Name the first of some entries, and the labels that have any."""
        k = int(which.argmax())
        return (
            f"{self.values[k]:g} at row {self.rows[k]}, column {self.columns[k]}; in "
            f"{self.named(np.unique(self.columns[which]))}"
        )


def read_labels(Y: Any) -> Labels:
    if sparse.issparse(Y):
        check_shape(Y.shape, "Y")
        entries = sparse.coo_array(Y)
        matrix = sparse.csr_array((as_numeric(entries.data, "Y").astype(float), entries.coords), shape=Y.shape)
        matrix.eliminate_zeros()  # entries that were given twice are added up by now
    else:
        matrix = as_numeric(Y, "Y").astype(float)
        check_shape(matrix.shape, "Y")
    n_samples, n_labels = matrix.shape
    names = label_names_of(Y) or [str(label) for label in range(n_labels)]
    entries = sparse.coo_array(matrix)
    rows, columns = entries.coords
    return Labels(n_samples, n_labels, names, rows, columns, entries.data)


def check_length(parts: list[Any], labels: Labels) -> None:
    for X in parts:
        refuse_batches(X, "X")
        shape = X.shape if hasattr(X, "shape") else (len(X),) if hasattr(X, "__len__") else ()
        if not shape:
            raise TypeError(f"X is of type {type(X).__name__}, which has no rows; pass an array, or leave X out")
        if shape[0] != labels.n_samples:
            raise ValueError(
                f"X has {shape[0]} rows, but Y has {labels.n_samples}; pass the inputs and the labels of the same "
                "samples, in the same order"
            )
