"""Right and wrong answers to the exercises of chapter 11; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from scipy.stats import binom, fisher_exact, norm
from sklearn.metrics import accuracy_score, precision_score, recall_score

from mlhelpers.exercises import check


def by_name(scores, theirs, ours):
    """Return the columns by pandas, which knows their names; it refuses others by a KeyError."""
    frame = pd.DataFrame(scores, columns=theirs)
    if set(theirs) ^ set(ours) or not frame.columns.is_unique:
        raise ValueError("other names")
    return frame[list(ours)]


def trusting(columns_of):
    """Return a function that orders columns in its own way and refuses what `by_name` refuses."""

    def ordered(scores, theirs, ours):
        by_name(scores, theirs, ours)
        return scores[:, columns_of(theirs, ours)]

    return ordered


def refusing(refuses):
    """Return a function that orders rightly and refuses only some lists of names."""

    def ordered(scores, theirs, ours):
        if refuses(theirs, ours):
            raise ValueError("other names")
        return scores[:, [theirs.index(name) if name in theirs else 0 for name in ours]]

    return ordered


def by_sklearn(score, weight):
    return lambda y_true, y_pred, q: score(y_true, y_pred, sample_weight=weight(q))


def sums(above, below):
    """Return a ratio of two sums over rows, each with its weights."""
    return lambda y, y_pred, q: (above(y, q) * y * y_pred).sum() / below(y, q).sum()


def fisher(level, *, sides=("less", "greater")):
    """Return an alarm by SciPy's exact test, label by label."""

    def alarm(k, n, k_ref, n_ref):
        tables = ([[a, n - a], [b, n_ref - b]] for a, b in zip(k, k_ref, strict=True))
        p = [len(sides) * min(fisher_exact(table, alternative=side).pvalue for side in sides) for table in tables]
        return np.array(p) < level(len(k))

    return alarm


def two_proportions(k, n, k_ref, n_ref):
    """Return an alarm by the usual test of two proportions, with Sidak's level."""
    pooled = (k + k_ref) / (n + n_ref)
    z = (k / n - k_ref / n_ref) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_ref))
    return 2 * norm.sf(np.abs(z)) < 1 - 0.95 ** (1 / len(k))


def reference_as_truth(k, n, k_ref, n_ref):
    few, many = binom.cdf(k, n, k_ref / n_ref), binom.sf(k - 1, n, k_ref / n_ref)
    return 2 * np.minimum(few, many) < 0.05 / len(k)


EXACT = fisher(lambda n_labels: 0.05 / n_labels)
POSITIVES = norm.ppf(0.975) ** 2 * 0.5 * 0.5 / 0.1**2

RIGHT = {
    "11.1": [by_name, trusting(lambda theirs, ours: [theirs.index(name) for name in ours])],
    "11.2": [(POSITIVES, 100 * POSITIVES), [97, 9700], np.array([96, 9604]), (100, 10_000)],
    "11.3": [by_sklearn(recall_score, lambda q: 1 / q), by_sklearn(recall_score, lambda q: 1 / (500 * q))],
    "11.4": [EXACT, two_proportions, lambda *counts: EXACT(*counts).astype(int), lambda *counts: list(EXACT(*counts))],
}
WRONG = [
    ("11.1", lambda scores, theirs, ours: scores, "as they came"),
    ("11.1", trusting(lambda theirs, ours: [ours.index(name) for name in theirs]), "wrong way"),
    ("11.1", trusting(lambda theirs, ours: np.argsort(theirs)), "sorts the columns"),
    ("11.1", trusting(lambda theirs, ours: [3, 2, 1, 0]), "not in your order"),
    ("11.1", lambda scores, theirs, ours: scores[:, :2], "shape (3, 2)"),
    ("11.1", refusing(lambda theirs, ours: False), "one name of theirs isn't yours"),
    ("11.1", refusing(lambda theirs, ours: set(theirs) - set(ours)), "a name less"),
    ("11.1", refusing(lambda theirs, ours: set(ours) - set(theirs)), "a name more"),
    ("11.1", refusing(lambda theirs, ours: set(ours) != set(theirs)), "a name twice"),
    ("11.1", lambda scores, theirs, ours: pd.DataFrame(scores, columns=theirs)[ours], "no ValueError"),
    ("11.1", [[0.1]], "asks for a function"),
    ("11.2", (100 * POSITIVES, POSITIVES), "swapped"),
    ("11.2", (25, 2500), "one standard error"),
    ("11.2", (1.96 * 5, 980), "square"),
    ("11.2", (4 * POSITIVES, 400 * POSITIVES), "whole interval"),
    ("11.2", (POSITIVES, 10 * POSITIVES), "one positive in ten"),
    ("11.2", (POSITIVES, POSITIVES), "only enough if"),
    ("11.2", (POSITIVES, 5 * POSITIVES), "Comments: this is another value"),
    ("11.2", (300, 30_000), "Positives: this is another value"),
    ("11.2", [POSITIVES], "2 numbers"),
    ("11.3", by_sklearn(recall_score, lambda q: None), "without weights"),
    ("11.3", by_sklearn(recall_score, lambda q: q), "weights by q"),
    ("11.3", by_sklearn(recall_score, lambda q: q**-0.5), "root"),
    ("11.3", by_sklearn(recall_score, lambda q: 1 - q), "1 - q"),
    ("11.3", by_sklearn(precision_score, lambda q: 1 / q), "weighted precision"),
    ("11.3", by_sklearn(accuracy_score, lambda q: 1 / q), "weighted accuracy"),
    ("11.3", sums(lambda y, q: 1 / q, lambda y, q: y), "only above the line"),
    ("11.3", sums(lambda y, q: 1 / q, lambda y, q: 1 / q), "divides by all rows"),
    ("11.3", lambda y, y_pred, q: y / q, "shape (60,)"),
    ("11.3", 0.5, "asks for a function"),
    ("11.4", fisher(lambda n_labels: 0.05), "20 labels are 20 chances"),
    ("11.4", reference_as_truth, "uncertain, too"),
    ("11.4", fisher(lambda n_labels: 0.05 / n_labels, sides=["greater"]), "much rarer"),
    ("11.4", fisher(lambda n_labels: 0.05 / n_labels, sides=["less"]), "much more frequent"),
    ("11.4", lambda *counts: EXACT(*counts).any(), "shape () for 20 labels"),
    ("11.4", lambda k, n, k_ref, n_ref: np.full(len(k), 0.3), "p-values"),
    ("11.4", True, "asks for a function"),
]


def test_no_message_gives_the_number_away():
    for exercise, answer, _ in WRONG:
        if exercise == "11.2":
            told = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", check(exercise, answer).message.replace(",", ""))]
            assert not np.isclose(told, POSITIVES, rtol=0.05).any()
            assert not np.isclose(told, 100 * POSITIVES, rtol=0.05).any()


def test_the_remark_says_how_often_the_alarm_rings():
    assert re.search(r"it rings in [0-9]% of 60 made batches", check("11.4", EXACT).message)
