"""From a label matrix back to names: the label set of each sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlhelpers._names import different_names, label_names_of
from mlhelpers.labels._matrix import axis_sums, check_labels, split_unknown


def label_sets(Y: Any, label_names: Any = None, *, allow_missing: bool = False) -> list[tuple[str, ...] | None]:
    """Return the names of the labels that each sample has.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
        A label matrix, true or predicted: 0 and 1.
    label_names : sequence of str, length n_labels, optional
        One name per column. May be left out if the columns of `Y` have names; given beside them, they may not be the
        same ones in another order.
    allow_missing : bool, default=False
        Accept unknown labels, as `check_labels` does. A label that is not known is not in the set. A sample of which
        nothing is known has no set: its entry is None, which is something else than a sample without labels, ``()``.

    Returns
    -------
    list of tuple of str, length n_samples
        The names of each sample in the order of the columns; None for a sample of which nothing is known.

    Raises
    ------
    ValueError
        If `Y` is not a label matrix (see `check_labels`), if nobody names its columns, or if `label_names` doesn't fit.
    TypeError
        If `Y` holds text or label sets.

    See Also
    --------
    sklearn.preprocessing.MultiLabelBinarizer : the way from label sets to the matrix.

    Examples
    --------
    >>> label_sets([[1, 0, 1], [0, 0, 0]], ["joy", "anger", "love"])
    [('joy', 'love'), ()]
    >>> label_sets([[1, -1, 0], [-1, -1, -1]], ["joy", "anger", "love"], allow_missing=True)
    [('joy',), None]
    """
    matrix = check_labels(Y, allow_missing=allow_missing)
    n_samples, n_labels = matrix.shape
    if label_names is None and label_names_of(Y) is None:
        raise ValueError(
            f"label_names is not given, and Y has no names of its own for its {n_labels} columns; give one name per "
            "column, in order"
        )
    names = different_names(label_names, n_labels, Y=Y)
    present, unknown = split_unknown(matrix)
    nothing_known = np.zeros(n_samples, dtype=bool) if unknown is None else axis_sums(unknown, axis=1) == n_labels
    rows, columns = present.nonzero()
    sets = np.split(columns, np.searchsorted(rows, np.arange(1, n_samples)))
    return [
        None if nobody_looked else tuple(names[j] for j in own)
        for own, nobody_looked in zip(sets, nothing_known, strict=True)
    ]
