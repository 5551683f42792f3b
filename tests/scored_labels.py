"""Labels and scores that several tests draw or make up, and the plain computations they are judged by."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score, roc_auc_score

PROPERTY = settings(deadline=None, max_examples=20)  # no deadline: the first example also pays for imports
OF_COUNTS = {
    "precision_micro": (precision_score, "micro"),
    "recall_micro": (recall_score, "micro"),
    "f1_micro": (f1_score, "micro"),
    "f1_macro": (f1_score, "macro"),
    "f1_weighted": (f1_score, "weighted"),
}
RANKING = ("label_ranking_average_precision", "coverage_error")
CURVES = {"average_precision": average_precision_score, "roc_auc": roc_auc_score}
MEASURES = {
    *OF_COUNTS,
    *RANKING,
    *CURVES,
    "f1_of_averages",
    "f1_samples",
    "jaccard_samples",
    "subset_accuracy",
    "hamming_loss",
    "precision_at_1",
}
BASELINES = ("all zeros", "all ones", "frequency")

NOTHING, EVERYTHING = np.zeros((3, 2), dtype=np.int8), np.ones((3, 2), dtype=np.int8)
Y = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
SCORES = np.array([[0.9, 0.2], [0.8, 0.4], [0.3, 0.1], [0.4, 0.6]])


@st.composite
def scored_labels(draw, least=2, most=5):
    """Draw true labels and scores from a coarse grid, so that scores tie and meet the threshold exactly."""
    shape = draw(st.integers(1, 10)), draw(st.integers(least, most))
    elements = st.sampled_from(draw(st.sampled_from([(0, 1), (0, 0, 0, 1)])))
    scores = arrays(float, shape, elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1]))
    return draw(arrays(np.int8, shape, elements=elements)), draw(scores)


def made_up(n_samples=300, n_labels=4, seed=0):
    """Return labels, each rarer than the one before, and scores that are often right."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n_samples, n_labels)) < np.linspace(0.6, 0.1, n_labels)).astype(np.int8)
    return truth, expit(rng.normal(2.5 * truth - 1.2, 1.3))


def plain_precision_at_k(truth, scores, k):
    """Average over every order of the labels that sorts the scores, row by row."""
    orders, rows = np.array(list(permutations(range(truth.shape[1])))), []
    for row, score in zip(truth, scores, strict=True):
        sorting = (score[orders[:, 1:]] <= score[orders[:, :-1]]).all(axis=1)
        rows.append(row[orders[sorting, :k]].mean())
    return np.mean(rows)


def per_label(area, truth, scores, weight=None):
    """Return scikit-learn's area under a curve of one label, NaN where there is only one class."""
    two = len(set(truth if weight is None else truth[weight > 0])) == 2
    return area(truth, scores, sample_weight=weight) if two else np.nan


def nan_mean(values):
    defined = [value for value in values if not np.isnan(value)]
    return np.mean(defined) if defined else np.nan
