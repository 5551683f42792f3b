"""Counts of decisions per label, which add up, and the scores that are made of them."""

from __future__ import annotations

import numbers
import warnings
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from mlhelpers._names import check_same_labels, check_same_samples
from mlhelpers._scores import MOST_WEIGHT, check_same_shape, check_sample_weight
from mlhelpers._validation import names_of_labels
from mlhelpers.labels import check_labels
from mlhelpers.metrics._truth import TrueLabels
from mlhelpers.tables import ShownAsTable, Table

Average: TypeAlias = Literal["micro", "macro", "weighted"]


ZeroDivision: TypeAlias = float | Literal["warn"]


Counts: TypeAlias = "NDArray[np.int64] | NDArray[np.float64]"  # sums of weights are float64


_CELLS_PER_BLOCK = 1 << 20


_MOST = 2**60  # leaves room for sums of counts in 64 bits


_COUNTS = ("tp", "fp", "fn", "tn")


_AVERAGES = (None, "micro", "macro", "weighted")


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
    weighted : bool, default=False
        The four are not counts of samples but sums of their weights: any numbers of at least zero.

    Attributes
    ----------
    tp, fp, fn, tn : ndarray of int64, or of float64 if weighted, shape (n_labels,)
        Read-only.
    weighted : bool

    Raises
    ------
    ValueError, TypeError
        If the four are not whole numbers (of weighted counts: finite numbers) of at least zero, of one common
        shape (n_labels,).

    Notes
    -----
    Counts with weights added to counts without are counts with weights: a sample without one weighs 1. Equal are
    counts of one kind that hold the same numbers.

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
    weighted: bool

    __array_ufunc__ = None  # else array + counts would add the counts to every element

    def __init__(self, tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike, *, weighted: bool = False) -> None:
        if not isinstance(weighted, (bool, np.bool_)):
            raise TypeError(f"weighted must be True or False, got {weighted!r} of type {type(weighted).__name__}")
        for name, values in zip(_COUNTS, (tp, fp, fn, tn), strict=True):
            object.__setattr__(self, name, _check_counts(values, name, bool(weighted)))
        object.__setattr__(self, "weighted", bool(weighted))
        shapes = {name: getattr(self, name).shape for name in _COUNTS}
        if len(set(shapes.values())) > 1:
            raise ValueError(f"tp, fp, fn and tn must have one common shape (n_labels,), got {shapes}")

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_pred: Any, *, allow_missing: bool = False, sample_weight: Any = None
    ) -> LabelCounts:
        """Count what a prediction got right and wrong.

        Parameters
        ----------
        y_true, y_pred : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
            True and predicted labels. Sparse matrices are counted without making them dense.
        allow_missing : bool, default=False
            Accept unknown labels (-1, NaN, None) in `y_true`. These cells are left out, whatever is predicted there,
            so that the four counts of a label add up to the number of samples of which it is known.
        sample_weight : array-like of float, shape (n_samples,), optional
            What each sample counts, at least 0. The four are sums of weights then.

        Returns
        -------
        LabelCounts

        Raises
        ------
        ValueError, TypeError
            If either is not a label matrix (see `mlhelpers.labels.check_labels`; scores need a
            threshold first), if their shapes differ, or if `sample_weight` is not one finite number of at least 0
            per sample, not all of them 0.

        Examples
        --------
        >>> y_true, y_pred = [[1, None], [0, 1], [1, 0]], [[1, 1], [1, 1], [0, 0]]
        >>> LabelCounts.from_predictions(y_true, y_pred, allow_missing=True)
        label  tp  fp  fn  tn  precision  recall     F1
        0       1   1   1   0      0.500   0.500  0.500
        1       1   0   0   1      1.000   1.000  1.000
        """
        check_same_labels(y_true=y_true, y_pred=y_pred)
        check_same_samples(y_true=y_true, y_pred=y_pred)
        labels = check_labels(y_true, name="y_true", allow_missing=allow_missing)
        predicted = check_labels(y_pred, name="y_pred")
        check_same_shape(labels, predicted, "y_pred")
        weight = check_sample_weight(sample_weight, labels.shape[0], y_true=y_true, y_pred=y_pred)
        if sparse.issparse(labels) or sparse.issparse(predicted):
            return _count(sparse.csr_array(labels), sparse.csr_array(predicted), weight)
        step = max(1, _CELLS_PER_BLOCK // labels.shape[1])  # of rows that stay in the processor's cache
        counts = [
            _count(labels[rows], predicted[rows], None if weight is None else weight[rows])
            for rows in (slice(start, start + step) for start in range(0, len(labels), step))
        ]
        return sum(counts[1:], start=counts[0])

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.tp)

    @property
    def support(self) -> Counts:
        """Samples that truly carry each label, or the sum of their weights: ``tp + fn``, shape (n_labels,)."""
        return self.tp + self.fn

    def __add__(self, other: object) -> LabelCounts:
        if not isinstance(other, LabelCounts):
            return NotImplemented
        if self.n_labels != other.n_labels:
            raise ValueError(
                f"can't add the counts of {other.n_labels} labels to those of {self.n_labels}; "
                "both must come from the same labels in the same order"
            )
        sums = (getattr(self, name) + getattr(other, name) for name in _COUNTS)
        return LabelCounts(*sums, weighted=self.weighted or other.weighted)

    def __radd__(self, other: object) -> LabelCounts:
        # sum(...) starts at 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelCounts):
            return NotImplemented
        same = all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _COUNTS)
        return same and self.weighted == other.weighted

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[partial[LabelCounts], tuple[Counts, Counts, Counts, Counts]]:
        # Through the constructor, so that a copy on another machine is read-only, too.
        return partial(LabelCounts, weighted=self.weighted), (self.tp, self.fp, self.fn, self.tn)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as lists of numbers that ``json.dumps`` takes; ``LabelCounts(**counts.to_dict())`` is back.

        Returns
        -------
        dict
            With the keys "tp", "fp", "fn", "tn", lists of one number per label, and "weighted".
        """
        return {**{name: getattr(self, name).tolist() for name in _COUNTS}, "weighted": self.weighted}

    def to_frame(self, label_names: Any = None) -> Any:
        """Return one row per label: its counts, precision, recall and F1.

        Parameters
        ----------
        label_names : sequence of str, optional
            One per label, in order; their numbers if not given.

        Returns
        -------
        pandas.DataFrame
            Ratios whose denominator is zero are NaN.

        Raises
        ------
        ImportError
            If pandas is not installed.
        ValueError, TypeError
            If `label_names` is not a sequence of as many names as there are labels.

        Examples
        --------
        >>> counts = LabelCounts(tp=[3, 1], fp=[1, 0], fn=[0, 1], tn=[4, 6])
        >>> counts.to_frame(["sea", "sky"])  # doctest: +NORMALIZE_WHITESPACE
               tp  fp  fn  tn  precision  recall        f1
        label
        sea     3   1   0   4       0.75     1.0  0.857143
        sky     1   0   1   6       1.00     0.5  0.666667
        """
        columns = {name: getattr(self, name) for name in _COUNTS}
        ratios = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        columns |= {name: ratio(None, np.nan) for name, ratio in ratios.items()}
        return data_frame(columns, names_of_labels(label_names, self.n_labels))

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
    def fbeta(self, beta: float, average: None = None, zero_division: ZeroDivision = ...) -> NDArray[np.float64]: ...
    @overload
    def fbeta(self, beta: float, average: Average, zero_division: ZeroDivision = ...) -> float: ...
    def fbeta(self, beta: float, average: Any = None, zero_division: Any = "warn") -> Any:
        """Weighted harmonic mean of precision and recall: (1 + beta²) tp / ((1 + beta²) tp + beta² fn + fp).

        Recall counts `beta` times as much as precision (van Rijsbergen 1979, "Information Retrieval", chapter 7);
        with 1 it is `f1`.

        Parameters
        ----------
        beta : float
            Above 0: below 1 for precision, above 1 for recall.
        average, zero_division
            Those of `precision`.

        Returns
        -------
        float, or ndarray of float64 of shape (n_labels,) if `average` is None

        Raises
        ------
        TypeError
            If `beta` is not a number.
        ValueError
            If `beta` is not finite or not above 0, or `average` or `zero_division` is none of those of `precision`.

        Examples
        --------
        >>> counts = LabelCounts(tp=[6], fp=[2], fn=[4], tn=[8])
        >>> [round(counts.fbeta(beta, "micro"), 3) for beta in (0.5, 1, 2)]
        [0.714, 0.667, 0.625]
        """
        squared = _check_beta(beta) ** 2
        # Divided by 1 + beta², so that a large beta doesn't take a product beyond 64 bits.
        wrong = squared / (1 + squared) * self.fn + 1 / (1 + squared) * self.fp
        return self._ratio("fbeta", self.tp, self.tp + wrong, average, zero_division)

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
        undefined = undefined_value(zero_division)
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
            [or_dash(value) for value in metric(None, np.nan)] for metric in (self.precision, self.recall, self.f1)
        ]
        rows = zip(self.tp, self.fp, self.fn, self.tn, *ratios, strict=True)
        caption = "sums of sample weights" if self.weighted else ""
        return Table(columns, [(str(label), *row) for label, row in enumerate(rows)], caption=caption)


def _count(labels: Any, predicted: Any, weight: Any) -> LabelCounts:
    truth = TrueLabels.of(labels, weight)
    return count_cells(truth, truth.without_unknown(predicted))


def count_cells(truth: TrueLabels, predicted: Any) -> LabelCounts:
    """Count predictions, dense or CSR as the truth is, that hold 0 wherever it is unknown."""
    dense = not sparse.issparse(predicted)
    both = truth.labels & predicted if dense else truth.labels.multiply(predicted)
    sums, weighted = truth.label_sums, truth.weight is not None
    tp = sums(both)
    if weighted:  # differences of rounded sums may fall below zero
        fp, fn = sums(predicted - both), sums(truth.labels - both)
        tn = np.maximum(truth.known_per_label - tp - fp - fn, 0)
    else:
        fp, fn = sums(predicted) - tp, sums(truth.labels) - tp
        tn = truth.known_per_label - tp - fp - fn
    return LabelCounts(tp, fp, fn, tn, weighted=weighted)


def data_frame(columns: dict[str, Any], label_names: Any) -> Any:
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise ImportError(
            "to_frame makes a pandas.DataFrame, and pandas is not installed; install it (pip install pandas), "
            "or use to_dict(), which needs nothing"
        ) from None
    return pandas.DataFrame(columns, index=pandas.Index(label_names, name="label"))


def _check_beta(beta: Any) -> float:
    if isinstance(beta, bool) or not isinstance(beta, numbers.Real):
        raise TypeError(f"beta must be a number, got {beta!r} of type {type(beta).__name__}; for example 2 or 0.5")
    if not 0 < float(beta) < np.inf:
        raise ValueError(f"beta must be a finite number above 0, got {beta}; use recall for infinity, precision for 0")
    return min(max(float(beta), 1e-150), 1e150)  # beyond these its square leaves 64 bits, and the figure is the same


def _check_counts(values: Any, name: str, weighted: bool) -> Counts:
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
    masked = isinstance(values, np.ma.MaskedArray)
    if masked or array.dtype.kind not in ("iuf" if weighted else "iu"):
        expected, way_out = (
            "whole numbers",
            (
                "counts are not rates, and whole numbers stored as floats need .astype(int); "
                "sums of sample weights need weighted=True"
            ),
        )
        if weighted:
            expected, way_out = "numbers", "give each label's sum of sample weights"
        raise TypeError(
            f"{name} has dtype {array.dtype} ({type(values).__name__}), expected {expected} without a mask; {way_out}"
        )
    most = MOST_WEIGHT if weighted else _MOST
    array = array.astype(np.float64) if weighted else array
    wrong = array[~((array >= 0) & (array <= most))]
    if wrong.size:
        what = f"{'sums of weights' if weighted else 'counts'} from 0 to {most}"
        raise ValueError(f"{name} holds {wrong[0]}, expected {what}; look where they were added up")
    counts: Counts = array.astype(np.float64) if weighted else array.astype(np.int64)
    counts.flags.writeable = False
    return counts


def undefined_value(zero_division: Any) -> float:
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
    allow_missing: bool = False,
    sample_weight: Any = None,
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
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`; see `LabelCounts.from_predictions`.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If the two are not label matrices of one shape, `kind` or `zero_division` is none of the above, or
        `sample_weight` is not one finite number of at least 0 per sample, not all of them 0.

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
    if not isinstance(kind, str) or kind not in ("averaged_f1", "f1_of_averages"):
        raise ValueError(f'kind must be "averaged_f1" or "f1_of_averages", got {kind!r}')
    counts = LabelCounts.from_predictions(y_true, y_pred, allow_missing=allow_missing, sample_weight=sample_weight)
    return counts.f1("macro", zero_division) if kind == "averaged_f1" else f1_of_averages(counts, zero_division)


def f1_of_averages(counts: LabelCounts, zero_division: ZeroDivision) -> float:
    precision, recall = (average("macro", zero_division) for average in (counts.precision, counts.recall))
    return 2 * precision * recall / (precision + recall) if precision + recall != 0 else 0.0


def or_dash(value: float) -> float | str:
    return "–" if np.isnan(value) else float(value)
