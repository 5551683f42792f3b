"""What thresholds are chosen by where scores are sparse: a cell without a stored score is below every threshold.

So a label's cuts lie among its stored scores. What is true without a score is missed by all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._stored import row_blocks, stored_in
from mlhelpers.labels import MISSING, split_unknown
from mlhelpers.thresholds._cuts import Cuts, cuts_of_label
from mlhelpers.thresholds._data import T, in_threads

_LABELS_PER_BLOCK = 16
_LONG = 1 << 14  # scores of a label from which on it is faster to sort in several threads
_NOTHING = np.empty(0)


@dataclass(frozen=True, eq=False)
class SparseData:
    """Checked labels and sparse scores, a row for each *label*, without the samples whose weight is zero.

    The methods are those of `Data`.
    """

    labels: Any  # CSR, with an entry where a label is true
    unknown: Any  # CSR, with an entry where it is unknown; None if nowhere
    scores: Any  # CSR
    kind: NDArray[np.int8]  # of each stored score: 1 of a true label, 0 of another, -1 of an unknown one
    weight: NDArray[np.float64] | None

    @classmethod
    def of(cls, truth: Any, scores: Any, weight: NDArray[np.float64] | None) -> SparseData:
        """Take checked labels and scores in CSR, a row for each sample."""
        known, unknown = split_unknown(truth)
        labels, by_label = _transposed(known), _transposed(scores)
        kind = stored_in(by_label, labels).view(np.int8)
        if unknown is not None:
            unknown = _transposed(unknown)
            kind[stored_in(by_label, unknown)] = MISSING
        return cls(labels, unknown, by_label, kind, weight)

    @property
    def has_unknown(self) -> bool:
        return self.unknown is not None

    @property
    def shape(self) -> tuple[int, int]:
        n_labels, n_samples = self.labels.shape
        return n_samples, n_labels

    def samples(self, rows: NDArray[np.intp], weight: NDArray[np.float64] | None) -> SparseData:
        order = np.argsort(rows)
        place = np.full(self.shape[0], -1)
        place[rows[order]] = np.arange(len(rows))
        labels, scores = (_columns(each, place, len(rows)) for each in (self.labels, self.scores))
        unknown = None if self.unknown is None else _columns(self.unknown, place, len(rows))
        kind = self.kind[place[self.scores.indices] >= 0]
        return SparseData(labels, unknown, scores, kind, None if weight is None else weight[order])

    def has_positive(self) -> bool:
        return bool(self.labels.nnz)

    def n_positives(self, times: NDArray[np.float64] | None = None) -> NDArray[Any]:
        return _sums(self.labels, times)

    def is_known(self) -> NDArray[np.bool_]:
        if self.unknown is None:
            return np.full(self.shape[1], True)
        return np.asarray(np.diff(self.unknown.indptr) < self.shape[0])

    def is_scored(self) -> NDArray[np.bool_]:
        return np.asarray(self._n_scored > 0)

    @cached_property
    def _n_scored(self) -> NDArray[np.int64]:
        """Count the stored scores of each label where it is known."""
        starts = self.scores.indptr
        if self.unknown is None:
            return np.asarray(np.diff(starts), np.int64)
        until = np.concatenate([[0], (self.kind != MISSING).cumsum()])
        return np.asarray(np.diff(until[starts]), np.int64)

    @cached_property
    def _positives_and_negatives(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Count the samples of each label, or add up their weights, scored or not."""
        positives = _sums(self.labels, self.weight)
        total = self.shape[0] if self.weight is None else self.weight.sum()
        known = total if self.unknown is None else total - _sums(self.unknown, self.weight)
        return positives, np.maximum(known - positives, 0)

    def _stored(self, label: int) -> slice:
        return slice(*self.scores.indptr[label : label + 2])

    def known_scores(self, column: int) -> NDArray[np.float64]:
        stored = self._stored(column)
        return np.sort(self.scores.data[stored][self.kind[stored] != MISSING].astype(float))

    def counts_above(self, columns: NDArray[np.bool_], thresholds: NDArray[np.float64]) -> NDArray[Any]:
        lengths, starts = np.diff(self.scores.indptr), self.scores.indptr
        limits = np.full(len(columns), np.inf)
        limits[columns] = thresholds
        found = np.zeros((2, len(columns)), np.int64 if self.weight is None else float)
        for labels in row_blocks(lengths):
            stored, n = slice(starts[labels.start], starts[labels.stop]), labels.stop - labels.start
            of = np.repeat(np.arange(n), lengths[labels])
            above = self.scores.data[stored] > limits[labels][of]
            for row, kind in enumerate((1, 0)):
                cells = np.flatnonzero(above & (self.kind[stored] == kind))
                weight = None if self.weight is None else self.weight[self.scores.indices[stored][cells]]
                found[row, labels] = np.bincount(of[cells], weight, n)
        tp, fp = found[:, columns]
        positives, negatives = (each[columns] for each in self._positives_and_negatives)
        return np.array([tp, fp, np.maximum(positives - tp, 0), np.maximum(negatives - fp, 0)])

    def for_each_label(self, wanted: NDArray[np.bool_], use: Callable[[Cuts], T]) -> list[T]:
        def use_block(start: int) -> list[T]:
            block = range(start, min(start + _LABELS_PER_BLOCK, len(wanted)))
            return [use(self._cuts(label)) for label in block if wanted[label]]

        starts = range(0, len(wanted), _LABELS_PER_BLOCK)
        if self.scores.nnz >= _LONG * len(wanted):
            return in_threads(use_block, starts)
        return [result for start in starts for result in use_block(start)]

    def _cuts(self, label: int) -> Cuts:
        positives, negatives = (each[label] for each in self._positives_and_negatives)
        n_scored, n_unknown = self._n_scored[label], 0
        if self.unknown is not None:
            n_unknown = self.unknown.indptr[label + 1] - self.unknown.indptr[label]
        if n_scored == 0:
            return Cuts(_NOTHING, _NOTHING, _NOTHING, _NOTHING, positives, negatives, -np.inf, True)
        stored = self._stored(label)
        weight = None if self.weight is None else self.weight[self.scores.indices[stored]]
        cut = cuts_of_label(self.kind[stored], self.scores.data[stored].astype(float), weight, self.has_unknown)
        has_unscored = bool(n_scored + n_unknown < self.shape[0])
        return cut._replace(positives=positives, negatives=negatives, has_unscored=has_unscored)

    def pooled_cuts(self, of_fn: NDArray[np.float64] | None, of_fp: NDArray[np.float64] | None) -> Cuts:
        if not self._n_scored.any():
            raise ValueError(
                "y_score is sparse, and stores no score where a label is known, so there is nothing to choose "
                "thresholds by; pass scores, or fallback=0.5 for probabilities"
            )
        weight = None if self.weight is None else self.weight[self.scores.indices]
        if of_fn is not None and of_fp is not None:
            label = np.repeat(np.arange(self.shape[1]), np.diff(self.scores.indptr))
            cost = np.where(self.kind == 1, of_fn[label], of_fp[label])
            weight = cost if weight is None else weight * cost
        cut = cuts_of_label(self.kind, self.scores.data.astype(float), weight, self.has_unknown)
        if of_fn is not None:  # the cost of what has no score is the same for every cut
            return cut
        positives, negatives = (each.sum() for each in self._positives_and_negatives)
        return cut._replace(positives=positives, negatives=negatives)


def _transposed(matrix: Any) -> sparse.csr_array:
    return sparse.csr_array(matrix.T)


def _columns(matrix: Any, place: NDArray[np.intp], n_columns: int) -> sparse.csr_array:
    """Return the columns that have a place, there."""
    moved = place[matrix.indices]
    kept = moved >= 0
    starts = np.concatenate([[0], kept.cumsum()])[matrix.indptr]
    return sparse.csr_array((matrix.data[kept], moved[kept], starts), shape=(matrix.shape[0], n_columns))


def _sums(matrix: Any, weight: NDArray[np.float64] | None) -> NDArray[Any]:
    """Count the entries of each row, or add up the weights of their columns."""
    if weight is None:
        return np.asarray(np.diff(matrix.indptr), np.int64)
    return np.asarray(matrix.astype(bool) @ weight)
