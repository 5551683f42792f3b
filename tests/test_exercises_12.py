"""Right and wrong answers to the exercises of chapter 12; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pandas as pd
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.metrics import accuracy_score, hamming_loss, jaccard_score

# A hundred rows as the joint model of the first exercise says.
ROWS = np.repeat([[1, 0, 0], [0, 1, 1], [0, 1, 0]], [40, 35, 25], axis=0)


def of(said):
    same = np.tile(said, (100, 1))
    return accuracy_score(ROWS, same), hamming_loss(ROWS, same)


NUMBERS = np.array([*of([0, 1, 0]), *of([1, 0, 0])])


def by_merging(Y_train, Y_new):
    """Return the ceiling by pandas: which rows find a partner."""
    known = pd.DataFrame(Y_train).drop_duplicates()
    return len(pd.DataFrame(Y_new).merge(known)) / len(Y_new)


def by_descent(Y):
    """Return where the loss of a softmax without features is lowest, found by an optimiser."""
    targets = Y / np.maximum(Y.sum(axis=1, keepdims=True), 1)
    return softmax(minimize(lambda z: -(targets * log_softmax(z)).sum(), np.zeros(Y.shape[1])).x)


def shares(Y):
    return Y / np.maximum(Y.sum(axis=1, keepdims=True), 1)


def subsets(n_labels):
    return chain.from_iterable(combinations(range(n_labels), size) for size in range(n_labels + 1))


def as_row(labels, n_labels):
    return np.isin(np.arange(n_labels), labels).astype(int)


def expected(sets, p, said, empty):
    """Return the expected Jaccard index, by scikit-learn's."""
    rows = np.tile(said, (len(sets), 1))
    with_labels = (sets | rows).any(axis=1)
    index = np.full(len(sets), float(empty))
    index[with_labels] = [
        jaccard_score(a, b, zero_division=0) for a, b in zip(sets[with_labels], rows[with_labels], strict=True)
    ]
    return index @ p


def best(sets, p, candidates=None, empty=1):
    if candidates is None:
        candidates = [as_row(labels, sets.shape[1]) for labels in subsets(sets.shape[1])]
    return max(candidates, key=lambda said: expected(sets, p, said, empty))


def first_labels(p):
    """Return the sets of the 0, 1, 2, ... most probable labels."""
    return [as_row(np.argsort(-p)[:k], len(p)) for k in range(len(p) + 1)]


def best_for_f1(sets, p):
    """Return the best set for F1 = 2J / (1 + J) of each row."""

    def f1(said):
        rows = np.tile(said, (len(sets), 1))
        j = np.array([expected(sets[[i]], np.ones(1), said, 1) for i in range(len(rows))])
        return p @ (2 * j / (1 + j))

    return max((as_row(labels, sets.shape[1]) for labels in subsets(sets.shape[1])), key=f1)


RIGHT = {
    "12.1": [NUMBERS, NUMBERS.round(2), tuple(NUMBERS), (0.25, 1.15 / 3, 0.4, 1.55 / 3)],
    "12.2": [by_merging, lambda Y_train, Y_new: np.mean([(row == Y_train).all(axis=1).any() for row in Y_new])],
    "12.3": [
        by_descent,
        lambda Y: list(shares(Y)[Y.any(axis=1)].mean(axis=0)),
        lambda Y: shares(Y).sum(0) / Y.any(1).sum(),
    ],
    "12.4": [best, lambda sets, p: best(sets, p).astype(bool), lambda sets, p: best(sets, p).tolist()],
}
WRONG = [
    ("12.1", NUMBERS[[2, 3, 0, 1]], "swapped"),
    ("12.1", NUMBERS[[0, 2, 1, 3]], "one decision after the other"),
    ("12.1", NUMBERS * [1, 3, 1, 3], "sum over the labels"),
    ("12.1", [NUMBERS[0], 1 - NUMBERS[1], NUMBERS[2], 1 - NUMBERS[3]], "share of right decisions"),
    ("12.1", [0.6 * 0.6 * 0.65, *NUMBERS[1:]], "as if they were independent"),
    ("12.1", [*of([1, 0, 0]), *of([1, 0, 0])], "naming the most probable set; name"),
    ("12.1", [0.25, 0.383, 0.3, 0.517], "Subset accuracy of the most probable set: this is another value"),
    ("12.1", [25, 38.3, 40, 51.7], "above 1"),
    ("12.1", NUMBERS[:2], "4 numbers"),
    ("12.2", lambda Y_train, Y_new: 1 - by_merging(Y_train, Y_new), "never seen"),
    ("12.2", lambda a, b: len({*map(tuple, a)} & {*map(tuple, b)}) / len({*map(tuple, b)}), "each different set once"),
    ("12.2", lambda a, b: by_merging(a, b) * len(b), "number of rows"),
    ("12.2", lambda a, b: by_merging(b, a), "swapped"),
    ("12.2", lambda a, b: accuracy_score(a, b[: len(a)]), "row by row"),
    ("12.2", lambda a, b: b.mean(), "single labels"),
    ("12.2", lambda a, b: np.unique(a, axis=0), "one number"),
    ("12.2", lambda a, b: 0.3, "another value"),
    ("12.2", 0.98, "asks for a function"),
    ("12.3", lambda Y: shares(Y).mean(axis=0), "divides by all rows"),
    ("12.3", lambda Y: Y.mean(axis=0), "not 1."),
    ("12.3", lambda Y: Y.sum(axis=0) / Y.sum(), "divided by their sum"),
    ("12.3", lambda Y: Y[Y.any(axis=1)].mean(axis=0), "among the rows that have a label"),
    ("12.3", lambda Y: shares(Y).sum(axis=0), "take the mean"),
    ("12.3", lambda Y: np.where(Y.any(axis=1, keepdims=True), shares(Y), np.nan).mean(axis=0), "nan"),
    ("12.3", lambda Y: np.full(5, 0.1), "don't sum to one"),
    ("12.3", lambda Y: np.full(5, 0.2), "not the scores"),
    ("12.3", shares, "shape (60, 5)"),
    ("12.3", [0.2] * 5, "asks for a function"),
    ("12.4", lambda sets, p: sets[p.argmax()], "the most probable set"),
    ("12.4", lambda sets, p: (p @ sets > 0.5).astype(int), "above one half"),
    ("12.4", lambda sets, p: best(sets, p, candidates=list(sets)), "only among the sets"),
    ("12.4", best_for_f1, "maximises the F1"),
    (
        "12.4",
        lambda sets, p: best(sets, p, [as_row(labels, sets.shape[1]) for labels in subsets(sets.shape[1]) if labels]),
        "never names the empty set",
    ),
    ("12.4", lambda sets, p: best(sets, p, empty=0), "two empty sets have the index 1"),
    ("12.4", lambda sets, p: best(sets, p, first_labels(p @ sets)), "by their own probability"),
    ("12.4", lambda sets, p: np.ones(sets.shape[1]), "another set has a higher"),
    ("12.4", lambda sets, p: p @ sets, "other numbers than 0 and 1"),
    ("12.4", lambda sets, p: best(sets, p)[:-1], "shape (3,) for 4 labels"),
    ("12.4", [1, 0], "asks for a function"),
]
