"""Divide samples so that every part has its share of every label, and see what a division did."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from mlhelpers._validation import whole_number
from mlhelpers.labels import axis_sums, check_labels
from mlhelpers.tables import ShownAsTable, Table


def multilabel_train_test_split(X: Any, Y: Any, *, test_size: float = 0.25, random_state: Any = None) -> list[Any]:
    """Divide samples into a training and a test part in which every label is as frequent as in the whole.

    scikit-learn's ``train_test_split(stratify=Y)`` stratifies on whole label sets, and refuses sets that
    occur once; this one stratifies on labels, rarest first [1]_.

    Parameters
    ----------
    X : list, array, DataFrame or sparse matrix with n_samples rows
        Samples; also an array of indices, ``numpy.arange(n_samples)``, to divide several things alike.
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    test_size : float or int, default=0.25
        Fraction of the samples, between 0 and 1, or their number. The test part has this size up to the rounding
        that stratification needs.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of the random choices between equally good places; an integer makes the split repeatable.

    Returns
    -------
    list
        ``[X_train, X_test, Y_train, Y_test]``, of the types that were passed (sparse matrices as CSR), rows in their
        former order.

    Raises
    ------
    ValueError
        If `Y` is not a label matrix, `X` has another number of rows, or `test_size` is out of range.
    TypeError
        If `test_size` is not a number.
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
    labels = check_labels(Y)
    n_samples = labels.shape[0]
    _check_same_length(X, n_samples)
    fraction = _test_fraction(test_size, n_samples)
    part = _stratified_parts(labels, np.array([1 - fraction, fraction]), random_state)
    rows = [np.flatnonzero(part == i) for i in (0, 1)]
    return [take_rows(array, chosen) for array in (X, Y) for chosen in rows]


class MultilabelKFold(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """K-fold cross-validation in which every label is as frequent in each fold as in the whole.

    For the ``cv`` of scikit-learn's searches and of ``cross_val_score``, which on a label matrix
    otherwise use plain ``KFold`` without saying so.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=True
        Whether equally good places for a sample are chosen at random by `random_state`. Without, the folds are
        the same every time.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of the random choices; an integer makes the folds repeatable. Only with `shuffle`.

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

    def __init__(self, n_splits: int = 5, *, shuffle: bool = True, random_state: Any = None) -> None:
        self.n_splits = whole_number(n_splits, "n_splits", least=2)
        if not isinstance(shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {shuffle!r}")
        if not shuffle and random_state is not None:
            raise ValueError("random_state has no effect with shuffle=False; leave one of the two out")
        self.shuffle = shuffle
        self.random_state = random_state

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
        if groups is not None:
            raise ValueError("groups can't be kept together here; use sklearn.model_selection.GroupKFold")
        if y is None:
            raise ValueError("y is None, but folds are stratified by labels; call split(X, Y), or pass Y to the search")
        labels = check_labels(y, name="y")
        n_samples = labels.shape[0]
        _check_same_length(X, n_samples)
        if n_samples < self.n_splits:
            raise ValueError(f"n_splits is {self.n_splits}, but there are only {n_samples} samples; take fewer folds")
        ties = self.random_state if self.shuffle else 0
        fold = _stratified_parts(labels, np.full(self.n_splits, 1 / self.n_splits), ties)
        for i in range(self.n_splits):
            yield np.flatnonzero(fold != i), np.flatnonzero(fold == i)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds; the arguments are not looked at."""
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
        ``count / size``.
    deviation : ndarray of float64, shape (n_parts, n_labels)
        Relative: a part's frequency divided by the whole's, minus one. 0 is perfect, -1 means that the
        label is missing, NaN that it occurs nowhere.
    missing : tuple of tuple of str
        Of each part, the labels of the whole that it lacks.
    label_names : tuple of str
    """

    size: NDArray[np.int64]
    count: NDArray[np.int64]
    frequency: NDArray[np.float64]
    deviation: NDArray[np.float64]
    missing: tuple[tuple[str, ...], ...]
    label_names: tuple[str, ...]

    def _table(self) -> Table:
        rows = []
        for i, deviation in enumerate(self.deviation):
            size = np.abs(deviation)
            if np.isnan(size).all():
                mean, worst = "–", "–"
            else:
                label = int(np.nanargmax(size))
                mean, worst = f"{np.nanmean(size):.1%}", f"{deviation[label]:+.1%} ({self.label_names[label]})"
            rows.append((str(i), int(self.size[i]), mean, worst, _some(self.missing[i])))
        caption = "How far each label's frequency in a part is from that in the whole, relative to it"
        return Table(("part", "samples", "mean", "worst (label)", "missing labels"), rows, caption=caption)


def split_report(Y: Any, *parts: Any) -> SplitReport:
    """Tell how far a division moved the labels' frequencies, and which labels it left out of a part.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        Labels of all samples.
    *parts : arrays
        One for each part: its label matrix, of shape (n, n_labels); or its row numbers in `Y`; or a boolean
        mask of shape (n_samples,).

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
    labels = check_labels(Y)
    if not parts:
        raise ValueError("no part to report on; call split_report(Y, Y_train, Y_test), or with the row numbers of each")
    names = tuple(map(str, getattr(Y, "columns", range(labels.shape[1]))))
    matrices = [_part_labels(labels, part, f"part {i}") for i, part in enumerate(parts)]
    size = np.array([matrix.shape[0] for matrix in matrices], dtype=np.int64)
    count = np.array([axis_sums(matrix, axis=0) for matrix in matrices])
    whole = axis_sums(labels, axis=0) / labels.shape[0]
    frequency = count / size[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.where(whole > 0, frequency / whole - 1, np.nan)
    lacking = (count == 0) & (whole > 0)
    missing = tuple(tuple(name for name, none in zip(names, row, strict=True) if none) for row in lacking)
    return SplitReport(size, count, frequency, deviation, missing, names)


def _part_labels(labels: Any, part: Any, name: str) -> Any:
    """Return the label matrix of a part that is given as a matrix, as row numbers or as a mask."""
    n_samples, n_labels = labels.shape
    rows = part if sparse.issparse(part) else np.asarray(part)
    if rows.ndim == 2:
        matrix = check_labels(part, name=name)
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
    if rows.min() < 0 or rows.max() >= n_samples:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"{name} holds row number {wrong}, expected 0 to {n_samples - 1}")
    return labels[rows]


def _stratified_parts(labels: Any, share: NDArray[np.float64], random_state: Any) -> NDArray[np.intp]:
    """Return for each sample the part that iterative stratification puts it into."""
    try:
        from iterstrat.ml_stratifiers import IterativeStratification
    except ModuleNotFoundError as error:
        raise ImportError(
            "mlhelpers.splits needs the package iterative-stratification; "
            "install it, as with %pip install iterative-stratification in a notebook"
        ) from error
    dense = labels.toarray() if sparse.issparse(labels) else labels
    return np.asarray(IterativeStratification(dense.astype(bool), share, check_random_state(random_state)))


def _test_fraction(test_size: Any, n_samples: int) -> float:
    if isinstance(test_size, bool) or not isinstance(test_size, numbers.Real):
        raise TypeError(f"test_size must be a number, got {test_size!r} of type {type(test_size).__name__}")
    whole = isinstance(test_size, numbers.Integral)
    fraction = float(test_size) / n_samples if whole else float(test_size)
    n_test = round(fraction * n_samples) if 0 < fraction < 1 else 0
    if not 0 < n_test < n_samples:
        raise ValueError(
            f"test_size={test_size} leaves one part of the {n_samples} samples empty; "
            f"give a fraction between 0 and 1, or a number from 1 to {n_samples - 1}"
        )
    return fraction


def _check_same_length(X: Any, n_samples: int) -> None:
    if X is None:
        raise ValueError("X is None; pass the samples, or numpy.arange(n_samples) to get row numbers")
    length = X.shape[0] if hasattr(X, "shape") else len(X)
    if length != n_samples:
        raise ValueError(f"X has {length} rows but the label matrix has {n_samples}; both must have the same samples")


def take_rows(array: Any, chosen: NDArray[np.intp]) -> Any:
    """Return rows of a list, array, DataFrame or sparse matrix, in its own type."""
    if hasattr(array, "iloc"):
        return array.iloc[chosen]
    if sparse.issparse(array):
        return array.tocsr()[chosen]
    return array[chosen] if hasattr(array, "shape") else [array[i] for i in chosen]


def _some(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more or "none"
