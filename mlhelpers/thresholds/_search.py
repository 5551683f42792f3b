"""The search for the best thresholds."""

from __future__ import annotations

import numbers
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_labels, different_names
from mlhelpers._resamples import check_random_state, resamples
from mlhelpers._scores import check_sample_weight, check_truth_and_scores
from mlhelpers._validation import whole_number
from mlhelpers.labels import MISSING
from mlhelpers.metrics import LabelCounts
from mlhelpers.thresholds._cuts import (
    ROUNDING,
    Cuts,
    last_of_highest,
    threshold_and_counts,
)
from mlhelpers.thresholds._data import Data
from mlhelpers.thresholds._joint import joint_thresholds
from mlhelpers.thresholds._sparse_data import SparseData
from mlhelpers.thresholds._thresholds import PERCENTILES, Objective, Thresholds, check_costs, check_objective

_LEAST_RESAMPLES = 20  # of fewer the 5th percentile is the lowest value


def fit_thresholds(
    y_true: Any,
    y_score: Any,
    *,
    objective: Objective = "macro_f1",
    at_least: float | None = None,
    cost_fp: Any = None,
    cost_fn: Any = None,
    min_positives: int | None = None,
    fallback: float | Literal["pooled"] = "pooled",
    label_names: Any = None,
    sample_weight: Any = None,
    allow_missing: bool = False,
    n_resamples: int = 0,
    random_state: Any = None,
) -> Thresholds:
    """Choose each label's decision threshold: the best of all that there are, not of a grid.

    Choose them on data that the model was not trained on: a validation set, or cross-validated
    scores, as `ThresholdedClassifier` makes them.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like, DataFrame or sparse matrix of float, shape (n_samples, n_labels)
        Probabilities, logits or any other scores; only their order within a label counts (and over
        labels where the pooled threshold is needed). Compared in 64 bits. Of a sparse matrix, which never becomes dense
        here, a cell that is not stored was not scored: it is below every threshold, see the notes.
    objective : {"macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall", "cost"}
        Default: "macro_f1", which makes each label's F1 as high as it can be. "micro_f1" makes the F1 of all labels'
        counts together as high as it can be. "macro_and_micro_f1" looks at both, and averages what parts of the samples
        ask for: the choice where many labels are rare, see the notes. "recall_at_precision" gives each
        label the highest recall with a precision of at least `at_least`; "precision_at_recall" the reverse. "cost"
        makes what each label's errors cost as small as it can be, see the notes.
    at_least : float in (0, 1], optional
        The bound of a constraint; only with the two objectives that name one.
    cost_fp, cost_fn : float or array-like of shape (n_labels,), optional
        What a false positive and a false negative cost: a number, or one per label, finite and at least 0, not both 0.
        Only with the objective "cost", which needs both.
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
    n_resamples : int, default=0
        Above 0, and then at least 20: the search is repeated on that many resamples, which gives `Thresholds.spread`,
        see the notes. It takes as many searches, each about twice as long as one without weights: for 5,000
        samples and 28 labels a hundredth of a second or two, with "macro_and_micro_f1" half a second.
    random_state : int, numpy.random.Generator or None, default=None
        Source of the resamples; an integer gives the same ones every time.

    Returns
    -------
    Thresholds

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, the shapes differ, a score is not finite, a weight is negative or not
        finite, all are 0, an argument is out of range, no label has a positive and there is no number as fallback, or
        a resample has no positive at all.
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

    Of sparse scores, a label's thresholds are chosen among its stored scores, and none of them predicts a cell
    that is not stored: what is true there is missed by all of them, and counts so in all objectives. A threshold
    below all stored scores lies right below the lowest. Where too much is missed for a recall of at least `at_least`,
    the threshold is the highest that finds all that has a score. A label without any stored score gets the
    fallback. A stored 0 is a score, and entries of one cell add up. Where every cell is stored, sparse and dense scores
    give the same.

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

    "cost" minimises ``cost_fp * fp + cost_fn * fn`` of each label. Where to predict nothing costs least, the highest
    score becomes the threshold. The pooled threshold is the single one for which the sum over all labels costs least,
    each error at the cost of its own label: labels whose errors are expensive have more say in it, and a label whose
    costs stand in another relation than theirs is served badly by it. Of calibrated probabilities the best cut is known
    without any data: ``cost_fp / (cost_fp + cost_fn)`` [4]_. That is better, above all where positives are few:
    calibrate (`mlhelpers.calibration.fit_calibration`), and take it as the threshold, or as `fallback`. On made
    problems that Platt scaling fits, with 10 to 300 positives, it costs less than the search, although it is calibrated
    on the same samples. The search asks for nothing but the order of the scores.

    Resamples are drawn from the samples, with replacement, as many as there are. A sample that is drawn twice has
    twice its weight. All of the rule is repeated, `min_positives` included, which then counts a positive as often as it
    was drawn: where that leaves a label too few, it gets the pooled threshold of that resample (or the given
    number), and where a rare label is drawn more often than it occurs, a threshold of its own. So the spread of a label
    near the guard spans both. On made problems the spread is about as wide as thresholds of other samples scatter,
    but lies around those of this one: three in four of the others are in it, not nine in ten. What another
    training of the model would change is not in it at all.

    References
    ----------
    .. [1] Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1
       measure", ECML PKDD, doi:10.1007/978-3-662-44851-9_15.
    .. [2] Dinkelbach (1967), "On nonlinear fractional programming", Management Science 13(7),
       doi:10.1287/mnsc.13.7.492.
    .. [3] Lin and Lin (2023), "On the thresholding strategy for infrequent labels in multi-label
       classification", CIKM, doi:10.1145/3583780.3614996.
    .. [4] Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, pages 973 to 978.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 0], [0, 1], [0, 0]]
    >>> y_score = [[1.0, 0.75], [0.75, 0.25], [0.25, 0.5], [0.5, 0.0]]
    >>> thresholds = fit_thresholds(y_true, y_score, min_positives=1)
    >>> thresholds.values
    array([0.625, 0.375])
    >>> thresholds.predict([[0.63, 0.3]])
    array([[1, 0]], dtype=int8)

    Where a false alarm costs as much as ten misses, the second label is not worth one:

    >>> careful = fit_thresholds(y_true, y_score, objective="cost", cost_fp=10, cost_fn=1, min_positives=1)
    >>> careful.values, careful.cost
    (array([0.625, 0.75 ]), array([0., 1.]))
    """
    data = _checked_data(y_true, y_score, sample_weight, allow_missing)
    n_labels = data.shape[1]
    sides = {"y_true": y_true, "y_score": y_score, "cost_fp": cost_fp, "cost_fn": cost_fn}
    check_same_labels(**sides)
    names = different_names(label_names, n_labels, **sides)
    bound = check_objective(objective, at_least)
    costs = check_costs(objective, cost_fp, cost_fn, n_labels)
    default = 0 if objective == "macro_and_micro_f1" else 10
    least = default if min_positives is None else whole_number(min_positives, "min_positives", least=0)
    rule = _Rule(objective, bound or 0.0, *costs, least, _check_fallback(fallback))
    n_resamples, rng = _check_n_resamples(n_resamples), check_random_state(random_state)
    values, counts, own = _search(data, rule)
    spread = _spread(data, rule, n_resamples, rng) if n_resamples else None
    source = tuple("own" if o else "pooled" if rule.fixed is None else "fixed" for o in own)
    kept = LabelCounts(*counts, weighted=data.weight is not None)
    return Thresholds(values, names, source, kept, objective, bound, *costs, spread)


class _Rule(NamedTuple):
    """How thresholds are chosen: what `fit_thresholds` was asked for."""

    objective: str
    bound: float
    cost_fp: NDArray[np.float64] | None
    cost_fn: NDArray[np.float64] | None
    least: int  # positives that a label needs for a threshold of its own
    fixed: float | None  # the threshold of the others; None stands for the pooled one


def _search(
    data: Data | SparseData, rule: _Rule, times: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.bool_]]:
    """Return the thresholds, their counts, and which labels have their own; `times` says how often samples occur."""
    n_labels = data.shape[1]
    own = (data.n_positives(times) >= rule.least) & data.is_scored()
    values, counts = np.empty(n_labels), np.zeros((4, n_labels), np.int64 if data.weight is None else float)
    if not own.all():
        values[~own] = _pooled(data, rule) if rule.fixed is None else rule.fixed
        counts[:, ~own] = data.counts_above(~own, values[~own])
    if rule.objective == "macro_and_micro_f1":
        _check_any_positive(data)
        values[own] = joint_thresholds(data, own, values)
        counts[:, own] = data.counts_above(own, values[own])
        return values, counts, own
    for j, one in zip(np.flatnonzero(own), _own(data, rule, own, counts), strict=True):
        values[j], counts[:, j] = one
    return values, counts, own


def _own(
    data: Data | SparseData, rule: _Rule, own: NDArray[np.bool_], counts: NDArray[Any]
) -> list[tuple[float, tuple[Any, ...]]]:
    """Return threshold and counts of each label that gets its own, beside the counts of the others."""
    if rule.objective in ("micro_f1", "cost"):
        cuts = data.for_each_label(own, lambda cut: cut)
        if rule.cost_fp is None or rule.cost_fn is None:
            best = _best_for_micro_f1(cuts, *_tp_and_size(counts))
        else:
            costs = zip(cuts, rule.cost_fn[own], rule.cost_fp[own], strict=True)
            best = [_best_gain(cut, *_relative(fn, fp)) for cut, fn, fp in costs]
        return [threshold_and_counts(cut, k) for cut, k in zip(cuts, best, strict=True)]
    return data.for_each_label(own, lambda cut: threshold_and_counts(cut, _best(cut, rule.objective, rule.bound)))


def _relative(fn: float, fp: float) -> tuple[float, float]:
    """Return two costs divided by the larger one, so that products with counts stay in 64 bits."""
    return fn / max(fn, fp), fp / max(fn, fp)


def _spread(data: Data | SparseData, rule: _Rule, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return percentiles of the thresholds that resamples of the samples give; each is one that was found."""
    found = []
    for block in resamples(data.shape[0], n_resamples, rng, None):
        for times in block:
            rows = np.flatnonzero(times)
            weight = times[rows]
            if data.weight is not None:
                weight = weight * (data.weight[rows] / data.weight[rows].max())
            drawn = data.samples(rows, weight)
            if not drawn.has_positive():
                raise ValueError(
                    f"n_resamples={n_resamples} asks how much the thresholds vary, but one of the resamples has no "
                    "positive at all; pass more samples, or leave n_resamples out"
                )
            found.append(_search(drawn, rule, times[rows])[0])
    return np.percentile(found, PERCENTILES, axis=0, method="inverted_cdf")


def _checked_data(y_true: Any, y_score: Any, sample_weight: Any, allow_missing: bool) -> Data | SparseData:
    truth, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing, keep_sparse=True)
    weight = check_sample_weight(sample_weight, truth.shape[0], y_true=y_true, y_score=y_score)
    if weight is not None and not (counting := weight > 0).all():
        truth, scores, weight = truth[counting], scores[counting], weight[counting]
    if sparse.issparse(scores):
        return SparseData.of(truth, scores, weight)
    return Data(truth, scores, weight, allow_missing and bool((truth == MISSING).any()))


def _check_n_resamples(n_resamples: Any) -> int:
    n = whole_number(n_resamples, "n_resamples", least=0)
    if 0 < n < _LEAST_RESAMPLES:
        raise ValueError(
            f"n_resamples must be 0 or at least {_LEAST_RESAMPLES}, got {n}: fewer don't tell percentiles; try 200"
        )
    return n


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
        enough = cut.tp / cut.positives >= bound * (1 - slack)
        # where sparse scores lack too many positives, no cut has enough recall, and the lowest has the most
        return last_of_highest(np.where(enough, precision, -1), slack) if enough.any() else 0
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
        chosen = [_best_gain(cut, 2 - f1, f1) for cut in cuts]


def _best_gain(cut: Cuts, of_tp: float, of_fp: float) -> int | None:
    """Return the cut with the highest of_tp · tp - of_fp · fp, or None if no cut gains anything.

    What a cut saves is such a gain: the cost of its false negatives that it avoids, minus that of its false positives.
    """
    gain = of_tp * cut.tp - of_fp * cut.fp
    if not len(gain):
        return None
    slack = ROUNDING * of_tp * cut.tp[0]
    k = int(np.flatnonzero(gain >= gain.max() - slack)[-1])
    return None if gain[k] <= slack else k


def _pooled(data: Data | SparseData, rule: _Rule) -> float:
    """Return the best single threshold for the decisions on all labels."""
    _check_any_positive(data)
    of_tp = of_fp = 1.0
    costs = None, None
    if rule.cost_fp is not None and rule.cost_fn is not None:
        if len({*zip(rule.cost_fn.tolist(), rule.cost_fp.tolist(), strict=True)}) == 1:
            of_tp, of_fp = _relative(rule.cost_fn[0], rule.cost_fp[0])
        else:  # a cell that costs twice as much counts as two
            most = max(rule.cost_fn.max(), rule.cost_fp.max())
            costs = rule.cost_fn / most, rule.cost_fp / most
    cut = data.pooled_cuts(*costs)
    best = _best_gain(cut, of_tp, of_fp) if rule.cost_fp is not None else _best(cut, rule.objective, rule.bound)
    return threshold_and_counts(cut, best)[0]


def _check_any_positive(data: Data | SparseData) -> None:
    if not data.has_positive():
        raise ValueError(
            "y_true has no positive at all, so there is nothing to choose thresholds by; "
            "pass more samples, or fallback=0.5 for probabilities"
        )
