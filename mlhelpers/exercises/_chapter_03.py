"""Judges of chapter 3, scikit-learn, one versus rest."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Routes, Wrong, call, compare, read_array, read_fractions
from mlhelpers.exercises._register import Floats, Labels, exercise, logistic, scenes
from mlhelpers.labels import scores_matrix
from mlhelpers.metrics import LabelCounts


@cache
def _made_classifiers() -> tuple[Any, Any, NDArray[Any]]:
    """Return two fitted MultiOutputClassifiers for four labels, of which the second never saw the last, and samples."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(40, 3)), rng.normal(size=(7, 3))
    Y = (X @ rng.normal(size=(3, 4)) > 0).astype(int)
    without_last = Y * [1, 1, 1, 0]
    moc = MultiOutputClassifier(LogisticRegression()).fit(X, Y)
    return moc, MultiOutputClassifier(DecisionTreeClassifier(max_depth=1)).fit(X, without_last), new


@exercise("03.1")
def _score_matrix_in_one_line(answer: Any) -> None:
    moc, without_last, new = _made_classifiers()
    right = scores_matrix(moc, new)
    array = read_array(call(answer, moc, new), "one matrix of probabilities, scenes × labels, from the function")
    if array.shape == (4, 7, 2):
        raise Wrong("It returns the list as it comes from predict_proba; make one matrix of its second columns.")
    if array.shape == (4, 7):
        raise Wrong("The matrix lies on its side: it has a row per label; scenes go down, labels to the right.")
    if array.shape != right.shape:
        raise Wrong(
            f"For 7 samples and 4 labels it returns shape {array.shape}; a score matrix has one number per sample and "
            "label. Which of the two columns of each array is it?"
        )
    if np.allclose(array, right):
        if _says_present(answer, without_last, new):
            raise Wrong(
                "Right for this classifier. But for one that never saw a label it says that the label is certainly "
                "there: the last column of its array is then the only one, that of class 0. Which index would fail?"
            )
        return
    if np.allclose(array, 1 - right):
        raise Wrong("These are the probabilities that a label is absent; which column belongs to class 1?")
    if np.array_equal(array, right > 0.5):
        raise Wrong("These are the predictions; the question asks for the probabilities.")
    raise Wrong("The shape is right, the values are not: column j must be P(label j is present).")


def _says_present(answer: Any, without_last: Any, new: NDArray[Any]) -> bool:
    """Tell if an answer gives a label that never occurred in training probability 1, where it may fail."""
    try:
        array = read_array(call(answer, without_last, new), "one matrix of probabilities")
    except Wrong:
        return False
    return array.shape == (len(new), 4) and bool((array[:, 3] == 1).all())


@cache
def _balanced_on_validation() -> Floats:
    """Return P(9) of the validation scenes by balanced logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    data = scenes()
    with threadpool_limits(limits=1):  # faster on small matrices
        model = LogisticRegression(max_iter=2000, class_weight="balanced")
        model.fit(data.X_train.reshape(len(data.X_train), -1), data.Y_train[:, 9])
        p: Floats = model.predict_proba(data.X_val.reshape(len(data.X_val), -1))[:, 1]
    return p


@exercise("03.2")
def _balanced_weights(answer: Any) -> None:
    data = scenes()

    def both(balanced: bool = True, part: str = "test", digit: int = 9, present: int = 1) -> NDArray[Any]:
        p = logistic(digit, 0.3, pixels=True, others=False, balanced=balanced)[part]
        return precision_and_recall(getattr(data, f"Y_{part}")[:, digit] == present, (p > 0.5) == present)

    def on_validation() -> NDArray[Any]:
        return precision_and_recall(data.Y_val[:, 9], _balanced_on_validation() > 0.5)

    def precision_and_recall(y_true: NDArray[Any], y_pred: NDArray[Any]) -> NDArray[Any]:
        c = LabelCounts.from_predictions(y_true[:, None], y_pred[:, None])
        return np.array([c.precision("micro", 0), c.recall("micro", 0)])

    right = both()
    routes: Routes = {
        "The two are swapped: precision first, then recall.": right[::-1],
        "These are those of the absent 9; the positives are the scenes that show it.": both(present=0),
        "These are those of the training scenes; evaluate on the test scenes.": both(part="train"),
        "These are those of the validation scenes; evaluate on the test scenes.": on_validation,
        'These are those of the plain classifier; give it class_weight="balanced".': lambda: both(balanced=False),
        "These are those of the 8; the digit 9 is column 9.": lambda: both(digit=8),
    }
    names = "precision of the 9", "recall of the 9"
    compare(answer, dict(zip(names, right, strict=True)), routes, tolerance=0.01)


@exercise("03.3")
def _sorted_and_shuffled_folds(answer: Any) -> str:
    names = "macro-F1 in the order of the file", "macro-F1 shuffled"
    if read_array(answer, f"two numbers: {', '.join(names)}").shape == (2, 5):
        raise Wrong("These are the scores of the five folds; the question asks for their means.")
    in_order, shuffled = read_fractions(answer, *names)
    if max(in_order, shuffled) > 0.7:
        raise Wrong('That is more than this model has in macro-F1; scoring="f1_macro"?')
    if min(in_order, shuffled) < 0.55:
        raise Wrong('That is less than this model has in macro-F1; scoring="f1_macro"? Without it, rows are scored.')
    if in_order - shuffled > 0.01:
        raise Wrong("The two are swapped: first with cv=5, then shuffled.")
    if shuffled - in_order < 0.01:
        raise Wrong("The two hardly differ: were both the scenes and their labels sorted by the 9, X[order], Y[order]?")
    return f"{shuffled - in_order:.2f} apart"


@cache
def _chain_and_mode(part: str = "test", backwards: bool = False, only_present: bool = False) -> tuple[Labels, Labels]:
    """Return what a chain predicts greedily, and the most probable of all its label sets."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # faster on small matrices
        chain = _chain(backwards)
        X = getattr(scenes(), f"X_{part}")
        X = X.reshape(len(X), -1)
        sets = (np.arange(1024)[:, None] >> np.arange(10)) & 1
        log_p = np.zeros((len(X), len(sets)))
        for k, (j, link) in enumerate(zip(chain.order_, chain.estimators_, strict=True)):
            of_pixels, of_labels = np.split(link.coef_[0], [X.shape[1]])
            z = (X @ of_pixels + link.intercept_)[:, None] + sets[:, chain.order_[:k]] @ of_labels
            present, absent = -np.logaddexp(0, -z), -np.logaddexp(0, z)
            log_p += np.where(sets[:, j] == 1, present, 0 if only_present else absent)
        return chain.predict(X).astype(np.int8), sets[log_p.argmax(axis=1)].astype(np.int8)


@cache
def _chain(backwards: bool) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import ClassifierChain

    data = scenes()
    order = [*range(9, -1, -1)] if backwards else [*range(10)]
    chain = ClassifierChain(LogisticRegression(max_iter=1000), order=order)
    return chain.fit(data.X_train.reshape(len(data.X_train), -1), data.Y_train)


@exercise("03.4")
def _most_probable_sets(answer: Any) -> str:
    def both(part: str = "test", backwards: bool = False) -> Floats:
        y = getattr(scenes(), f"Y_{part}")
        return np.array([(p == y).all(axis=1).mean() for p in _chain_and_mode(part, backwards)])

    def decisions() -> list[float]:
        return [float((p == scenes().Y_test).mean()) for p in _chain_and_mode()]

    def micro() -> list[float]:
        return [LabelCounts.from_predictions(scenes().Y_test, p).f1("micro", 0) for p in _chain_and_mode()]

    def without_absent() -> list[float]:
        mode = _chain_and_mode(only_present=True)[1]
        return [greedy, float((mode == scenes().Y_test).all(axis=1).mean())]

    greedy, _ = right = both()
    routes: Routes = {
        "The two are swapped: the greedy chain first, then its most probable sets.": right[::-1],
        "These are fractions of right decisions; subset accuracy counts rows without any mistake.": decisions,
        "These are the two micro-F1; hand in subset accuracy, rows without any mistake.": micro,
        "The second is that of the greedy chain once more; multiply the probabilities of all ten links for each of the "
        "sets, and take the set with the largest product.": [greedy, greedy],
        "The labels outside a set count, too, each with 1 − P. Without them the empty set wins.": without_absent,
        "These are those of the chain in reverse order; take the order of the columns.": lambda: both(backwards=True),
        "These are those of the validation scenes; evaluate on the test scenes.": lambda: both("val"),
        "These are those of the training scenes; evaluate on the test scenes.": lambda: both("train"),
    }
    names = "subset accuracy of the greedy chain", "of its most probable sets"
    compare(answer, dict(zip(names, right, strict=True)), routes, tolerance=0.008)
    given = read_fractions(answer, *names)
    return f"{given[1] - given[0]:.3f} more rows are right"
