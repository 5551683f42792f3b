"""The score matrix of an estimator, in whatever shape it gives its scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def scores_matrix(
    estimator: Any, X: Any, *, method: Literal["predict_proba", "decision_function"] = "predict_proba"
) -> NDArray[np.float64]:
    """Return one score per sample and label, whatever shape the estimator gives them in.

    scikit-learn's multi-label estimators give probabilities in three shapes: one array of shape
    (n_samples, n_labels); a list of arrays of shape (n_samples, 2), absent and present, one per
    label; and in such a list arrays of shape (n_samples, 1) for labels that were constant in training.

    Parameters
    ----------
    estimator : fitted scikit-learn classifier
        One that was fitted on a label matrix: ``OneVsRestClassifier``, ``MultiOutputClassifier``,
        ``ClassifierChain``, a forest, nearest neighbours, ``MLPClassifier``, a pipeline or a
        search over one of them, or anything that keeps their conventions.
    X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
        Samples, as the estimator takes them.
    method : {"predict_proba", "decision_function"}, default="predict_proba"
        Probabilities that a label is present, or the estimator's uncalibrated scores, for
        which the threshold is usually 0. It is not chosen for you, since the two need different thresholds.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_labels)

    Raises
    ------
    TypeError
        If the estimator has no such method, or is scikit-learn's ``StackingClassifier``, whose
        probabilities of a label matrix are those of *absence*.
    ValueError
        If `method` is neither of the two, or if the estimator was not fitted on a label
        matrix: on one label per sample, or on outputs with other classes than 0 and 1.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> X, Y = [[0], [1], [2], [3]], [[0, 1, 0], [0, 1, 0], [1, 1, 0], [1, 1, 0]]
    >>> neighbours = KNeighborsClassifier(n_neighbors=2).fit(X, Y)
    >>> [p.shape for p in neighbours.predict_proba([[1.4]])]
    [(1, 2), (1, 1), (1, 1)]
    >>> scores_matrix(neighbours, [[1.4]])
    array([[0.5, 1. , 0. ]])
    """
    from sklearn.exceptions import NotFittedError

    if not isinstance(method, str) or method not in ("predict_proba", "decision_function"):
        raise ValueError(f'method must be "predict_proba" or "decision_function", got {method!r}')
    name = type(estimator).__name__
    if any(kind.__name__ == "StackingClassifier" for kind in type(decides(estimator)).__mro__):
        raise TypeError(
            f"estimator ({name}) gives the probability that a label is absent, by a slip of scikit-learn; "
            "stack inside sklearn.multiclass.OneVsRestClassifier, or use 1 - estimator.predict_proba(X) after a check"
        )
    if isinstance(estimator, type):
        raise TypeError(f"estimator is the class {estimator.__name__}; pass a fitted instance of it")
    try:
        scores = getattr(estimator, method)(X)
    except NotFittedError:  # an AttributeError, too
        raise
    except AttributeError as error:
        raise TypeError(f"estimator ({name}) has no {method}; {_other_scores(estimator, method)}") from error
    except ValueError as error:
        if (label := next(iter(_constant_in_chain(estimator)), None)) is not None:
            raise _no_scores(estimator, label) from error
        raise
    first = _first_prediction(estimator, X)
    if isinstance(scores, list):
        return np.column_stack([_present(p, j, estimator, first) for j, p in enumerate(scores)])
    scores = np.asarray(scores.toarray() if sparse.issparse(scores) else scores, dtype=float)
    if scores.ndim != 2 or first.ndim != 2:
        raise ValueError(
            f"estimator ({name}) gives scores of shape {scores.shape} and was fitted on one label per sample; "
            "fit it on a label matrix of shape (n_samples, n_labels), inside "
            "sklearn.multiclass.OneVsRestClassifier if it takes none by itself; "
            "of a single label, predict_proba(X)[:, [1]] is the score matrix"
        )
    per_label = getattr(estimator, "classes_", None)
    for label, classes in enumerate([first] if not isinstance(per_label, list) else per_label):
        check_classes(classes, label, estimator)
    return _with_constant_labels(scores, estimator, method)


def _with_constant_labels(scores: NDArray[np.float64], estimator: Any, method: str) -> NDArray[np.float64]:
    """Return the scores of a chain with those of labels that had one class in training, where it reads any column."""
    for label, only in _constant_in_chain(estimator).items():
        if method != "predict_proba":
            raise _no_scores(estimator, label)
        scores[:, label] = only == 1
    return scores


def _constant_in_chain(estimator: Any) -> dict[int, Any]:
    """Return the labels of a chain that had one class in training, each with that class."""
    chain = decides(estimator)
    if not (hasattr(chain, "order_") and hasattr(chain, "estimators_")):
        return {}
    links = zip(chain.order_, chain.estimators_, strict=True)
    classes = {int(label): np.ravel(getattr(decides(link), "classes_", [0, 1])) for label, link in links}
    return {label: found[0] for label, found in classes.items() if len(found) == 1}


def _no_scores(estimator: Any, label: int) -> ValueError:
    return ValueError(
        f"estimator ({type(estimator).__name__}) has no scores for column {label}, which had one class in training; "
        "leave the label out, or use sklearn.multiclass.OneVsRestClassifier"
    )


def decides(estimator: Any) -> Any:
    """Return what decides in the end: the best estimator of a search, the last step of a pipeline."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return estimator


def _other_scores(estimator: Any, method: str) -> str:
    if not hasattr(estimator, "predict"):
        return "pass a fitted scikit-learn classifier, and of a search without refit a fitted model of its best_params_"
    outputs = getattr(estimator, "output", None)
    if isinstance(outputs, (list, tuple, Mapping)) and len(outputs) > 1:
        scores = "list(model.predict(X).values())" if isinstance(outputs, Mapping) else "model.predict(X)"
        return f"of a Keras model with one output per label, numpy.hstack({scores}) is the score matrix"
    if not hasattr(estimator, "get_params"):
        return "if this is a Keras model, model.predict(X) is the score matrix already"
    other = {"predict_proba": "decision_function", "decision_function": "predict_proba"}[method]
    if hasattr(estimator, other):
        return f'use method="{other}"'
    return (
        "wrap a base classifier that has one in sklearn.multiclass.OneVsRestClassifier; "
        "sklearn.calibration.CalibratedClassifierCV gives predict_proba to any classifier"
    )


def _first_prediction(estimator: Any, X: Any) -> NDArray[Any]:
    """Return the prediction of one sample: its shape tells the target's, its values the constant classes."""
    prediction = estimator.predict(X.tocsr()[:1] if sparse.issparse(X) else X[:1])
    return np.asarray(prediction.toarray() if sparse.issparse(prediction) else prediction)


def _present(probabilities: Any, label: int, estimator: Any, first: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability of class 1 from the columns that belong to one label."""
    probabilities = np.asarray(
        probabilities.toarray() if sparse.issparse(probabilities) else probabilities, dtype=float
    )
    if probabilities.shape[1] == 1:  # a single class, which the prediction of any sample tells
        classes = [first[0, label]]
    else:
        per_label = getattr(estimator, "classes_", None)
        classes = list(range(probabilities.shape[1]) if per_label is None else per_label[label])
    check_classes(classes, label, estimator)
    if len(classes) == 1:  # however many columns there are
        return np.full(len(probabilities), float(classes[0] == 1))
    return np.asarray(probabilities[:, classes.index(1)])


def check_classes(classes: Any, label: int, estimator: Any) -> None:
    """Refuse an estimator that was fitted on other classes than 0 and 1 for a label."""
    if not set(np.ravel(classes).tolist()) <= {0, 1}:
        found = ", ".join(str(c) for c in np.ravel(classes))
        raise ValueError(
            f"estimator ({type(estimator).__name__}) was fitted on outputs with other classes than 0 and 1: "
            f"it has {found} at column {label}; fit it on a label matrix, as "
            "sklearn.preprocessing.MultiLabelBinarizer makes it"
        )
