"""Divide samples so that every part has its share of every label, and see what a division did."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from mlhelpers._names import check_same_labels, check_same_samples, label_names_of
from mlhelpers._validation import refuse_batches, whole_number
from mlhelpers.labels import MISSING, axis_sums, check_labels
from mlhelpers.tables import ShownAsTable, Table


def multilabel_train_test_split(
    X: Any,
    Y: Any,
    *,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: Any = None,
    allow_missing: bool = False,
) -> list[Any]:
    """Divide samples into a training and a test part in which every label is as frequent as in the whole.

    scikit-learn's ``train_test_split(stratify=Y)`` stratifies on whole label sets, and refuses sets that
    occur once; this one stratifies on labels, rarest first [1]_. Where a sample stands in the data has no influence
    on the part it goes into.

    Parameters
    ----------
    X : list, array, tensor, DataFrame or sparse matrix with n_samples rows
        Samples; also an array of indices, ``numpy.arange(n_samples)``, to divide several things alike.
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    test_size : float or int, optional
        Fraction of the samples, between 0 and 1, or their number. The test part has exactly this size; a fraction of a
        sample counts as a whole one, as in scikit-learn. Without it, what `train_size` leaves, or 0.25.
    train_size : float or int, optional
        Fraction or number of the training samples, rounded down; without it, all that are not in the test part.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of the order in which samples are distributed; an integer makes the split repeatable.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN) in `Y`. A label's known zeros are then spread like its ones.

    Returns
    -------
    list
        ``[X_train, X_test, Y_train, Y_test]``, of the types that were passed (sparse matrices as CSR), rows in their
        former order.

    Raises
    ------
    ValueError
        If `Y` is not a label matrix, `X` has another number of rows, or a size is out of range.
    TypeError
        If a size is not a number.
    ImportError
        If the package iterative-stratification is not installed.

    References
    ----------
    .. [1] Sechidis, Tsoumakas and Vlahavas (2011), "On the stratification of multi-label data",
       ECML PKDD, doi:10.1007/978-3-642-23808-6_10, algorithm 1.

    Examples
    --------
    >>> X, Y = np.arange(8), np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 0], [0, 1], [0, 1]])
    >>> X_train, X_test, Y_train, Y_test = multilabel_train_test_split(X, Y, test_size=0.5, random_state=0)
    >>> Y_train.sum(axis=0), Y_test.sum(axis=0)
    (array([2, 2]), array([2, 2]))
    """
    splitter = MultilabelShuffleSplit(
        1, test_size=test_size, train_size=train_size, random_state=random_state, allow_missing=allow_missing
    )
    check_labels(Y, allow_missing=allow_missing)  # which calls it Y
    (rows,) = splitter.split(X, Y)
    return [take_rows(array, chosen) for array in (X, Y) for chosen in rows]


class MultilabelKFold(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """K-fold cross-validation in which every label is as frequent in each fold as in the whole.

    The folds' sizes differ by one sample at most. For the ``cv`` of scikit-learn's searches and of
    ``cross_val_score``, which on a label matrix otherwise use plain ``KFold`` without saying so.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=True
        Whether the order in which samples are distributed is drawn from `random_state`. Without, it is drawn the
        same way every time.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of that order; an integer makes the folds repeatable, as ``HalvingGridSearchCV`` needs them. Only with
        `shuffle`.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN) in ``y``. A label's known zeros are then spread like its ones.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type; from ``split``, if ``y`` is not a label matrix or has
        fewer samples than there are folds.

    References
    ----------
    .. [1] Sechidis, Tsoumakas and Vlahavas (2011), "On the stratification of multi-label data",
       ECML PKDD, doi:10.1007/978-3-642-23808-6_10, algorithm 1.

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 0], [0, 1], [0, 1]])
    >>> folds = MultilabelKFold(n_splits=2, random_state=0)
    >>> [Y[test].sum(axis=0).tolist() for train, test in folds.split(Y, Y)]
    [[2, 2], [2, 2]]
    """

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = True, random_state: Any = None, allow_missing: bool = False
    ) -> None:
        self.n_splits = whole_number(n_splits, "n_splits", least=2)
        if not isinstance(shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {shuffle!r}")
        if not shuffle and random_state is not None:
            raise ValueError("random_state has no effect with shuffle=False; leave one of the two out")
        self.shuffle = shuffle
        self.random_state = random_state
        self.allow_missing = allow_missing

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of the training and the test part of every fold.

        Parameters
        ----------
        X : anything with n_samples rows
            Not looked at, but for its length.
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
            The label matrix.
        groups : None
            For compatibility; groups can't be kept together.

        Yields
        ------
        train, test : ndarray of int
        """
        labels = _checked_labels(X, y, groups, self.allow_missing)
        n_samples = labels.shape[0]
        if n_samples < self.n_splits:
            raise ValueError(f"n_splits is {self.n_splits}, but there are only {n_samples} samples; take fewer folds")
        sizes = np.full(self.n_splits, n_samples // self.n_splits)
        sizes[: n_samples % self.n_splits] += 1
        rng = check_random_state(self.random_state if self.shuffle else 0)
        fold = _stratified_parts(labels, sizes, rng)
        for i in range(self.n_splits):
            yield np.flatnonzero(fold != i), np.flatnonzero(fold == i)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds; the arguments are not looked at."""
        return self.n_splits


class RepeatedMultilabelKFold(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """`MultilabelKFold`, several times, each time with other folds.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    n_repeats : int, default=10
        How often all samples are divided into folds.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of the orders in which samples are distributed; an integer makes the folds repeatable.
    allow_missing : bool, default=False
        Accept unknown labels; see `MultilabelKFold`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type; from ``split``, as `MultilabelKFold` does.

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 0], [0, 1], [0, 1]])
    >>> folds = RepeatedMultilabelKFold(n_splits=2, n_repeats=3, random_state=0)
    >>> [Y[test].sum(axis=0).tolist() for train, test in folds.split(Y, Y)]
    [[2, 2], [2, 2], [2, 2], [2, 2], [2, 2], [2, 2]]
    """

    def __init__(
        self, n_splits: int = 5, *, n_repeats: int = 10, random_state: Any = None, allow_missing: bool = False
    ) -> None:
        self.n_splits = whole_number(n_splits, "n_splits", least=2)
        self.n_repeats = whole_number(n_repeats, "n_repeats", least=1)
        self.random_state = random_state
        self.allow_missing = allow_missing

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of the training and the test part of every fold; see `MultilabelKFold.split`."""
        rng = check_random_state(self.random_state)
        for _ in range(self.n_repeats):
            folds = MultilabelKFold(self.n_splits, random_state=rng, allow_missing=self.allow_missing)
            yield from folds.split(X, y, groups)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds of all repetitions; the arguments are not looked at."""
        return self.n_splits * self.n_repeats


class MultilabelShuffleSplit(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """Training and test parts, drawn again and again, in which every label is as frequent as in the whole.

    Parameters
    ----------
    n_splits : int, default=10
        How many pairs of parts.
    test_size, train_size, random_state, allow_missing
        As in `multilabel_train_test_split`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type; from ``split``, if ``y`` is not a label matrix or a part
        would be empty.

    Examples
    --------
    >>> Y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 0], [0, 1], [0, 1]])
    >>> parts = MultilabelShuffleSplit(2, test_size=4, random_state=0)
    >>> [Y[test].sum(axis=0).tolist() for train, test in parts.split(Y, Y)]
    [[2, 2], [2, 2]]
    """

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float | None = None,
        train_size: float | None = None,
        random_state: Any = None,
        allow_missing: bool = False,
    ) -> None:
        self.n_splits = whole_number(n_splits, "n_splits", least=1)
        self.test_size = _checked_size(test_size, "test_size")
        self.train_size = _checked_size(train_size, "train_size")
        self.random_state = random_state
        self.allow_missing = allow_missing

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of a training and a test part, `n_splits` times; see `MultilabelKFold.split`."""
        labels = _checked_labels(X, y, groups, self.allow_missing)
        sizes = _sizes(labels.shape[0], self.train_size, self.test_size)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            part = _stratified_parts(labels, sizes, rng)
            yield np.flatnonzero(part == 0), np.flatnonzero(part == 1)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of pairs; the arguments are not looked at."""
        return self.n_splits


@dataclass(frozen=True, eq=False, repr=False)
class SplitReport(ShownAsTable):
    """What `split_report` found; prints as a table.

    Attributes
    ----------
    size : ndarray of int64, shape (n_parts,)
        Samples of each part.
    count : ndarray of int64, shape (n_parts, n_labels)
        Samples of each part that carry each label.
    frequency : ndarray of float64, shape (n_parts, n_labels)
        ``count`` divided by the part's samples for which the label is known; NaN if there are none.
    deviation : ndarray of float64, shape (n_parts, n_labels)
        Relative: a part's frequency divided by the whole's, minus one. 0 is perfect, -1 means that the
        label is missing, NaN that it occurs nowhere.
    missing : tuple of tuple of str
        Of each part, the labels of the whole that it lacks.
    label_names : tuple of str
    n_unknown : ndarray of int64, shape (n_parts,)
        Unknown labels of each part.
    """

    size: NDArray[np.int64]
    count: NDArray[np.int64]
    frequency: NDArray[np.float64]
    deviation: NDArray[np.float64]
    missing: tuple[tuple[str, ...], ...]
    label_names: tuple[str, ...]
    n_unknown: NDArray[np.int64]

    def _table(self) -> Table:
        rows: list[tuple[Any, ...]] = []
        for i, deviation in enumerate(self.deviation):
            size = np.abs(deviation)
            if np.isnan(size).all():
                mean, worst = "–", "–"
            else:
                label = int(np.nanargmax(size))
                mean, worst = f"{np.nanmean(size):.1%}", f"{deviation[label]:+.1%} ({self.label_names[label]})"
            rows.append((str(i), int(self.size[i]), mean, worst, _some(self.missing[i])))
        columns: tuple[str, ...] = ("part", "samples", "mean", "worst (label)", "missing labels")
        caption = "How far each label's frequency in a part is from that in the whole, relative to it"
        if self.n_unknown.any():
            rows = [(*row, int(n)) for row, n in zip(rows, self.n_unknown, strict=True)]
            columns = (*columns, "unknown")
        return Table(columns, rows, caption=caption)


def split_report(Y: Any, *parts: Any, allow_missing: bool = False) -> SplitReport:
    """Tell how far a division moved the labels' frequencies, and which labels it left out of a part.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        Labels of all samples.
    *parts : arrays
        One for each part: its label matrix, of shape (n, n_labels); or its row numbers in `Y`; or a boolean
        mask of shape (n_samples,).
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN), which are left out of the frequencies.

    Returns
    -------
    SplitReport

    Raises
    ------
    ValueError, TypeError
        If `Y` is not a label matrix, no part is given, a part is empty or is none of the above.

    Examples
    --------
    >>> Y = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]]
    >>> report = split_report(Y, [2, 3, 4], [0, 1, 5])
    >>> report.deviation
    array([[-0.33333333,  1.        ],
           [ 0.33333333, -1.        ]])
    >>> report.missing
    ((), ('1',))
    """
    labels = check_labels(Y, allow_missing=allow_missing)
    if not parts:
        raise ValueError("no part to report on; call split_report(Y, Y_train, Y_test), or with the row numbers of each")
    names = tuple(label_names_of(Y) or map(str, range(labels.shape[1])))
    for i, part in enumerate(parts):
        (check_same_labels if hasattr(part, "columns") else check_same_samples)(**{"Y": Y, f"part {i}": part})
    matrices = [_part_labels(labels, part, f"part {i}", allow_missing) for i, part in enumerate(parts)]
    size = np.array([matrix.shape[0] for matrix in matrices], dtype=np.int64)
    count = np.array([axis_sums(matrix == 1, axis=0) for matrix in matrices])
    unknown = np.array([axis_sums(matrix == MISSING, axis=0) for matrix in matrices])
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = axis_sums(labels == 1, axis=0) / (labels.shape[0] - axis_sums(labels == MISSING, axis=0))
        frequency = count / (size[:, None] - unknown)
        deviation = np.where(whole > 0, frequency / whole - 1, np.nan)
    lacking = (count == 0) & (whole > 0)
    missing = tuple(tuple(name for name, none in zip(names, row, strict=True) if none) for row in lacking)
    return SplitReport(size, count, frequency, deviation, missing, names, unknown.sum(axis=1))


def _part_labels(labels: Any, part: Any, name: str, allow_missing: bool) -> Any:
    """Return the label matrix of a part that is given as a matrix, as row numbers or as a mask."""
    n_samples, n_labels = labels.shape
    rows = part if sparse.issparse(part) else np.asarray(part)
    if hasattr(part, "get_indexer"):
        raise TypeError(
            f"{name} is a row index of pandas, whose entries need not be row numbers; pass Y.loc[index], the labels "
            "themselves"
        )
    if rows.ndim == 2:
        matrix = check_labels(part, name=name, allow_missing=allow_missing)
        if matrix.shape[1] != n_labels:
            raise ValueError(f"{name} has shape {matrix.shape}, but Y has {n_labels} labels; both must have the same")
        return matrix
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "biu":
        raise ValueError(
            f"{name} has shape {rows.shape} and dtype {rows.dtype}, expected a label matrix of shape (n, {n_labels}), "
            f"row numbers of shape (n,), or a mask of shape ({n_samples},), none of them empty"
        )
    if rows.dtype.kind == "b":
        if len(rows) != n_samples or not rows.any():
            raise ValueError(
                f"{name} is a mask of {len(rows)} values, {int(rows.sum())} of them True, for {n_samples} samples; "
                "give one value per sample, and choose at least one"
            )
        rows = np.flatnonzero(rows)
    if len(np.unique(rows)) < len(rows):
        raise ValueError(
            f"{name} holds a row number twice; pass row numbers that differ, or of a single label a matrix, as in "
            "part.reshape(-1, 1)"
        )
    if rows.min() < 0 or rows.max() >= n_samples:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"{name} holds row number {wrong}, expected 0 to {n_samples - 1}")
    return labels[rows]


def _checked_labels(X: Any, y: Any, groups: Any, allow_missing: bool) -> Any:
    """Return the label matrix of a splitter's arguments."""
    if groups is not None:
        raise ValueError("groups can't be kept together here; use sklearn.model_selection.GroupKFold")
    if y is None:
        raise ValueError("y is None, but parts are stratified by labels; call split(X, Y), or pass Y to the search")
    labels = check_labels(y, name="y", allow_missing=allow_missing)
    check_same_length(X, labels.shape[0])
    check_same_samples(X=X, y=y)
    return labels


def _stratified_parts(labels: Any, sizes: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.intp]:
    """Return for each sample the part that iterative stratification puts it into; parts have exactly these sizes."""
    try:
        from iterstrat.ml_stratifiers import IterativeStratification
    except ModuleNotFoundError as error:
        raise ImportError(
            "mlhelpers.splits needs the package iterative-stratification; "
            "install it, as with %pip install iterative-stratification in a notebook"
        ) from error
    n_samples = labels.shape[0]
    # It fills the largest part first, from the first row on: in the order of the data, parts would be stretches of it.
    order = rng.permutation(n_samples)
    dense = _to_spread(labels)[order]
    part = np.asarray(IterativeStratification(dense, sizes / n_samples, rng), dtype=np.intp)
    _resize(part, dense, sizes)
    result = np.empty_like(part)
    result[order] = part
    return result


def _to_spread(labels: Any) -> NDArray[np.bool_]:
    """Return what every part needs its share of: the ones of each label, and its zeros where some are unknown."""
    dense = labels.toarray() if sparse.issparse(labels) else labels
    incomplete = dense[:, (dense == MISSING).any(axis=0)]
    return np.hstack([dense == 1, incomplete == 0])


def _resize(part: NDArray[np.intp], labels: NDArray[np.bool_], sizes: NDArray[np.int64]) -> None:
    """Move samples, in place, until the parts have these sizes: those that keep labels nearest to their shares."""
    totals = labels.sum(axis=0)
    n_parts = len(sizes)
    counts = np.array([labels[part == i].sum(axis=0) for i in range(n_parts)])
    excess = counts - np.outer(sizes / len(labels), totals)
    weight = 1 / np.maximum(totals, 1)
    while (surplus := np.bincount(part, minlength=n_parts) - sizes).any():
        source, target = surplus.argmax(), surplus.argmin()
        rows = np.flatnonzero(part == source)
        # by how much the sum of squared excesses, relative to each label's total, grows
        growth = labels[rows] @ (weight * (1 - excess[source] + excess[target]))
        row = rows[growth.argmin()]
        part[row] = target
        excess[source] -= labels[row]
        excess[target] += labels[row]


def _checked_size(size: Any, name: str) -> Any:
    if size is not None and (isinstance(size, bool) or not isinstance(size, numbers.Real)):
        raise TypeError(f"{name} must be a number, got {size!r} of type {type(size).__name__}")
    return size


def _sizes(n_samples: int, train_size: Any, test_size: Any) -> NDArray[np.int64]:
    """Return the number of training samples, of test samples, and of those in neither part, if any."""
    if test_size is None and train_size is None:
        test_size = 0.25
    if train_size is None:
        n_test = _n_of(test_size, n_samples, "test_size", math.ceil)
        return np.array([n_samples - n_test, n_test])
    n_train = _n_of(train_size, n_samples, "train_size", math.floor)
    if test_size is None:
        return np.array([n_train, n_samples - n_train])
    n_test = _n_of(test_size, n_samples, "test_size", math.ceil)
    if n_train + n_test > n_samples:
        raise ValueError(
            f"train_size={train_size} and test_size={test_size} ask for {n_train} and {n_test} of {n_samples} samples; "
            "take less of one, or leave one out"
        )
    left_out = n_samples - n_train - n_test
    return np.array([n_train, n_test, left_out] if left_out else [n_train, n_test])


def _n_of(size: Any, n_samples: int, name: str, rounded: Callable[[float], int]) -> int:
    """Return the number of samples that a size asks for; neither part may be empty."""
    n = 0
    if isinstance(size, numbers.Integral):
        n = int(size)
    elif 0 < size < 1:
        n = rounded(round(float(size) * n_samples, 9))  # 0.07 * 100 is 7.000000000000001
    if not 0 < n < n_samples:
        raise ValueError(
            f"{name}={size} leaves one part of the {n_samples} samples empty; "
            f"give a fraction between 0 and 1, or a number from 1 to {n_samples - 1}"
        )
    return n


def check_same_length(X: Any, n_samples: int) -> None:
    """Refuse samples of another number than that of the rows of the label matrix."""
    if X is None:
        raise ValueError("X is None; pass the samples, or numpy.arange(n_samples) to get row numbers")
    refuse_batches(X, "X")
    if isinstance(X, (str, Mapping)) and not hasattr(X, "shape"):  # a sparse matrix may be a dict, too
        raise TypeError(f"X is of type {type(X).__name__}, which has no rows; pass a list or an array of samples")
    length = X.shape[0] if hasattr(X, "shape") else len(X)
    if length != n_samples:
        raise ValueError(f"X has {length} rows but the label matrix has {n_samples}; both must have the same samples")


def take_rows(array: Any, chosen: NDArray[np.intp]) -> Any:
    """Return rows of a list, array, DataFrame or sparse matrix, in its own type."""
    if hasattr(array, "iloc"):
        return array.iloc[chosen]
    if sparse.issparse(array):
        return array.tocsr()[chosen]
    if type(array).__module__.startswith("tensorflow"):  # whose tensors take no array of indices
        return sys.modules["tensorflow"].gather(array, chosen)
    return array[chosen] if hasattr(array, "shape") else [array[i] for i in chosen]


def _some(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more or "none"
