"""Additive counts per label, the figures that are read from them, and a report of all of them."""

from __future__ import annotations

import numbers
import warnings
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from mlhelpers._validation import names_of_labels, real_array, whole_number
from mlhelpers.labels import axis_sums, check_labels
from mlhelpers.tables import ShownAsTable, Table

Average: TypeAlias = Literal["micro", "macro", "weighted"]
ZeroDivision: TypeAlias = float | Literal["warn"]
Counts: TypeAlias = NDArray[np.int64]

_MOST = 2**60  # leaves room for sums of counts in 64 bits
_AVERAGES = (None, "micro", "macro", "weighted")
_ROUNDING = 1e-6  # how far outside [0, 1] rounding takes a probability


@dataclass(frozen=True, eq=False, repr=False, init=False)
class LabelCounts(ShownAsTable):
    """True and false positives and negatives of every label: counts that add up.

    Precision, recall, F1 and the Jaccard index are ratios of these counts, in each of their
    averages. Ratios of two batches can't be combined, counts can: ``a + b`` are the counts of
    both together, so a data set may be scored in pieces, in any order and on several machines.

    Parameters
    ----------
    tp, fp, fn, tn : array-like of int, shape (n_labels,)
        True positives, false positives, false negatives and true negatives per label.

    Attributes
    ----------
    tp, fp, fn, tn : ndarray of int64, shape (n_labels,)
        Read-only.

    Raises
    ------
    ValueError, TypeError
        If the four are not whole numbers of at least zero, of one common shape (n_labels,).

    See Also
    --------
    LabelCounts.from_predictions : Count from label matrices.

    Examples
    --------
    >>> first = LabelCounts.from_predictions([[1, 0], [1, 1]], [[1, 0], [0, 1]])
    >>> second = LabelCounts.from_predictions([[0, 1]], [[1, 1]])
    >>> counts = first + second
    >>> counts.tp, counts.fp, counts.fn, counts.tn
    (array([1, 2]), array([1, 0]), array([1, 0]), array([0, 1]))
    >>> counts.f1(average=None)
    array([0.5, 1. ])
    >>> counts.f1(average="macro"), counts.f1(average="micro")
    (0.75, 0.75)
    """

    tp: Counts
    fp: Counts
    fn: Counts
    tn: Counts

    __array_ufunc__ = None  # else array + counts would add the counts to every element

    def __init__(self, tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> None:
        counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
        for name, values in counts.items():
            object.__setattr__(self, name, _check_counts(values, name))
        shapes = {name: getattr(self, name).shape for name in counts}
        if len(set(shapes.values())) > 1:
            raise ValueError(f"tp, fp, fn and tn must have one common shape (n_labels,), got {shapes}")

    @classmethod
    def from_predictions(cls, y_true: Any, y_pred: Any) -> LabelCounts:
        """Count what a prediction got right and wrong.

        Parameters
        ----------
        y_true, y_pred : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
            True and predicted labels. Sparse matrices are counted without making them dense.

        Returns
        -------
        LabelCounts

        Raises
        ------
        ValueError, TypeError
            If either is not a label matrix (see `mlhelpers.labels.check_labels`; scores need a
            threshold first), or if their shapes differ.
        """
        y_true, y_pred = check_labels(y_true, name="y_true"), check_labels(y_pred, name="y_pred")
        _check_same_shape(y_true, y_pred, "y_pred")
        if sparse.issparse(y_true) or sparse.issparse(y_pred):
            y_true, y_pred = sparse.csr_array(y_true), sparse.csr_array(y_pred)
            both = y_true.multiply(y_pred)
        else:
            both = y_true & y_pred
        tp, actual, predicted = (axis_sums(matrix, axis=0) for matrix in (both, y_true, y_pred))
        fp, fn = predicted - tp, actual - tp
        return cls(tp=tp, fp=fp, fn=fn, tn=y_true.shape[0] - tp - fp - fn)

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.tp)

    @property
    def support(self) -> Counts:
        """Samples that truly carry each label: ``tp + fn``, int64 of shape (n_labels,)."""
        return self.tp + self.fn

    def __add__(self, other: object) -> LabelCounts:
        if not isinstance(other, LabelCounts):
            return NotImplemented
        if self.n_labels != other.n_labels:
            raise ValueError(
                f"can't add the counts of {other.n_labels} labels to those of {self.n_labels}; "
                "both must come from the same labels in the same order"
            )
        return LabelCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    def __radd__(self, other: object) -> LabelCounts:
        # sum(...) starts at 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelCounts):
            return NotImplemented
        return all(np.array_equal(getattr(self, c), getattr(other, c)) for c in ("tp", "fp", "fn", "tn"))

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[LabelCounts], tuple[Counts, Counts, Counts, Counts]]:
        # Through the constructor, so that a copy on another machine is read-only, too.
        return LabelCounts, (self.tp, self.fp, self.fn, self.tn)

    @overload
    def precision(self, average: None = None, zero_division: ZeroDivision = ...) -> NDArray[np.float64]: ...
    @overload
    def precision(self, average: Average, zero_division: ZeroDivision = ...) -> float: ...
    def precision(self, average: Any = None, zero_division: Any = "warn") -> Any:
        """Of the labels that were predicted, the fraction that is true: tp / (tp + fp).

        Parameters
        ----------
        average : {None, "micro", "macro", "weighted"}, default=None
            ``None`` gives one value per label. "micro" adds up the counts of all labels and
            divides once. "macro" is the mean of the labels' values, "weighted" their mean
            weighted by `support`.
        zero_division : {"warn", 0, 1, numpy.nan}, default="warn"
            The value of a label whose denominator is zero. "warn" is 0 with an
            ``UndefinedMetricWarning``. NaN leaves the label out of the macro and weighted mean.

        Returns
        -------
        float, or ndarray of float64 of shape (n_labels,) if `average` is None

        Raises
        ------
        ValueError
            If `average` or `zero_division` is none of the above.
        """
        return self._ratio("precision", self.tp, self.tp + self.fp, average, zero_division)

    @overload
    def recall(self, average: None = None, zero_division: ZeroDivision = ...) -> NDArray[np.float64]: ...
    @overload
    def recall(self, average: Average, zero_division: ZeroDivision = ...) -> float: ...
    def recall(self, average: Any = None, zero_division: Any = "warn") -> Any:
        """Of the labels that are true, the fraction that was predicted: tp / (tp + fn).

        Parameters, return value and errors are those of `precision`.
        """
        return self._ratio("recall", self.tp, self.support, average, zero_division)

    @overload
    def f1(self, average: None = None, zero_division: ZeroDivision = ...) -> NDArray[np.float64]: ...
    @overload
    def f1(self, average: Average, zero_division: ZeroDivision = ...) -> float: ...
    def f1(self, average: Any = None, zero_division: Any = "warn") -> Any:
        """Harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn).

        "macro" is the mean of the labels' F1, as in scikit-learn, not the F1 of the mean
        precision and recall; the two can be far apart (Opitz and Burst 2019, arXiv:1911.03347).
        Parameters, return value and errors are those of `precision`.
        """
        return self._ratio("f1", 2 * self.tp, 2 * self.tp + self.fp + self.fn, average, zero_division)

    @overload
    def jaccard(self, average: None = None, zero_division: ZeroDivision = ...) -> NDArray[np.float64]: ...
    @overload
    def jaccard(self, average: Average, zero_division: ZeroDivision = ...) -> float: ...
    def jaccard(self, average: Any = None, zero_division: Any = "warn") -> Any:
        """Intersection over union of true and predicted samples: tp / (tp + fp + fn).

        Parameters, return value and errors are those of `precision`.
        """
        return self._ratio("jaccard", self.tp, self.tp + self.fp + self.fn, average, zero_division)

    def _ratio(self, metric: str, numerator: Any, denominator: Any, average: Any, zero_division: Any) -> Any:
        if not (average is None or isinstance(average, str)) or average not in _AVERAGES:
            raise ValueError(
                f"average must be one of {_AVERAGES}, got {average!r}"
                + ("; counts per label no longer know the samples" if str(average) == "samples" else "")
            )
        undefined = _undefined_value(zero_division)
        numerator, denominator = numerator.astype(float), denominator.astype(float)
        if average == "micro":
            numerator, denominator = numerator.sum(keepdims=True), denominator.sum(keepdims=True)
        empty = denominator == 0
        if empty.any() and isinstance(zero_division, str):
            _warn_undefined(metric, average, int(empty.sum()))
        values = np.where(empty, undefined, numerator / np.where(empty, 1, denominator))
        if average is None:
            return values
        return _mean(values, self.support if average == "weighted" else None)

    def _table(self) -> Table:
        columns = ("label", "tp", "fp", "fn", "tn", "precision", "recall", "F1")
        ratios = [
            [_or_dash(value) for value in metric(None, np.nan)] for metric in (self.precision, self.recall, self.f1)
        ]
        rows = zip(self.tp, self.fp, self.fn, self.tn, *ratios, strict=True)
        return Table(columns, [(str(label), *row) for label, row in enumerate(rows)])


def _check_same_shape(y_true: Any, other: Any, name: str) -> None:
    if y_true.shape != other.shape:
        raise ValueError(
            f"y_true has shape {y_true.shape} but {name} has shape {other.shape}; both must be the same "
            "(n_samples, n_labels), with samples and labels in the same order"
        )


def _check_counts(values: Any, name: str) -> Counts:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} has rows of different lengths, expected shape (n_labels,): one count per label"
        ) from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (n_labels,) with at least one label; "
            f"pass one count per label (it is of type {type(values).__name__})"
        )
    if isinstance(values, np.ma.MaskedArray) or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} has dtype {array.dtype} ({type(values).__name__}), expected whole numbers without a mask; "
            "counts are not rates, and whole numbers stored as floats need .astype(int)"
        )
    if array.min() < 0 or array.max() > _MOST:
        wrong = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"{name} holds {wrong}, expected counts from 0 to {_MOST}; look where they were added up")
    counts = array.astype(np.int64)
    counts.flags.writeable = False
    return counts


def _undefined_value(zero_division: Any) -> float:
    if isinstance(zero_division, str) and zero_division == "warn":
        return 0.0
    if isinstance(zero_division, numbers.Real) and not isinstance(zero_division, bool):
        if zero_division in (0, 1):
            return float(zero_division)
        if zero_division != zero_division:
            return float("nan")
    raise ValueError(f'zero_division must be "warn", 0, 1 or numpy.nan, got {zero_division!r}')


def _warn_undefined(metric: str, average: Any, n_undefined: int) -> None:
    from sklearn.exceptions import UndefinedMetricWarning

    what = "the micro-average" if average == "micro" else f"{n_undefined} label{'s' * (n_undefined > 1)}"
    warnings.warn(
        f"{metric} is undefined for {what} (its denominator is zero) and was set to 0; "
        "say what it shall be with zero_division=0, 1 or numpy.nan",
        UndefinedMetricWarning,
        stacklevel=4,
    )


def _mean(values: NDArray[np.float64], weights: Counts | None) -> float:
    """Return the mean over the labels that have a value; with all weights zero, the plain mean."""
    defined = ~np.isnan(values)
    if not defined.any():
        return float("nan")
    if weights is None or not weights[defined].any():
        return float(values[defined].mean())
    return float(np.average(values[defined], weights=weights[defined]))


def macro_f1(
    y_true: Any,
    y_pred: Any,
    *,
    kind: Literal["averaged_f1", "f1_of_averages"] = "averaged_f1",
    zero_division: ZeroDivision = "warn",
) -> float:
    """Return one of the two figures that are both published as "macro-F1".

    Parameters
    ----------
    y_true, y_pred : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        True and predicted labels.
    kind : {"averaged_f1", "f1_of_averages"}, default="averaged_f1"
        "averaged_f1" is the mean of the labels' F1, as scikit-learn and Keras have it;
        "f1_of_averages" is the harmonic mean of macro-precision and macro-recall. The second is never
        the smaller one, and can be large where no label has a good F1.
    zero_division : {"warn", 0, 1, numpy.nan}, default="warn"
        What a label counts whose denominator is zero; see `LabelCounts.precision`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the two are not label matrices of one shape, or `kind` or `zero_division` is none of the above.

    References
    ----------
    .. [1] Opitz and Burst (2019), "Macro F1 and Macro F1", arXiv:1911.03347, equations 1 and 2.

    Examples
    --------
    One label is predicted too often, the other too rarely:

    >>> y_true, y_pred = [[1, 1], [0, 1], [0, 1], [0, 1]], [[1, 1], [1, 0], [1, 0], [1, 0]]
    >>> round(macro_f1(y_true, y_pred), 3)
    0.4
    >>> round(macro_f1(y_true, y_pred, kind="f1_of_averages"), 3)
    0.625
    """
    if kind not in ("averaged_f1", "f1_of_averages"):
        raise ValueError(f'kind must be "averaged_f1" or "f1_of_averages", got {kind!r}')
    counts = LabelCounts.from_predictions(y_true, y_pred)
    return counts.f1("macro", zero_division) if kind == "averaged_f1" else _f1_of_averages(counts, zero_division)


def _f1_of_averages(counts: LabelCounts, zero_division: ZeroDivision) -> float:
    precision, recall = (average("macro", zero_division) for average in (counts.precision, counts.recall))
    return 2 * precision * recall / (precision + recall) if precision + recall != 0 else 0.0


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
    return float(_hits_at_k(truth, scores, k).mean() / k)


def _hits_at_k(truth: NDArray[np.int8], scores: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return how many of each row's k best-scored labels are true, in the mean over the orders of ties."""
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    above, tied = scores > kth, scores == kth
    places_left = k - above.sum(axis=1)
    share = places_left / tied.sum(axis=1)
    return np.asarray((truth * above).sum(axis=1) + share * (truth * tied).sum(axis=1))


def check_truth_and_scores(y_true: Any, y_score: Any) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return a dense label matrix and finite scores of the same shape, or say what is wrong with either."""
    truth = check_labels(y_true, name="y_true")
    truth = truth.toarray() if sparse.issparse(truth) else truth
    _check_same_columns(y_true, y_score)
    scores = check_scores(y_score)
    _check_same_shape(truth, scores, "y_score")
    return truth, scores


def check_scores(y_score: Any) -> NDArray[np.float64]:
    """Return finite scores of shape (n_samples, n_labels) in 64 bits, or say what is wrong with them."""
    if getattr(y_score, "ndim", 0) == 3 or (
        isinstance(y_score, (list, tuple)) and y_score and all(getattr(part, "ndim", 0) == 2 for part in y_score)
    ):
        raise ValueError(
            f"y_score holds {len(y_score)} matrices, as predict_proba of several outputs gives them; "
            "make one score matrix of it with mlhelpers.labels.scores_matrix(estimator, X)"
        )
    y_score = y_score.toarray() if sparse.issparse(y_score) else y_score
    scores = real_array(y_score, "y_score", ("n_samples", "n_labels"))
    if not np.isfinite(scores).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(scores))[0])
        raise ValueError(
            f"y_score holds {scores[row, column]} at row {row}, column {column}, expected finite numbers; look for "
            "missing values in the input, or a loss that became NaN in training"
        )
    return scores


def _check_same_columns(y_true: Any, y_score: Any) -> None:
    """Refuse two DataFrames whose columns are not in the same order."""
    columns = [list(getattr(y, "columns", ())) for y in (y_true, y_score)]
    if columns[0] != columns[1] and sorted(map(str, columns[0])) == sorted(map(str, columns[1])):
        raise ValueError(
            f"y_true has the columns {columns[0]} but y_score has {columns[1]}; put them into one order, "
            "as in y_score[y_true.columns]"
        )


_DEFINITIONS = {
    "precision_micro": ("precision, micro", "counts of all labels added up, then tp / (tp + fp)"),
    "recall_micro": ("recall, micro", "counts of all labels added up, then tp / (tp + fn)"),
    "f1_micro": ("F1, micro", "counts of all labels added up, then 2 tp / (2 tp + fp + fn)"),
    "f1_macro": ("F1, macro", "mean of the labels' F1, the macro-F1 of scikit-learn (averaged F1)"),
    "f1_of_averages": ("F1 of macro averages", "harmonic mean of macro-precision and macro-recall"),
    "f1_weighted": ("F1, weighted", "mean of the labels' F1, weighted by their positives"),
    "f1_samples": ("F1, samples", "mean of the samples' F1; an empty row that is predicted empty counts 1"),
    "jaccard_samples": ("Jaccard, samples", "mean over samples of |both| / |either|; empty and predicted empty is 1"),
    "subset_accuracy": ("subset accuracy", "fraction of samples whose whole label set is right"),
    "hamming_loss": ("Hamming loss", "fraction of wrong decisions; lower is better"),
    "precision_at_1": ("precision at 1", "fraction of samples whose best-scored label is true; ties share"),
    "label_ranking_average_precision": (
        "LRAP",
        "label ranking average precision: of the labels scored at least as high as a true one, the fraction "
        "that is true, as a mean over true labels, then over samples; a sample without labels counts 1; "
        "ties count as the worst order",
    ),
    "coverage_error": (
        "coverage error",
        "how far down the ranking one goes to meet all true labels; lower is better, at best the label cardinality; "
        "ties count as the worst order",
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What `evaluate` found; prints as tables, with the definition of each measure.

    Attributes
    ----------
    n_samples : int
    label_names : tuple of str
    threshold : ndarray of float64, shape (n_labels,)
        A label is predicted where its score is *above* its threshold.
    counts : LabelCounts
        From which precision, recall, F1 and Jaccard can be had in other averages.
    zero_division : float
        The value of a label whose denominator is zero; NaN leaves it out of the macro and weighted means.
    averages : dict of str to float
        The measures, named as scikit-learn names its scorers or functions where it has them:
        "f1_micro", "f1_macro", "f1_samples", "subset_accuracy", "hamming_loss", and so on.
    baselines : dict of str to dict of str to float
        The same measures of "all zeros", "all ones" and "frequency"; empty if not asked for.
    confidence : float or None
    intervals : dict of str to (float, float)
        Bootstrap intervals of `averages`; empty if not asked for.
    label_intervals : ndarray of float64, shape (n_labels, 2)
        Bootstrap intervals of the labels' F1; empty if not asked for.
    """

    n_samples: int
    label_names: tuple[str, ...]
    threshold: NDArray[np.float64]
    counts: LabelCounts
    zero_division: float
    averages: dict[str, float]
    baselines: dict[str, dict[str, float]]
    confidence: float | None
    intervals: dict[str, tuple[float, float]]
    label_intervals: NDArray[np.float64]

    @property
    def undefined(self) -> tuple[str, ...]:
        """Names of the labels without positives that were never predicted: their F1 is 0 / 0."""
        untouched = self.counts.tp + self.counts.fp + self.counts.fn == 0
        return tuple(name for name, nothing in zip(self.label_names, untouched, strict=True) if nothing)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings and numbers that ``json.dumps`` takes; undefined is None."""
        labels: dict[str, dict[str, Any]] = {}
        per_label = [f(None, self.zero_division) for f in (self.counts.precision, self.counts.recall, self.counts.f1)]
        columns = zip(self.label_names, self.threshold, *per_label, strict=True)
        for j, (name, threshold, precision, recall, f1) in enumerate(columns):
            counts = {c: int(getattr(self.counts, c)[j]) for c in ("tp", "fp", "fn", "tn")}
            ratios = {"precision": precision, "recall": recall, "f1": f1}
            labels[name] = {"threshold": float(threshold), **counts, **_without_nan(ratios)}
            if self.confidence is not None:
                labels[name]["f1_interval"] = [_or_none(bound) for bound in self.label_intervals[j]]
        return {
            "n_samples": self.n_samples,
            "averages": _without_nan(self.averages),
            "intervals": {key: [_or_none(bound) for bound in bounds] for key, bounds in self.intervals.items()},
            "confidence": self.confidence,
            "baselines": {name: {k: _or_none(v) for k, v in values.items()} for name, values in self.baselines.items()},
            "labels": labels,
            "zero_division": _or_none(self.zero_division),
            "definitions": {key: definition for key, (_, definition) in _DEFINITIONS.items()},
        }

    def _average_table(self) -> Table:
        interval = [] if self.confidence is None else [f"{100 * self.confidence:g}% interval"]
        rows = []
        for key, (name, _) in _DEFINITIONS.items():
            bounds = [_interval(self.intervals.get(key))] if interval else []
            beside = [_or_dash(values[key]) for values in self.baselines.values()]
            rows.append((name, _or_dash(self.averages[key]), *bounds, *beside))
        caption = f"{self.n_samples:,} samples, {len(self.label_names):,} labels, {self._predicted_where()}"
        return Table(("measure", "model", *interval, *self.baselines), rows, caption=caption)

    def _predicted_where(self) -> str:
        same = len(set(self.threshold.tolist())) == 1
        return f"predicted where the score is above {f'{self.threshold[0]:g}' if same else 'its threshold'}"

    def _label_table(self) -> Table:
        columns = ["label", "positives", "predicted", "precision", "recall", "F1"]
        predicted = self.counts.tp + self.counts.fp
        ratios = [metric(None, np.nan) for metric in (self.counts.precision, self.counts.recall, self.counts.f1)]
        cells = [self.counts.support, predicted, *([_or_dash(v) for v in ratio] for ratio in ratios)]
        if self.confidence is not None:
            columns.append(f"{100 * self.confidence:g}% interval")
            cells.append([_interval(bounds) for bounds in self.label_intervals])
        if len(set(self.threshold.tolist())) > 1:
            columns.append("threshold")
            cells.append([f"{limit:g}" for limit in self.threshold])
        return Table(columns, list(zip(self.label_names, *cells, strict=True)))

    def _notes(self) -> list[str]:
        notes = [f"{name}: {definition}" for name, definition in _DEFINITIONS.values()]
        if self.baselines:
            notes.append("frequency: predicts, and ranks labels by, how often they occur in y_true")
        if self.undefined:
            value = "left out of the means" if np.isnan(self.zero_division) else f"counted as {self.zero_division:g}"
            notes.append(f"no positives and never predicted, so without F1 and {value}: {', '.join(self.undefined)}")
        return notes

    def __repr__(self) -> str:
        return "\n\n".join([repr(self._average_table()), repr(self._label_table()), "\n".join(self._notes())])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._notes())
        return (
            f"{self._average_table()._repr_html_()}{self._label_table()._repr_html_()}"
            f"<details><summary>How each is defined</summary><ul>{notes}</ul></details>"
        )


def evaluate(
    y_true: Any,
    y_score: Any,
    *,
    threshold: Any = 0.5,
    label_names: Any = None,
    zero_division: float = np.nan,
    baselines: bool = True,
    confidence: float | None = None,
    n_resamples: int = 1000,
    random_state: int | None = 0,
) -> Report:
    """Judge the scores of a multi-label model in every average, per label, and beside trivial baselines.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities, logits or other scores; also 0/1 predictions. Compared in 64 bits. If both
        are DataFrames, their columns must be in the same order.
    threshold : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where its score is above this; one number, or one per label. For
        logits it is 0, which is probability 1/2.
    label_names : sequence of str, optional
        One per column, all different; the columns of `y_true` if it is a DataFrame, else their numbers.
    zero_division : {0, 1, numpy.nan}, default=numpy.nan
        What a label counts in the macro and weighted means where its denominator is zero; NaN
        leaves it out, and the report names the labels that have no F1. It is also the micro-precision
        of a model that predicts nothing. A sample without labels, predicted to have none, counts 1 always.
    baselines : bool, default=True
        Also judge three predictions that don't look at the input: no label, every label,
        and the labels that more than half of the samples of `y_true` carry.
    confidence : float in (0, 1), optional
        Level of percentile bootstrap intervals [1]_ over samples, such as 0.95. For labels with few
        positives they are too narrow.
    n_resamples : int, default=1000
    random_state : int, numpy.random.Generator or None, default=0
        Source of the resamples.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, the shapes differ, a score is not finite, the number of
        thresholds is wrong, an argument is out of range, or if scores lie outside [0, 1] while the
        threshold is a probability: then they look like logits, and this function does not guess.
    TypeError
        If an argument is of the wrong type.

    References
    ----------
    .. [1] Efron (1979), "Bootstrap methods: another look at the jackknife", The Annals of
       Statistics 7(1), doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [1, 0]]
    >>> report = evaluate(y_true, [[0.9, 0.2], [0.8, 0.4], [0.3, 0.1], [0.4, 0.6]])
    >>> report.averages["f1_micro"], report.averages["f1_macro"]
    (0.5714285714285714, 0.4)
    >>> report.baselines["all ones"]["f1_macro"] > report.averages["f1_macro"]
    True
    >>> evaluate(y_true, [[2.2, -1.4], [1.4, -0.4], [-0.8, -2.2], [-0.4, 0.4]]).averages["f1_micro"]
    Traceback (most recent call last):
        ...
    ValueError: y_score holds 2.2 at row 0, column 0, outside [0, 1], and the threshold is a \
probability: these look like logits; pass scipy.special.expit(y_score), or threshold=0 for logits \
(and for thresholds that were chosen on logits, expit of both)
    """
    truth, scores = check_truth_and_scores(y_true, y_score)
    limits = _check_threshold(threshold, scores)
    names = different_names(getattr(y_true, "columns", None) if label_names is None else label_names, truth.shape[1])
    if isinstance(zero_division, str):
        raise ValueError(f"zero_division must be 0, 1 or numpy.nan here, got {zero_division!r}")
    policy = _undefined_value(zero_division)
    level = _check_confidence(confidence)
    n_resamples = whole_number(n_resamples, "n_resamples", least=1)
    rng = _generator(random_state)
    predicted = (scores > limits).astype(np.int8)
    counts, samples = LabelCounts.from_predictions(truth, predicted), _sample_measures(truth, predicted, scores)
    intervals: dict[str, tuple[float, float]] = {}
    label_intervals = np.empty((0, 2))
    if level is not None:
        intervals, label_intervals = _bootstrap(truth, predicted, samples, policy, level, n_resamples, rng)
    return Report(
        n_samples=truth.shape[0],
        label_names=names,
        threshold=limits,
        counts=counts,
        zero_division=policy,
        averages=_averages(counts, _means(samples), policy),
        baselines=_baselines(truth, policy) if baselines else {},
        confidence=level,
        intervals=intervals,
        label_intervals=label_intervals,
    )


def _check_threshold(threshold: Any, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    n_labels = scores.shape[1]
    if isinstance(threshold, (bool, str)) or threshold is None:
        raise TypeError(f"threshold must be a number, or one number per label, got {threshold!r}")
    one = isinstance(threshold, numbers.Real) or getattr(threshold, "ndim", 1) == 0
    limits = real_array([threshold] if one else threshold, "threshold", ("n_labels",))
    if not one and len(limits) != n_labels:
        raise ValueError(
            f"threshold has {len(limits)} values for {n_labels} labels; give one number, or one per column, in order"
        )
    if not np.isfinite(limits).all():
        raise ValueError(f"threshold holds {limits[~np.isfinite(limits)][0]}, expected finite numbers")
    outside = (scores < -_ROUNDING) | (scores > 1 + _ROUNDING)
    if outside.any() and ((limits > 0) & (limits < 1)).all():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"y_score holds {scores[row, column]:g} at row {row}, column {column}, outside [0, 1], and the threshold "
            "is a probability: these look like logits; pass scipy.special.expit(y_score), or threshold=0 for logits "
            "(and for thresholds that were chosen on logits, expit of both)"
        )
    limits = np.broadcast_to(limits, (n_labels,)).copy()
    limits.flags.writeable = False
    return limits


def different_names(label_names: Any, n_labels: int) -> tuple[str, ...]:
    """Return one name per label, all different."""
    names = names_of_labels(label_names, n_labels)
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise ValueError(f"label_names holds {twice!r} twice; give every label a name of its own")
    return tuple(names)


def _generator(random_state: Any) -> np.random.Generator:
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state must be an integer of at least 0, a numpy.random.Generator or None, got {random_state!r}"
        ) from None


def _check_confidence(confidence: Any) -> float | None:
    if confidence is None:
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, numbers.Real):
        raise TypeError(f"confidence must be a number or None, got {confidence!r}; for example 0.95")
    if not 0 < float(confidence) < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; for example 0.95")
    return float(confidence)


def _means(samples: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    return {key: float(values.mean()) for key, values in samples.items()}


def _averages(counts: LabelCounts, sample_means: dict[str, float], zero_division: float) -> dict[str, float]:
    values = {**_count_measures(counts, zero_division), **sample_means}
    return {key: values[key] for key in _DEFINITIONS}


def _count_measures(counts: LabelCounts, zero_division: float) -> dict[str, float]:
    wrong, decisions = counts.fp + counts.fn, counts.tp + counts.fp + counts.fn + counts.tn
    return {
        "precision_micro": counts.precision("micro", zero_division),
        "recall_micro": counts.recall("micro", zero_division),
        "f1_micro": counts.f1("micro", zero_division),
        "f1_macro": counts.f1("macro", zero_division),
        "f1_of_averages": _f1_of_averages(counts, zero_division),
        "f1_weighted": counts.f1("weighted", zero_division),
        "hamming_loss": float(wrong.sum() / decisions.sum()),
    }


def _sample_measures(
    truth: NDArray[np.int8], predicted: NDArray[np.int8], scores: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return the measures that are means over samples, before the mean is taken."""
    both, sizes = axis_sums(truth & predicted, axis=1), axis_sums(truth, axis=1) + axis_sums(predicted, axis=1)
    empty = sizes == 0
    return {
        "f1_samples": np.where(empty, 1, 2 * both / np.maximum(sizes, 1)),
        "jaccard_samples": np.where(empty, 1, both / np.maximum(sizes - both, 1)),
        "subset_accuracy": (truth == predicted).all(axis=1).astype(float),
        "precision_at_1": _hits_at_k(truth, scores, 1),
        **_ranking_measures(truth, scores),
    }


def _ranking_measures(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
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


def _baselines(truth: NDArray[np.int8], zero_division: float) -> dict[str, dict[str, float]]:
    n_labels = truth.shape[1]
    scores = {"all zeros": np.zeros(n_labels), "all ones": np.ones(n_labels), "frequency": truth.mean(axis=0)}
    found = {}
    for name, row in scores.items():
        same = np.broadcast_to(row, truth.shape)
        predicted = (same > 0.5).astype(np.int8)
        counts, samples = LabelCounts.from_predictions(truth, predicted), _sample_measures(truth, predicted, same)
        found[name] = _averages(counts, _means(samples), zero_division)
    return found


def _bootstrap(
    truth: NDArray[np.int8],
    predicted: NDArray[np.int8],
    samples: dict[str, NDArray[np.float64]],
    zero_division: float,
    level: float,
    n_resamples: int,
    rng: np.random.Generator,
) -> tuple[dict[str, tuple[float, float]], NDArray[np.float64]]:
    """Return percentile intervals of the averages, and of each label's F1."""
    n = len(truth)
    cells = np.hstack([truth & predicted, predicted, truth]).astype(float)
    averages, label_f1 = [], []
    for _ in range(n_resamples):
        weight = np.bincount(rng.integers(n, size=n), minlength=n).astype(float)
        tp, positive, actual = np.split((weight @ cells).astype(np.int64), 3)
        counts = LabelCounts(tp, positive - tp, actual - tp, n - positive - actual + tp)
        means = {key: float(weight @ values / n) for key, values in samples.items()}
        averages.append(_averages(counts, means, zero_division))
        label_f1.append(counts.f1(None, zero_division))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = _quantiles(np.array([list(values.values()) for values in averages]), tails)
    intervals = dict(zip(_DEFINITIONS, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return intervals, _quantiles(np.array(label_f1), tails).T


def _quantiles(values: NDArray[np.float64], tails: list[float]) -> NDArray[np.float64]:
    """Return quantiles of each column without its NaN; NaN where a column has nothing else."""
    found = np.full((len(tails), values.shape[1]), np.nan)
    some = ~np.isnan(values).all(axis=0)
    found[:, some] = np.nanquantile(values[:, some], tails, axis=0)
    return found


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {key: _or_none(value) for key, value in values.items()}


def _or_dash(value: float) -> float | str:
    return "–" if np.isnan(value) else float(value)


def _interval(bounds: Any) -> str:
    return "–" if bounds is None or np.isnan(bounds[0]) else f"{bounds[0]:.2f}–{bounds[1]:.2f}"
