"""The search for the best thresholds, and the object that holds them."""

from __future__ import annotations

import json
import numbers
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import check_same_labels
from mlhelpers._scores import check_sample_weight, check_scores, check_truth_and_scores, different_names
from mlhelpers._validation import real_array, whole_number
from mlhelpers.labels import MISSING, axis_sums
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import ShownAsTable, Table

Objective: TypeAlias = Literal["macro_f1", "micro_f1", "recall_at_precision", "precision_at_recall"]

_T = TypeVar("_T")
_OBJECTIVES = ("macro_f1", "micro_f1", "recall_at_precision", "precision_at_recall")
_ROUNDING = 1e-12  # how far sums of weights, relative to them, may be from what they are on paper
_LABELS_PER_BLOCK = 8  # columns that a thread copies at a time, since only contiguous ones are fast


@dataclass(frozen=True, eq=False, repr=False)
class Thresholds(ShownAsTable):
    """One threshold per label, as `fit_thresholds` chose them; prints as a table.

    A label is predicted where its score is *above* its threshold. NumPy takes the object for the array
    of its values, so that ``evaluate(Y, scores, threshold=thresholds)`` works.

    Attributes
    ----------
    values : ndarray of float64, shape (n_labels,)
        Read-only. They mean the same in single precision, in which Keras computes.
    label_names : tuple of str
    source : tuple of str
        Of each threshold: "own", "pooled" (too few positives) or "fixed" (the number given as fallback).
    counts : LabelCounts
        What the thresholds got right and wrong on the data they were chosen on, without unknown labels, and as sums of
        weights if samples had weights: optimistic figures.
    objective : str
    at_least : float or None
        The bound of a constraint.
    """

    values: NDArray[np.float64]
    label_names: tuple[str, ...]
    source: tuple[str, ...]
    counts: LabelCounts
    objective: str
    at_least: float | None = None

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=float)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype)

    def predict(self, y_score: Any) -> NDArray[np.int8]:
        """Return the labels whose score is above their threshold.

        Parameters
        ----------
        y_score : array-like of float, shape (n_samples, n_labels)
            Of the same kind as those that the thresholds were chosen on: probabilities or logits.

        Returns
        -------
        ndarray of int8, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            If `y_score` is not an array of finite numbers with one column per threshold, in the same order.
        """
        scores = check_scores(y_score)
        if scores.shape[1] != len(self):
            raise ValueError(
                f"y_score has shape {scores.shape}, but there are {len(self)} thresholds; "
                "pass the scores of the same labels in the same order"
            )
        check_same_labels(thresholds=self, y_score=y_score)
        return (scores > self.values).astype(np.int8)

    def summary(self) -> Table:
        """Return a table of each label's threshold and what it reached on the data it was chosen on.

        Returns
        -------
        Table
        """
        ratios = [f(None, np.nan) for f in (self.counts.precision, self.counts.recall, self.counts.f1)]
        cells = [["–" if np.isnan(value) else float(value) for value in ratio] for ratio in ratios]
        shown = [f"{value:.3g}" for value in self.values]
        rows = zip(self.label_names, self.counts.support, shown, self.source, *cells, strict=True)
        bound = "" if self.at_least is None else f" of at least {self.at_least:g}"
        caption = f"Thresholds for {self.objective}{bound}, and what they reached where they were chosen"
        return Table(("label", "positives", "threshold", "from", "precision", "recall", "F1"), list(rows), caption)

    def _table(self) -> Table:
        return self.summary()

    def save(self, path: Any) -> None:
        """Write the thresholds to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
        """
        labels = [
            {"name": name, "threshold": value, "source": source}
            | {c: getattr(self.counts, c)[j].item() for c in ("tp", "fp", "fn", "tn")}
            for j, (name, value, source) in enumerate(
                zip(self.label_names, self.values.tolist(), self.source, strict=True)
            )
        ]
        content = {"format": _FORMAT, "objective": self.objective, "at_least": self.at_least, "labels": labels}
        if self.counts.weighted:
            content["weighted"] = True
        target = Path(path)
        scratch = target.with_name(target.name + ".part")
        scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        scratch.replace(target)

    @classmethod
    def load(cls, path: Any) -> Thresholds:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        Thresholds

        Raises
        ------
        ValueError
            If the file does not hold thresholds.
        OSError
            If it can't be read.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError
            check_objective(content["objective"], content["at_least"])
            labels = content["labels"]
            values = real_array([label["threshold"] for label in labels], "threshold", ("n_labels",))
            kinds = ([label[c] for label in labels] for c in ("tp", "fp", "fn", "tn"))
            counts = LabelCounts(*kinds, weighted=content.get("weighted", False))
            names, source = (tuple(str(label[key]) for label in labels) for key in ("name", "source"))
            whole = np.isfinite(values).all() and len(set(names)) == len(names)
            if not whole or not set(source) <= {"own", "pooled", "fixed"}:
                raise ValueError
            return cls(values, names, source, counts, content["objective"], content["at_least"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ValueError(
                f"path {str(path)!r} does not hold thresholds; give a file that Thresholds.save wrote"
            ) from None


_FORMAT = "mlhelpers thresholds 1"


class _Data(NamedTuple):
    """What thresholds are chosen by: checked, without the samples whose weight is zero."""

    truth: NDArray[np.int8]
    scores: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    has_unknown: bool


class _Cuts(NamedTuple):
    """The cuts of one label that can be best: right below a positive. The last one predicts fewest.

    Counts are numbers of samples, or sums of their weights.
    """

    lowest: NDArray[np.float64]  # the lowest score that a cut predicts, ascending
    below: NDArray[np.float64]  # the next lower score, -inf where there is none
    tp: NDArray[Any]
    fp: NDArray[Any]
    positives: Any
    negatives: Any
    highest: float  # of all scores: the threshold that predicts nothing


def fit_thresholds(
    y_true: Any,
    y_score: Any,
    *,
    objective: Objective = "macro_f1",
    at_least: float | None = None,
    min_positives: int = 10,
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
    objective : {"macro_f1", "micro_f1", "recall_at_precision", "precision_at_recall"}, default="macro_f1"
        "macro_f1" makes each label's F1 as high as it can be. "micro_f1" makes the F1 of all labels'
        counts together as high as it can be. "recall_at_precision" gives each label the highest recall with a
        precision of at least `at_least`; "precision_at_recall" the reverse.
    at_least : float in (0, 1], optional
        The bound of a constraint; only with the last two objectives.
    min_positives : int, default=10
        Labels with fewer known positives don't get a threshold of their own, which would fit chance. Counts samples,
        whatever they weigh.
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

    References
    ----------
    .. [1] Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1
       measure", ECML PKDD, doi:10.1007/978-3-662-44851-9_15.
    .. [2] Dinkelbach (1967), "On nonlinear fractional programming", Management Science 13(7),
       doi:10.1287/mnsc.13.7.492.

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
    least = whole_number(min_positives, "min_positives", least=0)
    fixed = _check_fallback(fallback)
    own = _n_positives(data) >= least
    if data.has_unknown:
        own &= (data.truth != MISSING).any(axis=0)
    values, counts = np.empty(n_labels), np.zeros((4, n_labels), np.int64 if data.weight is None else float)
    if not own.all():
        values[~own] = _pooled(data, objective, bound) if fixed is None else fixed
        counts[:, ~own] = _counts_above(data, ~own, values[~own])
    if objective == "micro_f1":
        cuts = _for_each_label(data, own, lambda cut: cut)
        best = _best_for_micro_f1(cuts, *_tp_and_size(counts))
        found = [_threshold_and_counts(cut, k) for cut, k in zip(cuts, best, strict=True)]
    else:
        found = _for_each_label(data, own, lambda cut: _threshold_and_counts(cut, _best(cut, objective, bound)))
    for j, one in zip(np.flatnonzero(own), found, strict=True):
        values[j], counts[:, j] = one
    source = tuple("own" if o else "pooled" if fixed is None else "fixed" for o in own)
    kept = LabelCounts(*counts, weighted=data.weight is not None)
    return Thresholds(values, names, source, kept, objective, bound or None)


def _checked_data(y_true: Any, y_score: Any, sample_weight: Any, allow_missing: bool) -> _Data:
    truth, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing)
    weight = check_sample_weight(sample_weight, len(truth), y_true=y_true, y_score=y_score)
    if weight is not None and not (counting := weight > 0).all():
        truth, scores, weight = truth[counting], scores[counting], weight[counting]
    return _Data(truth, scores, weight, allow_missing and bool((truth == MISSING).any()))


def _n_positives(data: _Data) -> NDArray[np.int64]:
    return axis_sums(data.truth == 1 if data.has_unknown else data.truth, axis=0)


def check_objective(objective: Any, at_least: Any) -> float | None:
    if not isinstance(objective, str) or objective not in _OBJECTIVES:
        raise ValueError(f"objective must be one of {_OBJECTIVES}, got {objective!r}")
    constrained = objective.startswith(("recall", "precision"))
    if not constrained and at_least is not None:
        raise ValueError(f'at_least has no effect with objective="{objective}"; leave it out')
    if not constrained:
        return None
    if isinstance(at_least, bool) or not isinstance(at_least, numbers.Real):
        raise TypeError(f'objective="{objective}" needs at_least, a number such as 0.9, got {at_least!r}')
    if not 0 < float(at_least) <= 1:
        raise ValueError(f"at_least must be above 0 and at most 1, got {at_least}")
    return float(at_least)


def _check_fallback(fallback: Any) -> float | None:
    if isinstance(fallback, str) and fallback == "pooled":
        return None
    if isinstance(fallback, bool) or not isinstance(fallback, numbers.Real) or not np.isfinite(float(fallback)):
        raise ValueError(f'fallback must be "pooled" or a finite number, got {fallback!r}; for probabilities often 0.5')
    return float(fallback)


def _counts_above(data: _Data, columns: NDArray[np.bool_], thresholds: NDArray[np.float64]) -> NDArray[Any]:
    """Return true and false positives, false and true negatives of thresholds that are there already."""
    truth, above = data.truth[:, columns], data.scores[:, columns] > thresholds
    cells = [predicted & (truth == label) for predicted, label in ((above, 1), (above, 0), (~above, 1), (~above, 0))]
    return np.array([axis_sums(each, axis=0) if data.weight is None else data.weight @ each for each in cells])


def _for_each_label(data: _Data, wanted: NDArray[np.bool_], use: Callable[[_Cuts], _T]) -> list[_T]:
    """Return what `use` makes of the cuts of each wanted column; NumPy sorts in several threads at a time."""

    def use_block(start: int) -> list[_T]:
        block = slice(start, start + _LABELS_PER_BLOCK)
        copies = zip(wanted[block], data.truth[:, block].T.copy(), data.scores[:, block].T.copy(), strict=True)
        return [
            use(_cuts(labels, scores, data.weight, data.has_unknown))
            for is_wanted, labels, scores in copies
            if is_wanted
        ]

    with ThreadPoolExecutor() as pool:
        blocks = pool.map(use_block, range(0, len(wanted), _LABELS_PER_BLOCK))
        return [result for block in blocks for result in block]


def _cuts(
    labels: NDArray[np.int8], scores: NDArray[np.float64], weight: NDArray[np.float64] | None, has_unknown: bool
) -> _Cuts:
    """Return the cuts of one label; `scores` may be sorted in place."""
    if has_unknown:
        known = labels != MISSING
        labels, scores = labels.compress(known), scores.compress(known)
        weight = None if weight is None else weight.compress(known)
    present = labels.view(np.bool_)
    return _cuts_of_samples(present, scores) if weight is None else _cuts_of_weights(present, scores, weight)


def _cuts_of_samples(present: NDArray[np.bool_], scores: NDArray[np.float64]) -> _Cuts:
    """Return the cuts of one label; `scores` is sorted in place.

    Of positives with equal scores only the first has all of them counted, the others too few: they lose against it.
    """
    lowest = np.sort(scores[np.flatnonzero(present)])
    scores.sort()
    position = np.searchsorted(scores, lowest)
    tp = np.arange(len(lowest), 0, -1)
    fp = len(scores) - position - tp
    return _Cuts(lowest, _below(scores, position), tp, fp, len(tp), len(scores) - len(tp), float(scores[-1]))


def _cuts_of_weights(present: NDArray[np.bool_], scores: NDArray[np.float64], weight: NDArray[np.float64]) -> _Cuts:
    order, ascending, has_ties = _in_order(scores)
    position = np.flatnonzero(present.take(order))
    of_negatives = weight.take(order)
    tp = _sums_from(of_negatives[position])
    of_negatives[position] = 0.0
    if has_ties:  # equal scores are predicted together, from the first of them on
        tied = np.flatnonzero(ascending[position] == ascending[position - 1])
        position[tied] = np.searchsorted(ascending, ascending[position[tied]])
        first = np.diff(position, prepend=-1) > 0
        position, tp = position[first], tp[first]
    fp = _sums_from(np.add.reduceat(of_negatives, position))
    lower = of_negatives[: position[0]] if len(position) else of_negatives
    positives, negatives = tp[:1].sum(), fp[:1].sum() + lower.sum()
    below = _below(ascending, position)
    return _Cuts(ascending[position], below, tp, fp, positives, negatives, float(ascending[-1]))


def _sums_from(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each value and all that follow."""
    return values[::-1].cumsum()[::-1]


def _below(ascending: NDArray[np.float64], position: NDArray[np.intp]) -> NDArray[np.float64]:
    below = ascending[position - 1]
    below[position == 0] = -np.inf
    return below


def _in_order(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], bool]:
    """Return the order of ascending scores, the scores in it, and whether some are equal.

    NumPy sorts numbers several times as fast as it finds their order. So the last bits of each score give way to its
    row number; where that lost more than the order of equal scores, which is seldom, it is put right afterwards.
    """
    n_bits = len(scores).bit_length()
    keys = scores.view(np.int64) & (-1 << n_bits)
    keys |= np.arange(len(scores))
    keys.view(np.float64).sort()
    keys &= (1 << n_bits) - 1
    ascending = scores.take(keys)
    if (ascending[1:] > ascending[:-1]).all():
        return keys, ascending, False
    if (ascending[1:] >= ascending[:-1]).all():
        return keys, ascending, True
    again = np.argsort(ascending, kind="stable")
    return keys[again], ascending[again], True


def _threshold_and_counts(cut: _Cuts, k: int | None) -> tuple[float, tuple[Any, Any, Any, Any]]:
    """Return the threshold of the cut at position k, and its counts; None predicts nothing."""
    if k is None:
        return cut.highest, (0, 0, cut.positives, cut.negatives)
    tp, fp = cut.tp[k], cut.fp[k]
    return _threshold(float(cut.below[k]), float(cut.lowest[k])), (tp, fp, cut.positives - tp, cut.negatives - fp)


def _best(cut: _Cuts, objective: str, bound: float) -> int | None:
    """Return the position of the best cut, the highest of equal ones, or None where nothing is to be predicted."""
    if not len(cut.tp):
        return None
    slack = _ROUNDING if cut.tp.dtype.kind == "f" else 0.0
    precision = cut.tp / (cut.tp + cut.fp)
    if objective == "recall_at_precision":
        enough = precision >= bound * (1 - slack)
        return _last_of_highest(np.where(enough, cut.tp, -1), slack) if enough.any() else None
    if objective == "precision_at_recall":
        return _last_of_highest(np.where(cut.tp / cut.positives >= bound * (1 - slack), precision, -1), slack)
    return _last_of_highest(2 * cut.tp / (cut.tp + cut.fp + cut.positives), slack)


def _last_of_highest(values: NDArray[Any], slack: float) -> int:
    """Return the last position of the highest value, or of one that is lower by rounding only."""
    if not slack:
        return len(values) - 1 - int(np.argmax(values[::-1]))
    return int(np.flatnonzero(values >= values.max() * (1 - slack))[-1])


def _tp_and_size(counts: NDArray[Any]) -> tuple[Any, Any]:
    """Return the numerator (halved) and the denominator of micro-F1."""
    tp, fp, fn, _ = counts.sum(axis=1)
    return tp, 2 * tp + fp + fn


def _best_for_micro_f1(cuts: list[_Cuts], fixed_tp: Any, fixed_size: Any) -> list[int | None]:
    """Return the cut of each label that together have the highest micro-F1, beside counts that are fixed."""
    fixed_size += sum(cut.positives for cut in cuts)
    chosen = best = [_best(cut, "macro_f1", 0) for cut in cuts]
    reached = -1.0
    while True:
        taken = [(cut.tp[k], cut.fp[k]) for cut, k in zip(cuts, chosen, strict=True) if k is not None]
        tp = fixed_tp + sum(each[0] for each in taken)
        size = fixed_size + sum(each[0] + each[1] for each in taken)
        f1 = 2 * tp / size if size else 0.0
        if f1 <= reached * (1 + _ROUNDING):  # of cuts that reach the same, the last ones predict fewest
            return chosen if f1 >= reached * (1 - _ROUNDING) else best
        reached, best = f1, chosen
        chosen = [_best_gain(cut, f1) for cut in cuts]


def _best_gain(cut: _Cuts, f1: float) -> int | None:
    gain = 2 * cut.tp - f1 * (cut.tp + cut.fp)
    if not len(gain):
        return None
    slack = _ROUNDING * 2 * cut.tp[0]
    k = int(np.flatnonzero(gain >= gain.max() - slack)[-1])
    return None if gain[k] <= slack else k


def _pooled(data: _Data, objective: str, bound: float) -> float:
    """Return the best single threshold for the decisions on all labels."""
    if not (data.truth == 1).any():
        raise ValueError(
            "y_true has no positive at all, so there is nothing to choose thresholds by; "
            "pass more samples, or fallback=0.5 for probabilities"
        )
    weight = None if data.weight is None else np.repeat(data.weight, data.truth.shape[1])
    cut = _cuts(data.truth.ravel(), data.scores.flatten(), weight, data.has_unknown)
    return _threshold_and_counts(cut, _best(cut, "macro_f1" if objective == "micro_f1" else objective, bound))[0]


def _threshold(low: float, high: float) -> float:
    """Return a threshold between neighbouring scores: not below `low`, and below `high`, which it predicts.

    It is rounded to single precision wherever it then still divides the scores at the same place.
    """
    with np.errstate(over="ignore"):
        if low == -np.inf:
            single = float(np.nextafter(np.float32(high), np.float32(-np.inf)))
            return single if -np.inf < single < high else float(np.nextafter(high, -np.inf))
        middle = low / 2 + high / 2
        single = float(np.float32(middle))
        if single == high:  # the middle of neighbours may be rounded up
            single = float(np.nextafter(np.float32(high), np.float32(-np.inf)))
    if low <= single < high:
        return single
    return middle if low <= middle < high else low
