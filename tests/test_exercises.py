"""Answers that are right in every spelling, wrong ones that are named, and garbage that is never a traceback.

The oracles are scikit-learn and formulas by hand; that the judges accept the solutions of the chapters is asserted by
the chapters themselves.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from scipy.special import expit, softmax
from scipy.stats import binom
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
)
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import MultiLabelBinarizer

from mlhelpers import exercises
from mlhelpers.datasets import load_digit_scenes
from mlhelpers.exercises import _chapter_01, _chapter_03, _register, check
from mlhelpers.labels import scores_matrix
from mlhelpers.metrics import LabelCounts

ROOT = Path(__file__).parents[1]
SCENES, FREE = load_digit_scenes(), load_digit_scenes(dependence=0)
Y, Y_TEST = SCENES.Y_train, SCENES.Y_test
IDS = list(exercises._texts())
ELSEWHERE = {
    path.stem[-2:] for path in (ROOT / "tests").glob("test_exercises_*.py")
}  # chapters with a file of their own
HERE = {exercise for exercise in IDS if exercise[:2] not in ELSEWHERE}
TAG_COLUMN = ["cat, dog", "", "Dog,cat , dog", "sunset", "dog,"]
TAGS = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0]])  # cat, dog, sunset
OWL_TRUE = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1]])
OWL_PRED = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])


def lift(labels, a, b):
    return (labels[:, a] * labels[:, b]).mean() / labels[:, a].mean() / labels[:, b].mean()


def three(labels):
    return [len({tuple(row) for row in labels.tolist()}), (~labels.any(axis=1)).mean(), lift(labels, 0, 2)]


def linear_layer():
    """Return predictions of exercise 01.4; chapter 1 trains it by itself."""
    return _chapter_01._linear_layer(0.5)["test"] > 0


def log_losses(part="test", dependence=0):
    data = {0: FREE, 0.3: SCENES}[dependence]
    p = [_register.logistic(0, dependence, True, others, False)[part] for others in (False, True)]
    return [log_loss(getattr(data, f"Y_{part}")[:, 0], each) for each in p]


def of_the_9(balanced=True, part="test", digit=9):
    y_pred = _register.logistic(digit, 0.3, True, False, balanced)[part] > 0.5
    y = getattr(SCENES, f"Y_{part}")[:, digit]
    return [precision_score(y, y_pred), recall_score(y, y_pred)]


def of_the_9_on_validation():
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    model.fit(SCENES.X_train.reshape(len(Y), -1), Y[:, 9])
    y_pred = model.predict(SCENES.X_val.reshape(len(SCENES.X_val), -1))
    return [score(SCENES.Y_val[:, 9], y_pred) for score in (precision_score, recall_score)]


def absent_9():
    y_pred = _register.logistic(9, 0.3, True, False, True)["test"] > 0.5
    return [score(Y_TEST[:, 9], y_pred, pos_label=0) for score in (precision_score, recall_score)]


def chain_and_mode(right, part="test"):
    y = getattr(SCENES, f"Y_{part}")
    return [right(p, y).mean() for p in _chapter_03._chain_and_mode(part)]


def whole_rows(p, y):
    return (p == y).all(axis=1)


def score_matrix(moc, X):
    return np.column_stack([p[:, 1] for p in moc.predict_proba(X)])


def pooled(parts):
    y, y_pred = (np.vstack(matrices) for matrices in zip(*parts, strict=True))
    return f1_score(y, y_pred, average="macro")


def quick_f1(y, y_pred, average):
    """Return F1 as `LabelCounts` does, for the thousands of drawings of a bootstrap."""
    both, sizes = (y & y_pred).sum(axis=0), y.sum(axis=0) + y_pred.sum(axis=0)
    if average == "micro":
        both, sizes = both.sum(keepdims=True), sizes.sum(keepdims=True)
    return np.divide(2 * both, sizes, out=np.zeros(len(both)), where=sizes > 0).mean()


def quick_ap(y, scores):
    """Return average precision as scikit-learn does; equal scores come together."""
    order = np.argsort(-scores)
    last = np.append(np.diff(scores[order]) != 0, True)
    found = y[order].cumsum()[last]
    return (np.diff(found, prepend=0) * found / (1 + np.flatnonzero(last))).sum() / found[-1]


def test_quick_measures_are_those_of_the_libraries():
    rng = np.random.default_rng(0)
    y, y_pred, scores = rng.integers(2, size=(50, 3)), rng.integers(2, size=(50, 3)), rng.integers(20, size=50)
    y_pred[:, 2] = y[:, 2] = 0
    for average in ("micro", "macro"):
        assert np.isclose(quick_f1(y, y_pred, average), f1_score(y, y_pred, average=average, zero_division=0))
    assert np.isclose(quick_ap(y[:, 0], scores), average_precision_score(y[:, 0], scores))


def differences(y, a, b, seed=0, n=1000, paired=True, average="macro", share=1.0):
    """Return the difference in F1 for each of n drawings of samples."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(n):
        first, second = (rng.integers(len(y), size=int(share * len(y))) for _ in range(2))
        drawn = first, first if paired else second
        f1s = [quick_f1(y[d], m[d], average) for d, m in zip(drawn, (a, b), strict=True)]
        found.append(f1s[0] - f1s[1])
    return np.array(found)


def paired(y, a, b, **options):
    return np.quantile(differences(y, a, b, **options), [0.025, 0.975])


def ece(y, p, n_bins, weighted=True, signed=False, power=1, side="left", minlength=0):
    """Return the expected calibration error with equally wide bins, or what one gets by a mistake."""
    inner = np.arange(1, n_bins) / n_bins
    bin_of = np.searchsorted(inner, p, side=side)
    filled = np.unique(bin_of)
    apart = np.array([p[bin_of == b].mean() - y[bin_of == b].mean() for b in filled])
    share = np.array([(bin_of == b).mean() for b in filled]) if weighted else 1 / len(filled)
    return float((share * (apart if signed else np.abs(apart) ** power)).sum())


def from_centres(y, p, n_bins):
    bin_of = np.searchsorted(np.arange(1, n_bins) / n_bins, p)
    return sum((bin_of == b).mean() * abs((b + 0.5) / n_bins - y[bin_of == b].mean()) for b in np.unique(bin_of))


def by_quantiles(y, p, n_bins):
    bin_of = np.searchsorted(np.quantile(p, np.arange(1, n_bins) / n_bins, method="lower"), p)
    return sum(abs((p - y)[bin_of == b].sum()) for b in range(n_bins)) / len(y)


def largest(y, p, n_bins):
    bin_of = np.searchsorted(np.arange(1, n_bins) / n_bins, p)
    return max(abs((p - y)[bin_of == b].mean()) for b in np.unique(bin_of))


def with_empty_bins(y, p, n_bins):
    bin_of = np.searchsorted(np.arange(1, n_bins) / n_bins, p)
    n, total = (np.bincount(bin_of, v, minlength=n_bins) for v in (np.ones(len(p)), p - y))
    return (n / len(y) * abs(total / n)).sum()


def shrunk(y, z, shared, m=30.0):
    """Return slope and intercept of a map for one label, with a penalty on its distance from the shared one."""
    own = LogisticRegression(C=np.inf, tol=1e-8).fit(z[:, None], y)
    weight = y.sum() / (y.sum() + m)
    return weight * np.array([own.coef_[0, 0], own.intercept_[0]]) + (1 - weight) * np.asarray(shared)


def best_constant():
    """Return the best of all 1,024 label sets by micro-F1, from counts alone."""
    positives = Y_TEST.sum(axis=0)
    sets = (np.arange(1, 1024)[:, None] >> np.arange(10)) & 1
    f1 = 2 * (sets @ positives) / (sets.sum(axis=1) * len(Y_TEST) + positives.sum())
    return set(np.flatnonzero(sets[f1.argmax()]).tolist())


def probabilities(low=0.3):
    """Return probabilities that are mostly right, as a trained network has them."""
    rng = np.random.default_rng(0)
    return np.where(rng.random(Y_TEST.shape) < 0.95, Y_TEST, 1 - Y_TEST) * 0.4 + low


def positives_needed(recall=0.3, reach=0.05, z=1.96):
    """Return the least number of positives whose interval is narrow enough, by trying them all, and the comments."""
    k = next(k for k in itertools.count(1) if z * np.sqrt(recall * (1 - recall) / k) <= reach)
    return [k, k / 0.004]


def repeated_scenes(times):
    """Count the 3s in a table whose 40 scenes with a 9, 12 of them with a 3, are repeated."""
    has_3 = np.repeat([1, 0, 1, 0], [2188, 7772, 12 * times, 28 * times])
    return [times, has_3.mean()]


def weighted_coefficients(X, y, m, of_negatives=1.0, intercept=False):
    model = LogisticRegression().fit(X, y, sample_weight=np.where(y == 1, m, of_negatives))
    return np.r_[model.coef_[0], model.intercept_] if intercept else model.coef_[0]


def cross_validated(X, y, weight="balanced", seed=0, method="predict_proba", column=1):
    """Weight the positives of the training folds, which is what repeating them does."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    found = cross_val_predict(LogisticRegression(class_weight=weight), X, y, cv=folds, method=method)
    return found if column is None else found[:, column]


def repeated_first(X, y):
    rows = np.r_[np.flatnonzero(y == 0), np.repeat(np.flatnonzero(y == 1), 19)]
    return cross_validated(X[rows], y[rows], weight=None)


def known_by_heart(X, y):
    return LogisticRegression(class_weight="balanced").fit(X, y).predict_proba(X)[:, 1]


def bootstrapped_ap(y, scores, n=1000):
    rng = np.random.default_rng(0)
    drawings = [rng.integers(len(y), size=len(y)) for _ in range(n)]
    return [quick_ap(y[drawn], scores[drawn]) for drawn in drawings]


def ap_differences(y, a, b, seed=0, n=1000, paired=True):
    rng, found = np.random.default_rng(seed), []
    for _ in range(n):
        first, second = (rng.integers(len(y), size=len(y)) for _ in range(2))
        drawn = first, first if paired else second
        aps = [quick_ap(y[d], s[d]) for d, s in zip(drawn, (a, b), strict=True)]
        found.append(aps[0] - aps[1])
    return np.array(found)


def paired_ap(y, a, b, **options):
    return np.quantile(ap_differences(y, a, b, **options), [0.025, 0.975])


NUMBERS = {  # right answers that are one or several numbers
    "00.1": lambda: [sum(1 for row in Y.tolist() if row[3] and row[7])],
    "00.2": lambda: [1, 10 / 11, np.inf, 10 / 11],
    "00.4": lambda: three(FREE.Y_train),
    "01.1": lambda: [np.log(9), np.log(9), -np.log(9), 0.45, 0.5],
    "01.2": lambda: [-88.73],
    "01.4": lambda: [f1_score(Y_TEST, linear_layer(), average="micro")],
    "01.5": log_losses,
    "03.2": of_the_9,
    "03.3": lambda: [0.61, 0.65],
    "03.4": lambda: [0.5705, 0.623],
    "04.1": lambda: [-np.log(0.1), np.log(9)],
    "04.2": lambda: [0.0],
    "04.3": lambda: [1e-4, 4.0],
    "04.4": lambda: [0.34, 0.69],
    "06.1": lambda: [max(five_f1s()), int(np.argmax(five_f1s())) + 1, 1],
    "06.2": lambda: [0.25, 0.18, 0.29],
    "05.1": lambda: [f1_score(OWL_TRUE, OWL_PRED, average=a, zero_division=0) for a in ("micro", "macro")],
    "07.1": lambda: [0.1, 9 / 13],
    "07.3": lambda: [0.9, 0.5 * 0.7 * 0.9, 0.1, 0.5],
    "09.1": lambda: [1, binom.sf(0, 20, 0.05)],
    "08.1": positives_needed,
    "08.2": lambda: repeated_scenes(28),
}
OTHERS = {  # right answers of other kinds
    "00.3": lambda: [set(), frozenset(), [], (), {}, np.array([]), np.zeros(10), [0] * 10, np.zeros((2000, 10), int)],
    "00.5": lambda: [TAGS, TAGS.tolist(), TAGS.astype(bool), pd.DataFrame(TAGS), sparse.csr_array(TAGS)],
    "01.3": lambda: [probabilities(), pd.DataFrame(probabilities()), probabilities().tolist()],
    "02.1": lambda: [
        "BinaryAccuracy",
        "binary_accuracy",
        " 'BinaryAccuracy'",
        "binary-accuracy",
        "binary accuracy\n",
        "keras.metrics.BinaryAccuracy",
        "<class 'keras.src.metrics.accuracy_metrics.BinaryAccuracy'>",
    ],
    "02.2": lambda: [({0}, set()), [[], []], (["0"], ()), np.zeros((2, 10)), ({0, 3, 9}, {}), {1: {0}, 2: []}.values()],
    "02.3": lambda: ["micro", "Micro", "'micro'", "micro-average", "micro average", "micro\n", "Micro-averaged."],
    "02.5": lambda: [
        [[0.699, 0.675, 0.188], [0.734, 0.692, 0.276]],
        np.array([[0.71, 0.68, 0.19], [0.72, 0.67, 0.25]]),
        [[0.68, 0.69, 0.19], [0.73, 0.69, 0.26]],  # one validation column below: chance
    ],
    "03.1": lambda: [
        score_matrix,
        scores_matrix,
        lambda moc, X: [[p[i, 1] for p in moc.predict_proba(X)] for i in range(len(X))],
        lambda moc, X: np.transpose([p @ c for p, c in zip(moc.predict_proba(X), moc.classes_, strict=True)]),
    ],
    "05.2": lambda: [pooled, lambda parts: np.array([pooled(parts)])],
    "05.3": lambda: [([[1, 1], [0, 1]], [[1, 1], [1, 0]]), (np.eye(2), pd.DataFrame([[1, 1], [0, 1]]))],
    "05.4": lambda: [best_constant(), sorted(best_constant()), [str(j) for j in best_constant()]],
    "07.2": lambda: [ece, lambda *rows: np.array([ece(*rows)])],
    "07.4": lambda: [shrunk, lambda *rows: list(shrunk(*rows, m=60.0))],
    "05.5": lambda: [paired, lambda *rows: list(paired(*rows, seed=1)), lambda *rows: paired(*rows, seed=2, n=4000)],
    "06.3": lambda: [budget, lambda s, k: np.sort(s)[-k - 1] if k < len(s) else min(s) - 1],
    "06.4": lambda: [careful, lambda y, p, floor: careful(y, p, floor) + 1e-9],
    "09.2": lambda: [twins, lambda train, other: float(twins(train, other))],
    "09.3": lambda: [chi2_without_absent, chi2_of_terms],
    "09.4": lambda: [by_groups, lambda *rows: list(by_groups(*rows, seed=1)), lambda *rows: by_groups(*rows, n=4000)],
    "08.3": lambda: [
        weighted_coefficients,
        lambda X, y, m: [*LogisticRegression(class_weight={0: 1, 1: m}).fit(X, y).coef_],
    ],
    "08.4": lambda: [cross_validated, lambda X, y: pd.Series(cross_validated(X, y, seed=1))],
    "08.5": lambda: [paired_ap, lambda *rows: list(paired_ap(*rows, seed=1))],
}
RIGHT = {**{key: (lambda f=f: [f()]) for key, f in NUMBERS.items()}, **OTHERS}


@pytest.mark.parametrize("exercise", RIGHT)
def test_right_answers(exercise):
    for answer in RIGHT[exercise]():
        assert check(exercise, answer), check(exercise, answer)
        assert check(exercise, answer).message.startswith("right")


@pytest.mark.parametrize("exercise", NUMBERS)
def test_numbers_in_every_spelling(exercise):
    values = NUMBERS[exercise]()
    spellings = [tuple(values), np.array(values), np.array(values)[:, None], pd.Series(values), pd.DataFrame([values])]
    spellings += [
        pd.Series(values, dtype=object),
        [Decimal(float(v)) for v in values],
        dict(enumerate(values)).values(),
    ]
    spellings += [[Fraction(v) for v in values]] if np.isfinite(values).all() else []
    if len(values) == 1:
        spellings += [values[0], np.float64(values[0]), np.array(values[0])]
        spellings += [int(values[0]), np.int64(values[0])] if values[0] == int(values[0]) else []
    for answer in spellings:
        assert check(exercise, answer), (check(exercise, answer), type(answer))


def test_keras_metrics():
    keras = pytest.importorskip("keras")

    class Subset(keras.metrics.Mean):
        def update_state(self, y_true, z, sample_weight=None):
            return super().update_state(self.rows(keras.ops.cast(y_true, "bool"), z))

        def rows(self, y, z):
            return keras.ops.all((z > 0) == y, axis=-1)

    class Decisions(Subset):
        def rows(self, y, z):
            return keras.ops.mean(keras.ops.cast((z > 0) == y, "float32"), axis=-1)

    class Any(Subset):
        def rows(self, y, z):
            return keras.ops.any((z > 0) == y, axis=-1)

    class OfProbabilities(Subset):
        def rows(self, y, z):
            return keras.ops.all((z > 0.5) == y, axis=-1)

    class OverBatches(Subset):
        def rows(self, y, z):
            return keras.ops.mean(keras.ops.cast(super().rows(y, z), "float32"))

    class Argmax(Subset):
        def rows(self, y, z):
            return keras.ops.argmax(z, axis=-1) == keras.ops.argmax(keras.ops.cast(y, "int32"), axis=-1)

    class KeepsItsState(Subset):
        def reset_state(self):
            pass

    class Forgets(Subset):
        def update_state(self, y_true, z, sample_weight=None):
            self.reset_state()
            super().update_state(y_true, z)

    class Raises(Subset):
        def rows(self, y, z):
            raise RuntimeError("no\nway")

    assert check("02.4", Subset) and check("02.4", Subset())
    own = Subset()
    own.update_state(np.array([[1, 0], [1, 1]]), np.array([[1.0, -1.0], [1.0, -1.0]], np.float32))
    assert check("02.4", own)
    assert float(own.result()) == 0.5, "the student's own metric has lost its state"
    wrong = {
        Decisions: "all its labels",
        Any: "any of its labels",
        OfProbabilities: "0.5",
        OverBatches: "mean over batches",
        Argmax: "argmax",
        KeepsItsState: "former batches still count",
        Forgets: "last batch",
        Raises: "it raises RuntimeError: no",
        int: "reset_state",
    }
    for metric, part in wrong.items():
        assert not check("02.4", metric)
        assert part in check("02.4", metric).message, (metric, check("02.4", metric))
    functions = {
        (lambda y, z: ((z > 0) == y).all(axis=1).mean()): "mean over batches: here",
        (lambda y, z: ((z > 0) == y).all(axis=1)): "one value per row",
        (lambda y, z: (z > 0) == y): "neither one number",
        (lambda y: 0): "it raises TypeError",
    }
    for function, part in functions.items():
        assert part in check("02.4", function).message, check("02.4", function)
    assert "type float" in check("02.4", 0.57).message
    assert check("02.1", keras.metrics.BinaryAccuracy()) and check("02.1", keras.metrics.BinaryAccuracy)
    assert check("02.1", keras.metrics.binary_accuracy)
    assert "ten columns" in check("02.1", keras.metrics.CategoricalAccuracy()).message


def binarized(clean):
    """Return the label matrix of the tags as they are after some cleaning."""
    return MultiLabelBinarizer().fit_transform([{clean(tag) for tag in cell.split(",")} for cell in TAG_COLUMN])


def total(labels):
    return labels.sum(axis=0, dtype=int)


WRONG = [  # what was handed in, and a part of the diagnosis that only this mistake gets
    ("00.1", lambda: (Y[:, 3] | Y[:, 7]).sum(), "3 or a 7"),
    ("00.1", lambda: total(Y)[3] + total(Y)[7], "added"),
    ("00.1", lambda: total(Y)[3], "all scenes with a 3"),
    ("00.1", lambda: total(Y)[7], "all scenes with a 7"),
    ("00.1", lambda: (np.flatnonzero(Y[i]).tolist() == [3, 7] for i in range(4000)), "iterator"),
    ("00.1", lambda: sum(np.flatnonzero(row).tolist() == [3, 7] for row in Y), "nothing else"),
    ("00.1", lambda: (Y[:, 2] & Y[:, 6]).sum(), "columns count from 0"),
    ("00.1", lambda: (Y_TEST[:, 3] & Y_TEST[:, 7]).sum(), "test scenes"),
    ("00.1", lambda: (SCENES.Y_val[:, 3] & SCENES.Y_val[:, 7]).sum(), "validation scenes"),
    ("00.1", lambda: sum((M[:, 3] & M[:, 7]).sum() for M in (Y, SCENES.Y_val, Y_TEST)), "all three splits"),
    ("00.1", lambda: (Y[:, 3] & Y[:, 7]).mean(), "fraction"),
    ("00.1", lambda: str(NUMBERS["00.1"]()[0]), "quotation marks"),
    ("00.2", lambda: [1.81, 0.165, np.inf, 0.165], "new values"),
    ("00.2", lambda: [10 / 11, 10 / 11, np.inf, 10 / 11], "Cardinality: it is a mean over samples"),
    ("00.2", lambda: [1, 1, np.inf, 10 / 11], "Density: it divides"),
    ("00.2", lambda: [1, 1.1, np.inf, 10 / 11], "Density: this is upside down"),
    ("00.2", lambda: [1, 10 / 11, np.inf, 1], "Hamming loss: it is a mean"),
    ("00.2", lambda: [1, 10 / 11, np.inf, 1.1], "Hamming loss: this is upside down"),
    ("00.2", lambda: [1, 10 / 11, 1.0, 10 / 11], "the ratio of the new label"),
    ("00.2", lambda: [1, 10 / 11, np.nan, 10 / 11], "NaN"),
    ("00.3", lambda: {0}, "another set has a lower one"),
    ("00.3", lambda: range(10), "Every label for every scene"),
    ("00.3", lambda: 0, "shape ()"),
    ("00.3", lambda: {10}, "digit from 0 to 9"),
    ("00.3", lambda: {0: 1}, "a dict"),
    ("00.4", lambda: three(Y), "dependence=0"),
    ("00.4", lambda: three(FREE.Y_test), "test scenes"),
    ("00.4", lambda: [three(FREE.Y_train)[0], 4000 * three(FREE.Y_train)[1], 0.99], "a fraction"),
    (
        "00.4",
        lambda: [three(FREE.Y_train)[0], (1 - FREE.Y_train.mean(axis=0)).prod(), three(FREE.Y_train)[2]],
        "independence",
    ),
    (
        "00.4",
        lambda: [*three(FREE.Y_train)[:2], (FREE.Y_train[:, 0] * FREE.Y_train[:, 2]).mean()],
        "not yet divided by both",
    ),
    ("00.4", lambda: [*three(FREE.Y_train)[:2], FREE.Y_train[FREE.Y_train[:, 0] == 1, 2].mean()], "fraction of one"),
    ("00.4", lambda: [*three(FREE.Y_train)[:2], lift(FREE.Y_train, 0, 1)], "another pair"),
    ("00.5", lambda: MultiLabelBinarizer().fit_transform(TAG_COLUMN), "letters"),
    ("00.5", lambda: binarized(lambda tag: tag), "a blank before or after them. Capital letters"),
    ("00.5", lambda: binarized(str.strip), "own. An empty string is still"),
    ("00.5", lambda: binarized(lambda tag: tag.strip().lower()), "An empty string is still"),
    ("00.5", lambda: binarized(str.lower), "after them. An empty string is still"),
    ("00.5", lambda: pd.Series(TAG_COLUMN).str.get_dummies(","), "them. Capital letters still make a label"),
    ("00.5", lambda: pd.Series(TAG_COLUMN).str.replace(" ", "").str.get_dummies(","), "Capital letters still"),
    ("00.5", lambda: pd.Series(TAG_COLUMN).str.lower().str.get_dummies(","), "Some tags still have a blank"),
    ("00.5", lambda: TAGS.T, "swapped"),
    ("00.5", lambda: TAGS[[0, 2, 3, 4]], "A row is missing"),
    ("00.5", lambda: TAGS[:, :2], "shape (5, 2)"),
    ("00.5", lambda: TAGS + TAGS * [[0], [0], [1], [0], [0]] * [0, 1, 0], "named twice"),
    ("00.5", lambda: TAGS[:, ::-1], "alphabetical"),
    ("00.5", lambda: np.where(np.arange(5)[:, None] == 2, [0, 1, 0], TAGS), "Row 2"),
    ("00.5", lambda: TAG_COLUMN, "Not everything in this is a number"),
    ("01.1", lambda: [0.9, 0.9, 0.1, 0.45, 0.5], "are the probabilities"),
    ("01.1", lambda: [*np.log([0.9, 0.9, 0.1]), 0.45, 0.5], "logarithms of p"),
    ("01.1", lambda: [9, 9, 1 / 9, 0.45, 0.5], "are odds"),
    ("01.1", lambda: [*np.log10([9, 9, 1 / 9]), 0.45, 0.5], "base 10"),
    ("01.1", lambda: [*np.log([1 / 9, 1 / 9, 9]), 0.45, 0.5], "upside down"),
    ("01.1", lambda: [*np.log([9, 9, 1 / 9]), 0.9, 0.5], "share what c leaves"),
    ("01.1", lambda: [*np.log([9, 9, 1 / 9]), 0.9 / 1.9, 0.5], "dividing all three"),
    ("01.1", lambda: [*np.log([9, 9, 1 / 9]), 0.45, 1], "not both at once"),
    ("01.1", lambda: [*np.log([9, 9, 1 / 9]), 0.45, 0.9], "0.9 twice is more"),
    ("01.1", lambda: [*np.log([9, 9, 1 / 9]), 0.45, 0.45], "go down as far"),
    ("01.1", lambda: [2.197, 2.197, -2.197], "shape (3,)"),
    ("01.1", lambda: ([2.197, 2.197, -2.197], 0.45, 0.5), "list inside the list"),
    ("01.1", lambda: (np.array([2.197, 2.197, -2.197]), [0.45, 0.5]), "side by side"),
    ("01.2", lambda: 88.7, "sign is missing"),
    ("01.2", lambda: -16.64, "absent label breaks, since"),
    ("01.2", lambda: -16, "p rounds to 1"),
    ("01.2", lambda: -36.74, "absent label breaks in 64 bits"),
    ("01.2", lambda: -88, "Close"),
    ("01.2", lambda: -89, "finer grid"),
    ("01.2", lambda: -np.inf, "nearest to 0"),
    ("01.2", lambda: -709.78, "64 bits"),
    ("01.2", lambda: -11.09, "16 bits"),
    ("01.2", lambda: -103.3, "exp(z) vanishes"),
    ("01.2", lambda: -87.3, "loses digits"),
    ("01.3", lambda: np.full((2000, 10), 0.1), "still the softmax"),
    ("01.3", lambda: np.log(probabilities() / (1 - probabilities())), "no probabilities"),
    ("01.3", lambda: np.full((2000, 10), 0.2), "no scene gets more than one label"),
    ("01.3", lambda: np.full((2000, 10), 0.9), "trained weights"),
    ("01.3", lambda: expit(softmax(10 * probabilities(), axis=1)), "on top of the softmax"),
    ("01.3", lambda: probabilities() > 0.5, "labels or predictions"),
    ("01.3", lambda: Y_TEST * 0.98 + 0.01, "the true labels?"),
    ("01.3", lambda: np.zeros((4000, 10)), "training scenes"),
    ("01.3", lambda: np.full((2000, 10), np.nan), "NaN"),
    ("01.3", lambda: 0.8, "shape ()"),
    ("01.4", lambda: f1_score(Y_TEST, linear_layer(), average="macro"), "macro-F1"),
    ("01.4", lambda: f1_score(Y_TEST, linear_layer(), average="weighted"), "weighted F1"),
    ("01.4", lambda: f1_score(Y, _chapter_01._linear_layer(0.5)["train"] > 0, average="micro"), "training scenes"),
    ("01.4", lambda: f1_score(Y_TEST, _chapter_01._linear_layer(0.5)["test"] > 0.5, average="micro"), "threshold"),
    ("01.4", lambda: (linear_layer() == Y_TEST).mean(), "right decisions"),
    ("01.4", lambda: accuracy_score(Y_TEST, linear_layer()), "subset accuracy"),
    ("01.4", lambda: f1_score(Y_TEST, _chapter_01._linear_layer(0.05)["test"] > 0, average="micro"), "ten times"),
    ("01.4", lambda: [NUMBERS["01.4"]()[0], 0.08], "micro-F1 only"),
    ("01.4", lambda: 100 * NUMBERS["01.4"]()[0], "percent"),
    ("01.4", lambda: f1_score(Y_TEST, linear_layer(), average=None), "one per label"),
    ("01.4", lambda: NUMBERS["01.4"]()[0] + 0.008, "round less"),
    ("01.5", lambda: log_losses()[::-1], "swapped"),
    ("01.5", lambda: np.array(log_losses()) / np.log(2), "base 2"),
    ("01.5", lambda: np.array(log_losses()) / np.log(10), "base 10"),
    ("01.5", lambda: log_losses("train"), "training scenes"),
    ("01.5", lambda: log_losses(dependence=0.3), "dependence=0"),
    (
        "01.5",
        lambda: [log_losses()[0], log_loss(FREE.Y_test[:, 0], _register.logistic(0, 0, False, True, False)["test"])],
        "labels alone",
    ),
    ("02.1", lambda: "CategoricalAccuracy", "ten columns"),
    ("02.1", lambda: "SparseCategoricalAccuracy", "class numbers"),
    ("02.1", lambda: "accuracy", "before Keras replaces it"),
    ("02.1", lambda: "CompileMetrics", "container"),
    ("02.1", lambda: "Mean", "running loss"),
    ("02.1", lambda: "", "This is text"),
    ("02.1", lambda: 0.9, "type float"),
    ("02.1", lambda: "F1", "occurs here"),
    ("02.2", lambda: ({3}, set()), "First set"),
    ("02.2", lambda: ({0}, {0}), "Second set"),
    ("02.2", lambda: {0}, "two things"),
    ("02.2", lambda: (0.52, 0.82), "shape ()"),
    ("02.3", lambda: "macro", "Compute both and look again"),
    ("02.3", lambda: "samples", "one of the two"),
    ("02.3", lambda: 0.96, "as text"),
    ("02.5", lambda: [[0.70, 0.67, 0.19]] * 2, "Both rules"),
    ("02.5", lambda: [[0.70, 0.73], [0.67, 0.69], [0.19, 0.26]], "on its side"),
    ("02.5", lambda: [[0.19, 0.70, 0.67], [0.26, 0.73, 0.69]], "another order"),
    ("02.5", lambda: [[0.70, 0.19, 0.67], [0.73, 0.26, 0.69]], "then on test scenes, and then the loss"),
    ("02.5", lambda: [[0.73, 0.69, 0.26], [0.70, 0.67, 0.19]], "rows swapped"),
    ("02.5", lambda: [[0.78, 0.77, 0.19], [0.80, 0.78, 0.26]], "is it micro-F1"),
    ("02.5", lambda: [[0.70, 0.70, 0.18], [0.73, 0.73, 0.25]], "both of them from the validation scenes"),
    ("02.5", lambda: [[0.67, 0.69, 0.19], [0.69, 0.705, 0.26]], "fitted on the test scenes"),
    ("02.5", lambda: [[0.67, 0.70, 0.19], [0.69, 0.73, 0.26]], "columns swapped"),
    ("02.5", lambda: [[0.62, 0.63, 0.19], [0.70, 0.68, 0.26]], "is this the one at 0.5"),
    ("02.5", lambda: [[0.2, 0.2, 0.3], [0.3, 0.29, 0.35]], "reaches more"),
    ("02.5", lambda: [[0.70, 0.67, 1.9], [0.73, 0.69, 2.6]], "sum over the labels"),
    ("02.5", lambda: [[70, 67, 0.19], [73, 69, 0.26]], "percent"),
    ("02.5", lambda: [[0.70, 0.67, -0.19], [0.73, 0.69, 0.26]], "negative"),
    ("02.5", lambda: [[0.70] * 4, [0.73] * 4], "average over the seeds"),
    ("02.5", lambda: [[0.67, 0.19], [0.69, 0.26]], "shape (2, 2)"),
    ("02.5", lambda: [0.70, 0.67, 0.19, 0.73, 0.69, 0.26], "shape (6,)"),
    ("03.1", lambda: lambda moc, X: moc.predict_proba(X), "the list as it comes"),
    ("03.1", lambda: lambda moc, X: np.array(moc.predict_proba(X))[:, :, 1], "on its side"),
    ("03.1", lambda: lambda moc, X: np.hstack(moc.predict_proba(X)), "(7, 8)"),
    ("03.1", lambda: lambda moc, X: 1 - score_matrix(moc, X), "absent"),
    ("03.1", lambda: lambda moc, X: moc.predict(X), "predictions"),
    ("03.1", lambda: lambda moc, X: np.column_stack([p[:, -1] for p in moc.predict_proba(X)]), "certainly there"),
    ("03.1", lambda: lambda moc, X: score_matrix(moc, X) ** 2, "values are not"),
    ("03.1", lambda: lambda moc: 1, "raises TypeError"),
    ("03.1", lambda: np.zeros((2000, 10)), "asks for a function"),
    ("03.1", lambda: lambda moc, X: None, "None"),
    ("03.2", lambda: of_the_9()[::-1], "swapped"),
    ("03.2", lambda: of_the_9(balanced=False), "plain classifier"),
    ("03.2", lambda: of_the_9(part="train"), "training scenes"),
    ("03.2", lambda: of_the_9_on_validation(), "validation scenes"),
    ("03.2", lambda: absent_9(), "absent 9"),
    ("03.2", lambda: of_the_9(digit=8), "the 8"),
    ("03.2", lambda: np.negative(of_the_9()), "sign"),
    ("03.3", lambda: [0.65, 0.61], "swapped"),
    ("03.3", lambda: [0.65, 0.651], "sorted by the 9"),
    ("03.3", lambda: [0.74, 0.75], "more than this model"),
    ("03.3", lambda: [0.45, 0.48], "less than this model"),
    ("03.3", lambda: [[0.5] * 5, [0.6] * 5], "five folds"),
    ("03.3", lambda: [61, 65], "percent"),
    ("03.3", lambda: [-0.61, 0.65], "negative"),
    ("03.4", lambda: [0.623, 0.5705], "swapped"),
    ("03.4", lambda: [0.744, 0.768], "micro-F1"),
    ("03.4", lambda: chain_and_mode(lambda p, y: p == y), "right decisions"),
    ("03.4", lambda: [0.5705, 0.5705], "greedy chain once more"),
    ("03.4", lambda: [0.5705, (Y_TEST == 0).all(axis=1).mean()], "outside a set count"),
    ("03.4", lambda: [0.614, 0.646], "reverse order"),
    ("03.4", lambda: chain_and_mode(whole_rows, "val"), "validation scenes"),
    ("03.4", lambda: chain_and_mode(whole_rows, "train"), "training scenes"),
    ("03.4", lambda: [57, 62], "percent"),
    ("03.4", lambda: [0.489, 0.571, 0.615], "2 numbers"),
    ("04.1", lambda: [1, 2.2], "base 10"),
    ("04.1", lambda: [np.log2(10), 2.2], "base 2"),
    ("04.1", lambda: [-np.log(0.9), 2.2], "smallest"),
    ("04.1", lambda: [0.1, 2.2], "clipped probability"),
    ("04.1", lambda: [0.9, 2.2], "upper end"),
    ("04.1", lambda: [-np.log(1e-7), 2.2], "Largest loss: that is the one at the epsilon of the typed loss"),
    ("04.1", lambda: [-2.303, 2.197], "isn't negative"),
    ("04.1", lambda: [2.303, 0.9], "is the probability"),
    ("04.1", lambda: [2.303, expit(0.9)], "is a sigmoid"),
    ("04.1", lambda: [2.303, 16.118], "Logit: that is where the clip of the typed loss acts"),
    ("04.1", lambda: [2.303, -np.log(0.1)], "Logit: that is the largest loss"),
    ("04.1", lambda: [np.log(9), -np.log(0.1)], "swapped"),
    ("04.1", lambda: [2.303, -2.197], "present label"),
    ("04.1", lambda: [2.303, 9], "odds"),
    ("04.1", lambda: [2.303, np.log10(9)], "Logit: that is the logarithm to base 10"),
    ("04.2", lambda: expit(20) * expit(-20) / (expit(-20) + 1e-7), "64 bits"),
    ("04.2", lambda: 1.0, "from logits"),
    ("04.2", lambda: -np.log(1e-7), "value of the loss"),
    ("04.2", lambda: -np.log(expit(-20) + 1e-7), "value of the loss, in 64 bits"),
    ("04.2", lambda: 20.0, "value of the loss from logits"),
    ("04.2", lambda: expit(20) * expit(-20), "sigmoid alone"),
    ("04.2", lambda: expit(15) * expit(-15) / (expit(-15) + 1e-7), "at 15"),
    ("04.2", lambda: False, "True or False"),
    ("04.3", lambda: [1e-3, 4], "unchanged"),
    ("04.3", lambda: [1e-2, 4], "wrong way"),
    ("04.3", lambda: [1e-3 / 4000, 4], "number of samples"),
    ("04.3", lambda: [1e-5, 4], "square of the number"),
    ("04.3", lambda: [1e-3 / 10**0.5, 4], "root of the number"),
    ("04.3", lambda: [1e-3 / 3, 4], "number of layers"),
    ("04.3", lambda: [1e-4, 0.25], "not the other way round"),
    ("04.3", lambda: [1e-4, 1.0], "trained with the smaller penalty"),
    ("04.3", lambda: [1e-4, 3.9**0.5], "the root"),
    ("04.3", lambda: [1e-4, 10], "the two losses"),
    ("04.3", lambda: [1e-4, 16], "all three layers"),
    ("04.3", lambda: [1e-4, -4], "Ratio: this is not above 0"),
    ("04.3", lambda: [-1e-4, 4], "Penalty: this is not above 0"),
    ("04.3", lambda: [[1e-4], 4], "list inside the list"),
    ("04.4", lambda: [0.69, 0.34], "swapped"),
    ("04.4", lambda: [0.68, 0.69], "are close"),
    ("04.4", lambda: [0.25, 0.51], "macro-F1"),
    ("04.4", lambda: [0.55, 0.69], "costs more"),
    ("04.4", lambda: [0.0, 0.69], "Taken for absent: this network predicts next to nothing"),
    ("04.4", lambda: [0.38, 0.0], "Left out: this network predicts next to nothing"),
    ("04.4", lambda: [0.4, 0.85], "on which scenes"),
    ("04.4", lambda: [34, 69], "percent"),
    ("05.1", lambda: NUMBERS["05.1"]()[::-1], "swapped"),
    ("05.1", lambda: [10 / 13, 0.5], "six photos"),
    ("05.1", lambda: [10 / 14, 0.5], "false alarm"),
    ("05.1", lambda: [6 / 9, 13 / 18], "tp + fp + fn"),
    ("05.1", lambda: [6 / 7, 13 / 18], "Micro: the owl's miss"),
    ("05.1", lambda: [10 / 13, 13 / 18], "Micro: this is the one of the six photos"),
    ("05.1", lambda: [0.8, 0.5], "Macro: this is the one of the six photos"),
    ("05.1", lambda: [0.8, 5 / 6], "owl's F1 isn't 1"),
    ("05.1", lambda: [0.8, f1_score(OWL_TRUE, OWL_PRED, average="weighted")], "Macro: this is the weighted"),
    ("05.1", lambda: [f1_score(OWL_TRUE, OWL_PRED, average="weighted"), 13 / 18], "Micro: this is the weighted"),
    ("05.1", lambda: [0.8, harmonic(LabelCounts.from_predictions(OWL_TRUE, OWL_PRED))], "F1 of the averages"),
    ("05.1", lambda: [0.8, 100 * 13 / 18], "percent"),
    ("05.2", lambda: lambda parts: np.mean([macro(*part) for part in parts]), "mean of the parts"),
    ("05.2", lambda: lambda parts: np.average([macro(*p) for p in parts], weights=[len(p[0]) for p in parts]), "sizes"),
    ("05.2", lambda: lambda parts: counts(parts).f1("micro"), "micro-F1"),
    ("05.2", lambda: lambda parts: counts(parts).f1("weighted"), "weighted F1"),
    ("05.2", lambda: lambda parts: counts(parts).f1(), "one per label"),
    ("05.2", lambda: lambda parts: macro(*parts[-1]), "last part"),
    ("05.2", lambda: lambda parts: macro(*parts[0]), "first part"),
    ("05.2", lambda: lambda parts: harmonic(counts(parts)), "F1 of the averages"),
    ("05.2", lambda: lambda parts: parts.nothing, "raises AttributeError"),
    ("05.2", lambda: 0.9, "asks for a function"),
    ("05.3", lambda: (np.eye(2), np.eye(2)), "Both precisions"),
    ("05.3", lambda: ([[1, 1], [0, 1]], [[1, 0], [1, 0]]), "never predicted"),
    ("05.3", lambda: ([[1, 1]], [[1, 0], [1, 0]]), "(1, 2) and (2, 2)"),
    ("05.3", lambda: ([[2, 1], [0, 1]], [[1, 1], [1, 0]]), "only 0 and 1"),
    ("05.3", lambda: (np.zeros((2, 2)), np.ones((2, 2))), "positives"),
    ("05.3", lambda: "no", "two things"),
    ("05.3", lambda: np.array([[1, 1], [0, 1]]), "Each of the two is a matrix"),
    ("05.3", lambda: ([1, 1, 0], [1, 0, 0]), "one row per sample"),
    ("05.4", lambda: set(), "no true positives"),
    ("05.4", lambda: {0}, "The 1 most frequent"),
    ("05.4", lambda: {0, 9}, "Other sets of 2"),
    ("05.4", lambda: range(10), "The 10 most frequent"),
    ("05.4", lambda: 0.415, "shape ()"),
    ("05.4", lambda: len(best_constant()), "size of the set"),
    ("05.5", lambda: lambda *rows: paired(*rows)[::-1], "ends are swapped"),
    ("05.5", lambda: lambda y, a, b: paired(y, a, 0 * b), "one prediction's"),
    ("05.5", lambda: lambda y, a, b: paired(y, b, a), "other way round"),
    ("05.5", lambda: lambda *rows: paired(*rows, paired=False), "each prediction alone"),
    ("05.5", lambda: lambda *rows: paired(*rows, average="micro"), "micro-F1"),
    ("05.5", lambda: lambda *rows: np.quantile(differences(*rows), [0.05, 0.95]), "narrower than the middle 95 %"),
    ("05.5", lambda: lambda *rows: paired(*rows, share=0.1), "another one than"),
    ("05.5", lambda: lambda y, a, b: [macro(y, a) - macro(y, b)] * 2, "Both ends are the same"),
    ("05.5", lambda: differences, "many numbers"),
    ("05.5", lambda: lambda y, a, b: 0.01, "2 numbers"),
    ("05.5", lambda: lambda y, a: 0.01, "raises TypeError"),
    ("05.5", lambda: [0.007, 0.045], "asks for a function"),
    ("06.1", lambda: [2 / 3, 3, 1], "walk to the end"),
    ("06.1", lambda: [3 / 5, 5, 1], "tp + fp + fn"),
    ("06.1", lambda: [five_f1s()[-1], 5, 0], "0/0 comes first"),
    ("06.1", lambda: [five_f1s()[-1], 5, 5], "argmax takes a nan"),
    ("06.1", lambda: [five_f1s()[-1], 5, 3], "without the hole"),
    ("06.1", lambda: [five_f1s()[-1], 4, 1], "Rows that it claims"),
    ("06.2", lambda: [0.75, 0.18, 0.29], "above the line"),
    ("06.2", lambda: [1 / 3, 0.18, 0.29], "sum of both costs"),
    ("06.2", lambda: [0.25, 0.29, 0.18], "swapped"),
    ("06.2", lambda: [0.25, 0.18, 0.18], "own F1 has no say"),
    ("06.2", lambda: [0.25, 0.29, 0.29], "Macro-F1: the F1 of the pot"),
    ("06.2", lambda: [0.25, 0.36, 0.58], "half of the F1"),
    ("06.2", lambda: [0.25, 0.5, 0.5], "equal costs"),
    ("06.3", lambda: lambda s, k: np.sort(s)[-max(k, 1)], "strictly above the score at place k"),
    ("06.3", lambda: lambda s, k: budget(s, k + 1), "over the budget"),
    (
        "06.3",
        lambda: lambda s, k: np.sort(s)[-k - 1] - (1e-6 if s[1] == s[2] else 0) if k < len(s) else -1,
        "claimed together",
    ),
    ("06.3", lambda: lambda s, k: np.sort(s)[-k - 1] if k < len(s) else min(s), "below the lowest"),
    ("06.3", lambda: lambda s, k: np.inf, "2 are possible"),
    ("06.3", lambda: 0.5, "asks for a function"),
    ("06.4", lambda: lambda y, p, floor: careful(y, p, floor, z=0), "without a margin"),
    ("06.4", lambda: lambda y, p, floor: careful(y, p, floor, z=1.96), "z = 1.96"),
    ("06.4", lambda: lambda y, p, floor: careful(y, p, floor, first=True), "first cut"),
    ("06.4", lambda: lambda y, p, floor: careful(y, p, floor, strictly=False), "one row too few"),
    ("06.4", lambda: lambda y, p, floor: np.inf, "claims nothing"),
    ("06.4", lambda: lambda y, p, floor: 0.0, "claims 400 rows"),
    ("06.4", lambda: lambda y, p, floor: min(careful(y, p, floor), 1.0), "return np.inf"),
    ("07.1", lambda: NUMBERS["07.1"]()[::-1], "swapped"),
    ("07.1", lambda: [0.9, 9 / 13], "taken off the log-odds"),
    ("07.1", lambda: [0.5 / 9, 9 / 13], "divide the odds"),
    ("07.1", lambda: [0.1, 0.2], "cut for the true probability"),
    ("07.1", lambda: [0.1, 0.2 / 7.4], "adds log 9"),
    ("07.1", lambda: [0.1, 1.8], "multiply the odds"),
    ("07.1", lambda: [0.1, 0.75], "not 1 / 4"),
    ("07.1", lambda: [0.1, 7.2 / 7.4], "false alarm that costs 4"),
    ("07.2", lambda: partial(ece, weighted=False), "weight each by its share"),
    ("07.2", lambda: partial(ece, signed=True), "cancel"),
    ("07.2", lambda: lambda *rows: abs(ece(*rows, signed=True)), "taken of the sum"),
    ("07.2", lambda: largest, "largest difference"),
    ("07.2", lambda: partial(ece, power=2), "squares"),
    ("07.2", lambda: from_centres, "centre of a bin"),
    ("07.2", lambda: by_quantiles, "equally many samples"),
    ("07.2", lambda: partial(ece, side="right"), "on an edge"),
    ("07.2", lambda: lambda y, p, n_bins: ((p - y) ** 2).mean(), "Brier score"),
    ("07.2", lambda: with_empty_bins, "returns NaN"),
    ("07.2", lambda: 0.0041, "asks for a function"),
    ("07.3", lambda: [0.9, 0.315, 0.5, 0.1], "swapped"),
    ("07.3", lambda: [0.3, 0.315, 0.1, 0.5], "mean probability"),
    ("07.3", lambda: [1, 0.315, 0.1, 0.5], "counts labels"),
    ("07.3", lambda: [0.9, 0.015, 0.1, 0.5], "all three are there"),
    ("07.3", lambda: [0.9, 0.1, 0.1, 0.5], "1 minus the sum"),
    ("07.3", lambda: [0.9, 0.685, 0.1, 0.5], "at least one"),
    ("07.3", lambda: [0.9, 0.315, 0, 0.5], "can't be 0"),
    ("07.3", lambda: [0.9, 0.315, 0.315, 0.5], "Lowest: this is the independent"),
    ("07.3", lambda: [0.9, 0.315, 0.1, 0.315], "Highest: this is the independent"),
    ("07.3", lambda: [0.9, 0.315, 0.1, 0.9], "most frequent label"),
    ("07.3", lambda: [0.9, 31.5, 0.1, 0.5], "above 1"),
    ("07.4", lambda: lambda y, z, shared: shared, "returns the shared map"),
    ("07.4", lambda: lambda y, z, shared: (2, 2), "away from the label's own"),
    ("07.4", lambda: partial(shrunk, m=0.0), "two positives"),
    ("07.4", lambda: lambda y, z, shared: shrunk(y, z, shared, 0.0) if y.sum() > 19 else shared, "one of the two maps"),
    ("07.4", lambda: lambda y, z, shared: 1, "asks for 2 numbers"),
    ("09.1", lambda: NUMBERS["09.1"]()[::-1], "swapped"),
    ("09.1", lambda: [1, 0.05], "that of a single test; there are"),
    ("09.1", lambda: [1, 1], "may not be added up"),
    ("09.1", lambda: [1, binom.pmf(0, 20, 0.05)], "the opposite"),
    ("09.1", lambda: [1, 0], "all twenty"),
    ("09.1", lambda: [0.05, 0.64], "add it up over the twenty"),
    ("09.1", lambda: [19, 0.64], "stay above"),
    ("09.2", lambda: lambda train, other: twins(train, other, key=str), "letter by letter"),
    ("09.2", lambda: lambda train, other: twins(train, other, key=lambda t: t.lower().strip()), "not over punctuation"),
    ("09.2", lambda: lambda train, other: twins(train, other, key=spaced), "not over capitals"),
    ("09.2", lambda: lambda train, other: len({*map(bare, other)} & {*map(bare, train)}), "counts each text once"),
    ("09.2", lambda: lambda train, other: twins(other, train), "other direction"),
    ("09.2", lambda: lambda train, other: twins(train, other) / len(other), "fraction"),
    ("09.2", lambda: lambda train, other: len(other) - twins(train, other), "no twin"),
    ("09.2", lambda: lambda train, other: twins(train, other) + twins(other, train), "together"),
    ("09.2", lambda: lambda train, other: twins(train, other or ["so good"]), "empty other part"),
    ("09.2", lambda: 113, "asks for a function"),
    ("09.3", lambda: lambda X, Y: chi2(X, Y)[0], "returns nan"),
    ("09.3", lambda: chi2, "shape (2, 5)"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: pi**0).sum(axis=0), "each needs a weight"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: pi).sum(axis=0), "which half is left out"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: 1 / (1 - pi)).sum(axis=0), "divides by"),
    ("09.3", lambda: lambda X, Y: chi2_without_absent(X, Y) / (1 - Y[:, :3].mean(axis=0)).sum(), "weighted mean"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: pi**0).mean(axis=0), "mean over the labels"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: pi**0).max(axis=0), "largest value"),
    ("09.3", lambda: lambda X, Y: weighted_chi2(X, Y, lambda pi: 1 - pi)[-1], "last label's part"),
    ("09.4", lambda: lambda *rows: by_groups(*rows)[::-1], "ends are swapped"),
    ("09.4", lambda: lambda y, a, b, groups: by_groups(y, b, a, groups), "other way round"),
    ("09.4", lambda: lambda y, a, b, groups: by_groups(y, a, b, np.arange(len(y))), "draw whole groups"),
    ("09.4", lambda: lambda *rows: by_groups(*rows, average="macro"), "interval of macro-F1"),
    ("09.4", lambda: lambda *rows: by_groups(*rows, paired=False), "each prediction alone"),
    ("09.4", lambda: lambda *rows: by_groups(*rows, share=0.9), "narrower than the middle 95 %"),
    ("09.4", lambda: lambda y, a, b, groups: by_groups(y, a, 0 * b, groups), "one prediction;"),
    ("09.4", lambda: lambda *rows: by_groups(*rows, share=0.3), "another one than"),
    ("09.4", lambda: lambda *rows: [0.1, 0.1], "Both ends are the same"),
    ("09.4", lambda: lambda *rows: np.zeros(1000), "many numbers"),
    ("09.4", lambda: lambda *rows: 0.01, "2 numbers"),
    ("09.4", lambda: [0.02, 0.1], "asks for a function"),
    ("08.1", lambda: positives_needed(recall=0.5), "for a recall of 0.5, the worst case"),
    ("08.1", lambda: [400, 100_000], "1 / √n"),
    ("08.1", lambda: positives_needed(z=1), "here it is one"),
    ("08.1", lambda: positives_needed(reach=0.025), "0.05 wide"),
    ("08.1", lambda: [positives_needed()[0], 1.3], "more comments than positives"),
    ("08.1", lambda: [positives_needed()[0], 323_000], "one of a thousand"),
    ("08.1", lambda: [1000, 1001], "another value"),
    ("08.2", lambda: [25, 0.22], "the table grows by them"),
    ("08.2", lambda: repeated_scenes(27), "Round up"),
    ("08.2", lambda: [28, 0.2524], "divide by its rows"),
    ("08.2", lambda: [28, 2536 / 11_080], "once too often"),
    ("08.2", lambda: [28, 0.22], "the one before"),
    ("08.2", lambda: [28, 3280 / 11_080], "12 of the 40"),
    ("08.2", lambda: [28, 2200 / 11_080], "no 3 was repeated"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, 1), "without weights"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, m - 1), "one too low"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, m + 1), "one too high"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, 1, m), "the negatives have the weight"),
    ("08.3", lambda: lambda X, y, m: LogisticRegression(class_weight="balanced").fit(X, y).coef_[0], "takes no m"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, 19), "negatives / positives"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, m, m), "all rows have the weight"),
    ("08.3", lambda: lambda X, y, m: weighted_coefficients(X, y, m, intercept=True), "leave the intercept out"),
    ("08.3", lambda: lambda X, y, m: [1.0], "1 numbers for 12 columns"),
    ("08.3", lambda: lambda X, y, m: 2 * weighted_coefficients(X, y, m), "other coefficients"),
    ("08.4", lambda: repeated_first, "Copies that were made for training"),
    ("08.4", lambda: lambda X, y: np.roll(cross_validated(X, y), 100), "do the rows keep their order"),
    ("08.4", lambda: known_by_heart, "On a label drawn by lot"),
    ("08.4", lambda: lambda X, y: cross_validated(X, y, column=0), "probabilities of its absence"),
    ("08.4", lambda: lambda X, y: cross_validated(X, y, column=None), "two columns"),
    ("08.4", lambda: lambda X, y: cross_validated(X, y, method="predict", column=None), "decisions"),
    ("08.4", lambda: lambda X, y: cross_validated(X, y, weight=None), "as low as the label is rare"),
    ("08.4", lambda: lambda X, y: cross_validated(X, y) * np.nan, "NaN or infinite"),
    ("08.5", lambda: lambda *rows: paired_ap(*rows)[::-1], "ends are swapped"),
    ("08.5", lambda: lambda y, a, b: paired_ap(y, b, a), "other way round"),
    ("08.5", lambda: lambda y, a, b: np.quantile(bootstrapped_ap(y, a), [0.025, 0.975]), "one ranking's"),
    ("08.5", lambda: lambda *rows: paired_ap(*rows, paired=False), "each ranking alone"),
    ("08.5", lambda: lambda *rows: np.quantile(ap_differences(*rows), [0.05, 0.95]), "narrower than the middle 95 %"),
    ("08.5", lambda: lambda *rows: paired_ap(*rows) / 3, "another one than"),
    ("08.5", lambda: lambda y, a, b: [0.1, 0.1], "Both ends are the same"),
    ("08.5", lambda: ap_differences, "many numbers"),
]


def five_f1s():
    return [f1_score([0, 1, 1, 0, 1], np.arange(5) < n, zero_division=0) for n in range(1, 6)]


def budget(scores, k):
    """Try every score as a threshold, and one below all."""
    cuts = [c for c in (-np.inf, *scores) if (np.asarray(scores) > c).sum() <= k]
    return min(cuts)


def careful(y, p, floor, z=1.645, first=False, strictly=True):
    """Solve for the lower end: Wilson's interval holds each q0 for which |q - q0| <= z · sqrt(q0 (1 - q0) / n)."""
    best = np.inf, -1, None
    for cut in sorted({*p.tolist()}, reverse=True):
        there = p >= cut
        n, q = there.sum(), y[there].mean()
        low = np.roots([1 + z**2 / n, -2 * q - z**2 / n, q**2]).real.min()
        if low >= floor - 1e-12 and y[there].sum() > best[1]:
            below = p[p < cut].max() if (p < cut).any() else -np.inf
            best = (below if strictly else cut), y[there].sum(), n
            if first:
                break
    return best[0]


def bare(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def spaced(text):
    return re.sub(r"\W+", " ", text)


def twins(train, other, key=bare):
    return sum(any(key(text) == key(known) for known in train) for text in other)


def weighted_chi2(X, Y, weight):
    present = Y[:, Y.any(axis=0)]
    return np.array([weight(y.mean()) * chi2(X, y)[0] for y in present.T])


def chi2_without_absent(X, Y):
    return chi2(X, Y[:, Y.any(axis=0)])[0]


def chi2_of_terms(X, Y):
    """Return the sum of (observed - expected)² / expected over the labels that occur."""
    expected = np.outer(Y.mean(axis=0), X.sum(axis=0))
    return ((Y.T @ X - expected) ** 2 / np.where(expected, expected, 1)).sum(axis=0)


def by_groups(y, a, b, groups, *, average="micro", paired=True, share=0.95, n=1500, seed=0):
    rng = np.random.default_rng(seed)
    rows_of = [np.flatnonzero(groups == group) for group in np.unique(groups)]

    def f1(y_pred, chosen):
        rows = np.concatenate([rows_of[i] for i in chosen])
        return quick_f1(y[rows], y_pred[rows], average)

    found = []
    for _ in range(n):
        chosen, others = rng.integers(len(rows_of), size=(2, len(rows_of)))
        found.append(f1(a, chosen) - f1(b, chosen if paired else others))
    return np.quantile(found, [(1 - share) / 2, (1 + share) / 2])


def macro(y, y_pred):
    return LabelCounts.from_predictions(y, y_pred).f1("macro", 0)


def counts(parts):
    return sum(LabelCounts.from_predictions(*part) for part in parts)


def harmonic(c):
    P, R = c.precision().mean(), c.recall().mean()
    return 2 * P * R / (P + R)


@pytest.mark.parametrize(("exercise", "answer", "part"), WRONG, ids=lambda x: x if isinstance(x, str) else "")
def test_wrong_routes_are_named(exercise, answer, part):
    verdict = check(exercise, answer())
    assert not verdict
    assert part in verdict.message, verdict


def test_every_exercise_has_right_and_wrong_answers_here():
    assert [*sorted(RIGHT), "02.4"] == [*sorted(HERE - {"02.4"}), "02.4"]
    assert {exercise for exercise, *_ in WRONG} == HERE - {"02.4"}
    assert [case for case, n in Counter((exercise, part) for exercise, _, part in WRONG).items() if n > 1] == []


def test_the_true_labels_are_no_probabilities():
    for labels in (Y_TEST, Y_TEST.astype(bool), sparse.csr_array(Y_TEST), pd.DataFrame(Y_TEST)):
        assert "labels or predictions" in check("01.3", labels).message


def test_a_large_number_is_a_number():
    assert "another value" in check("00.1", 10**30).message


class Hostile:
    """Raises, whatever is asked of it."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array of this")

    def __len__(self):
        raise RuntimeError("no length")

    def __repr__(self):
        raise RuntimeError("no repr")

    def __call__(self, *arguments):
        raise RuntimeError("no call")


GARBAGE = {
    "None": None,
    "text": "text",
    "bytes": b"1",
    "nan": np.nan,
    "inf": np.inf,
    "minus inf": -np.inf,
    "complex": 1 + 2j,
    "large int": 10**30,
    "huge int": 10**400,
    "text as objects": np.array(["0.5", "0.5"], object),
    "missing as objects": np.array([0.5, None], object),
    "huge float": 1e308,
    "huge array": np.zeros((3000, 300)),
    "huge list": [1.0] * 100_000,
    "empty": np.empty((0, 3)),
    "ragged": [[1, 2], [3]],
    "nested": [[[1]], [[2]]],
    "objects": [object(), 1],
    "mixed": [1, "a", None],
    "dates": np.array(["2026-01-01"], "datetime64[D]"),
    "record": np.zeros(2, [("a", int)]),
    "generator": (i for i in range(3)),
    "class": dict,
    "module": np,
    "function": lambda: 1,
    "function of all": lambda *x: None,
    "raises": lambda *x: 1 / 0,
    "exits": lambda *x: sys.exit("bye"),
    "returns rows of different lengths": lambda *x: [[1, 2], [3]],
    "returns arrays of different lengths": lambda *x: [[[1, 2], [3]]] * 4,
    "dict": {"micro": 0.5},
    "set of texts": {"a", "b"},
    "set of sets": {frozenset({1})},
    "sparse": sparse.csr_array(np.eye(3)),
    "frame": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "missing": pd.array([1, None], dtype="Int64"),
    "hostile": Hostile(),
    "two hostile": [Hostile(), Hostile()],
    "nans": np.full((2, 2), np.nan),
    "infs": [-np.inf, np.inf],
    "five infs": [-np.inf] * 5,
    "true": True,
}


@pytest.mark.parametrize("exercise", IDS)
def test_garbage_gets_a_diagnosis(exercise):
    for name, garbage in GARBAGE.items():
        verdict = check(exercise, garbage)
        assert not verdict, name
        assert verdict.message.startswith("not yet. "), name
        assert_is_a_line(verdict)


def assert_is_a_line(verdict):
    assert "\n" not in repr(verdict)
    assert len(repr(verdict)) < 400


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.just(...)
    | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_side=11, min_side=0)),
    lambda parts: (
        st.lists(parts) | st.tuples(parts, parts) | st.dictionaries(st.text(), parts) | st.builds(iter, st.lists(parts))
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(IDS), anything, st.booleans())
def test_no_answer_is_a_traceback(exercise, answer, as_function):
    assert_is_a_line(check(exercise, (lambda *arguments: answer) if as_function else answer))


digits = st.integers(0, 9)
fractions = st.floats(0, 1)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["00.3", "05.4"]),
    st.sets(digits) | st.lists(digits) | hnp.arrays(np.int8, 10, elements=st.integers(0, 1)),
)
def test_label_sets_are_right_or_not_whatever_their_spelling(exercise, answer):
    row = isinstance(answer, np.ndarray) or (len(answer) == 10 and set(answer) <= {0, 1})
    labels = set(np.flatnonzero(answer).tolist()) if row else set(answer)
    best = {"00.3": set(), "05.4": best_constant()}[exercise]
    assert bool(check(exercise, answer)) == (labels == best)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["02.5", "03.3", "03.4", "04.4", "05.1"]), st.lists(fractions, min_size=2, max_size=6))
def test_any_fractions_get_a_verdict(exercise, values):
    assert_is_a_line(check(exercise, np.reshape(values, (2, -1)) if len(values) in (4, 6) else values))


@pytest.mark.parametrize("exercise", NUMBERS)
def test_no_message_gives_the_value_away(exercise):
    told = [check(exercise, answer()).message for name, answer, _ in WRONG if name == exercise]
    told += [check(exercise, garbage).message for garbage in GARBAGE.values() if not isinstance(garbage, Hostile)]
    told += [check(exercise, np.array(NUMBERS[exercise]()) + 0.02).message]
    right = {value for value in NUMBERS[exercise]() if value not in (0, 1, np.inf)}
    for message in told:
        message = re.sub(r"shape \(.*?\)|lift of \(0, 2\)", "", message)
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", message.replace(",", ""))]
        near = [n for n, value in itertools.product(numbers, right) if np.isclose(n, value, rtol=0.01, atol=1e-9)]
        assert near == [], message


def test_names_are_not_given_away():
    for exercise, name in (("02.1", "binary"), ("02.3", "micro")):
        for other, answer, _ in WRONG:
            assert other != exercise or name not in check(exercise, answer()).message.lower()


@pytest.mark.parametrize("exercise", IDS)
def test_without_an_answer_the_way_to_the_hint_is_shown(exercise):
    for answer in (..., [1, ...], (..., ...)):
        verdict = check(exercise, answer)
        assert not verdict
        assert repr(verdict) == (
            f'{exercise}: put your answer in the place of the three dots; exercises.hint("{exercise}") helps'
        )


@pytest.mark.parametrize("call", [lambda e: check(e, 1), exercises.hint, exercises.solution])
@pytest.mark.parametrize("unknown", ["2.3", "99.1", "", 2.3, None, ["00.1"]])
def test_unknown_exercises(call, unknown):
    with pytest.raises(ValueError, match=r"exercise must be one of 00\.1, .*, 05\.5, .*got") as raised:
        call(unknown)
    assert repr(unknown) in str(raised.value)


def test_hints_and_solutions_are_printed(capsys):
    for exercise in IDS:
        exercises.hint(exercise)
        exercises.solution(exercise)
        printed = capsys.readouterr().out
        assert len(printed.splitlines()[0]) > 30
        assert f'exercises.check("{exercise}", ' in printed
        assert "</" not in printed.splitlines()[0]


@pytest.fixture(scope="module")
def book():
    spec = importlib.util.spec_from_file_location("book", ROOT / "tools" / "book.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_hints_and_solutions_are_those_of_the_chapters(book):
    stored = (ROOT / "mlhelpers" / "exercises" / "texts.json").read_text(encoding="utf-8")
    assert stored == book.exercise_texts(), (
        "the chapters have changed: `make run` writes mlhelpers/exercises/texts.json anew"
    )


def test_html_of_hints_becomes_text(book):
    assert book.plain("\n<code>a &amp; b</code>\nis <em>short</em> &lt; 1\n") == "`a & b` is short < 1"


def test_answers_are_left_as_they_are():
    frame = pd.DataFrame([NUMBERS["05.1"]()])
    before = frame.copy()
    check("05.1", frame)
    pd.testing.assert_frame_equal(frame, before)


def test_functions_may_change_what_they_are_given():
    def ruthless(moc, X):
        found = score_matrix(moc, X)
        moc.estimators_.clear()
        X[:] = 0
        return found

    assert check("03.1", ruthless)
    assert check("03.1", ruthless)


def test_what_is_printed_by_the_way_of_trained_networks_is_of_their_answer():
    measured = f1_score(Y_TEST, probabilities() > 0.5, average="micro")
    assert check("01.3", probabilities()).message == f"right; micro-F1 is {measured:.3f}"
    told = "right; the later epoch changes test macro-F1 by +0.010, and its loss is 1.25 times as high"
    assert check("02.5", [[0.7, 0.67, 0.2], [0.73, 0.68, 0.25]]).message == told
    assert check("03.3", [0.61, 0.65]).message == "right; 0.04 apart"
    assert check("05.5", lambda y, a, b: paired(y, a, b)).message.startswith(
        "right; for two made predictions it is 0.03"
    )


def test_the_examples_of_the_reference_page(capsys):
    page = (ROOT / "api.md").read_text(encoding="utf-8").partition("## Exercises")[2].partition("### Numbers")[0]
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(code, {})
    assert [line[:8] for line in capsys.readouterr().out.splitlines()[-6:]] == [
        "Ada: 0 o", "00.1: no", "02.3: no", "Ben: exe", "Ben: 0 o", "00.1: no",
    ]  # fmt: skip


def test_only_keras_metrics_need_keras():
    code = """
import sys
sys.modules.update(keras=None, tensorflow=None)
from mlhelpers import exercises
for exercise in exercises._texts():
    exercises.check(exercise, [0.5, 0.5])
print(sorted({"matplotlib", "IPython"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
