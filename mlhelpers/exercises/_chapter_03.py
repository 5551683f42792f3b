"""Judges of chapter 3, scikit-learn, one versus rest."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Routes, Wrong, call, compare, read_array, read_fractions
from mlhelpers.exercises._register import Floats, exercise, logistic, scenes
from mlhelpers.labels import scores_matrix
from mlhelpers.metrics import LabelCounts


@cache
def _made_classifier() -> tuple[Any, NDArray[Any], Floats]:
    """Return a fitted MultiOutputClassifier for four labels, seven samples, and their score matrix."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(40, 3)), rng.normal(size=(7, 3))
    moc = MultiOutputClassifier(LogisticRegression()).fit(X, (X @ rng.normal(size=(3, 4)) > 0).astype(int))
    return moc, new, scores_matrix(moc, new)


@exercise("03.1")
def _score_matrix_in_one_line(answer: Any) -> None:
    moc, new, right = _made_classifier()
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
        return
    if np.allclose(array, 1 - right):
        raise Wrong("These are the probabilities that a label is absent; which column belongs to class 1?")
    if np.array_equal(array, right > 0.5):
        raise Wrong("These are the predictions; the question asks for the probabilities.")
    raise Wrong("The shape is right, the values are not: column j must be P(label j is present).")


@exercise("03.2")
def _balanced_weights(answer: Any) -> None:
    data = scenes()

    def both(balanced: bool = True, part: str = "test", digit: int = 9, present: int = 1) -> NDArray[Any]:
        p = logistic(digit, 0.3, pixels=True, others=False, balanced=balanced)[part]
        y = getattr(data, f"Y_{part}")[:, [digit]] == present
        c = LabelCounts.from_predictions(y, (p[:, None] > 0.5) == present)
        return np.array([c.precision("micro", 0), c.recall("micro", 0)])

    right = both()
    routes: Routes = {
        "The two are swapped: precision first, then recall.": right[::-1],
        "These are those of the absent 9; the positives are the scenes that show it.": both(present=0),
        "These are those of the training scenes; evaluate on the test scenes.": both(part="train"),
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


@exercise("03.4")
def _chains(answer: Any) -> str:
    names = "subset accuracy of one-vs-rest", "of the chain", "of the chain in reverse order"
    plain, chain, backwards = read_fractions(answer, *names)
    if min(plain, chain, backwards) > 0.85:
        raise Wrong("These look like fractions of right decisions; subset accuracy counts rows without any mistake.")
    if min(plain, chain, backwards) > 0.68:
        raise Wrong("These look like micro-F1; the question asks for subset accuracy, rows without any mistake.")
    if plain > 0.55:
        raise Wrong(
            "One-vs-rest: fewer rows than that are free of mistakes on the test scenes; are the three in order?"
        )
    if min(plain, chain, backwards) < 0.4:
        raise Wrong("That is too little; are they the test scenes, 1,000 iterations, a column of the labels each?")
    if min(chain, backwards) - plain < 0.03:
        raise Wrong("A chain is no better than one-vs-rest here; is it a ClassifierChain, fitted with an order?")
    if backwards < chain:
        raise Wrong("The two chains are swapped: first the order of the columns, then its reverse.")
    return f"the chains gain {chain - plain:.3f} and {backwards - plain:.3f}"
