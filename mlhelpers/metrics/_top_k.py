"""What samples gain by their k best-scored labels, of dense scores and of sparse ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._stored import row_blocks, stored_in
from mlhelpers.metrics._truth import TrueLabels


def gains_at_k(
    truth: TrueLabels, scores: Any, discount: NDArray[np.float64], worth: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return what each sample gains at its first k places: the worth of a true label there times the place's discount.

    A true label without a `worth` is worth 1. Labels whose scores tie share their places. A place for which
    there is no score gains nothing; unknown labels take no place.
    """
    gained = np.empty(scores.shape[0])
    for rows, block, worths in _blocks(truth, scores, worth):
        gained[rows] = _gains(block, worths, discount[: block.shape[1]])
    return gained


def best_gains_at_k(labels: Any, discount: NDArray[np.float64], worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the most that each sample could gain: its true labels in the order of their worth."""
    best = np.zeros(labels.shape[0])
    lengths = np.diff(labels.indptr) if sparse.issparse(labels) else np.full(len(labels), labels.shape[1])
    for block in row_blocks(lengths):
        rows, columns = labels[block].nonzero()
        gain = worth[columns]
        order = np.lexsort((-gain, rows))
        rows, gain = rows[order], gain[order]
        place = np.arange(len(rows)) - np.searchsorted(rows, rows)
        counts = place < len(discount)
        sums = np.bincount(rows[counts], gain[counts] * discount[place[counts]], minlength=block.stop - block.start)
        best[block] = sums
    return best


def _gains(scores: NDArray[np.float64], gain: NDArray[Any], discount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each row gains at its first places, in the mean over the orders in which ties can break.

    Scores that are -inf take no place. Only what is above the k-th score of a row is put in order, if order counts.
    """
    k, width = len(discount), scores.shape[1]
    kth = np.partition(scores, width - k, axis=1)[:, width - k, None]
    above, tied = scores > kth, (scores == kth) & (kth > -np.inf)
    n_above = above.sum(axis=1)
    share = np.where(tied, gain, 0).sum(axis=1) / np.maximum(tied.sum(axis=1), 1)
    if (discount == discount[0]).all():
        total = np.where(above, gain, 0).sum(axis=1) + (k - n_above) * share
        return np.asarray(discount[0] * total)
    ordered = _in_order(scores, gain, above, n_above, k)
    return np.asarray(np.where(np.arange(k) < n_above[:, None], ordered, share[:, None]) @ discount)


def _in_order(
    scores: NDArray[np.float64], gain: NDArray[Any], chosen: NDArray[np.bool_], n_chosen: NDArray[Any], k: int
) -> NDArray[np.float64]:
    """Return what the chosen cells of each row gain, by descending scores; of those that tie each gains their mean."""
    rows, columns = chosen.nonzero()
    place = np.arange(len(rows)) - np.repeat(n_chosen.cumsum() - n_chosen, n_chosen)
    top, gained = np.full((len(chosen), k), -np.inf), np.zeros((len(chosen), k))
    top[rows, place], gained[rows, place] = scores[rows, columns], gain[rows, columns]
    order = np.argsort(-top, axis=1)
    top, gained = (np.take_along_axis(each, order, axis=1) for each in (top, gained))
    first = np.full(top.shape, True)
    np.not_equal(top[:, 1:], top[:, :-1], out=first[:, 1:])
    starts = np.flatnonzero(first)
    sizes = np.diff(starts, append=first.size)
    return np.repeat(np.add.reduceat(gained.ravel(), starts) / sizes, sizes).reshape(top.shape)


def _blocks(
    truth: TrueLabels, scores: Any, worth: NDArray[np.float64] | None
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[Any]]]:
    """Yield blocks of rows, their scores with -inf where there is none, and what each label is worth there."""
    if sparse.issparse(scores):
        yield from _sparse_blocks(truth, scores, worth)
        return
    for rows in row_blocks(np.full(len(scores), scores.shape[1])):
        block = scores[rows] if truth.unknown is None else np.where(truth.unknown[rows], -np.inf, scores[rows])
        yield rows, block, truth.labels[rows] if worth is None else truth.labels[rows] * worth


def _sparse_blocks(
    truth: TrueLabels, scores: Any, worth: NDArray[np.float64] | None
) -> Iterator[tuple[slice, NDArray[np.float64], NDArray[Any]]]:
    present = stored_in(scores, truth.labels)
    unknown = None if truth.unknown is None else stored_in(scores, truth.unknown)
    lengths = np.diff(scores.indptr)
    for rows in row_blocks(lengths):
        stored = slice(scores.indptr[rows.start], scores.indptr[rows.stop])
        values = scores.data[stored].astype(float)
        if unknown is not None:
            values[unknown[stored]] = -np.inf
        gain = present[stored] if worth is None else present[stored] * worth[scores.indices[stored]]
        yield rows, _padded(values, lengths[rows], -np.inf), _padded(gain, lengths[rows], 0)


def _padded(values: NDArray[Any], lengths: NDArray[Any], fill: float) -> NDArray[Any]:
    """Return a matrix of rows of unequal length, with at least one column, filled up at their ends."""
    width = max(1, int(lengths.max()))
    if len(values) == width * len(lengths):
        return values.reshape(len(lengths), width)
    matrix = np.full((len(lengths), width), fill, values.dtype)
    matrix[np.arange(width) < lengths[:, None]] = values
    return matrix
