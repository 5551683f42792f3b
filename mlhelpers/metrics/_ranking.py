"""Scores of rankings, which need no threshold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import check_same_labels
from mlhelpers._scores import check_sample_weight, check_truth_and_scores
from mlhelpers._validation import whole_number
from mlhelpers.labels import axis_sums
from mlhelpers.metrics._propensity import check_propensity
from mlhelpers.metrics._top_k import best_gains_at_k, gains_at_k
from mlhelpers.metrics._truth import TrueLabels


def precision_at_k(
    y_true: Any,
    y_score: Any,
    k: int,
    *,
    allow_missing: bool = False,
    sample_weight: Any = None,
    propensity: Any = None,
) -> float:
    """Return which fraction of the k labels with the highest scores is true, as a mean over samples.

    It needs no threshold, and asks a ranking question: how many of the k labels that a user is
    shown are right? Samples with fewer than k labels can't reach 1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like, DataFrame or sparse matrix of float, shape (n_samples, n_labels)
        Probabilities or logits: only their order within a row counts. Of a sparse matrix, which never becomes dense
        here, a cell that is not stored was not scored, and ranks below all stored ones, negative ones too; a stored 0
        is a score, and entries of one cell add up.
    k : int
        From 1 to n_labels.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. A sample's known labels are ranked among
        themselves, and samples with fewer than k of them are left out.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts in the mean, at least 0.
    propensity : array-like of float, shape (n_labels,), optional
        Of each label, how probably it is noted where it is true, above 0 and at most 1, as `label_propensities`
        estimates it. The value is the propensity-scored one then, see the notes.

    Returns
    -------
    float
        Labels whose scores tie at the k-th place share the places that are left, so that
        the value is the mean over all orders in which ties could be broken. NaN if every sample is left out.

    Raises
    ------
    ValueError, TypeError
        If `y_true` is not a label matrix, if `y_score` is not an array of finite numbers of the
        same shape, if `k` is not an integer in its range, if `sample_weight` is not one finite number of at
        least 0 per sample, not all of them 0, or if `propensity` is not one number per label in its range.

    See Also
    --------
    recall_at_k : Which fraction of the true labels is among the k.
    ndcg_at_k : The same question, with more weight on the first places.
    label_propensities : The usual estimate of propensities.

    Notes
    -----
    A sample that has fewer than k stored scores shows fewer labels; the places that are left are misses. It is still
    divided by k, as in the tools of extreme classification. Where every cell is stored, sparse and dense scores give
    the same.

    With propensities p, a true label l counts 1 / p_l, and the sum over all samples i is divided by the largest that
    any scores could reach:

        sum_i sum_(l in the k best-scored of i) y_il / p_l  /  sum_i max_(k labels of i) sum_l y_il / p_l

    It is the normalised PSP@k [2]_ that the extreme classification repository reports: a ratio of sums over samples,
    not a mean of ratios, with 1 at best; NaN if no sample has a true label. Without the division, propensity-scored
    precision has no fixed maximum.

    References
    ----------
    .. [1] Manning, Raghavan and Schütze (2008), "Introduction to Information Retrieval", section 8.4,
       doi:10.1017/CBO9780511809071.
    .. [2] Jain, Prabhu and Varma (2016), "Extreme multi-label loss functions for recommendation, tagging, ranking &
       other missing label applications", KDD, doi:10.1145/2939672.2939756.

    Examples
    --------
    >>> precision_at_k([[1, 0, 1], [0, 1, 0]], [[0.9, 0.2, 0.6], [0.3, 0.2, 0.1]], k=1)
    0.5
    >>> precision_at_k([[1, 0]], [[0.5, 0.5]], k=1)
    0.5

    Sparse scores: one for each sample, and that of the first is below 0, but above all that it lacks:

    >>> from scipy import sparse
    >>> y_score = sparse.csr_array(([-1.5, 0.5], ([0, 1], [2, 0])), shape=(2, 3))
    >>> precision_at_k([[1, 0, 1], [0, 1, 0]], y_score, k=1)
    0.5

    The one true label that is found is noted every time, and the other one every other time, so that it counts twice:

    >>> precision_at_k([[1, 0], [0, 1]], [[0.9, 0.2], [0.9, 0.2]], k=1, propensity=[1, 0.5])
    0.3333333333333333
    """
    ranked = _Ranked.checked(y_true, y_score, k, propensity, allow_missing, sample_weight)
    return ranked.mean(np.ones(ranked.k), np.full(len(ranked.n_true), float(ranked.k)), ranked.has_k)


def recall_at_k(
    y_true: Any,
    y_score: Any,
    k: int,
    *,
    allow_missing: bool = False,
    sample_weight: Any = None,
    propensity: Any = None,
) -> float:
    """Return which fraction of the true labels is among the k with the highest scores, as a mean over samples.

    It needs no threshold: how much of what is true does a user see who is shown k labels? Samples without a
    true label have no such fraction and are left out. Samples with more than k labels can't reach 1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like, DataFrame or sparse matrix of float, shape (n_samples, n_labels)
        Probabilities or logits: only their order within a row counts. Sparse ones are taken as by `precision_at_k`: a
        true label without a stored score is missed.
    k : int
        From 1 to n_labels.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. A sample's known labels are ranked among
        themselves, and samples with fewer than k of them are left out: any scores would find all that is true.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts in the mean, at least 0.
    propensity : array-like of float, shape (n_labels,), optional
        As in `precision_at_k`: a true label l counts 1 / p_l, divided by how many true labels the sample has, and the
        sum over all samples is divided by the largest that any scores could reach.

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
    ranked = _Ranked.checked(y_true, y_score, k, propensity, allow_missing, sample_weight)
    return ranked.mean(np.ones(ranked.k), ranked.n_true, ranked.has_k & (ranked.n_true > 0))


def ndcg_at_k(
    y_true: Any,
    y_score: Any,
    k: int,
    *,
    allow_missing: bool = False,
    sample_weight: Any = None,
    propensity: Any = None,
) -> float:
    """Return the normalised discounted cumulative gain of the k labels with the highest scores, as a mean over samples.

    Precision and recall at k don't ask in which order the k labels are shown. Here a true label at place i counts
    1 / log2(i + 1), so the first place counts most, and the sum is divided by the largest that the sample can reach:
    that of its true labels at the first places, up to k of them. Samples without a true label have no such ratio and
    are left out; scikit-learn's ``ndcg_score`` counts them 0.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like, DataFrame or sparse matrix of float, shape (n_samples, n_labels)
        Probabilities or logits: only their order within a row counts. Sparse ones are taken as by `precision_at_k`.
    k : int
        From 1 to n_labels.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. A sample's known labels are ranked among
        themselves, and samples with fewer than k of them are left out.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts in the mean, at least 0.
    propensity : array-like of float, shape (n_labels,), optional
        As in `precision_at_k`, for the propensity-scored value, see the notes.

    Returns
    -------
    float
        From 0 to 1. Where scores tie, each label counts as in the mean over all orders in which ties could be broken
        [2]_, as in scikit-learn. NaN if every sample is left out.

    Raises
    ------
    ValueError, TypeError
        Those of `precision_at_k`.

    See Also
    --------
    precision_at_k : Which fraction of the k is true, wherever they stand.

    Notes
    -----
    With propensities p, a true label l at place i counts 1 / (p_l log2(i + 1)). The sum of each sample is divided by
    the largest one without propensities, that of ``min(k, true labels)`` places. Then the sum over all samples is
    divided by the largest that any scores could reach. It is the normalised PSnDCG@k [3]_ of the extreme classification
    repository.

    References
    ----------
    .. [1] Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM Transactions on
       Information Systems 20(4), doi:10.1145/582415.582418.
    .. [2] McSherry and Najork (2008), "Computing information retrieval performance measures efficiently in the presence
       of tied scores", ECIR, doi:10.1007/978-3-540-78646-7_38.
    .. [3] Jain, Prabhu and Varma (2016), "Extreme multi-label loss functions for recommendation, tagging, ranking &
       other missing label applications", KDD, doi:10.1145/2939672.2939756.

    Examples
    --------
    One true label, once at the first place, once at the second; precision among two is 0.5 for both:

    >>> ndcg_at_k([[1, 0, 0]], [[0.9, 0.6, 0.2]], k=2)
    1.0
    >>> round(ndcg_at_k([[0, 1, 0]], [[0.9, 0.6, 0.2]], k=2), 3)
    0.631
    """
    ranked = _Ranked.checked(y_true, y_score, k, propensity, allow_missing, sample_weight)
    discount = 1 / np.log2(np.arange(2, ranked.k + 2))
    most = np.concatenate([[0.0], discount.cumsum()])[np.minimum(ranked.n_true, ranked.k)]
    return ranked.mean(discount, most, ranked.has_k & (ranked.n_true > 0))


class _Ranked(NamedTuple):
    """The checked arguments of a measure at k."""

    truth: TrueLabels
    scores: Any  # dense or CSR
    k: int
    worth: NDArray[np.float64] | None  # what a true label of each column counts, if not 1
    n_true: NDArray[np.int64]

    @classmethod
    def checked(
        cls, y_true: Any, y_score: Any, k: Any, propensity: Any, allow_missing: bool, sample_weight: Any
    ) -> _Ranked:
        labels, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing, keep_sparse=True)
        n_samples, n_labels = labels.shape
        weight = check_sample_weight(sample_weight, n_samples, y_true=y_true, y_score=y_score)
        k = whole_number(k, "k", least=1)
        if k > n_labels:
            raise ValueError(f"k is {k}, but there are only {n_labels} labels; take k from 1 to {n_labels}")
        worth = None
        if propensity is not None:
            worth = 1 / check_propensity(propensity, n_labels)
            check_same_labels(y_true=y_true, y_score=y_score, propensity=propensity)
        truth = TrueLabels.of(labels, weight)
        return cls(truth, scores, k, worth, axis_sums(truth.labels, axis=1))

    @property
    def has_k(self) -> NDArray[np.bool_]:
        return self.truth.known_per_sample >= self.k

    def mean(self, discount: NDArray[np.float64], most: NDArray[Any], counted: NDArray[np.bool_]) -> float:
        """Return the mean over the samples that count, of what is gained by what `most` says.

        With a worth it is divided by the mean that the best scores reach.
        """
        share = counted / np.maximum(most, np.finfo(float).tiny)
        gained = gains_at_k(self.truth, self.scores, discount, self.worth)
        best = counted if self.worth is None else share * best_gains_at_k(self.truth.labels, discount, self.worth)
        return self.truth.mean(share * gained, best)


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
    best = scores == scores.max(axis=1, keepdims=True)
    return {
        "precision_at_1": (truth & best).sum(axis=1) / best.sum(axis=1),
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
