"""Training and test parts of chosen sizes in which every label is as frequent as in the whole."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from mlhelpers._validation import whole_number
from mlhelpers.labels import check_labels
from mlhelpers.splits._arguments import checked_labels, take_rows
from mlhelpers.splits._stratification import stratified_parts


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
    >>> import numpy as np
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
    >>> import numpy as np
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
        labels = checked_labels(X, y, groups, self.allow_missing)
        sizes = _sizes(labels.shape[0], self.train_size, self.test_size)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            part = stratified_parts(labels, sizes, rng)
            yield np.flatnonzero(part == 0), np.flatnonzero(part == 1)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of pairs; the arguments are not looked at."""
        return self.n_splits


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
