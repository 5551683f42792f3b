"""Read a scikit-learn estimator, and what the estimators around it make of the labels."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.audit._labels import Labels
from mlhelpers.audit._names import is_known, kinds_of, name_of
from mlhelpers.labels import decides

CUTS_SCORES_ITSELF = {"onevsrestclassifier", "binaryrelevance"}
PER_LABEL = CUTS_SCORES_ITSELF | {"multioutputclassifier", "classifierchain"}


@dataclass(frozen=True)
class Nested:
    """An estimator, and what the estimators around it make of the labels."""

    estimator: Any
    sees_one_label: bool = False
    cut_by: str = ""  # the class around it that cuts scores itself, whatever threshold is inside
    selects_features: bool = False  # it is fitted for its coefficients or importances, and predicts nothing

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @cached_property
    def kinds(self) -> frozenset[str]:
        return kinds_of(self.estimator)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return dict(self.estimator.get_params(deep=False))

    @property
    def network(self) -> Any:
        """The Keras model that a wrapper holds, or what makes one: a function, or a class and its options."""
        known = {kind.__module__.split(".")[0] for kind in type(self.estimator).__mro__} & {"keras", "scikeras"}
        return self.parameters.get("model") if known else None

    @property
    def n_folds(self) -> int | None:
        """The number of folds in the order of the rows; None if it splits otherwise."""
        cv = self.parameters["cv"]
        if type(cv).__name__ == "KFold" and not getattr(cv, "shuffle", True):
            cv = cv.n_splits
        if cv is None:
            return None if "ridgeclassifiercv" in self.kinds else 5  # which then needs no folds
        return int(cv) if isinstance(cv, numbers.Integral) and int(cv) > 1 else None

    @property
    def needs_same_folds(self) -> bool:
        """Whether it asks for its folds several times, and refuses other ones then."""
        return "basesuccessivehalving" in self.kinds

    @property
    def scorers(self) -> dict[str, Scorer]:
        """The scores that a search computes, by the name that it gives them ("" if there is one alone)."""
        from sklearn.metrics import get_scorer

        scoring = self.parameters["scoring"]
        if isinstance(scoring, Iterable) and not isinstance(scoring, (str, Mapping)):
            scoring = {str(name): name for name in scoring}
        found = {}
        for name, given in scoring.items() if isinstance(scoring, Mapping) else [("", scoring)]:
            try:
                scorer = get_scorer(given)
            except ValueError:  # which fit refuses, too
                continue
            function = getattr(scorer, "_score_func", None)
            if function is not None:
                shown = name_of(given if isinstance(given, str) else function)
                found[name] = Scorer(shown, kinds_of(function), scorer)
        return found

    @property
    def deciding_scorers(self) -> list[Scorer]:
        """The score by which a search chooses, if it is one: of several, the one that `refit` names."""
        refit = self.parameters.get("refit", True)
        return [scorer for name, scorer in self.scorers.items() if name in ("", refit)]

    @property
    def inner(self) -> Any:
        """What decides in the end: the estimator inside a wrapper, a search or at the end of a pipeline."""
        inner = self.estimator
        while True:
            parameters = inner.get_params(deep=False)
            if parameters.get("steps"):
                inner = parameters["steps"][-1][1]
            elif hasattr(parameters.get("estimator"), "get_params"):
                inner = parameters["estimator"]
            else:
                return inner


@dataclass(frozen=True)
class Scorer:
    """A score of scikit-learn, by which a search chooses."""

    name: str
    kinds: frozenset[str]
    object: Any

    def value(self, n_labels: int, only: int | None = None) -> float:
        """Return the score of made predictions, for a first label of one class if wanted; nan if it refuses them."""
        Y = _made_labels(n_labels)
        predicted = Y.copy()
        if only is not None:
            Y[:, 0] = only
        return self._score(Y, Y if self._takes_decisions else predicted)

    @property
    def _takes_decisions(self) -> bool:
        return getattr(self.object, "_response_method", "predict") == "predict"

    def prefers_mistakes(self, n_labels: int) -> bool:
        """Whether it is higher for predictions that are all wrong than for those that are all right."""
        Y = _made_labels(n_labels)
        sign = getattr(self.object, "_sign", 1)
        return sign * self._score(Y, Y) < sign * self._score(Y, 1 - Y)

    def _score(self, Y: NDArray[Any], predicted: NDArray[Any]) -> float:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = predicted if self._takes_decisions else 0.1 + 0.8 * predicted
                value = self.object._score_func(Y, made, **getattr(self.object, "_kwargs", {}))
                return float(value) if np.ndim(value) == 0 else 0.0  # one number a label, which fit refuses aloud
        except Exception:
            return np.nan

    @property
    def on_a_matrix(self) -> str:
        """What to write in place of a score that refuses a label matrix."""
        for measure in ("precision", "recall", "jaccard"):
            if f"{measure}score" in self.kinds:
                return f'scoring="{measure}_macro"'
        return 'scoring="f1_macro"'


def _made_labels(n_labels: int) -> NDArray[Any]:
    """Return four rows in which every label has both classes, and every row too if there are several labels."""
    return np.tile((np.arange(2)[:, None] + np.arange(n_labels)) % 2, (2, 1))


@dataclass(frozen=True)
class SklearnCase:
    """What the rules ask of an estimator."""

    labels: Labels
    estimators: tuple[Nested, ...]

    def that_split_the_matrix(self, kinds: set[str]) -> Iterator[Nested]:
        """Yield the estimators of these kinds that see several labels, which scikit-learn treats otherwise than one."""
        for nested in self.estimators if self.labels.n_labels > 1 else ():
            if not nested.sees_one_label and nested.kinds & kinds:
                yield nested

    @property
    def with_a_network(self) -> list[Nested]:
        """The wrappers of Keras models that see several labels; of one they make two classes, and softmax is right."""
        several = self.labels.n_labels > 1
        return [nested for nested in self.estimators if several and not nested.sees_one_label and nested.network]

    def masks(self, value: float) -> bool:
        return False


def check_estimator(model: Any) -> None:
    expected = "audit reads compiled Keras 3 models and scikit-learn estimators"
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}; pass an instance of it")
    if any(base.__module__.split(".")[0] == "torch" for base in type(model).__mro__):
        raise TypeError(
            f"model is a PyTorch module ({type(model).__name__}), but {expected}; "
            "judge what it predicts with mlhelpers.metrics.evaluate"
        )
    if not hasattr(model, "get_params"):
        raise TypeError(f"model is of type {type(model).__name__}, but {expected}; pass one of them")


def nested_estimators(estimator: Any) -> Iterator[Nested]:
    return _and_inside(Nested(estimator))


def _and_inside(nested: Nested) -> Iterator[Nested]:
    yield nested
    cut_by, kinds = nested.cut_by, nested.kinds
    if kinds & (PER_LABEL | {"stackingclassifier"}):  # a stack may learn from thresholded predictions
        cut_by = nested.name if kinds & CUTS_SCORES_ITSELF else ""
    one_label = nested.sees_one_label or bool(kinds & PER_LABEL)
    selects_features = nested.selects_features or "selectfrommodel" in kinds
    children = _candidates(nested.parameters) if "basesearchcv" in kinds else _estimators_in(nested.parameters)
    for child in children:
        yield from _and_inside(Nested(child, one_label, cut_by, selects_features))


def _candidates(parameters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the estimator of a search, and what it becomes with each estimator of the grid in its place."""
    from sklearn.base import clone

    estimator = parameters["estimator"]
    yield estimator
    grid = parameters.get("param_grid", parameters.get("param_distributions", {}))
    for part in [grid] if isinstance(grid, Mapping) else grid:
        for key, values in part.items():
            for value in values if isinstance(values, (list, tuple)) else ():
                if hasattr(value, "get_params") and not isinstance(value, type):
                    try:
                        yield clone(estimator).set_params(**{key: value})
                    except (TypeError, ValueError):  # which fit refuses, too
                        continue


def _estimators_in(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _estimators_in(item)
    elif hasattr(value, "get_params") and not isinstance(value, type):
        yield value


def scores_by_subset_accuracy(estimator: Any) -> bool:
    """Whether a search without scoring judges by subset accuracy: a classifier without a score method of its own."""
    from sklearn.base import is_classifier

    score = getattr(type(decides(estimator)), "score", None)
    return bool(is_classifier(estimator)) and is_known(getattr(score, "__module__", ""))
