"""Right and wrong answers to the exercises of chapter 14; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import re

import numpy as np
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from sklearn.metrics import log_loss

from mlhelpers.exercises import check


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def by_sklearn(Y, Z):
    """Return the loss of each row from scikit-learn's, where it can be computed, else from the limit."""
    losses = []
    for y, z in zip(Y, Z, strict=True):
        rows = np.isin(y, (0, 1))
        if np.abs(z[rows]).max(initial=0) > 30:
            losses.append(np.mean(np.where(y[rows] == 1, np.maximum(-z[rows], 0), np.maximum(z[rows], 0))))
        elif rows.any():
            losses.append(log_loss(y[rows], sigmoid(z[rows]), labels=[0, 1]))
        else:
            losses.append(0.0)
    return np.array(losses)


def by_nanmean(Y, Z):
    y = np.where(np.isin(Y, (0, 1)), Y, np.nan)
    each = np.logaddexp(0, Z) - Z * y
    return np.array([np.mean(row[~np.isnan(row)]) if (~np.isnan(row)).any() else 0 for row in each])


def per_cell(Y, Z, fill=0):
    return np.logaddexp(0, Z) - Z * np.where(np.isin(Y, (0, 1)), Y, fill)


def multiplied(Y, Z):
    mask = (Y >= 0) * 1.0  # NaN is not
    return ((np.logaddexp(0, Z) - Z * Y) * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)


def undivided(Y, Z):
    known = np.isin(Y, (0, 1))
    with np.errstate(invalid="ignore"):
        return (per_cell(Y, Z) * known).sum(axis=1) / known.sum(axis=1)


def nan_of_nan(Y, Z):
    y = np.where(Y == -1, 0, Y)
    mask = (Y != -1) & ~np.isnan(Y)
    each = np.where(mask, np.logaddexp(0, Z) - Z * np.nan_to_num(y), 0).sum(axis=1)
    return np.where(np.isnan(Y).all(axis=1), np.nan, each / np.maximum(mask.sum(axis=1), 1))


def clipped(Y, Z):
    known, p = np.isin(Y, (0, 1)), np.clip(sigmoid(Z), 1e-7, 1 - 1e-7)
    each = -np.where(Y == 1, np.log(p), np.log(1 - p)) * known
    return each.sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def twice(Y, Z):
    return by_nanmean(Y, sigmoid(Z))


def by_sorting(key, *, keep=lambda y: y >= 0):
    """Return a function that lists the cells of the smallest key, by plain Python."""

    def cells(Y, p, n):
        pairs = [(key(Y[i, j], p[i, j]), i, j) for i in range(Y.shape[0]) for j in range(Y.shape[1]) if keep(Y[i, j])]
        return [(i, j) for _, i, j in sorted(pairs)[:n]]

    return cells


def confidence(y, p):
    return p if y == 1 else 1 - p


LISTED = by_sorting(confidence)


def by_draws(sizes, n, k):
    """Return mean and spread of the estimate from its definition, for binomial samples, added up stratum by stratum."""
    means = [size * read / of for size, of, read in zip(sizes, n, k, strict=True)]
    parts = [size**2 * np.var(np.repeat([1, 0], [read, of - read])) / of for size, of, read in zip(sizes, n, k)]  # noqa: B905
    return sum(means), sum(parts) ** 0.5


def estimate(total, error):
    return lambda sizes, n, k: (total(sizes, n, k / n), error(sizes, n, k / n))


def total(sizes, n, share):
    return (sizes * share).sum()


def error(sizes, n, share):
    return np.sqrt((sizes**2 * share * (1 - share) / n).sum())


def pooled(n, share):
    return (share * n).sum() / n.sum()


RIGHT = {
    "14.1": [(0.8, 343.75), [0.8, 344], np.array([0.8, 343])],
    "14.2": [by_sklearn, by_nanmean, lambda Y, Z: list(by_nanmean(Y, Z))],
    "14.3": [LISTED, lambda Y, p, n: np.array(LISTED(Y, p, n))],
    "14.4": [by_draws, estimate(total, error)],
}
WRONG = [
    ("14.1", (0.162, 343.75), "this multiplies"),
    ("14.1", (0.36, 343.75), "lower bound"),
    ("14.1", (0.81, 343.75), "adds up"),
    ("14.1", (343.75, 0.8), "swapped"),
    ("14.1", (0.8, 0.6875), "a share"),
    ("14.1", (0.8, 400), "all claims; those with a record"),
    ("14.1", (0.8, 180), "measured precision; those"),
    ("14.1", (0.8, 275), "positives without a record"),
    ("14.1", (0.8, 220), "divides by all claims"),
    ("14.1", (0.8, 300), "Number right of 500: this is another value"),
    ("14.1", (0.6, 343.75), "True precision: this is another value"),
    ("14.1", [0.8], "2 numbers"),
    ("14.2", lambda Y, Z: per_cell(Y, Z).mean(axis=1), "as absent"),
    ("14.2", lambda Y, Z: (np.logaddexp(0, Z) - Z * Y).mean(axis=1), "-1 for a label"),
    ("14.2", lambda Y, Z: (per_cell(Y, Z) * np.isin(Y, (0, 1))).mean(axis=1), "by all labels"),
    ("14.2", lambda Y, Z: (per_cell(Y, Z) * np.isin(Y, (0, 1))).sum(axis=1), "adds up the cells"),
    ("14.2", twice, "sigmoid on twice"),
    ("14.2", lambda Y, Z: -by_nanmean(Y, Z), "sign"),
    ("14.2", lambda Y, Z: np.zeros(len(Y)), "others than the ones"),
    ("14.2", lambda Y, Z: np.full(len(Y), np.nan), "NaN for labels of 0, 1 and -1"),
    ("14.2", multiplied, "fill first"),
    ("14.2", undivided, "what you divide by"),
    ("14.2", nan_of_nan, "nothing but NaN"),
    ("14.2", lambda Z, Y: by_nanmean(Y, Z), "the other order"),
    ("14.2", clipped, "logits of 1,000"),
    ("14.2", lambda Y, Z: by_nanmean(Y, Z).mean(), "shape () for 8 rows"),
    ("14.2", 0.5, "asks for a function"),
    ("14.3", by_sorting(confidence, keep=lambda y: True), "unknown cells"),
    ("14.3", by_sorting(lambda y, p: 0.5 if y < 0 else confidence(y, p), keep=lambda y: True), "a longer list there"),
    ("14.3", lambda Y, p, n: LISTED(Y, p, 12), "right for n = 12"),
    ("14.3", lambda Y, p, n: LISTED(Y, p, n) if n == 12 else LISTED(Y, p, n)[::-1], "A longer list is in another"),
    ("14.3", by_sorting(lambda y, p: -confidence(y, p)), "most confident"),
    ("14.3", by_sorting(lambda y, p: abs(p - 0.5)), "near one half"),
    ("14.3", by_sorting(lambda y, p: p), "score alone"),
    ("14.3", by_sorting(confidence, keep=lambda y: y == 1), "present cells only"),
    ("14.3", by_sorting(confidence, keep=lambda y: y == 0), "absent cells only"),
    ("14.3", lambda Y, p, n: np.array(LISTED(Y, p, n))[:, ::-1], "swapped"),
    ("14.3", lambda Y, p, n: LISTED(Y, p, n)[::-1], "another order"),
    ("14.3", lambda Y, p, n: [(i, 0) for i in range(n)], "not the most suspicious"),
    ("14.3", lambda Y, p, n: np.array(LISTED(Y, p, n)).T, "transposed"),
    ("14.3", lambda Y, p, n: [i * Y.shape[1] + j for i, j in LISTED(Y, p, n)], "flat numbers"),
    ("14.3", lambda Y, p, n: LISTED(Y, p, n - 1), "shape (11, 2)"),
    ("14.3", [[0, 1]], "asks for a function"),
    ("14.4", estimate(error, total), "swapped"),
    ("14.4", estimate(lambda sizes, n, share: sizes.sum() * pooled(n, share), error), "pools"),
    ("14.4", estimate(lambda sizes, n, share: share.sum(), error), "adds up the shares"),
    ("14.4", estimate(lambda sizes, n, share: (share * n).sum(), error), "those that were read"),
    ("14.4", estimate(total, lambda *data: error(*data) ** 2), "the variance; take"),
    (
        "14.4",
        estimate(total, lambda sizes, n, share: (sizes * np.sqrt(share * (1 - share) / n)).sum()),
        "variances add",
    ),
    ("14.4", estimate(total, lambda sizes, n, share: np.sqrt((sizes * share * (1 - share) / n).sum())), "sizes once"),
    (
        "14.4",
        estimate(
            total,
            lambda sizes, n, share: sizes.sum() * np.sqrt(pooled(n, share) * (1 - pooled(n, share)) / n.sum()),
        ),
        "one sample by lot",
    ),
    (
        "14.4",
        estimate(total, lambda sizes, n, share: np.sqrt((sizes**2 * share * (1 - share) / (n - 1)).sum())),
        "n - 1",
    ),
    (
        "14.4",
        estimate(total, lambda sizes, n, share: np.sqrt((sizes**2 * share * (1 - share) / n * (1 - n / sizes)).sum())),
        "finite populations",
    ),
    ("14.4", estimate(total, lambda *data: 1.96 * error(*data)), "1.96"),
    ("14.4", estimate(total, lambda *data: 0.5 * error(*data)), "Standard error: this is another value"),
    ("14.4", 1590, "asks for a function"),
]


def test_no_message_gives_the_number_away():
    for exercise, answer, _ in WRONG:
        if exercise == "14.1":
            told = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", check(exercise, answer).message.replace(",", ""))]
            assert not np.isclose(told, 0.8, rtol=0.01).any()
            assert not np.isclose(told, 343.75, rtol=0.01).any()
