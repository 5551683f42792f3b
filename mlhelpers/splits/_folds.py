"""Splitters for cross-validation in which every fold has its share of every label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from mlhelpers._groups import number_groups
from mlhelpers._validation import whole_number
from mlhelpers.splits._arguments import checked_labels, refuse_groups
from mlhelpers.splits._grouped import grouped_parts
from mlhelpers.splits._stratification import stratified_parts


class _StratifiedFolds(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn has no types
    """The parameters of K-fold splitters, and the parts that they make of the number of each sample's fold."""

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

    def _shuffled_by(self) -> np.random.RandomState:
        rng: np.random.RandomState = check_random_state(self.random_state if self.shuffle else 0)
        return rng

    def _parts(self, fold: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        for i in range(self.n_splits):
            yield np.flatnonzero(fold != i), np.flatnonzero(fold == i)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds; the arguments are not looked at."""
        return self.n_splits


class MultilabelKFold(_StratifiedFolds):
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
    >>> import numpy as np
    >>> Y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 0], [0, 1], [0, 1]])
    >>> folds = MultilabelKFold(n_splits=2, random_state=0)
    >>> [Y[test].sum(axis=0).tolist() for train, test in folds.split(Y, Y)]
    [[2, 2], [2, 2]]
    """

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of the training and the test part of every fold.

        Parameters
        ----------
        X : anything with n_samples rows
            Not looked at, but for its length.
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
            The label matrix.
        groups : None
            For compatibility; `MultilabelGroupKFold` keeps groups together.

        Yields
        ------
        train, test : ndarray of int
        """
        refuse_groups(groups)
        labels = checked_labels(X, y, self.allow_missing)
        n_samples = labels.shape[0]
        if n_samples < self.n_splits:
            raise ValueError(f"n_splits is {self.n_splits}, but there are only {n_samples} samples; take fewer folds")
        sizes = np.full(self.n_splits, n_samples // self.n_splits)
        sizes[: n_samples % self.n_splits] += 1
        yield from self._parts(stratified_parts(labels, sizes, self._shuffled_by()))


class MultilabelGroupKFold(_StratifiedFolds):
    """K-fold cross-validation that keeps groups together, with every label as frequent in each fold as it can be then.

    All samples of a group (a patient, an author, a video) are tested in the same fold, so that no model is tested on
    somebody it was trained on. For the ``cv`` of scikit-learn's searches and of ``cross_val_score``, which pass
    the `groups` that they get.

    Groups are put one by one, in a drawn order, where they bring the folds' counts of labels and of samples nearest to
    their shares; then groups are moved, and two of different folds exchanged, while that comes nearer. The measure is
    the sum of squared relative deviations, as in [1]_ and [2]_, in which the size of a fold counts as a hundred
    labels. With at least some hundred groups, none of them large, folds are nearly as even as without groups. A group
    that is larger than a fold makes its fold larger than the others, and a label that occurs in fewer groups
    than there are folds is missing in some: `split_report` shows both.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=True
        Whether the order in which groups are distributed is drawn from `random_state`. Without, it is drawn the
        same way every time. Of few groups, other orders often end in the same folds.
    random_state : int, numpy.random.RandomState or None, default=None
        Source of that order; an integer makes the folds repeatable, in whatever order the samples come. Only with
        `shuffle`.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN) in ``y``. A label's known zeros are then spread like its ones.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of the wrong type; from ``split``, if ``y`` is not a label matrix, or
        ``groups`` is left out, has a missing value or fewer groups than there are folds.

    References
    ----------
    .. [1] Sechidis, Tsoumakas and Vlahavas (2011), "On the stratification of multi-label data",
       ECML PKDD, doi:10.1007/978-3-642-23808-6_10.
    .. [2] scikit-learn's ``StratifiedGroupKFold``, which takes one target.

    Examples
    --------
    >>> import numpy as np
    >>> Y = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [0, 0], [1, 0], [0, 1]])
    >>> patients = ["ann", "ann", "bob", "bob", "cem", "cem", "dia", "dia"]
    >>> folds = MultilabelGroupKFold(n_splits=2, random_state=0)
    >>> for train, test in folds.split(Y, Y, patients):
    ...     print(sorted({patients[row] for row in test}), Y[test].sum(axis=0))
    ['ann', 'bob'] [2 2]
    ['cem', 'dia'] [2 2]
    """

    __metadata_request__split = {"groups": True}  # as scikit-learn's splitters by groups ask  # noqa: RUF012

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of the training and the test part of every fold.

        Parameters
        ----------
        X : anything with n_samples rows
            Not looked at, but for its length.
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
            The label matrix.
        groups : array-like of shape (n_samples,)
            To which group each sample belongs: numbers, text, or other values that can be hashed and sorted; none is
            missing.

        Yields
        ------
        train, test : ndarray of int
        """
        labels = checked_labels(X, y, self.allow_missing)
        if groups is None:
            raise ValueError(
                "groups is None, but folds keep groups together; call split(X, Y, groups), pass groups to the search "
                "or to cross_val_score, or take MultilabelKFold"
            )
        group = number_groups(groups, labels.shape[0], X=X, y=y)
        n_groups = int(group.max()) + 1
        if n_groups < self.n_splits:
            raise ValueError(f"n_splits is {self.n_splits}, but there are only {n_groups} groups; take fewer folds")
        sizes = np.full(self.n_splits, len(group) / self.n_splits)
        yield from self._parts(grouped_parts(labels, group, sizes, self._shuffled_by(), self.n_splits))


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
    >>> import numpy as np
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
