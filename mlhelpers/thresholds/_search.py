"""The search for the best thresholds."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlhelpers._scores import check_sample_weight, check_truth_and_scores, different_names
from mlhelpers._validation import whole_number
from mlhelpers.labels import MISSING, axis_sums
from mlhelpers.metrics import LabelCounts
from mlhelpers.thresholds._cuts import (
    ROUNDING,
    Cuts,
    Data,
    counts_above,
    cuts_of_label,
    for_each_label,
    last_of_highest,
    threshold_and_counts,
)
from mlhelpers.thresholds._joint import joint_thresholds
from mlhelpers.thresholds._thresholds import Objective, Thresholds, check_objective


def fit_thresholds(
    y_true: Any,
    y_score: Any,
    *,
    objective: Objective = "macro_f1",
    at_least: float | None = None,
    min_positives: int | None = None,
    fallback: float | Literal["pooled"] = "pooled",
    label_names: Any = None,
    sample_weight: Any = None,
    allow_missing: bool = False,
) -> Thresholds:
    """Choose each label's decision threshold: the best of all that there are, not of a grid.

    Choose them on data that the model was not trained on: a validation set, or cross-validated
    scores, as `ThresholdedClassifier` makes them.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities, logits or any other scores; only their order within a label counts (and over
        labels where the pooled threshold is needed). Compared in 64 bits.
    objective : {"macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall"}
        Default: "macro_f1", which makes each label's F1 as high as it can be. "micro_f1" makes the F1 of all labels'
        counts together as high as it can be. "macro_and_micro_f1" looks at both, and averages what parts of the samples
        ask for: the choice where many labels are rare, see the notes. "recall_at_precision" gives each
        label the highest recall with a precision of at least `at_least`; "precision_at_recall" the reverse.
    at_least : float in (0, 1], optional
        The bound of a constraint; only with the last two objectives.
    min_positives : int, optional
        Labels with fewer known positives don't get a threshold of their own, which would fit chance. Counts samples,
        whatever they weigh. Default: 10, and 0 with "macro_and_micro_f1", which guards rare labels by itself.
    fallback : "pooled" or float, default="pooled"
        The threshold of those labels: the best single one for all labels' decisions taken together, rare
        ones included, or a given number.
    label_names : sequence of str, optional
        One per column, all different; the columns of `y_true` if it is a DataFrame, else their numbers.
    sample_weight : array-like of shape (n_samples,), optional
        What each sample counts in all of this, finite and at least 0: 2 is as if it were there twice, 0 as if it were
        left out.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. They are left out, never counted as absent: a label's
        threshold is chosen on the samples for which it is known, whatever the scores of the others are. A
        label that is known nowhere gets the fallback.

    Returns
    -------
    Thresholds

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, the shapes differ, a score is not finite, a weight is negative or not
        finite, all are 0, an argument is out of range, or no label has a positive and there is no number as fallback.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    A threshold lies halfway between the lowest score that it predicts and the next lower one; below the lowest score of
    all, right below it. Samples with equal scores are predicted together. Of thresholds that reach the
    same, the highest is taken, so that the fewest labels are predicted. Where no threshold
    reaches a precision of `at_least`, and for a label without positives (if `min_positives` is 0), the highest
    score becomes the threshold, so that nothing is predicted. A label whose scores are all equal is predicted always,
    if it has a positive: the F1-optimal answer to an uninformative score [1]_.

    The best cut for F1 lies right below a positive, so those are all the candidates. The thresholds that
    are best for micro-F1 maximise 2 tp - F (tp + fp) for each label by itself, where F is the best
    micro-F1; F is found by Dinkelbach's iteration [2]_, which ends after a few rounds. Sums of weights are rounded, so
    with `sample_weight` what differs by no more than that is taken for the same.

    "macro_and_micro_f1" divides the samples ten times into three parts, in the same way whenever there are as many. On
    each part it maximises 6 · macro-F1 + micro-F1, label after label, the most frequent first, until no threshold
    changes. A label's threshold is then the one that predicts as many of all samples as those of the
    thirty parts do in the geometric mean. Both hold the thresholds of rare labels back: what is right by chance in one
    part is not in the others, and false positives cost micro-F1. The sum of both F1, and the order of the
    labels, are those of micromacro-freq [3]_, which takes the mean threshold of three folds.

    References
    ----------
    .. [1] Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1
       measure", ECML PKDD, doi:10.1007/978-3-662-44851-9_15.
    .. [2] Dinkelbach (1967), "On nonlinear fractional programming", Management Science 13(7),
       doi:10.1287/mnsc.13.7.492.
    .. [3] Lin and Lin (2023), "On the thresholding strategy for infrequent labels in multi-label
       classification", CIKM, doi:10.1145/3583780.3614996.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 0], [0, 1], [0, 0]]
    >>> y_score = [[1.0, 0.75], [0.75, 0.25], [0.25, 0.5], [0.5, 0.0]]
    >>> thresholds = fit_thresholds(y_true, y_score, min_positives=1)
    >>> thresholds.values
    array([0.625, 0.375])
    >>> thresholds.predict([[0.63, 0.3]])
    array([[1, 0]], dtype=int8)
    """
    data = _checked_data(y_true, y_score, sample_weight, allow_missing)
    n_labels = data.truth.shape[1]
    names = different_names(label_names, n_labels, y_true=y_true, y_score=y_score)
    bound = check_objective(objective, at_least) or 0.0
    default = 0 if objective == "macro_and_micro_f1" else 10
    least = default if min_positives is None else whole_number(min_positives, "min_positives", least=0)
    fixed = _check_fallback(fallback)
    own = _n_positives(data) >= least
    if data.has_unknown:
        own &= (data.truth != MISSING).any(axis=0)
    values, counts = np.empty(n_labels), np.zeros((4, n_labels), np.int64 if data.weight is None else float)
    if not own.all():
        values[~own] = _pooled(data, objective, bound) if fixed is None else fixed
        counts[:, ~own] = counts_above(data, ~own, values[~own])
    if objective == "macro_and_micro_f1":
        _check_any_positive(data)
        values[own] = joint_thresholds(data, own, values)
        counts[:, own] = counts_above(data, own, values[own])
    else:
        if objective == "micro_f1":
            cuts = for_each_label(data, own, lambda cut: cut)
            best = _best_for_micro_f1(cuts, *_tp_and_size(counts))
            found = [threshold_and_counts(cut, k) for cut, k in zip(cuts, best, strict=True)]
        else:
            found = for_each_label(data, own, lambda cut: threshold_and_counts(cut, _best(cut, objective, bound)))
        for j, one in zip(np.flatnonzero(own), found, strict=True):
            values[j], counts[:, j] = one
    source = tuple("own" if o else "pooled" if fixed is None else "fixed" for o in own)
    kept = LabelCounts(*counts, weighted=data.weight is not None)
    return Thresholds(values, names, source, kept, objective, bound or None)


def _checked_data(y_true: Any, y_score: Any, sample_weight: Any, allow_missing: bool) -> Data:
    truth, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing)
    weight = check_sample_weight(sample_weight, len(truth), y_true=y_true, y_score=y_score)
    if weight is not None and not (counting := weight > 0).all():
        truth, scores, weight = truth[counting], scores[counting], weight[counting]
    return Data(truth, scores, weight, allow_missing and bool((truth == MISSING).any()))


def _n_positives(data: Data) -> NDArray[np.int64]:
    return axis_sums(data.truth == 1 if data.has_unknown else data.truth, axis=0)


def _check_fallback(fallback: Any) -> float | None:
    if isinstance(fallback, str) and fallback == "pooled":
        return None
    if isinstance(fallback, bool) or not isinstance(fallback, numbers.Real) or not np.isfinite(float(fallback)):
        raise ValueError(f'fallback must be "pooled" or a finite number, got {fallback!r}; for probabilities often 0.5')
    return float(fallback)


def _best(cut: Cuts, objective: str, bound: float) -> int | None:
    """Return the position of the best cut, the highest of equal ones, or None where nothing is to be predicted."""
    if not len(cut.tp):
        return None
    slack = ROUNDING if cut.tp.dtype.kind == "f" else 0.0
    precision = cut.tp / (cut.tp + cut.fp)
    if objective == "recall_at_precision":
        enough = precision >= bound * (1 - slack)
        return last_of_highest(np.where(enough, cut.tp, -1), slack) if enough.any() else None
    if objective == "precision_at_recall":
        return last_of_highest(np.where(cut.tp / cut.positives >= bound * (1 - slack), precision, -1), slack)
    return last_of_highest(2 * cut.tp / (cut.tp + cut.fp + cut.positives), slack)


def _tp_and_size(counts: NDArray[Any]) -> tuple[Any, Any]:
    """Return the numerator (halved) and the denominator of micro-F1."""
    tp, fp, fn, _ = counts.sum(axis=1)
    return tp, 2 * tp + fp + fn


def _best_for_micro_f1(cuts: list[Cuts], fixed_tp: Any, fixed_size: Any) -> list[int | None]:
    """Return the cut of each label that together have the highest micro-F1, beside counts that are fixed."""
    fixed_size += sum(cut.positives for cut in cuts)
    chosen = best = [_best(cut, "macro_f1", 0) for cut in cuts]
    reached = -1.0
    while True:
        taken = [(cut.tp[k], cut.fp[k]) for cut, k in zip(cuts, chosen, strict=True) if k is not None]
        tp = fixed_tp + sum(each[0] for each in taken)
        size = fixed_size + sum(each[0] + each[1] for each in taken)
        f1 = 2 * tp / size if size else 0.0
        if f1 <= reached * (1 + ROUNDING):  # of cuts that reach the same, the last ones predict fewest
            return chosen if f1 >= reached * (1 - ROUNDING) else best
        reached, best = f1, chosen
        chosen = [_best_gain(cut, f1) for cut in cuts]


def _best_gain(cut: Cuts, f1: float) -> int | None:
    gain = 2 * cut.tp - f1 * (cut.tp + cut.fp)
    if not len(gain):
        return None
    slack = ROUNDING * 2 * cut.tp[0]
    k = int(np.flatnonzero(gain >= gain.max() - slack)[-1])
    return None if gain[k] <= slack else k


def _pooled(data: Data, objective: str, bound: float) -> float:
    """Return the best single threshold for the decisions on all labels."""
    _check_any_positive(data)
    weight = None if data.weight is None else np.repeat(data.weight, data.truth.shape[1])
    cut = cuts_of_label(data.truth.ravel(), data.scores.flatten(), weight, data.has_unknown)
    return threshold_and_counts(cut, _best(cut, objective, bound))[0]


def _check_any_positive(data: Data) -> None:
    if not (data.truth == 1).any():
        raise ValueError(
            "y_true has no positive at all, so there is nothing to choose thresholds by; "
            "pass more samples, or fallback=0.5 for probabilities"
        )
