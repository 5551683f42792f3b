"""Two or three parts of chosen sizes in which every label is as frequent as in the whole."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from mlhelpers._groups import number_groups
from mlhelpers._names import check_same_samples
from mlhelpers._validation import whole_number
from mlhelpers.labels import check_labels
from mlhelpers.splits._arguments import check_same_length, checked_labels, refuse_groups, take_rows
from mlhelpers.splits._grouped import grouped_parts
from mlhelpers.splits._stratification import stratified_parts


def multilabel_train_test_split(
    X: Any,
    Y: Any,
    *,
    test_size: float | None = None,
    train_size: float | None = None,
    validation_size: float | None = None,
    groups: Any = None,
    random_state: Any = None,
    allow_missing: bool = False,
) -> list[Any]:
    """Divide samples into training, test and perhaps validation part, with every label as frequent as in the whole.

    scikit-learn's ``train_test_split(stratify=Y)`` stratifies on whole label sets, and refuses sets that
    occur once; this one stratifies on labels, rarest first [1]_, and all parts at once. Where a sample stands in the
    data has no influence on the part it goes into.

    Parameters
    ----------
    X : list, array, tensor, DataFrame or sparse matrix with n_samples rows
        Samples; also an array of indices, ``numpy.arange(n_samples)``, to divide several things alike.
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    test_size : float or int, optional
        Fraction of the samples, between 0 and 1, or their number. The test part has exactly this size; a fraction of a
        sample counts as a whole one, as in scikit-learn. Without it, what `train_size` leaves, or 0.25.
    train_size : float or int, optional
        Fraction or number of the training samples, rounded down; without it, all that are in no other part. Fractions
        that add up to 1 leave no sample out.
    validation_size : float or int, optional
        Fraction of all samples, or number, of a third part: for thresholds, early stopping and every other choice that
        the test part must not see. Rounded as `test_size`.
    groups : array-like of shape (n_samples,), optional
        To which group (patient, author, video) each sample belongs: numbers, text, or other values that can be
        hashed and sorted. No group is in two parts then, and sizes are only as near as groups allow; see the notes.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of the order in which samples are distributed; an integer makes the split repeatable.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN) in `Y`. A label's known zeros are then spread like its ones.

    Returns
    -------
    list
        ``[X_train, X_test, Y_train, Y_test]``, or with `validation_size`
        ``[X_train, X_validation, X_test, Y_train, Y_validation, Y_test]``, of the types that were passed (sparse
        matrices as CSR), rows in their former order.

    Raises
    ------
    ValueError
        If `Y` is not a label matrix, `X` or `groups` has another number of rows, a size is out of range, a group is
        missing, or there are fewer groups than parts.
    TypeError
        If a size is not a number, or groups can't be hashed and sorted.
    ImportError
        If the package iterative-stratification is not installed; groups don't need it.

    Notes
    -----
    Groups are distributed as by `MultilabelGroupKFold`; the size of a part counts as a hundred labels. On thirty made
    problems of 20 to 300 groups, with 1 to 12 samples in the median, about four of five divisions into two or three
    parts had the sizes that were asked for, no part was off by more than three samples, and labels were about as even
    as without groups. With a few large groups sizes can be far off, but every part has one group at least.

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

    Three parts, and all samples of an author in the same one:

    >>> authors = ["ann", "bob", "ann", "bob", "cem", "dia", "cem", "dia"]
    >>> parts = multilabel_train_test_split(X, Y, validation_size=2, test_size=2, groups=authors, random_state=0)
    >>> [part.tolist() for part in parts[:3]]
    [[1, 3, 4, 6], [0, 2], [5, 7]]
    """
    given = {"train_size": train_size, "test_size": test_size, "validation_size": validation_size}
    given = {name: _checked_size(size, name) for name, size in given.items()}
    labels = check_labels(Y, allow_missing=allow_missing)
    check_same_length(X, labels.shape[0])
    check_same_samples(X=X, Y=Y)
    sizes, n_parts = _sizes(labels.shape[0], **given), 2 if validation_size is None else 3
    rng = check_random_state(random_state)
    if groups is None:
        part = stratified_parts(labels, sizes, rng)
    else:
        group = number_groups(groups, labels.shape[0], X=X, Y=Y)
        if group.max() + 1 < n_parts:
            raise ValueError(
                f"groups holds {group.max() + 1} groups for {n_parts} parts, which share none; take fewer parts, or "
                "groups that are smaller"
            )
        part = grouped_parts(labels, group, sizes, rng, n_parts)
    rows = [np.flatnonzero(part == i) for i in range(n_parts)]
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
        refuse_groups(groups)
        labels = checked_labels(X, y, self.allow_missing)
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


def _sizes(n_samples: int, train_size: Any, test_size: Any, validation_size: Any = None) -> NDArray[np.int64]:
    """Return the numbers of training, perhaps of validation, and of test samples, and of those in no part, if any."""
    if test_size is None and train_size is None:
        test_size = 0.25
    sizes = {"train_size": train_size, "validation_size": validation_size, "test_size": test_size}
    given = {name: size for name, size in sizes.items() if size is not None}
    n = {
        name: _n_of(size, n_samples, name, math.floor if name == "train_size" else math.ceil)
        for name, size in given.items()
    }
    numbers_asked = " and ".join(map(str, n.values()))
    if all(0 < size < 1 for size in given.values()) and math.isclose(sum(given.values()), 1):
        n.pop("train_size", None)  # rounded, they might add up to more or less than all samples
    left = n_samples - sum(n.values())
    takes_the_rest = next((name for name in ("train_size", "test_size") if name not in n), None)
    if left < (takes_the_rest is not None):
        asked = " and ".join(f"{name}={size}" for name, size in given.items())
        raise ValueError(f"{asked} ask for {numbers_asked} of {n_samples} samples; take less of one, or leave one out")
    if takes_the_rest is not None:
        n[takes_the_rest] = left
    parts = [n[name] for name in sizes if name in n]
    return np.array(parts if takes_the_rest is not None or left == 0 else [*parts, left])


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
