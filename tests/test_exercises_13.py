"""Right and wrong answers to the exercises of chapter 13; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from scipy.special import expit

from mlhelpers.exercises import check
from mlhelpers.hierarchy import with_ancestors

DENSITY = np.array([0.24, 0.04])
ALL_ONES = [0.48 / 1.24, 0.08 / 1.04]


def by_library(Y, parent):
    names = [f"n{j}" for j in range(len(parent))]
    above = {names[j]: names[k] for j, k in enumerate(parent) if k != -1}
    return with_ancestors(Y, above, label_names=names)


def by_powers(Y, parent):
    step = np.eye(len(parent), dtype=int)
    for j, k in enumerate(parent):
        if k != -1:
            step[j, k] = 1
    return (Y @ np.linalg.matrix_power(step, len(parent)) > 0).astype(int)


def in_one_pass(columns, operation=np.maximum, top=True):
    """Return a function that passes over the columns once."""

    def passed(Y, parent):
        full = Y.copy()
        for j in columns(len(parent)):
            if parent[j] != -1 or not top:
                full[:, parent[j]] = operation(full[:, parent[j]], full[:, j])
        return full

    return passed


def repeated(once, times=None):
    def until_the_end(Y, parent):
        for _ in parent if times is None else range(times):
            Y = once(Y, parent)
        return Y

    return until_the_end


def one_step(Y, parent):
    full = Y.copy()
    for j, k in enumerate(parent):
        if k != -1:
            full[:, k] |= Y[:, j]
    return full


def to_children(operation):
    def once(Y, parent):
        full = Y.copy()
        for j, k in enumerate(parent):
            if k != -1:
                full[:, j] = operation(full[:, j], full[:, k])
        return full

    return repeated(once)


def of_size(scores, k):
    chosen = np.zeros(scores.shape, dtype=int)
    for i, n in enumerate(k):
        chosen[i, np.argsort(-scores[i], kind="stable")[:n]] = 1
    return chosen


def sets(add, of_count=lambda log_p: log_p, least=0):
    """Return a function that tries all sets, row by row."""

    def best(z, log_p):
        found = np.zeros(z.shape, dtype=int)
        for i, row in enumerate(add(z)):
            tried = [c for k in range(least, 5) for c in combinations(range(len(row)), k)]
            total = [row[list(c)].sum() + of_count(log_p)[i, len(c)] for c in tried]
            found[i, list(tried[int(np.argmax(total))])] = 1
        return found

    return best


def full_likelihood(z, log_p):
    """Take absent digits into the sum, too: it differs by a constant."""
    return sets(lambda z: np.log(expit(z)) - np.log(expit(-z)))(z, log_p)


def one_too_many(z, log_p):
    return of_size(z, sets(lambda z: z)(z, log_p).sum(axis=1) + 1)


def divided(z, log_p):
    """Weigh the size against what independent digits say about it."""
    of_all = [[np.exp(row[list(c)].sum()) for c in combinations(range(10), k)] for row in z for k in range(5)]
    return sets(lambda z: z)(z, log_p - np.log([sum(sums) for sums in of_all]).reshape(log_p.shape))


RIGHT = {
    "13.1": [ALL_ONES, tuple(ALL_ONES), np.round(ALL_ONES, 3), [0.387, 0.077]],
    "13.2": [(5 / 9, 5 / 7, 10 / 16), [0.556, 0.714, 0.625]],
    "13.3": [by_library, by_powers, repeated(one_step), lambda Y, parent: by_library(Y, parent).astype(bool)],
    "13.4": [sets(lambda z: z), full_likelihood],
}
WRONG = [
    ("13.1", DENSITY, "label density"),
    ("13.1", (1 + DENSITY) / 2, "arithmetic mean"),
    ("13.1", ALL_ONES[::-1], "swapped"),
    ("13.1", 1 - DENSITY, "an accuracy"),
    ("13.1", np.array(ALL_ONES) / 2, "2 of the formula"),
    ("13.1", 2 / (1 + np.array([1.2, 1.6])), "number of labels is not in it"),
    ("13.1", [38.7, 7.7], "percent"),
    ("13.1", [0.3, 0.3], "Above: this is another value"),
    ("13.2", [1 / 3] * 3, "without the ancestors"),
    ("13.2", [5 / 7, 5 / 9, 10 / 16], "Precision and recall are swapped"),
    ("13.2", [5 / 9, 5 / 7, (5 / 9 + 5 / 7) / 2], "not the arithmetic one"),
    ("13.2", [5 / 9, 5 / 6, 10 / 15], "third comment is missing"),
    ("13.2", [7 / 18, 5 / 9, 0.46], "mean over the comments"),
    ("13.2", [7 / 12, 5 / 9, 0.57], "averaged over the comments that have a prediction"),
    ("13.2", [3 / 6, 3 / 5, 6 / 11], "one step only"),
    ("13.2", [4 / 6, 1, 8 / 10], "labels themselves are missing"),
    ("13.3", lambda Y, parent: Y, "as they were"),
    ("13.3", one_step, "goes up by one step"),
    ("13.3", to_children(np.maximum), "It goes down"),
    ("13.3", to_children(np.minimum), "the parent wins"),
    ("13.3", repeated(in_one_pass(range, top=False)), "column -1 is the last one"),
    ("13.3", in_one_pass(range), "depends on their order"),
    ("13.3", in_one_pass(lambda n: range(n)[::-1]), "from the last"),
    ("13.3", in_one_pass(range, np.add), "added up"),
    ("13.3", repeated(one_step, 6), "top of a path of 30 labels"),
    ("13.3", lambda Y, parent: Y[:, 1:], "all labels have a column"),
    ("13.3", lambda Y, parent: 1 - Y, "another matrix"),
    ("13.3", [[1]], "asks for a function"),
    ("13.4", lambda z, log_p: of_size(z, log_p.argmax(axis=1)), "the chapter's rule"),
    ("13.4", lambda z, log_p: z > 0, "no say here"),
    ("13.4", sets(expit), "sum is over their logits"),
    ("13.4", sets(lambda z: z, np.exp), "add its logarithm"),
    ("13.4", sets(lambda z: np.log(expit(z))), "those that are absent"),
    ("13.4", sets(lambda z: z, least=1), "empty set is never taken"),
    ("13.4", lambda z, log_p: sets(lambda z: -z)(z, log_p), "smallest logits"),
    ("13.4", sets(lambda z: z, np.zeros_like), "size is missing"),
    ("13.4", one_too_many, "one digit too many"),
    ("13.4", divided, "a good idea"),
    ("13.4", lambda z, log_p: z, "other values than 0 and 1"),
    ("13.4", lambda z, log_p: (z > 0).sum(axis=1), "shape (200,)"),
    ("13.4", lambda z, log_p: np.zeros(z.shape), "larger sum"),
    ("13.4", 3, "asks for a function"),
]


def test_the_remark_says_how_often_the_rules_differ():
    assert re.search(r"on made scores [1-9]\d?% of the sets differ", check("13.4", sets(lambda z: z)).message)
