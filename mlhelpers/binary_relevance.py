"""One classifier per label, each fitted on the samples for which its label is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, _raise_for_params, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, check_is_fitted

from mlhelpers._estimators import (
    FAR,
    MultilabelClassifierMixin,
    check_takes_weights,
    checked_targets,
    copy_feature_attributes,
    routing_is_enabled,
    take_columns,
    take_part,
)
from mlhelpers._names import label_names_of
from mlhelpers._scores import check_sample_weight
from mlhelpers.labels import MISSING

__all__ = ["BinaryRelevance"]


def _has(method: str) -> Any:
    """Ask the fitted classifiers where there are some: a stack tells what it has only then."""
    return available_if(lambda self: all(hasattr(e, method) for e in getattr(self, "estimators_", [self.estimator])))


class BinaryRelevance(MultilabelClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Multi-label classifier that fits one binary classifier per label, also where some labels are unknown.

    With complete labels it is scikit-learn's ``OneVsRestClassifier`` on a label matrix, which refuses
    unknown labels; here each label's classifier is fitted on the samples for which the label is known.

    Parameters
    ----------
    estimator : scikit-learn classifier
        One for two classes; it is cloned for each label.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in ``fit``, and leave them out.
    n_jobs : int, optional
        Labels that are fitted at a time; see scikit-learn's glossary.

    Attributes
    ----------
    estimators_ : list of estimators
        One per label. For a label of which only one class is known, one that always gives that class.
    classes_ : ndarray of shape (n_labels, 2)
        0 and 1 for each label.
    n_features_in_ : int
        Features seen in ``fit``, if the estimator tells.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Their names, if X had names in ``fit`` and the estimator tells.

    Notes
    -----
    Don't cross-validate with unknown labels by scikit-learn's ``cross_val_predict(..., method="predict_proba")``: it
    recodes each column before ``fit``, and -1 becomes a class. `mlhelpers.thresholds.ThresholdedClassifier`
    cross-validates by itself.

    The method is as old as the field [1]_. A label's classifier learns from as many samples as know the label. It
    stays unbiased if whether a label is known has nothing to do with the label itself, given X; if annotators mark
    mainly what is present, it doesn't.

    References
    ----------
    .. [1] Tsoumakas and Katakis (2007), "Multi-label classification: an overview", International Journal
       of Data Warehousing and Mining 3(3), doi:10.4018/jdwm.2007070101.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X = [[0.0], [1.0], [2.0], [3.0]]
    >>> Y = [[0, 1], [0, -1], [1, -1], [1, 0]]
    >>> model = BinaryRelevance(LogisticRegression(), allow_missing=True).fit(X, Y)
    >>> model.predict([[0.5], [2.5]])
    array([[0, 1],
           [1, 0]])
    """

    def __init__(self, estimator: Any, *, allow_missing: bool = False, n_jobs: int | None = None) -> None:
        self.estimator = estimator
        self.allow_missing = allow_missing
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> BinaryRelevance:
        """Fit one classifier per label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Anything with n_samples rows that the estimator takes.
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), optional
            Goes to the estimator's ``fit``.
        **fit_params : dict
            What else goes there, rows of unknown labels left out; only with scikit-learn's metadata routing.

        Returns
        -------
        BinaryRelevance
            Itself.

        Raises
        ------
        ValueError, TypeError
            If `y` is not a label matrix, a label is known for no sample, `X` has another number of rows, or the
            estimator takes no weights.
        """
        labels, dtype = checked_targets(self, X, y, self.allow_missing)
        sample_weight = check_sample_weight(sample_weight, len(labels), X=X, y=y)
        counting = slice(None) if sample_weight is None else sample_weight > 0
        names = label_names_of(y) or [str(j) for j in range(labels.shape[1])]
        for name, known in zip(names, (labels[counting] != MISSING).any(axis=0), strict=True):
            if not known:
                raise ValueError(
                    f"y knows label {name!r} for no sample; leave the label out, or pass samples for which it is known"
                )
        params = self._params_to_fit(sample_weight, fit_params)
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_label)(self.estimator, X, column, dtype, params) for column in labels.T
        )
        self.estimators_ = [estimator for estimator, _ in fitted]
        self._columns = [rows if get_tags(self.estimator).input_tags.pairwise else None for _, rows in fitted]
        self.classes_ = np.array([[0, 1]] * labels.shape[1], dtype)
        for estimator in reversed(self.estimators_):  # a constant one does not know its features
            copy_feature_attributes(estimator, self)
        if get_tags(self.estimator).input_tags.pairwise:  # unknown labels leave columns out
            self.n_features_in_ = len(labels)
        return self

    def _params_to_fit(self, sample_weight: Any, fit_params: dict[str, Any]) -> dict[str, Any]:
        _raise_for_params(fit_params, self, "fit")
        params = fit_params if sample_weight is None else {**fit_params, "sample_weight": sample_weight}
        if routing_is_enabled():
            return dict(process_routing(self, "fit", **params).estimator.fit)
        if sample_weight is not None:
            check_takes_weights(self.estimator)
        return params

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels whose decision value is above 0, or whose probability is above one half.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of 0/1, shape (n_samples, n_labels)
            Of the integer type that the labels had in ``fit``, otherwise of int64.
        """
        return self._for_each_label(X, _decide).astype(self.classes_.dtype)

    @_has("predict_proba")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability that each label is present; 0.0 or 1.0 if only one class of it was known.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)
        """
        return self._for_each_label(X, lambda estimator, X: estimator.predict_proba(X)[:, 1]).astype(float, copy=False)

    @_has("decision_function")  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the estimators' decision values; -1e30 or 1e30 if only one class of a label was known.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)
        """
        return self._for_each_label(X, lambda estimator, X: np.ravel(estimator.decision_function(X))).astype(float)

    def _for_each_label(self, X: Any, use: Any) -> NDArray[Any]:
        check_is_fitted(self)
        parts = (X if columns is None else take_columns(X, columns) for columns in self._columns)
        return np.column_stack([use(estimator, part) for estimator, part in zip(self.estimators_, parts, strict=True)])

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn which metadata ``fit`` passes on to the estimator.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=to_fit)


class _Constant(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Always gives one class, as scikit-learn's one-vs-rest does for a label of one class."""

    def __init__(self, label: int) -> None:
        self.label = label
        self.classes_ = np.array([0, 1])

    def predict(self, X: Any) -> NDArray[Any]:
        return np.full(X.shape[0] if hasattr(X, "shape") else len(X), self.label)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        return np.where(self.predict(X) == 1, FAR, -FAR)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        present = self.predict(X).astype(float)
        return np.column_stack([1 - present, present])


def _fit_label(
    estimator: Any, X: Any, labels: NDArray[np.int8], dtype: np.dtype[Any], params: dict[str, Any]
) -> tuple[Any, NDArray[np.intp] | None]:
    """Return the classifier of one label, and the rows that it was fitted on, if not all."""
    rows = np.flatnonzero(labels != MISSING)
    classes = np.unique(labels[rows])
    if len(classes) == 1:
        return _Constant(int(classes[0])), None
    if len(rows) == len(labels):
        return clone(estimator).fit(X, labels.astype(dtype), **params), None
    params = _check_method_params(X, params, indices=rows)
    return clone(estimator).fit(take_part(estimator, X, rows, rows), labels[rows].astype(dtype), **params), rows


def _decide(estimator: Any, X: Any) -> NDArray[np.bool_]:
    """Return whether the label is present, by the rule of scikit-learn's one-vs-rest: ties are absent."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(np.ravel(estimator.decision_function(X)) > 0)
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(X)[:, 1] > 0.5)
    return np.asarray(estimator.predict(X) == 1)
