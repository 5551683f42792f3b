"""What the classifiers around other estimators share: checked labels, parts of the samples, tags, attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import ClassifierMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from mlhelpers._names import check_same_samples
from mlhelpers._scores import check_sample_weight
from mlhelpers.labels import MISSING, check_labels
from mlhelpers.splits import check_same_length, take_rows


def checked_targets(owner: Any, X: Any, y: Any, allow_missing: bool) -> tuple[NDArray[np.int8], np.dtype[Any]]:
    """Return the dense label matrix for the rows of X, and the integer type in which labels were given, or int64."""
    name = type(owner).__name__
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None; pass the labels")
    check_same_samples(X=X, y=y)
    labels = check_labels(y, name="y", allow_missing=allow_missing)
    check_same_length(X, labels.shape[0])
    given = getattr(y, "dtype", None)
    dtype = given if isinstance(given, np.dtype) and given.kind in "iu" else np.dtype(np.int64)
    return labels.toarray() if sparse.issparse(labels) else labels, dtype


FAR = 1e30
"""How far from 0 the decision value of a label is that had one class in training; single precision holds it, too."""


def only_class(labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the class of each label that has one among its known rows, and NaN for the others."""
    never, always = ~(labels == 1).any(axis=0), ~(labels == 0).any(axis=0)
    return np.where(never == always, np.nan, always)


def check_takes_unknown(estimator: Any) -> None:
    """Refuse an estimator that would take "unknown" for a class of its own, or end in an error about other things."""
    inner = estimator
    while True:
        parameters = inner.get_params(deep=False)
        if parameters.get("steps"):
            inner = parameters["steps"][-1][1]
        elif any(kind.__name__ == "BaseSearchCV" for kind in type(inner).__mro__):
            inner = parameters["estimator"]
        else:
            break
    takes = getattr(inner, "allow_missing", not type(inner).__module__.startswith("sklearn."))
    if not takes:
        raise ValueError(
            f"y has unknown labels, and the estimator ({type(inner).__name__}) does not take them; pass "
            "mlhelpers.binary_relevance.BinaryRelevance(..., allow_missing=True), which fits a label where it is known"
        )


def routing_is_enabled() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def check_takes_weights(estimator: Any) -> None:
    """Refuse an estimator that would not be given the weights of samples, where metadata is not routed."""
    if not has_fit_parameter(estimator, "sample_weight"):
        raise ValueError(
            f"sample_weight was passed, but fit of the estimator ({type(estimator).__name__}) has no such argument; "
            "take an estimator that has, as mlhelpers.binary_relevance.BinaryRelevance, or route it there with "
            "sklearn.set_config(enable_metadata_routing=True) and set_fit_request(sample_weight=True)"
        )


def take_part(estimator: Any, X: Any, rows: NDArray[np.intp], fitted_rows: NDArray[np.intp]) -> Any:
    """Return rows of X; of kernels or distances between samples only the columns that an estimator is fitted on."""
    if not get_tags(estimator).input_tags.pairwise:
        return take_rows(X, rows)
    X = X if hasattr(X, "shape") else np.asarray(X)
    if len(X.shape) != 2 or X.shape[0] != X.shape[1]:
        raise ValueError(
            f"X has shape {X.shape}, but the estimator ({type(estimator).__name__}) takes kernels or distances between "
            "samples; pass a matrix of shape (n_samples, n_samples)"
        )
    return take_columns(take_rows(X, rows), fitted_rows)


def take_columns(X: Any, columns: NDArray[np.intp]) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[:, columns]
    return (X if hasattr(X, "shape") else np.asarray(X))[:, columns]


def copy_feature_attributes(source: Any, target: Any) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))


class MultilabelClassifierMixin(ClassifierMixin):  # type: ignore[misc]
    """Subset accuracy and tags of a classifier around an `estimator`; labels may be unknown if `allow_missing`."""

    estimator: Any
    allow_missing: bool
    predict: Any

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the subset accuracy: the fraction of samples of which every known label is predicted right.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
            Samples without a known label are left out; NaN if there is no other.
        """
        labels, _ = checked_targets(self, X, y, self.allow_missing)
        weight = check_sample_weight(sample_weight, len(labels), X=X, y=y)
        known = labels != MISSING
        right = ((self.predict(X) == labels) | ~known).all(axis=1)
        counting = known.any(axis=1) * (1.0 if weight is None else weight)
        return float(right @ counting / counting.sum()) if counting.any() else float("nan")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
