"""What the splitters share with each other and with estimators: checks of samples and labels, rows of any type."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_samples
from mlhelpers._validation import refuse_batches
from mlhelpers.labels import check_labels


def checked_labels(X: Any, y: Any, allow_missing: bool) -> Any:
    """Return the label matrix of a splitter's arguments."""
    if y is None:
        raise ValueError("y is None, but parts are stratified by labels; call split(X, Y), or pass Y to the search")
    labels = check_labels(y, name="y", allow_missing=allow_missing)
    check_same_length(X, labels.shape[0])
    check_same_samples(X=X, y=y)
    return labels


def refuse_groups(groups: Any) -> None:
    """Refuse the groups that scikit-learn passes to a splitter that would not look at them."""
    if groups is not None:
        raise ValueError(
            "groups can't be kept together here; use mlhelpers.splits.MultilabelGroupKFold, or the groups of "
            "multilabel_train_test_split"
        )


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
