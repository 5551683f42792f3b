"""Thresholds as part of a scikit-learn classifier, chosen on cross-validated scores."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping, _raise_for_params, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, check_is_fitted

from mlhelpers._estimators import (
    FAR,
    MultilabelClassifierMixin,
    check_takes_unknown,
    check_takes_weights,
    checked_targets,
    copy_feature_attributes,
    only_class,
    routing_is_enabled,
    take_part,
)
from mlhelpers._groups import number_groups
from mlhelpers._names import check_same_labels, check_same_samples, label_names_of
from mlhelpers._scores import check_sample_weight
from mlhelpers.labels import MISSING, check_classes, scores_matrix
from mlhelpers.splits import MultilabelKFold
from mlhelpers.thresholds._search import fit_thresholds
from mlhelpers.thresholds._thresholds import Objective, check_at_least_one, check_costs, check_objective


def _has(method: str) -> Any:
    return available_if(lambda self: hasattr(getattr(self, "estimator_", self.estimator), method))


class ThresholdedClassifier(MultilabelClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Multi-label classifier that chooses its thresholds on cross-validated scores.

    What scikit-learn's ``TunedThresholdClassifierCV`` is to a binary classifier: the estimator is fitted on
    folds, thresholds are chosen on the scores of the samples that were left out, and the
    estimator is fitted once more on all samples.

    Parameters
    ----------
    estimator : scikit-learn classifier
        One that takes a label matrix and has ``predict_proba`` or ``decision_function``, as
        ``OneVsRestClassifier(LogisticRegression())`` has.
    objective : {"macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall", "cost"}
        What the thresholds are best for, by default "macro_f1"; see `fit_thresholds`.
    at_least : float in (0, 1], optional
        The bound of a constraint; only with the two objectives that name one.
    cost_fp, cost_fn : float or array-like of shape (n_labels,), optional
        What a false positive and a false negative cost, one number or one per label; only with the objective "cost".
    at_least_one : bool, default=False
        Whether ``predict`` gives a row in which no score is above its threshold the label whose score is highest; see
        `Thresholds.predict`. Not for data in which samples without a label exist. The thresholds are chosen without it.
    cv : int, splitter, iterable or None, default=5
        A number of folds means `MultilabelKFold`, and None five of them. Every sample must be in exactly one test part.
        One that keeps groups together, as ``MultilabelGroupKFold(5)`` does, gets the `groups` of ``fit``.
    min_positives : int, optional
        Labels with fewer positives don't get a threshold of their own; see `fit_thresholds`.
    fallback : "pooled" or float, default="pooled"
        Their threshold; see `fit_thresholds`.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        Which scores to use; "auto" takes the first of the two that the estimator has.
    n_jobs : int, optional
        Folds that are fitted at a time; see scikit-learn's glossary.
    random_state : int, numpy.random.RandomState or None, default=0
        Of the folds, if `cv` is a number.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in ``fit``. No threshold is chosen by them. The estimator gets them as -1
        in a matrix of int8, and must be one that takes them, as `mlhelpers.binary_relevance.BinaryRelevance` does with
        ``allow_missing=True`` of its own; scikit-learn's don't.

    Attributes
    ----------
    estimator_ : estimator
        The estimator, fitted on all samples.
    thresholds_ : Thresholds
    classes_ : ndarray of shape (n_labels, 2)
        0 and 1 for each label.
    n_features_in_ : int
        Features seen in ``fit``, if the estimator tells.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Their names, if X had names in ``fit`` and the estimator tells.

    Notes
    -----
    Thresholds are part of the model: an honest cross-validated score chooses them anew in each fold,
    as it does if this object is passed to ``cross_val_score``.

    Metadata is routed as by scikit-learn's ``TunedThresholdClassifierCV``: with
    ``sklearn.set_config(enable_metadata_routing=True)`` the estimator says by its ``set_fit_request`` what it wants. A
    search around this object passes weights on to it after ``set_fit_request(sample_weight=True)``.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> X, Y = make_multilabel_classification(n_samples=300, random_state=0)
    >>> model = ThresholdedClassifier(OneVsRestClassifier(LogisticRegression())).fit(X, Y)
    >>> model.thresholds_.source
    ('own', 'own', 'own', 'own', 'own')
    >>> model.predict(X[:2]).shape
    (2, 5)
    """

    __metadata_request__fit = {"groups": UNUSED}  # only the splitter asks for them  # noqa: RUF012

    def __init__(
        self,
        estimator: Any,
        *,
        objective: Objective = "macro_f1",
        at_least: float | None = None,
        cost_fp: Any = None,
        cost_fn: Any = None,
        at_least_one: bool = False,
        cv: Any = 5,
        min_positives: int | None = None,
        fallback: float | Literal["pooled"] = "pooled",
        response_method: Literal["auto", "predict_proba", "decision_function"] = "auto",
        n_jobs: int | None = None,
        random_state: Any = 0,
        allow_missing: bool = False,
    ) -> None:
        self.estimator = estimator
        self.objective = objective
        self.at_least = at_least
        self.cost_fp = cost_fp
        self.cost_fn = cost_fn
        self.at_least_one = at_least_one
        self.cv = cv
        self.min_positives = min_positives
        self.fallback = fallback
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.allow_missing = allow_missing

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, **params: Any
    ) -> ThresholdedClassifier:
        """Choose the thresholds, then fit the estimator on all samples.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            Of an estimator of kernels or distances (``SVC(kernel="precomputed")``) those between samples, of shape
            (n_samples, n_samples).
        y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), optional
            Goes to the estimator's ``fit`` and to `fit_thresholds`.
        groups : array-like of shape (n_samples,), optional
            Goes to the splitter.
        **params : dict
            What else goes to the estimator's ``fit`` and to the splitter; only with scikit-learn's metadata routing.

        Returns
        -------
        ThresholdedClassifier
            Itself.

        Raises
        ------
        ValueError, TypeError
            If `y` is not a label matrix, a parameter or a weight is out of range, the estimator takes no weights or the
            splitter no groups, or `cv` does not put every sample into exactly one test part.
        """
        labels, dtype = checked_targets(self, X, y, self.allow_missing)
        check_objective(self.objective, self.at_least)
        check_costs(self.objective, self.cost_fp, self.cost_fn, labels.shape[1])
        check_same_labels(y=y, cost_fp=self.cost_fp, cost_fn=self.cost_fn)
        check_at_least_one(self.at_least_one)
        if (labels == MISSING).any():
            check_takes_unknown(self.estimator)
        sample_weight = check_sample_weight(sample_weight, len(labels), X=X, y=y)
        if groups is not None:
            check_same_samples(X=X, y=y, groups=groups)
        routed = self._routed(sample_weight, groups, params)
        folds = self._folds(X, labels, groups, routed.splitter.split)
        scores = self._cross_validated_scores(X, labels, folds, routed.estimator.fit)
        self.thresholds_ = fit_thresholds(
            labels,
            scores,
            objective=self.objective,
            at_least=self.at_least,
            cost_fp=self.cost_fp,
            cost_fn=self.cost_fn,
            min_positives=self.min_positives,
            fallback=self.fallback,
            label_names=label_names_of(y),
            sample_weight=sample_weight,
            allow_missing=self.allow_missing,
        )
        self.estimator_ = clone(self.estimator).fit(X, labels, **routed.estimator.fit)
        self._only = only_class(labels)
        self.classes_ = np.array([[0, 1]] * labels.shape[1], dtype)
        copy_feature_attributes(self.estimator_, self)
        return self

    def _routed(self, sample_weight: Any, groups: Any, params: dict[str, Any]) -> Any:
        """Return what goes to ``estimator.fit`` and to ``splitter.split``."""
        if groups is not None and self._folds_are_counted():
            raise ValueError(
                f"groups were passed, but cv={self.cv!r} stands for folds that don't keep them together; "
                "pass cv=mlhelpers.splits.MultilabelGroupKFold(5)"
            )
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        to_split = {} if groups is None else {"groups": groups}
        _raise_for_params(params, self, "fit")
        if routing_is_enabled():
            return process_routing(self, "fit", **weights, **to_split, **params)
        if weights:
            check_takes_weights(self.estimator)
        return Bunch(estimator=Bunch(fit=weights), splitter=Bunch(split=to_split))

    def _folds_are_counted(self) -> bool:
        return self.cv is None or isinstance(self.cv, numbers.Integral)

    def _method(self) -> Any:
        if self.response_method in ("predict_proba", "decision_function"):
            return self.response_method
        if self.response_method != "auto":
            raise ValueError(
                f'response_method must be "auto", "predict_proba" or "decision_function", got {self.response_method!r}'
            )
        return "predict_proba" if hasattr(self.estimator, "predict_proba") else "decision_function"

    def _folds(self, X: Any, labels: NDArray[np.int8], groups: Any, to_split: dict[str, Any]) -> list[Any]:
        if self._folds_are_counted():
            n_folds = 5 if self.cv is None else self.cv
            cv = MultilabelKFold(n_folds, random_state=self.random_state, allow_missing=self.allow_missing)
        else:
            cv = check_cv(self.cv)
        folds = list(cv.split(X, labels, **to_split))
        if not folds:
            raise ValueError("cv gives no folds; pass a number, or in place of a generator, which is used up, a list")
        tested = np.sort(np.concatenate([np.asarray(test) for _, test in folds]))
        seen = any(np.isin(test, train).any() for train, test in folds)
        if seen or not np.array_equal(tested, np.arange(len(labels))):
            raise ValueError(
                "cv must put every sample into exactly one test part, and there into no training part; use "
                "mlhelpers.splits.MultilabelKFold, or a number"
            )
        if groups is not None:
            of = number_groups(groups, len(labels))
            if any(np.isin(of[test], of[train]).any() for train, test in folds):
                raise ValueError(
                    f"groups were passed, but cv={self.cv!r} has samples of one group in training and test part of a "
                    "fold; pass cv=mlhelpers.splits.MultilabelGroupKFold(5)"
                )
        return folds

    def _cross_validated_scores(
        self, X: Any, labels: NDArray[np.int8], folds: list[Any], to_fit: dict[str, Any]
    ) -> NDArray[np.float64]:
        method = self._method()
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(_fold_scores)(clone(self.estimator), X, labels, train, test, method, to_fit)
            for train, test in folds
        )
        scores = np.empty(labels.shape)
        for (_, test), part in zip(folds, parts, strict=True):
            scores[test] = part
        return scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels whose score is above their threshold, or the top one of a row if `at_least_one` says so.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of 0/1, shape (n_samples, n_labels)
            Of the integer type that the labels had in ``fit``, otherwise of int64.
        """
        check_is_fitted(self)
        predicted = self.thresholds_.predict(self._scores(X, self._method()), at_least_one=self.at_least_one)
        return predicted.astype(self.classes_.dtype)

    def _scores(self, X: Any, method: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        return _scores_of(self.estimator_, X, method, self._only)

    @_has("predict_proba")  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the estimator's probabilities, one per sample and label, whatever shape it gives them in.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)
        """
        return self._scores(X, "predict_proba")

    @_has("decision_function")  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the estimator's decision values, one per sample and label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)
        """
        return self._scores(X, "decision_function")

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn which metadata ``fit`` takes, and which it passes on to the estimator and to the splitter.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        to_fit, to_split = (MethodMapping().add(caller="fit", callee=callee) for callee in ("fit", "split"))
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=to_fit).add(
            splitter=self.cv, method_mapping=to_split
        )


def _fold_scores(
    estimator: Any, X: Any, labels: NDArray[np.int8], train: Any, test: Any, method: Any, params: dict[str, Any]
) -> NDArray[np.float64]:
    params = _check_method_params(X, params, indices=train)
    fitted = estimator.fit(take_part(estimator, X, train, train), labels[train], **params)
    return _scores_of(fitted, take_part(estimator, X, test, train), method, only_class(labels[train]))


def _scores_of(estimator: Any, X: Any, method: Any, only: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one score per label, also of an estimator that takes a single column for a binary target.

    Of a label that had one class in training a decision value says nothing: scikit-learn gives 0 or 1, which may lie
    above those of any other sample and label.
    """
    if method == "decision_function":
        only = np.where(only == 1, FAR, np.where(only == 0, -FAR, np.nan))
    if len(only) == 1 and not np.isnan(only[0]):
        return np.full((X.shape[0] if hasattr(X, "shape") else len(X), 1), only[0])
    classes = getattr(estimator, "classes_", None)
    if len(only) > 1 or not (isinstance(classes, np.ndarray) and classes.shape == (2,)):
        scores = scores_matrix(estimator, X, method=method)
        return scores if method == "predict_proba" else np.where(np.isnan(only), scores, only)
    check_classes(classes, 0, estimator)
    scores = np.asarray(getattr(estimator, method)(X), dtype=float)
    return scores[:, [1]] if scores.ndim == 2 else scores[:, None]
