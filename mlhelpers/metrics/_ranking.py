"""Scores of rankings, which need no threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._scores import check_sample_weight, check_truth_and_scores
from mlhelpers._validation import whole_number
from mlhelpers.labels import axis_sums
from mlhelpers.metrics._truth import TrueLabels


def precision_at_k(
    y_true: Any, y_score: Any, k: int, *, allow_missing: bool = False, sample_weight: Any = None
) -> float:
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
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. A sample's known labels are ranked among
        themselves, and samples with fewer than k of them are left out.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts in the mean, at least 0.

    Returns
    -------
    float
        Labels whose scores tie at the k-th place share the places that are left, so that
        the value is the mean over all orders in which ties could be broken. NaN if every sample is left out.

    Raises
    ------
    ValueError, TypeError
        If `y_true` is not a label matrix, if `y_score` is not an array of finite numbers of the
        same shape, if `k` is not an integer in its range, or if `sample_weight` is not one finite number of at
        least 0 per sample, not all of them 0.

    See Also
    --------
    recall_at_k : Which fraction of the true labels is among the k.

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
    truth, hits, ranked, k = _hits(y_true, y_score, k, allow_missing, sample_weight)
    return truth.mean(hits * ranked / k, ranked)


def recall_at_k(y_true: Any, y_score: Any, k: int, *, allow_missing: bool = False, sample_weight: Any = None) -> float:
    """Return which fraction of the true labels is among the k with the highest scores, as a mean over samples.

    It needs no threshold: how much of what is true does a user see who is shown k labels? Samples without a
    true label have no such fraction and are left out. Samples with more than k labels can't reach 1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities or logits: only their order within a row counts.
    k : int
        From 1 to n_labels.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. A sample's known labels are ranked among
        themselves, and samples with fewer than k of them are left out: any scores would find all that is true.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts in the mean, at least 0.

    Returns
    -------
    float
        Labels whose scores tie at the k-th place share the places that are left, so that
        the value is the mean over all orders in which ties could be broken. NaN if every sample is left out.

    Raises
    ------
    ValueError, TypeError
        Those of `precision_at_k`.

    See Also
    --------
    precision_at_k : Which fraction of the k is true.

    References
    ----------
    .. [1] Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval", section 8.4,
       doi:10.1017/CBO9780511809071.

    Examples
    --------
    The first sample has two labels, of which one is ranked first; the second has none:

    >>> recall_at_k([[1, 0, 1], [0, 0, 0]], [[0.9, 0.6, 0.2], [0.3, 0.2, 0.1]], k=1)
    0.5
    """
    truth, hits, ranked, _ = _hits(y_true, y_score, k, allow_missing, sample_weight)
    n_true = axis_sums(truth.labels, axis=1)
    ranked = ranked & (n_true > 0)
    return truth.mean(hits * ranked / np.maximum(n_true, 1), ranked)


def _hits(
    y_true: Any, y_score: Any, k: Any, allow_missing: bool, sample_weight: Any
) -> tuple[TrueLabels, NDArray[np.float64], NDArray[np.bool_], int]:
    """Check the arguments; return the truth, the hits among each row's k best, and which rows have k known labels."""
    labels, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing)
    weight = check_sample_weight(sample_weight, len(labels), y_true=y_true, y_score=y_score)
    k = whole_number(k, "k", least=1)
    if k > labels.shape[1]:
        raise ValueError(f"k is {k}, but there are only {labels.shape[1]} labels; take k from 1 to {labels.shape[1]}")
    truth = TrueLabels.of(labels, weight)
    hits = hits_at_k(truth.labels, truth.without_unknown(scores, -np.inf), k)
    return truth, hits, truth.known_per_sample >= k, k


def hits_at_k(truth: NDArray[np.int8], scores: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return how many of each row's k best-scored labels are true, in the mean over the orders of ties."""
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    above, tied = scores > kth, scores == kth
    places_left = k - above.sum(axis=1)
    share = places_left / tied.sum(axis=1)
    return np.asarray((truth * above).sum(axis=1) + share * (truth * tied).sum(axis=1))


def ranking_measures(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return precision at 1, LRAP and coverage of each sample: scikit-learn gives means, and the bootstrap needs more.

    Scores of unknown labels are -inf, which ranks them below all others.
    """
    order = np.argsort(-scores, axis=1)
    ranked, hit = np.take_along_axis(scores, order, axis=1), np.take_along_axis(truth, order, axis=1)
    place = np.arange(1, scores.shape[1] + 1)
    ends_here = np.full(scores.shape, True)  # the last of a group of ties
    np.not_equal(ranked[:, 1:], ranked[:, :-1], out=ends_here[:, :-1])
    rank = np.minimum.accumulate(np.where(ends_here, place, place[-1])[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(np.cumsum(hit, axis=1, dtype=np.int64), rank - 1, axis=1)
    n_true = axis_sums(truth, axis=1)
    precision = (hit * found / rank).sum(axis=1) / np.maximum(n_true, 1)
    return {
        "precision_at_1": hits_at_k(truth, scores, 1),
        "label_ranking_average_precision": np.where(n_true == 0, 1.0, precision),
        "coverage_error": (hit * rank).max(axis=1).astype(float),
    }


def curve_areas(truth: TrueLabels, scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return average precision and ROC AUC of each label, NaN for labels of one class.

    Both come from one ROC curve, so that each label is sorted once: its steps in recall are those of the curve of
    precision and recall, too.
    """
    from sklearn import config_context
    from sklearn.metrics import auc, roc_curve

    precision_areas, roc_areas = np.full((2, scores.shape[1]), np.nan)
    # The arguments are checked already, and checking them for each label takes longer than rare labels do.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for j in range(scores.shape[1]):
            labels, score, weight = _known_column(truth, scores, j)
            total = np.ones(len(labels)) if weight is None else weight
            positive, negative = (float(total[labels == c].sum()) for c in (1, 0))
            if positive == 0 or negative == 0:
                continue
            fpr, tpr, _ = roc_curve(labels, score, sample_weight=weight, drop_intermediate=False)
            tp = positive * tpr[1:]
            predicted = tp + negative * fpr[1:]
            precision = np.divide(tp, predicted, out=np.zeros_like(tp), where=predicted > 0)
            precision_areas[j] = np.diff(tpr) @ precision
            roc_areas[j] = auc(fpr, tpr)
    return precision_areas, roc_areas


def _known_column(
    truth: TrueLabels, scores: NDArray[np.float64], j: int
) -> tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.float64] | None]:
    known = slice(None) if truth.unknown is None else ~truth.unknown[:, j]
    return truth.labels[known, j], scores[known, j], None if truth.weight is None else truth.weight[known]
