"""Counts of decisions per label, which add up, and the scores that are made of them."""

from __future__ import annotations

import numbers
import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from mlhelpers._names import check_same_labels, check_same_samples
from mlhelpers._scores import check_same_shape
from mlhelpers._validation import real_array
from mlhelpers.labels import axis_sums, check_labels
from mlhelpers.tables import ShownAsTable, Table

Average: TypeAlias = Literal["micro", "macro", "weighted"]


ZeroDivision: TypeAlias = float | Literal["warn"]


Counts: TypeAlias = NDArray[Any]  # of int64, or of float64 if they are sums of weights


_MOST = 2**60  # leaves room for sums of counts in 64 bits


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
        Whether they are sums of sample weights, which need not be whole.

    Attributes
    ----------
    tp, fp, fn, tn : ndarray of int64 (of float64 if weighted), shape (n_labels,)
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

    def __init__(self, tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike, *, weighted: bool = False) -> None:
        counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
        for name, values in counts.items():
            object.__setattr__(self, name, (_check_sums if weighted else _check_counts)(values, name))
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
        check_same_labels(y_true=y_true, y_pred=y_pred)
        check_same_samples(y_true=y_true, y_pred=y_pred)
        y_true, y_pred = check_labels(y_true, name="y_true"), check_labels(y_pred, name="y_pred")
        check_same_shape(y_true, y_pred, "y_pred")
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

    def __reduce__(self) -> tuple[Any, tuple[Counts, Counts, Counts, Counts]]:
        # Through the constructor, so that a copy on another machine is read-only, too.
        return partial(LabelCounts, weighted=self.tp.dtype.kind == "f"), (self.tp, self.fp, self.fn, self.tn)

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
        return Table(columns, [(str(label), *row) for label, row in enumerate(rows)])


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


def _check_sums(values: Any, name: str) -> Counts:
    sums = real_array(values, name, ("n_labels",)).copy()
    if not (np.isfinite(sums).all() and sums.min() >= 0):
        raise ValueError(f"{name} holds {sums[~(sums >= 0) | ~np.isfinite(sums)][0]}, expected sums of weights")
    sums.flags.writeable = False
    return sums


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
    return counts.f1("macro", zero_division) if kind == "averaged_f1" else f1_of_averages(counts, zero_division)


def f1_of_averages(counts: LabelCounts, zero_division: ZeroDivision) -> float:
    precision, recall = (average("macro", zero_division) for average in (counts.precision, counts.recall))
    return 2 * precision * recall / (precision + recall) if precision + recall != 0 else 0.0


def or_dash(value: float) -> float | str:
    return "–" if np.isnan(value) else float(value)
