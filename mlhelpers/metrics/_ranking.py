"""Scores of rankings, which need no threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._scores import check_truth_and_scores
from mlhelpers._validation import whole_number
from mlhelpers.labels import axis_sums


def precision_at_k(y_true: Any, y_score: Any, k: int) -> float:
    """Return which fraction of the k labels with the highest scores is true, as a mean over samples.

    It needs no threshold, and asks a ranking question: how many of the k labels that a user is
    shown are right? Samples with fewer than k labels can't reach 1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities or logits: only their order within a row counts.
    k : int
        From 1 to n_labels.

    Returns
    -------
    float
        Labels whose scores tie at the k-th place share the places that are left, so that
        the value is the mean over all orders in which ties could be broken.

    Raises
    ------
    ValueError, TypeError
        If `y_true` is not a label matrix, if `y_score` is not an array of finite numbers of the
        same shape, or if `k` is not an integer in its range.

    References
    ----------
    .. [1] Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval", section 8.4,
       doi:10.1017/CBO9780511809071.

    Examples
    --------
    >>> precision_at_k([[1, 0, 1], [0, 1, 0]], [[0.9, 0.2, 0.6], [0.3, 0.2, 0.1]], k=1)
    0.5
    >>> precision_at_k([[1, 0]], [[0.5, 0.5]], k=1)
    0.5
    """
    truth, scores = check_truth_and_scores(y_true, y_score)
    k = whole_number(k, "k", least=1)
    if k > truth.shape[1]:
        raise ValueError(f"k is {k}, but there are only {truth.shape[1]} labels; take k from 1 to {truth.shape[1]}")
    return float(hits_at_k(truth, scores, k).mean() / k)


def hits_at_k(truth: NDArray[np.int8], scores: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return how many of each row's k best-scored labels are true, in the mean over the orders of ties."""
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    above, tied = scores > kth, scores == kth
    places_left = k - above.sum(axis=1)
    share = places_left / tied.sum(axis=1)
    return np.asarray((truth * above).sum(axis=1) + share * (truth * tied).sum(axis=1))


def ranking_measures(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return LRAP and coverage of each sample: scikit-learn gives their means only, which the bootstrap can't use."""
    order = np.argsort(-scores, axis=1)
    ranked, hit = np.take_along_axis(scores, order, axis=1), np.take_along_axis(truth, order, axis=1)
    place = np.arange(1, scores.shape[1] + 1)
    ends_here = np.diff(ranked, axis=1, append=-np.inf) != 0  # the last of a group of ties
    rank = np.minimum.accumulate(np.where(ends_here, place, place[-1])[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(np.cumsum(hit, axis=1, dtype=np.int64), rank - 1, axis=1)
    n_true = axis_sums(truth, axis=1)
    precision = (hit * found / rank).sum(axis=1) / np.maximum(n_true, 1)
    return {
        "label_ranking_average_precision": np.where(n_true == 0, 1.0, precision),
        "coverage_error": (hit * rank).max(axis=1).astype(float),
    }
