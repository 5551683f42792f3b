"""The label matrix: check it, summarise it, count which labels occur together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._validation import array_of, numbers_in_objects, refuse_batches, refuse_one_array_per_label
from mlhelpers.tables import ShownAsTable, Table

LabelMatrix: TypeAlias = "NDArray[np.int8] | sparse.csr_array"

MISSING = -1
"""The value that stands for an unknown label in what ``check_labels(allow_missing=True)`` returns."""

_SHAPE_ADVICE = "a label matrix has shape (n_samples, n_labels) and holds 0 and 1"
_SETS_ADVICE = (
    "if each row lists the labels of one sample, turn the lists into a label matrix with "
    "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(...)"
)
_ROWS_PER_BLOCK = 1 << 20  # float32 sums of 0/1 values stay exact up to 2**24


def check_labels(Y: Any, *, allow_missing: bool = False, name: str = "Y") -> Any:
    """Return a label matrix in one of two normal forms, or say what is wrong with it.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        Any numeric or boolean dtype; every value is 0 or 1. It is never changed.
    allow_missing : bool, default=False
        Accept unknown labels, given as NaN, as -1, as ``None``, as ``pandas.NA`` or as the
        masked entries of a NumPy masked array.
    name : str, default="Y"
        What error messages call the argument.

    Returns
    -------
    numpy.ndarray of int8 or scipy.sparse.csr_array of int8, of shape (n_samples, n_labels)
        Dense input gives a dense array (without a copy if it is int8 already; don't write into
        it), sparse input of any format gives a canonical CSR array, DataFrames of sparse columns
        become dense. Unknown labels become -1.

    Raises
    ------
    ValueError
        If the shape is not two-dimensional, if the matrix is empty, or if a value is
        neither 0 nor 1 (nor missing, where that is allowed).
    TypeError
        If the values are not numbers or booleans: text, or the label sets themselves.

    Examples
    --------
    >>> check_labels([[1, 0, 1], [0, 0, 0]])
    array([[1, 0, 1],
           [0, 0, 0]], dtype=int8)
    >>> check_labels([[1.0, float("nan")]], allow_missing=True)
    array([[ 1, -1]], dtype=int8)
    >>> check_labels([0, 2, 1])
    Traceback (most recent call last):
        ...
    ValueError: Y has shape (3,), but a label matrix has shape (n_samples, n_labels) and holds \
0 and 1; if these are class indices, use sklearn.preprocessing.label_binarize, and if this is \
one label for all samples, use numpy.reshape(Y, (-1, 1))
    """
    if not isinstance(allow_missing, bool):
        raise TypeError(f"allow_missing must be True or False, got {allow_missing!r}")
    if sparse.issparse(Y):
        return _check_sparse(Y, allow_missing, name)
    values = as_numeric(Y, name)
    check_shape(values.shape, name)
    labels, wrong = _read_labels(values, allow_missing)
    if wrong is not None:
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(_wrong_value(values[index], index, name))
    return labels


def as_numeric(Y: Any, name: str) -> NDArray[Any]:
    """Return Y as a boolean or numeric array, without changing what it says."""
    refuse_batches(Y, name)
    refuse_one_array_per_label(Y, name)
    if isinstance(Y, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in Y):
        Y = np.ma.stack(Y)  # np.asarray would drop the masks of the rows
    if isinstance(Y, np.ma.MaskedArray):
        values = np.asarray(Y)
        if np.ma.is_masked(Y) and values.dtype.kind in "biufO":
            values = np.where(np.ma.getmaskarray(Y), np.nan, values)
    else:
        try:
            values = array_of(Y)
        except ValueError:
            raise TypeError(f"{name} has rows of different lengths, but {_SHAPE_ADVICE}; {_SETS_ADVICE}") from None
    if values.dtype == object and values.ndim == 2:
        values = _object_to_float(values, name)
    if values.dtype.kind not in "biuf":
        if values.ndim == 0:
            raise TypeError(f"{name} is of type {type(Y).__name__}, but {_SHAPE_ADVICE}; pass an array")
        if values.dtype.kind in "SU" and np.isin(values, np.array(["0", "1"], values.dtype)).all():
            raise TypeError(f"{name} holds text, but {_SHAPE_ADVICE}; use numpy.asarray({name}).astype(int)")
        raise TypeError(f"{name} has dtype {values.dtype}, but {_SHAPE_ADVICE}; {_SETS_ADVICE}")
    return values


def _object_to_float(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Read a matrix of Python objects: numbers and booleans, with None and pandas.NA as missing."""
    try:
        return numbers_in_objects(values)
    except TypeError as error:
        value, index = error.args
    as_text = isinstance(value, str) and value.strip() in ("0", "1")
    way_out = f"use numpy.asarray({name}).astype(int)" if as_text else _SETS_ADVICE
    raise TypeError(
        f"{name} holds {value!r} of type {type(value).__name__} at {_place(index)}, but {_SHAPE_ADVICE}; {way_out}"
    )


def check_shape(shape: tuple[int, ...], name: str) -> None:
    """Refuse what has not two sides, both longer than 0."""
    if 0 in shape:
        what = "samples (rows)" if shape[0] == 0 else "labels (columns)"
        raise ValueError(
            f"{name} is empty: it has shape {shape}, so no {what}; pass at least one, "
            "or look for the filter that removed them"
        )
    if len(shape) != 2:
        way_out = (
            "if these are class indices, use sklearn.preprocessing.label_binarize, and if this is "
            f"one label for all samples, use numpy.reshape({name}, (-1, 1))"
            if len(shape) == 1
            else f"if these are one array per label, use numpy.hstack({name}); a reshape may mix up samples and labels"
        )
        raise ValueError(f"{name} has shape {shape}, but {_SHAPE_ADVICE}; {way_out}")


def _read_labels(values: NDArray[Any], allow_missing: bool) -> tuple[NDArray[np.int8], NDArray[np.bool_] | None]:
    """Return the values as int8 with -1 for missing ones, and where they are no labels, if anywhere."""
    if values.dtype == np.bool_:
        return values.astype(np.int8), None
    if values.dtype.kind == "f":
        proper = bool(((values == 0) | (values == 1)).all())
    else:  # where -1 is the least, it says already that a label is unknown
        least = MISSING if allow_missing and values.dtype.kind == "i" else 0
        proper = values.size == 0 or bool(values.max() <= 1 and values.min() >= least)
    if proper:
        return values.astype(np.int8, copy=False), None
    unknown = values == MISSING
    if values.dtype.kind == "f":
        unknown |= np.isnan(values)
    wrong = (values != 0) & (values != 1)
    if allow_missing:
        wrong &= ~unknown
    if wrong.any():
        return np.empty((0, 0), np.int8), wrong
    return np.where(unknown, MISSING, values == 1).astype(np.int8), None


def _wrong_value(value: Any, index: tuple[int, ...], name: str) -> str:
    message = f"{name} holds {repr(value.item()).removesuffix('.0')} at {_place(index)}, but {_SHAPE_ADVICE}; "
    if np.isnan(value) or value == MISSING:
        return message + "drop or fill the unknown labels, or ask for allow_missing=True where it is offered"
    if 0 < value < 1:
        return message + f"if these are scores, apply a threshold first, as in ({name} >= 0.5).astype(int)"
    if value > 1 and np.isfinite(value) and value == int(value):
        return message + _SETS_ADVICE + f"; if these are counts, use ({name} > 0).astype(int)"
    return message + f"turn them into labels first, as in ({name} > 0).astype(int)"


def _place(index: tuple[int, ...]) -> str:
    return f"row {index[0]}, column {index[1]}"


def _check_sparse(Y: Any, allow_missing: bool, name: str) -> sparse.csr_array:
    if Y.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {Y.dtype}, but {_SHAPE_ADVICE}; "
            f"turn it into labels first, as in ({name} != 0).astype(int)"
        )
    check_shape(Y.shape, name)
    if Y.dtype.kind in "iu" and Y.dtype.itemsize < 8:
        Y = Y.astype(np.int64)  # duplicate entries add up, and 8 bits would overflow
    matrix = sparse.csr_array(Y, copy=True)
    matrix.sum_duplicates()
    labels, wrong = _read_labels(matrix.data, allow_missing)
    if wrong is not None:
        first = int(wrong.argmax())
        row = int(np.searchsorted(matrix.indptr, first, side="right")) - 1
        raise ValueError(_wrong_value(matrix.data[first], (row, int(matrix.indices[first])), name))
    matrix = sparse.csr_array((labels, matrix.indices, matrix.indptr), shape=matrix.shape)
    matrix.eliminate_zeros()
    return matrix


def axis_sums(matrix: Any, *, axis: int) -> NDArray[np.int64]:
    """Count the ones of a checked label matrix, dense or CSR: per label (axis 0) or per sample (axis 1)."""
    if axis == 0 and not sparse.issparse(matrix):
        return _column_counts(matrix)
    return np.asarray(matrix.sum(axis=axis, dtype=np.int64)).ravel()


def _column_counts(matrix: NDArray[Any]) -> NDArray[np.int64]:
    """Add up blocks of rows in 8 bits, which hold 255 ones, and then what came of them: nine times as fast as sum."""
    n_samples, n_labels = matrix.shape
    n_blocks = min(255, n_samples)
    rows = n_samples // n_blocks
    whole = np.ascontiguousarray(matrix[: n_blocks * rows]).reshape(n_blocks, rows * n_labels)
    sums = np.add.reduce(whole, axis=0, dtype=np.uint8).reshape(rows, n_labels)
    return np.asarray(sums.sum(axis=0, dtype=np.int64) + matrix[n_blocks * rows :].sum(axis=0, dtype=np.int64))


def split_unknown(matrix: Any) -> tuple[Any, Any]:
    """Return a checked label matrix with 0 for what is unknown, and where that is (None if nowhere), in its form."""
    values = matrix.data if sparse.issparse(matrix) else matrix
    if values.size == 0 or values.min() != MISSING:
        return matrix, None
    unknown = matrix == MISSING
    if sparse.issparse(matrix):
        return sparse.csr_array(matrix == 1).astype(np.int8), sparse.csr_array(unknown)
    return (matrix == 1).view(np.int8), unknown


@dataclass(frozen=True, eq=False, repr=False)
class LabelSummary(ShownAsTable):
    """What `label_summary` found; prints as a table.

    Attributes
    ----------
    n_samples, n_labels : int
    cardinality : float
        Mean number of labels per sample: the sum of the labels' frequencies.
    density : float
        Cardinality divided by ``n_labels``: the mean of the labels' frequencies.
    n_label_sets : int
        Distinct rows, of those that are complete.
    n_empty : int
        Samples without any label, of those that are complete.
    count : ndarray of int64, shape (n_labels,)
        Samples that are known to carry each label.
    frequency : ndarray of float64, shape (n_labels,)
        ``count`` divided by the number of samples of which the label is known; NaN if there is none.
    imbalance_ratio : ndarray of float64, shape (n_labels,)
        The frequency of the most frequent label divided by each label's own; ``inf`` for a label
        that never occurs, NaN for one that has no frequency.
    mean_imbalance_ratio : float
        The mean of `imbalance_ratio`.
    n_unknown : int
        Cells that are unknown.
    n_complete : int
        Samples without an unknown cell.
    """

    n_samples: int
    n_labels: int
    cardinality: float
    density: float
    n_label_sets: int
    n_empty: int
    count: NDArray[np.int64]
    frequency: NDArray[np.float64]
    imbalance_ratio: NDArray[np.float64]
    mean_imbalance_ratio: float
    n_unknown: int
    n_complete: int

    def _table(self) -> Table:
        cells = self.n_samples * self.n_labels
        unknown = [
            ("unknown cells", f"{self.n_unknown:,} ({self.n_unknown / cells:.1%})"),
            ("samples without an unknown cell", self.n_complete),
        ]
        of_these = ", of these" if self.n_unknown else ""
        empty = f"{self.n_empty:,} ({self.n_empty / max(self.n_complete, 1):.1%})"
        rows = [
            ("samples", self.n_samples),
            ("labels", self.n_labels),
            ("label cardinality (labels per sample)", _or_dash(self.cardinality)),
            ("label density", _or_dash(self.density)),
            *(unknown if self.n_unknown else []),
            (f"distinct label sets{of_these}", self.n_label_sets if self.n_complete else "–"),
            (f"samples without a label{of_these}", empty if self.n_complete else "–"),
            ("rarest label: frequency", _or_dash(self.frequency.min())),
            ("most frequent label: frequency", _or_dash(self.frequency.max())),
            ("mean imbalance ratio", _or_dash(self.mean_imbalance_ratio, ".2f")),
        ]
        return Table(("label matrix", "value"), rows)


def _or_dash(value: float, shown: str = ".3f") -> str:
    return "–" if np.isnan(value) else f"{value:{shown}}"


def label_summary(Y: Any, *, allow_missing: bool = False) -> LabelSummary:
    """Describe a label matrix in the figures that papers report.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None). They are left out, never counted as absent.

    Returns
    -------
    LabelSummary

    Raises
    ------
    ValueError, TypeError
        If `Y` is not a label matrix; see `check_labels`.

    Notes
    -----
    Cardinality and density are defined in [1]_ (section 3), the imbalance ratio per label and
    its mean (IRLbl and MeanIR) in [2]_ (equations 1 and 2). The papers leave a label without
    positives undefined; here its ratio, and so the mean, is ``inf``, which cannot be overlooked.

    With unknown cells, the frequency of a label is that among the samples of which it is known; cardinality, density
    and the imbalance ratios are made of these frequencies. They are those of the complete matrix if what is unknown
    does not depend on what is true. A label that is known of no sample has no frequency: it is NaN, and so are
    cardinality, density and the mean imbalance ratio. Label sets and samples without a label are counted among the
    complete rows alone, since any other row may hold more labels than are known.

    References
    ----------
    .. [1] Tsoumakas and Katakis (2007), "Multi-label classification: an overview",
       International Journal of Data Warehousing and Mining 3(3), doi:10.4018/jdwm.2007070101.
    .. [2] Charte, Rivera, del Jesus and Herrera (2015), "Addressing imbalance in multilabel
       classification: measures and random resampling algorithms", Neurocomputing 163,
       doi:10.1016/j.neucom.2014.08.091.

    Examples
    --------
    >>> summary = label_summary([[1, 0, 1], [0, 0, 0], [1, 1, 0], [1, 0, 1]])
    >>> summary.cardinality, summary.n_label_sets, summary.n_empty
    (1.5, 3, 1)
    >>> summary.imbalance_ratio
    array([1. , 3. , 1.5])

    The second label is known of two samples, and one of these carries it:

    >>> label_summary([[1, 0], [0, 1], [1, -1], [0, None]], allow_missing=True).frequency
    array([0.5, 0.5])
    """
    matrix, unknown = split_unknown(check_labels(Y, allow_missing=allow_missing))
    n_samples, n_labels = matrix.shape
    count, per_row = axis_sums(matrix, axis=0), axis_sums(matrix, axis=1)
    known = np.full(n_labels, n_samples)
    complete = np.full(n_samples, True)
    if unknown is not None:
        known -= axis_sums(unknown, axis=0)
        complete = axis_sums(unknown, axis=1) == 0
    with np.errstate(invalid="ignore"):
        frequency = count / known
    cardinality = float(per_row.mean() if unknown is None else frequency.sum())
    ratio = _imbalance_ratio(count, known)
    return LabelSummary(
        n_samples=n_samples,
        n_labels=n_labels,
        cardinality=cardinality,
        density=cardinality / n_labels,
        n_label_sets=_count_distinct_rows(matrix if unknown is None else matrix[complete]),
        n_empty=int((per_row[complete] == 0).sum()),
        count=count,
        frequency=frequency,
        imbalance_ratio=ratio,
        mean_imbalance_ratio=float(ratio.mean()),
        n_unknown=int((n_samples - known).sum()),
        n_complete=int(complete.sum()),
    )


def _imbalance_ratio(count: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the largest frequency over each label's own, as a ratio of whole numbers, which is rounded once."""
    most = int(np.argmax(count / np.maximum(known, 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(count > 0, (count[most] * known) / (count * known[most]), np.inf)
    ratio[known == 0] = np.nan
    return ratio


def _count_distinct_rows(matrix: Any) -> int:
    if sparse.issparse(matrix):
        indices, indptr = matrix.indices, matrix.indptr
        return len({indices[start:end].tobytes() for start, end in pairwise(indptr)})
    packed = np.packbits(matrix.astype(bool), axis=1)
    return len(np.unique(packed, axis=0))


def cooccurrence(Y: Any, *, allow_missing: bool = False) -> NDArray[np.int64]:
    """Count, for every pair of labels, the samples that carry both.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None). A pair counts where both of its labels are known.

    Returns
    -------
    ndarray of int64, shape (n_labels, n_labels)
        Symmetric; the diagonal holds each label's own count.

    Raises
    ------
    ValueError, TypeError
        If `Y` is not a label matrix; see `check_labels`.

    Examples
    --------
    >>> cooccurrence([[1, 0, 1], [0, 0, 0], [1, 1, 0], [1, 0, 1]])
    array([[3, 1, 2],
           [1, 1, 0],
           [2, 0, 2]])

    With unknown labels, pairs are known of more or fewer samples. The same function counts these, and the ratio is
    how often two labels occur together where both are known:

    >>> import numpy as np
    >>> Y = np.array([[1, 1], [1, -1], [0, 1]])
    >>> cooccurrence(Y, allow_missing=True) / cooccurrence(Y != -1)
    array([[0.66666667, 0.5       ],
           [0.5       , 1.        ]])
    """
    matrix, _ = split_unknown(check_labels(Y, allow_missing=allow_missing))
    if sparse.issparse(matrix):
        wide = matrix.astype(np.int64)
        return np.asarray((wide.T @ wide).toarray())
    counts = np.zeros((matrix.shape[1],) * 2, dtype=np.int64)
    for start in range(0, matrix.shape[0], _ROWS_PER_BLOCK):
        block = matrix[start : start + _ROWS_PER_BLOCK].astype(np.float32)
        counts += (block.T @ block).astype(np.int64)
    return counts
