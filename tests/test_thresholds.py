"""Thresholds: every cut tried by hand is the oracle, with scikit-learn's figures; and the estimator around them."""

from __future__ import annotations

import copy
import json
import pickle
from itertools import product

import numpy as np
import pandas as pd
import pytest
import sklearn
from estimator_checks import CLASSES, ONE_HALF, failed_checks
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags

from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.labels import scores_matrix
from mlhelpers.metrics import LabelCounts, evaluate
from mlhelpers.splits import MultilabelKFold
from mlhelpers.thresholds import ThresholdedClassifier, Thresholds, fit_thresholds

PROPERTY = settings(deadline=None, max_examples=60)
RNG = np.random.default_rng(0)
Y = (RNG.random((300, 4)) < [0.5, 0.3, 0.1, 0.02]).astype(int)
SCORES = expit(RNG.normal(size=Y.shape) + 2 * Y - 2)
X = RNG.normal(size=(200, 5))
LABELS = (X[:, :3] + RNG.normal(size=(200, 3)) > 0.8).astype(int)
ONE_VS_REST = OneVsRestClassifier(LogisticRegression())


@st.composite
def labels_and_scores(draw, max_rows=7, max_labels=3):
    shape = draw(st.integers(1, max_rows)), draw(st.integers(1, max_labels))
    many_ties = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    extremes = st.sampled_from([-1e300, -1.0, -5e-324, 0.0, 5e-324, 1e-45, 1.0, np.nextafter(1, 2), 1e300])
    scores = draw(arrays(float, shape, elements=draw(st.sampled_from([many_ties, extremes]))))
    return draw(arrays(np.int8, shape, elements=st.integers(0, 1))), scores


def cuts_of(scores):
    """Return a threshold for every way to divide scores into predicted and not predicted."""
    return [np.finfo(float).min, *np.unique(scores)]


def f1_of(y, p):
    return f1_score(y, p, zero_division=0)


# The best cut


@PROPERTY
@given(labels_and_scores())
def test_no_cut_of_a_label_has_a_higher_f1(case):
    y, scores = case
    predicted = fit_thresholds(y, scores, min_positives=0).predict(scores)
    for j in range(y.shape[1]):
        best = max(f1_of(y[:, j], scores[:, j] > cut) for cut in cuts_of(scores[:, j]))
        assert f1_of(y[:, j], predicted[:, j]) == pytest.approx(best, abs=1e-12)


@PROPERTY
@given(labels_and_scores(max_rows=5))
def test_no_choice_of_cuts_has_a_higher_micro_f1(case):
    y, scores = case
    predicted = fit_thresholds(y, scores, objective="micro_f1", min_positives=0).predict(scores)
    choices = product(*(cuts_of(column) for column in scores.T))
    best = max(f1_of(y.ravel(), (scores > np.array(cuts)).ravel()) for cuts in choices)
    assert f1_of(y.ravel(), predicted.ravel()) == pytest.approx(best, abs=1e-12)


@PROPERTY
@given(labels_and_scores(max_labels=1), st.sampled_from([0.3, 0.5, 2 / 3, 0.9, 1.0]))
def test_constraints_against_every_cut(case, at_least):
    y, scores = case
    measures = {"precision": precision_score, "recall": recall_score}
    for kept, raised in (("precision", "recall"), ("recall", "precision")):
        objective = f"{raised}_at_{kept}"
        found = fit_thresholds(y, scores, objective=objective, at_least=at_least, min_positives=0)
        predicted = found.predict(scores).ravel()
        options = [(scores > cut).ravel() for cut in cuts_of(scores)]
        able = [o for o in options if o.any() and measures[kept](y.ravel(), o, zero_division=0) >= at_least]
        if not y.any() or not able:
            assert not predicted.any()
            continue
        best = max(measures[raised](y.ravel(), o, zero_division=0) for o in able)
        equal = [o.sum() for o in able if measures[raised](y.ravel(), o, zero_division=0) == best]
        assert measures[kept](y.ravel(), predicted, zero_division=0) >= at_least
        assert measures[raised](y.ravel(), predicted, zero_division=0) == best
        assert predicted.sum() == min(equal)


def test_f1_is_that_of_the_precision_recall_curve():
    found = fit_thresholds(Y, SCORES, min_positives=0)
    for j, f1 in enumerate(found.counts.f1()):
        precision, recall, _ = precision_recall_curve(Y[:, j], SCORES[:, j])
        assert f1 == pytest.approx((2 * precision * recall / np.maximum(precision + recall, 1e-12)).max())
    micro = fit_thresholds(Y, SCORES, objective="micro_f1", min_positives=0)
    assert micro.counts.f1("micro") >= found.counts.f1("micro")
    assert found.counts.f1("macro") >= micro.counts.f1("macro")


@PROPERTY
@given(
    labels_and_scores(),
    st.sampled_from(["macro_f1", "micro_f1", "macro_and_micro_f1"]),
    st.integers(0, 4),
    st.sampled_from([0.3, None]),
)
def test_counts_are_those_of_the_prediction(case, objective, least, fallback):
    y, scores = case
    if not y.any() and ((fallback is None and least) or objective == "macro_and_micro_f1"):
        return
    options = {"objective": objective, "min_positives": least, "fallback": "pooled" if fallback is None else fallback}
    found = fit_thresholds(y, scores, **options)
    assert found.counts == LabelCounts.from_predictions(y, found.predict(scores))
    assert np.isfinite(found.values).all()


@PROPERTY
@given(labels_and_scores())
def test_the_highest_of_equally_good_thresholds_is_taken(case):
    y, scores = case
    found = fit_thresholds(y, scores, min_positives=0)
    for j in range(y.shape[1]):
        reached = f1_of(y[:, j], scores[:, j] > found.values[j])
        higher = [
            cut for cut in cuts_of(scores[:, j]) if (scores[:, j] > cut).sum() < (scores[:, j] > found.values[j]).sum()
        ]
        assert all(f1_of(y[:, j], scores[:, j] > cut) < reached for cut in higher) or reached == 0


def test_halfway_between_scores_and_right_below_the_lowest():
    values = fit_thresholds([[1, 1], [0, 1]], [[0.75, 0.75], [0.25, 0.25]], min_positives=1).values
    assert values[0] == 0.5
    assert values[1] == np.nextafter(np.float32(0.25), np.float32(0))


@pytest.mark.parametrize("objective", ["macro_f1", "micro_f1", "macro_and_micro_f1"])
def test_thresholds_mean_the_same_in_single_precision(objective):
    scores = SCORES.astype(np.float32)
    found = fit_thresholds(Y, scores, objective=objective, min_positives=0)
    np.testing.assert_array_equal(found.predict(scores), scores > found.values.astype(np.float32))


@pytest.mark.parametrize("objective", ["macro_f1", "micro_f1"])
@pytest.mark.parametrize("high", [-0.3, 0, 1e-45, 0.3, 0.5, 1, 1 + 2**-23, 1 + 2**-22, 3e38])
def test_neighbours_in_single_precision_are_divided_in_both(high, objective):
    high = np.float32(high)
    scores = np.array([[np.nextafter(high, np.float32(-np.inf))], [high]])
    found = fit_thresholds([[0], [1]], scores, objective=objective, min_positives=1)
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(found.predict(scores), [[0], [1]])
    np.testing.assert_array_equal(scores > found.values.astype(np.float32), [[0], [1]])


def test_thresholds_are_rounded_to_single_precision_where_that_divides_the_scores():
    assert fit_thresholds([[0], [1]], [[0.1], [0.2]], min_positives=1).values == np.float32(0.15)
    for high in (np.nextafter(1, 2), 1.0, 1 + 2**-51, 5e-324, 0.0, 0.3):
        for low in (np.nextafter(high, -1), high - 1e-10):
            value = fit_thresholds([[0], [1]], [[low], [high]], min_positives=1).values[0]
            assert low <= value < high


def test_only_the_order_of_scores_counts():
    logits = np.log(SCORES) - np.log1p(-SCORES)
    of_logits, of_scores = (fit_thresholds(Y, s, min_positives=0) for s in (logits, SCORES))
    np.testing.assert_array_equal(of_logits.predict(logits), of_scores.predict(SCORES))


def test_rows_and_columns_may_come_in_any_order():
    rows, columns = RNG.permutation(len(Y)), [2, 0, 3, 1]
    found = fit_thresholds(Y, SCORES)
    moved = fit_thresholds(Y[rows][:, columns], SCORES[rows][:, columns])
    np.testing.assert_array_equal(moved.values, found.values[columns])


def test_more_labels_than_a_block():
    y, scores = np.tile(Y, (1, 6)), np.tile(SCORES, (1, 6))
    np.testing.assert_array_equal(fit_thresholds(y, scores).values, np.tile(fit_thresholds(Y, SCORES).values, 6))


# Labels that can't have a threshold of their own


def test_rare_labels_get_the_pooled_threshold():
    found = fit_thresholds(Y, SCORES)
    assert Y[:, 3].sum() < 10 <= Y[:, 2].sum()
    assert found.source == ("own", "own", "own", "pooled")
    pooled = fit_thresholds(Y.reshape(-1, 1), SCORES.reshape(-1, 1))
    assert found.values[3] == pooled.values[0]
    best = max(f1_of(Y.ravel(), (cut < SCORES).ravel()) for cut in cuts_of(SCORES)[::7])
    assert f1_of(Y.ravel(), (found.values[3] < SCORES).ravel()) >= best
    exactly = fit_thresholds(Y, SCORES, min_positives=int(Y[:, 3].sum()))
    assert exactly.source[3] == "own"


@pytest.mark.parametrize("objective", ["recall_at_precision", "precision_at_recall"])
def test_the_pooled_threshold_has_the_same_objective(objective):
    options = {"objective": objective, "at_least": 0.6}
    found = fit_thresholds(Y, SCORES, **options)
    assert found.values[3] == fit_thresholds(Y.reshape(-1, 1), SCORES.reshape(-1, 1), **options).values[0]
    assert found.at_least == 0.6


def test_micro_f1_counts_labels_with_a_fixed_threshold_too():
    found = fit_thresholds(Y, SCORES, objective="micro_f1", fallback=0.0)
    assert found.source[3] == "fixed"
    assert found.counts.tp[3] == Y[:, 3].sum()
    cuts = [np.quantile(SCORES[:, j], np.linspace(0.3, 0.99, 12)) for j in range(3)]
    best = max(f1_of(Y.ravel(), (np.array([*c, 0.0]) < SCORES).ravel()) for c in product(*cuts))
    assert found.counts.f1("micro") >= best


def test_micro_f1_keeps_a_label_that_brings_little():
    y = np.zeros((40, 2), int)
    y[:30, 0] = y[[1, 5, 6], 1] = 1
    scores = np.linspace(1, 0, 40)[:, None].repeat(2, axis=1)
    found = fit_thresholds(y, scores, objective="micro_f1", min_positives=1)
    # The second label's own best cut predicts 7 rows (66 / 70 in all), none at all gives 60 / 63.
    assert found.predict(scores).sum(axis=0).tolist() == [30, 2]
    assert found.counts.f1("micro") == pytest.approx(62 / 65)


def test_micro_f1_gives_up_a_label_that_costs_more_than_it_brings():
    y = np.zeros((10, 2), int)
    y[:5, 0] = y[9, 1] = 1
    scores = np.linspace(1, 0, 10)[:, None].repeat(2, axis=1)
    found = fit_thresholds(y, scores, objective="micro_f1", min_positives=0)
    np.testing.assert_array_equal(found.predict(scores), y * [1, 0])
    assert found.counts.f1("micro") == pytest.approx(10 / 11)


def test_labels_without_positives_or_negatives_and_constant_scores():
    y = np.array([[0, 1, 1], [0, 1, 0], [0, 1, 0]])
    scores = np.array([[0.1, 0.3, 0.5], [0.2, 0.2, 0.5], [0.3, 0.1, 0.5]])
    predicted = fit_thresholds(y, scores, min_positives=0).predict(scores)
    np.testing.assert_array_equal(predicted.T, [[0, 0, 0], [1, 1, 1], [1, 1, 1]])


def test_an_unreachable_precision_predicts_nothing():
    found = fit_thresholds([[0], [1]], [[0.9], [0.4]], objective="recall_at_precision", at_least=0.9, min_positives=1)
    assert found.values == [0.9]
    assert found.counts.tp + found.counts.fp == [0]


# Unknown labels


def with_unknown(y, fraction=0.3, seed=3):
    """Return labels of which some are unknown, and where."""
    unknown = np.random.default_rng(seed).random(y.shape) < fraction
    return np.where(unknown, -1, y), unknown


CONSTRAINED = [
    {},
    {"objective": "recall_at_precision", "at_least": 0.6},
    {"objective": "precision_at_recall", "at_least": 0.6},
]


@pytest.mark.parametrize("options", CONSTRAINED)
@pytest.mark.parametrize("least", [0, 40])
def test_thresholds_are_chosen_on_the_known_rows_of_each_label(options, least):
    y, unknown = with_unknown(Y)
    found = fit_thresholds(y, SCORES, allow_missing=True, min_positives=least, fallback=0.4, **options)
    assert len({"own", "fixed"} & set(found.source)) == (1 if least == 0 else 2)
    for j in range(4):
        rows = ~unknown[:, j]
        alone = fit_thresholds(
            Y[rows, j : j + 1], SCORES[rows, j : j + 1], min_positives=least, fallback=0.4, **options
        )
        assert (found.values[j], found.source[j]) == (alone.values[0], alone.source[0])
        for kind in ("tp", "fp", "fn", "tn"):
            assert getattr(found.counts, kind)[j] == getattr(alone.counts, kind)[0]


def test_the_pooled_threshold_is_that_of_the_known_cells():
    y, unknown = with_unknown(Y)
    found = fit_thresholds(y, SCORES, allow_missing=True)
    cells = fit_thresholds(Y[~unknown][:, None], SCORES[~unknown][:, None])
    assert found.source[3] == "pooled"
    assert found.values[3] == cells.values[0]


@PROPERTY
@given(labels_and_scores(max_rows=5), st.randoms(use_true_random=False))
def test_no_choice_of_cuts_has_a_higher_micro_f1_over_known_cells(case, random):
    y, scores = case
    known = np.array([[random.random() < 0.7 for _ in row] for row in y])
    known[0] = True
    found = fit_thresholds(
        np.where(known, y, -1), scores, objective="micro_f1", min_positives=0, fallback=0.5, allow_missing=True
    )
    choices = product(*(cuts_of(column) for column in scores.T))
    best = max(f1_of(y[known], (scores > np.array(cuts))[known]) for cuts in choices)
    assert f1_of(y[known], found.predict(scores)[known]) == pytest.approx(best, abs=1e-12)
    assert found.counts.f1("micro", 0) == pytest.approx(best, abs=1e-12)


@PROPERTY
@given(
    labels_and_scores(),
    st.randoms(use_true_random=False),
    st.sampled_from(["macro_f1", "micro_f1", "macro_and_micro_f1"]),
    st.integers(0, 2),
    st.booleans(),
)
def test_scores_of_unknown_cells_never_matter(case, random, objective, least, weighted):
    y, scores = case
    unknown = np.array([[random.random() < 0.4 for _ in row] for row in y])
    if not (y * ~unknown).any():
        return
    others = np.where(unknown, np.array([[random.choice([-1e300, 0.0, 0.3, 1e300]) for _ in row] for row in y]), scores)
    options = {"objective": objective, "min_positives": least, "allow_missing": True}
    options |= {"sample_weight": [random.choice([0.5, 1.0, 3.0]) for _ in y]} if weighted else {}
    one, other = (fit_thresholds(np.where(unknown, -1, y), each, **options) for each in (scores, others))
    assert one.values.tolist() == other.values.tolist()
    assert one.counts == other.counts and one.source == other.source


def test_forms_of_unknown_labels():
    y, unknown = with_unknown(Y)
    expected = fit_thresholds(y, SCORES, allow_missing=True)
    for form in (
        np.where(unknown, np.nan, Y),
        pd.DataFrame(np.where(unknown, None, Y.astype(object))),
        sparse.csr_array(y),
        np.ma.masked_array(Y, unknown),
    ):
        found = fit_thresholds(form, SCORES, allow_missing=True)
        assert found.values.tolist() == expected.values.tolist() and found.counts == expected.counts
    np.testing.assert_array_equal(
        fit_thresholds(Y, SCORES, allow_missing=True).values, fit_thresholds(Y, SCORES).values
    )
    for form in (y, np.where(unknown, np.nan, Y)):
        with pytest.raises(ValueError, match=r"y_true holds (-1|nan) at row .* ask for allow_missing=True"):
            fit_thresholds(form, SCORES)


@pytest.mark.parametrize("objective", ["macro_f1", "micro_f1", "macro_and_micro_f1"])
def test_a_label_that_is_known_nowhere_gets_the_fallback(objective):
    y = np.where(np.arange(4) == 1, -1, Y)
    options = {"objective": objective, "min_positives": 0, "allow_missing": True}
    found = fit_thresholds(y, SCORES, **options)
    assert found.source == ("own", "pooled", "own", "own")
    assert [getattr(found.counts, kind)[1] for kind in ("tp", "fp", "fn", "tn")] == [0, 0, 0, 0]
    assert fit_thresholds(y, SCORES, fallback=0.25, **options).values[1] == 0.25
    with pytest.raises(ValueError, match="y_true has no positive at all"):
        fit_thresholds(np.full_like(Y, -1), SCORES, **options)


# Weights of samples


@PROPERTY
@given(
    labels_and_scores(),
    st.randoms(use_true_random=False),
    st.sampled_from([*CONSTRAINED, {"objective": "micro_f1"}]),
    st.sampled_from([0, 1e9]),
    st.booleans(),
)
def test_whole_weights_are_repeated_rows(case, random, options, least, missing):
    y, scores = case
    weights = np.array([random.choice([0, 1, 1, 2, 5]) for _ in y])
    y = np.where([[missing and random.random() < 0.3 for _ in row] for row in y], -1, y)
    times = np.repeat(np.arange(len(y)), weights)
    if not (y[times] == 1).any():
        return
    options = {"min_positives": int(least), "allow_missing": missing, **options}
    weighted = fit_thresholds(y, scores, sample_weight=weights, **options)
    repeated = fit_thresholds(y[times], scores[times], **options)
    assert weighted.values.tolist() == repeated.values.tolist()
    assert weighted.source == repeated.source
    for kind in ("tp", "fp", "fn", "tn"):
        assert getattr(weighted.counts, kind).tolist() == getattr(repeated.counts, kind).tolist()


@PROPERTY
@given(labels_and_scores(), st.randoms(use_true_random=False))
def test_no_cut_has_a_higher_weighted_f1(case, random):
    y, scores = case
    weights = np.array([random.choice([0.1, 0.3, 1 / 3, 7.0]) for _ in y])
    found = fit_thresholds(y, scores, sample_weight=weights, min_positives=0)
    predicted = found.predict(scores)
    for j in range(y.shape[1]):
        options = {"sample_weight": weights, "zero_division": 0}
        best = max(f1_score(y[:, j], scores[:, j] > cut, **options) for cut in cuts_of(scores[:, j]))
        assert f1_score(y[:, j], predicted[:, j], **options) == pytest.approx(best, abs=1e-9)
        kinds = [(1, 1), (0, 1), (1, 0), (0, 0)]
        expected = [weights @ ((y[:, j] == truth) & (predicted[:, j] == p)) for truth, p in kinds]
        assert [getattr(found.counts, kind)[j] for kind in ("tp", "fp", "fn", "tn")] == pytest.approx(expected)


@pytest.mark.parametrize("options", [*CONSTRAINED, {"objective": "micro_f1"}, {"objective": "macro_and_micro_f1"}])
@pytest.mark.parametrize("weight", [0.1, 1.0, 1 / 3, 1e-9, 1e9])
def test_equal_weights_change_no_threshold(options, weight):
    scores = np.round(SCORES, 2)
    plain = fit_thresholds(Y, scores, **options)
    weighted = fit_thresholds(Y, scores, sample_weight=np.full(len(Y), weight), **options)
    assert weighted.values.tolist() == plain.values.tolist()
    assert weighted.source == plain.source
    np.testing.assert_allclose(weighted.counts.tp, plain.counts.tp * weight)


@pytest.mark.parametrize(("weight", "n", "n_positives"), [(0.1, 10, 8), (1 / 3, 9, 5), (0.7, 4, 3)])
def test_a_bound_that_is_met_on_paper_is_met_by_sums_of_weights(weight, n, n_positives):
    y = np.array([[1]] * (n_positives - 1) + [[0]] * (n - n_positives) + [[1]])
    scores = np.linspace(1, 0.1, n)[:, None]
    options = {"objective": "recall_at_precision", "at_least": n_positives / n, "min_positives": 0}
    found = fit_thresholds(y, scores, sample_weight=np.full(n, weight), **options)
    assert found.values.tolist() == fit_thresholds(y, scores, **options).values.tolist()
    assert found.predict(scores).all()


def test_both_zeros_are_one_score():
    scores, weights = np.array([[-0.0], [0.0], [1.0]]), np.array([4, 1, 1])
    for y in ([[0], [1], [1]], [[1], [0], [1]]):
        weighted = fit_thresholds(y, scores, sample_weight=weights, min_positives=0)
        repeated = fit_thresholds(np.repeat(y, weights, axis=0), np.repeat(scores, weights, axis=0), min_positives=0)
        assert weighted.values == repeated.values
        assert weighted.counts.fp.tolist() == repeated.counts.fp.tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_scores_that_differ_in_their_last_bits_are_told_apart(sign):
    rng = np.random.default_rng(5)
    ends = np.array([1.0, 0.1, 0.0, 1e-310])[rng.integers(4, size=400)]
    scores = sign * np.where(rng.random(400) < 0.5, ends, np.nextafter(ends, 2))
    scores = np.where(rng.random(400) < 0.3, sign * (1 - rng.integers(6, size=400) * 2.0**-53), scores)[:, None]
    y = (rng.random((400, 1)) < 0.4).astype(int)
    weights = rng.integers(1, 4, size=400)
    times = np.repeat(np.arange(400), weights)
    for options in (*CONSTRAINED, {"objective": "micro_f1"}):
        weighted = fit_thresholds(y, scores, sample_weight=weights, **options)
        repeated = fit_thresholds(y[times], scores[times], **options)
        assert weighted.values == repeated.values
        assert weighted.counts.tp.tolist() == repeated.counts.tp.tolist()


def test_few_positives_are_counted_in_samples():
    few = Y[:, 3].sum()
    assert fit_thresholds(Y, SCORES, sample_weight=np.full(300, 1e6)).source[3] == "pooled"
    assert fit_thresholds(Y, SCORES, sample_weight=np.full(300, 1e-6), min_positives=few).source[3] == "own"
    without_one = np.ones(300)
    without_one[np.flatnonzero(Y[:, 3])[0]] = 0
    assert fit_thresholds(Y, SCORES, sample_weight=without_one, min_positives=few).source[3] == "pooled"


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(299), ValueError, "sample_weight has 299 values for 300 samples; give one number per row"),
        (np.ones((300, 1)), ValueError, r"sample_weight has shape \(300, 1\), expected \(n_samples,\)"),
        (np.where(np.arange(300) == 7, -0.5, 1), ValueError, "sample_weight holds -0.5 at row 7, expected finite"),
        (np.where(np.arange(300) == 7, np.nan, 1), ValueError, "sample_weight holds nan at row 7"),
        (np.where(np.arange(300) == 7, np.inf, 1), ValueError, "sample_weight holds inf at row 7"),
        (np.zeros(300), ValueError, "sample_weight is zero for every sample"),
        (["heavy"] * 300, TypeError, "sample_weight must be an array of real numbers"),
        (2.0, ValueError, r"sample_weight has shape \(\)"),
    ],
)
def test_weights_that_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        fit_thresholds(Y, SCORES, sample_weight=weights)


def test_weights_of_other_samples_are_refused():
    rows = [f"row {i}" for i in range(300)]
    weights = pd.Series(np.arange(300), index=rows)
    with pytest.raises(ValueError, match="put the rows into one order"):
        fit_thresholds(pd.DataFrame(Y, rows), SCORES, sample_weight=weights[::-1])
    found = fit_thresholds(pd.DataFrame(Y, rows), SCORES, sample_weight=weights)
    assert found.counts == fit_thresholds(Y, SCORES, sample_weight=list(range(300))).counts


# Forms of input


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.astype(np.float32),
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a.tolist(),
        pd.DataFrame,
    ],
)
def test_any_form_of_labels_and_scores(change):
    scores = np.round(SCORES * 64) / 64  # exact in single precision, too
    expected = fit_thresholds(Y, scores).values
    np.testing.assert_array_equal(fit_thresholds(change(Y), change(scores)).values, expected)


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.coo_array, sparse.lil_array, np.bool_])
def test_sparse_and_boolean_labels(form):
    np.testing.assert_array_equal(fit_thresholds(form(Y), SCORES).values, fit_thresholds(Y, SCORES).values)


def test_inputs_are_not_changed():
    y, scores = Y.astype(np.int8), SCORES.copy()
    for array in (y, scores):
        array.flags.writeable = False
    for objective in ("macro_f1", "micro_f1"):
        fit_thresholds(y, scores, objective=objective).predict(scores)
    np.testing.assert_array_equal(scores, SCORES)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objective": "f1"}, ValueError, "objective must be one of"),
        ({"objective": None}, ValueError, "objective must be one of"),
        ({"at_least": 0.5}, ValueError, "at_least has no effect"),
        ({"objective": "recall_at_precision"}, TypeError, "needs at_least, a number such as 0.9"),
        ({"objective": "recall_at_precision", "at_least": True}, TypeError, "needs at_least"),
        ({"objective": "precision_at_recall", "at_least": 0}, ValueError, "above 0 and at most 1, got 0"),
        ({"objective": "precision_at_recall", "at_least": 1.5}, ValueError, "above 0 and at most 1, got 1.5"),
        ({"min_positives": -1}, ValueError, "min_positives must be at least 0"),
        ({"min_positives": 2.5}, TypeError, "min_positives must be an integer"),
        ({"fallback": "mean"}, ValueError, 'fallback must be "pooled" or a finite number'),
        ({"fallback": np.nan}, ValueError, "fallback must be"),
        ({"fallback": True}, ValueError, "fallback must be"),
        ({"label_names": ["a", "b"]}, ValueError, "label_names has 2 names for 4 labels"),
        ({"label_names": list("aabc")}, ValueError, "label_names holds 'a' twice"),
    ],
)
def test_arguments_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        fit_thresholds(Y, SCORES, **options)


@pytest.mark.parametrize(
    ("y_true", "y_score", "message"),
    [
        (Y, SCORES[:, :3], "y_score has shape"),
        (Y, np.where(SCORES > 0.9, np.nan, SCORES), "y_score holds nan at row"),
        (Y, np.where(SCORES > 0.9, np.inf, SCORES), "y_score holds inf at row"),
        (Y * 2, SCORES, "y_true holds 2"),
        (Y[:, 0], SCORES, "y_true has shape"),
        (Y * 0, SCORES, "y_true has no positive at all"),
        (pd.DataFrame(Y, columns=list("abcd")), pd.DataFrame(SCORES, columns=list("bacd")), "put them into one order"),
    ],
)
def test_labels_and_scores_that_are_refused(y_true, y_score, message):
    with pytest.raises(ValueError, match=message):
        fit_thresholds(y_true, y_score)


def test_without_any_positive_a_number_is_a_way_out():
    found = fit_thresholds(Y * 0, SCORES, fallback=0.5)
    assert found.values.tolist() == [0.5] * 4
    assert set(found.source) == {"fixed"}


# The object


def test_prediction_is_above_the_threshold():
    found = fit_thresholds(Y, SCORES)
    predicted = found.predict(SCORES)
    assert predicted.dtype == np.int8
    np.testing.assert_array_equal(predicted, found.values < SCORES)
    assert not found.predict(found.values[None]).any()


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (SCORES[:, :3], "there are 4 thresholds"),
        (np.hstack([SCORES, SCORES]), "there are 4 thresholds"),
        (SCORES[0], "y_score has shape"),
        (SCORES * np.nan, "y_score holds nan"),
        (pd.DataFrame(SCORES, columns=list("3210")), "put them into one order"),
        ([SCORES, SCORES], "y_score holds 2 matrices"),
    ],
)
def test_prediction_refuses(scores, message):
    with pytest.raises(ValueError, match=message):
        fit_thresholds(Y, SCORES).predict(scores)


def test_one_threshold_does_not_serve_many_labels():
    with pytest.raises(ValueError, match="there are 1 thresholds"):
        fit_thresholds(Y[:, :1], SCORES[:, :1]).predict(SCORES)


def test_numpy_and_evaluate_take_it_for_its_values():
    found = fit_thresholds(pd.DataFrame(Y, columns=list("abcd")), SCORES)
    assert len(found) == 4
    assert found.label_names == tuple("abcd")
    np.testing.assert_array_equal(np.asarray(found), found.values)
    assert np.asarray(found, dtype=np.float32).dtype == np.float32
    assert evaluate(Y, SCORES, threshold=found).counts == found.counts
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1


def test_summary_shows_every_label():
    found = fit_thresholds([[1, 0], [0, 0]], [[0.75, 0.5], [0.25, 0.5]], min_positives=1, label_names=["cat", "dog"])
    assert str(found).splitlines() == [
        "Thresholds for macro_f1, and what they reached where they were chosen",
        "label  positives  threshold    from  precision  recall     F1",
        "cat            1        0.5     own      1.000   1.000  1.000",
        "dog            0      0.625  pooled          –       –      –",
    ]
    assert "cat" in found._repr_html_()
    bound = fit_thresholds(Y, SCORES, objective="recall_at_precision", at_least=0.5)
    assert str(bound).startswith("Thresholds for recall_at_precision of at least 0.5, and")


def test_saved_and_loaded(tmp_path):
    path = tmp_path / "thresholds.json"
    weights = {"sample_weight": np.linspace(0.1, 1, 300)}
    for options in ({}, {"objective": "recall_at_precision", "at_least": 0.7}, weights):
        found = fit_thresholds(Y, SCORES, label_names=["ä", "b", "c", "d"], **options)
        found.save(path)
        for again in (Thresholds.load(str(path)), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
            np.testing.assert_array_equal(again.values, found.values)
            assert (again.label_names, again.source, again.counts) == (found.label_names, found.source, found.counts)
            assert (again.objective, again.at_least, str(again)) == (found.objective, found.at_least, str(found))
    assert [file.name for file in tmp_path.iterdir()] == ["thresholds.json"]


def test_everything_is_documented_and_pickled_under_one_name():
    for public in (ThresholdedClassifier, Thresholds, fit_thresholds):
        assert public.__module__ == "mlhelpers.thresholds"
        assert pickle.loads(pickle.dumps(public)) is public


def test_a_file_names_its_format(tmp_path):
    fit_thresholds(Y, SCORES).save(tmp_path / "thresholds.json")
    assert json.loads((tmp_path / "thresholds.json").read_text())["format"] == "mlhelpers thresholds 1"


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "thresholds.json"
    fit_thresholds(Y, SCORES).save(path)
    before = path.read_bytes()
    monkeypatch.setattr(json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit_thresholds(Y, SCORES, min_positives=0).save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["format", "objective", "labels", "threshold", "tp", None])
def test_files_that_hold_no_thresholds(tmp_path, change):
    path = tmp_path / "thresholds.json"
    fit_thresholds(Y, SCORES).save(path)
    content = json.loads(path.read_text())
    if change in ("threshold", "tp"):
        content["labels"][1][change] = float("nan") if change == "threshold" else -1
    elif change:
        content[change] = "other" if change != "labels" else [{}]
    path.write_text(json.dumps(content) if change else "{")
    with pytest.raises(
        ValueError, match=r"thresholds\.json' does not hold thresholds; give a file that Thresholds\.save wrote"
    ):
        Thresholds.load(path)
    with pytest.raises(FileNotFoundError):
        Thresholds.load(tmp_path / "nowhere.json")


# The estimator


@pytest.mark.parametrize(
    ("base", "method"),
    [
        (ONE_VS_REST, "predict_proba"),
        (OneVsRestClassifier(LinearSVC()), "decision_function"),
        (MultiOutputClassifier(LogisticRegression()), "predict_proba"),
        (ClassifierChain(LogisticRegression()), "predict_proba"),
        (RandomForestClassifier(10, random_state=0), "predict_proba"),
        (KNeighborsClassifier(9), "predict_proba"),
        (MLPClassifier((4,), max_iter=20, random_state=0), "predict_proba"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_is_cross_validated_scores_thresholds_and_a_refit(base, method):
    model = ThresholdedClassifier(base, cv=3, objective="micro_f1", min_positives=2, random_state=1).fit(X, LABELS)
    scores = np.empty(LABELS.shape)
    for train, test in MultilabelKFold(3, random_state=1).split(X, LABELS):
        scores[test] = scores_matrix(clone(base).fit(X[train], LABELS[train]), X[test], method=method)
    expected = fit_thresholds(LABELS, scores, objective="micro_f1", min_positives=2)
    np.testing.assert_array_equal(model.thresholds_.values, expected.values)
    of_all = scores_matrix(clone(base).fit(X, LABELS), X, method=method)
    np.testing.assert_array_equal(model.predict(X), of_all > expected.values)
    np.testing.assert_array_equal(getattr(model, method)(X), of_all)
    assert model.n_features_in_ == 5
    assert model.classes_.tolist() == [[0, 1]] * 3


def test_it_raises_macro_f1_where_one_half_is_too_high():
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(800, 5))
    rare = (samples[:, :3] + rng.normal(size=(800, 3)) > 2).astype(int)
    plain, tuned = (
        cross_val_score(model, samples, rare, scoring="f1_macro", cv=KFold(4)).mean()
        for model in (ONE_VS_REST, ThresholdedClassifier(ONE_VS_REST))
    )
    assert tuned > plain + 0.05


def test_in_a_pipeline_and_a_search():
    model = make_pipeline(StandardScaler(), ThresholdedClassifier(ONE_VS_REST, cv=3))
    grid = {
        "thresholdedclassifier__objective": ["macro_f1", "micro_f1"],
        "thresholdedclassifier__estimator__estimator__C": [0.01, 1],
    }
    search = GridSearchCV(model, grid, scoring="f1_macro", cv=MultilabelKFold(3, random_state=0)).fit(X, LABELS)
    assert set(search.best_params_) == set(grid)
    assert search.predict(X).shape == LABELS.shape
    assert pickle.loads(pickle.dumps(search)).predict(X).tolist() == search.predict(X).tolist()


def test_forms_of_data():
    expected = ThresholdedClassifier(ONE_VS_REST).fit(X, LABELS).predict(X)
    frame, labels = pd.DataFrame(X, columns=list("abcde")), pd.DataFrame(LABELS, columns=list("xyz"))
    model = ThresholdedClassifier(ONE_VS_REST, n_jobs=2).fit(frame, labels)
    np.testing.assert_array_equal(model.predict(frame), expected)
    assert model.feature_names_in_.tolist() == list("abcde")
    assert model.thresholds_.label_names == tuple("xyz")
    model = ThresholdedClassifier(ONE_VS_REST).fit(sparse.coo_array(X), sparse.csr_array(LABELS))
    np.testing.assert_array_equal(model.predict(sparse.csr_array(X)), expected)
    assert ThresholdedClassifier(ONE_VS_REST).fit(X, LABELS.astype(np.int16)).predict(X).dtype == np.int16
    assert ThresholdedClassifier(ONE_VS_REST).fit(X, LABELS.astype(bool)).predict(X).dtype == np.int64


@pytest.mark.parametrize("base", [ONE_VS_REST, MultiOutputClassifier(LogisticRegression())])
def test_a_single_label(base):
    model = ThresholdedClassifier(base).fit(X, LABELS[:, :1])
    assert model.predict(X).shape == model.predict_proba(X).shape == (200, 1)
    assert f1_score(LABELS[:, 0], model.predict(X)) > 0.5
    if base is ONE_VS_REST:
        assert model.decision_function(X).shape == (200, 1)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_scores_of_the_samples_that_were_left_out(method, n_labels):
    X, Y = make_multilabel_classification(n_samples=80, n_classes=n_labels, random_state=0)
    model = ThresholdedClassifier(OneVsRestClassifier(LogisticRegression()), min_positives=1)
    folds = KFold(3, shuffle=True, random_state=0)
    found = cross_val_predict(model, X, Y, cv=folds, method=method)
    for train, test in folds.split(X):
        expected = getattr(clone(model).fit(X[train], Y[train]), method)(X[test])
        np.testing.assert_allclose(found[test], expected)


def test_no_folds_given_are_stratified_ones():
    X, Y = make_multilabel_classification(n_samples=80, random_state=0)
    order = np.lexsort(Y.T)  # plain folds would hold some labels nowhere
    models = [ThresholdedClassifier(OneVsRestClassifier(LogisticRegression()), cv=cv) for cv in (None, 5)]
    none, five = (model.fit(X[order], Y[order]).thresholds_.values for model in models)
    np.testing.assert_array_equal(none, five)


def test_two_labels_are_not_the_two_classes_of_one():
    model = ThresholdedClassifier(ONE_VS_REST).fit(X, LABELS[:, :2])
    np.testing.assert_array_equal(model.predict_proba(X), clone(ONE_VS_REST).fit(X, LABELS[:, :2]).predict_proba(X))


def test_scores_are_of_double_precision():
    for n_labels in (1, 2):
        model = ThresholdedClassifier(ONE_VS_REST).fit(X.astype(np.float32), LABELS[:, :n_labels])
        for scores in (model.predict_proba(X.astype(np.float32)), model.decision_function(X.astype(np.float32))):
            assert scores.dtype == np.float64


def test_defaults_are_the_documented_ones():
    assert ThresholdedClassifier(ONE_VS_REST).get_params(deep=False) == {
        **{"estimator": ONE_VS_REST, "objective": "macro_f1", "at_least": None, "cost_fp": None, "cost_fn": None},
        **{"at_least_one": False, "cv": 5, "min_positives": None},
        **{"fallback": "pooled", "response_method": "auto", "n_jobs": None, "random_state": 0},
        "allow_missing": False,
    }


def test_tags_say_what_it_takes():
    tags = get_tags(ThresholdedClassifier(ONE_VS_REST))
    assert tags.input_tags.sparse
    assert tags.target_tags.multi_output and not tags.target_tags.single_output
    assert tags.classifier_tags.multi_label and not tags.classifier_tags.multi_class


def test_scores_and_folds_can_be_chosen():
    model = ThresholdedClassifier(ONE_VS_REST, response_method="decision_function", cv=KFold(4)).fit(X, LABELS)
    np.testing.assert_array_equal(model.predict(X), model.decision_function(X) > model.thresholds_.values)
    folds = list(KFold(4).split(X))
    same = ThresholdedClassifier(ONE_VS_REST, response_method="decision_function", cv=folds).fit(X, LABELS)
    np.testing.assert_array_equal(same.thresholds_.values, model.thresholds_.values)
    assert not hasattr(ThresholdedClassifier(OneVsRestClassifier(LinearSVC())), "predict_proba")
    assert not hasattr(ThresholdedClassifier(RandomForestClassifier()), "decision_function")
    with pytest.raises(NotFittedError):
        ThresholdedClassifier(ONE_VS_REST).predict(X)


@pytest.mark.parametrize(
    ("options", "y", "error", "message"),
    [
        ({"cv": ShuffleSplit(3)}, LABELS, ValueError, "cv must put every sample into exactly one test part"),
        ({"cv": [(np.arange(100), np.arange(100, 150))]}, LABELS, ValueError, "cv must put every sample"),
        ({"cv": 1}, LABELS, ValueError, "n_splits must be at least 2"),
        ({"objective": "recall_at_precision"}, LABELS, TypeError, "needs at_least"),
        ({}, LABELS[:, 0], ValueError, "y has shape"),
        ({}, None, ValueError, "requires y to be passed"),
        ({}, LABELS[:50], ValueError, "X has 200 rows"),
        ({"response_method": "predict"}, LABELS, ValueError, "method must be"),
    ],
)
def test_fit_refuses(options, y, error, message):
    with pytest.raises(error, match=message):
        ThresholdedClassifier(ONE_VS_REST, **options).fit(X, y)


# The estimator: unknown labels, weights, groups and other metadata, kernels


UNKNOWN = np.random.default_rng(7).random(LABELS.shape) < 0.3
PARTLY = np.where(UNKNOWN, -1, LABELS)
WEIGHTS = np.random.default_rng(8).integers(1, 5, size=200).astype(float)
GROUPS = np.arange(200) % 20
KNOWN_ONLY = BinaryRelevance(LogisticRegression(), allow_missing=True)


def thresholds_by_hand(base, y, folds, weights=None, **options):
    scores = np.empty(y.shape)
    for train, test in folds:
        given = {} if weights is None else {"sample_weight": weights[train]}
        scores[test] = scores_matrix(clone(base).fit(X[train], y[train], **given), X[test])
    return fit_thresholds(y, scores, sample_weight=weights, **options)


@pytest.mark.parametrize("form", [np.asarray, lambda y: np.where(y < 0, np.nan, y)], ids=["-1", "nan"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_unknown_labels_are_left_out_everywhere(form, weights):
    options = {"min_positives": 2, "allow_missing": True}
    model = ThresholdedClassifier(KNOWN_ONLY, cv=3, random_state=1, **options).fit(X, form(PARTLY), weights)
    folds = MultilabelKFold(3, random_state=1, allow_missing=True).split(X, PARTLY)
    expected = thresholds_by_hand(KNOWN_ONLY, PARTLY, folds, weights, **options)
    np.testing.assert_array_equal(model.thresholds_.values, expected.values)
    assert model.thresholds_.counts == expected.counts
    of_all = clone(KNOWN_ONLY).fit(X, PARTLY, weights).predict_proba(X)
    np.testing.assert_array_equal(model.predict(X), of_all > expected.values)
    assert set(np.unique(model.predict(X))) == {0, 1}


def test_unknown_labels_need_an_estimator_that_takes_them():
    with pytest.raises(ValueError, match=r"y holds -1 at row .* ask for allow_missing=True"):
        ThresholdedClassifier(KNOWN_ONLY).fit(X, PARTLY)
    for estimator in (MultiOutputClassifier(LogisticRegression()), ONE_VS_REST):
        with pytest.raises(ValueError, match=r"has unknown labels, and the estimator .* does not take them"):
            ThresholdedClassifier(estimator, allow_missing=True).fit(X, PARTLY)
    same = [ThresholdedClassifier(ONE_VS_REST, allow_missing=way).fit(X, LABELS).predict(X) for way in (True, False)]
    np.testing.assert_array_equal(*same)


@pytest.mark.parametrize("base", [BinaryRelevance(LogisticRegression()), MultiOutputClassifier(LogisticRegression())])
def test_weights_go_to_the_estimator_and_to_the_thresholds(base):
    model = ThresholdedClassifier(base, cv=KFold(4)).fit(X, LABELS, sample_weight=pd.Series(WEIGHTS))
    expected = thresholds_by_hand(base, LABELS, KFold(4).split(X), WEIGHTS)
    np.testing.assert_array_equal(model.thresholds_.values, expected.values)
    assert model.thresholds_.counts == expected.counts
    of_all = scores_matrix(clone(base).fit(X, LABELS, sample_weight=WEIGHTS), X)
    np.testing.assert_array_equal(model.predict_proba(X), of_all)
    plain = ThresholdedClassifier(base, cv=KFold(4)).fit(X, LABELS)
    assert (plain.thresholds_.values != model.thresholds_.values).any()
    assert (plain.predict_proba(X) != of_all).any()


def test_groups_go_to_the_splitter():
    model = ThresholdedClassifier(ONE_VS_REST, cv=GroupKFold(5)).fit(X, LABELS, groups=GROUPS)
    expected = thresholds_by_hand(ONE_VS_REST, LABELS, GroupKFold(5).split(X, LABELS, GROUPS))
    np.testing.assert_array_equal(model.thresholds_.values, expected.values)
    for cv in (None, 4):
        with pytest.raises(ValueError, match=f"groups were passed, but cv={cv} .* pass cv=.*GroupKFold"):
            ThresholdedClassifier(ONE_VS_REST, cv=cv).fit(X, LABELS, groups=GROUPS)
    with pytest.raises(ValueError, match="The 'groups' parameter should not be None"):
        ThresholdedClassifier(ONE_VS_REST, cv=GroupKFold(5)).fit(X, LABELS)
    unknown = np.where(GROUPS == 0, np.nan, GROUPS)
    folds = list(GroupKFold(5).split(X, LABELS, GROUPS))
    for cv, message in ((GroupKFold(5), "Input groups contains NaN"), (folds, "groups holds nan at row 0")):
        with pytest.raises(ValueError, match=message):
            ThresholdedClassifier(ONE_VS_REST, cv=cv).fit(X, LABELS, groups=unknown)


def test_weights_and_groups_of_other_samples_are_refused():
    rows = [f"row {i}" for i in range(200)]
    frame = pd.DataFrame(X, rows)
    for extra in ({"sample_weight": pd.Series(WEIGHTS, rows[::-1])}, {"groups": pd.Series(GROUPS, rows[::-1])}):
        with pytest.raises(ValueError, match="put the rows into one order"):
            ThresholdedClassifier(KNOWN_ONLY, cv=GroupKFold(5)).fit(frame, LABELS, **extra)


@pytest.mark.parametrize(
    ("base", "given", "message"),
    [
        (ONE_VS_REST, {"sample_weight": WEIGHTS}, r"fit of the estimator \(OneVsRestClassifier\) has no such argument"),
        (KNOWN_ONLY, {"sample_weight": WEIGHTS[1:]}, "sample_weight has 199 values for 200 samples"),
        (KNOWN_ONLY, {"sample_weight": -WEIGHTS}, "sample_weight holds -"),
        (KNOWN_ONLY, {"source": WEIGHTS}, "only supported if enable_metadata_routing=True"),
    ],
)
def test_metadata_that_is_refused(base, given, message):
    with pytest.raises(ValueError, match=message):
        ThresholdedClassifier(base).fit(X, LABELS, **given)


def test_metadata_is_routed():
    plain = ThresholdedClassifier(KNOWN_ONLY, cv=GroupKFold(5)).fit(X, LABELS, WEIGHTS, GROUPS)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = LogisticRegression().set_fit_request(sample_weight=True)
        for base in (BinaryRelevance(asks), OneVsRestClassifier(asks)):
            model = ThresholdedClassifier(base, cv=GroupKFold(5)).fit(X, LABELS, WEIGHTS, GROUPS)
            np.testing.assert_array_equal(model.thresholds_.values, plain.thresholds_.values)
            np.testing.assert_array_equal(model.predict(X), plain.predict(X))
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            ThresholdedClassifier(ONE_VS_REST).fit(X, LABELS, WEIGHTS)
        # An estimator without weights leaves them to the thresholds.
        near = ThresholdedClassifier(KNeighborsClassifier(9), cv=KFold(4)).fit(X, LABELS, WEIGHTS)
        assert near.thresholds_.counts.tp.dtype == float


def test_a_search_passes_metadata_on():
    params = {"sample_weight": WEIGHTS, "groups": GROUPS}
    with sklearn.config_context(enable_metadata_routing=True):
        asks = LogisticRegression().set_fit_request(sample_weight=True)
        model = ThresholdedClassifier(BinaryRelevance(asks), cv=GroupKFold(4))
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            cross_validate(model, X, LABELS, params=params, cv=GroupKFold(3), error_score="raise")
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        found = cross_validate(
            model, X, LABELS, params=params, cv=GroupKFold(3), return_estimator=True, error_score="raise"
        )
        for fitted, (train, _) in zip(found["estimator"], GroupKFold(3).split(X, LABELS, GROUPS), strict=True):
            expected = clone(model).fit(X[train], LABELS[train], WEIGHTS[train], GROUPS[train])
            np.testing.assert_array_equal(fitted.thresholds_.values, expected.thresholds_.values)


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_kernels_are_cut_in_rows_and_columns(form):
    base, kernel = OneVsRestClassifier(SVC(kernel="precomputed")), rbf_kernel(X)
    model = ThresholdedClassifier(base, cv=KFold(4)).fit(form(kernel), LABELS)
    scores = np.empty(LABELS.shape)
    for train, test in KFold(4).split(X):
        machine = OneVsRestClassifier(SVC(gamma=1 / X.shape[1])).fit(X[train], LABELS[train])
        scores[test] = machine.decision_function(X[test])
    np.testing.assert_allclose(model.thresholds_.values, fit_thresholds(LABELS, scores).values, atol=1e-3)
    assert model.predict(form(kernel)[:20]).shape == (20, 3)
    assert get_tags(model).input_tags.pairwise
    with pytest.raises(ValueError, match=r"X has shape \(200, 5\), but the estimator .* takes kernels or distances"):
        ThresholdedClassifier(base).fit(X, LABELS)


def test_a_base_that_takes_missing_features():
    holes = np.where(np.random.default_rng(9).random(X.shape) < 0.1, np.nan, X)
    model = ThresholdedClassifier(BinaryRelevance(HistGradientBoostingClassifier(max_iter=3)), cv=2)
    assert get_tags(model).input_tags.allow_nan
    assert not get_tags(ThresholdedClassifier(ONE_VS_REST)).input_tags.allow_nan
    assert model.fit(holes, LABELS).predict(holes).shape == LABELS.shape


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("base", "excuse"),
    [(BinaryRelevance(LogisticRegression()), CLASSES), (MultiOutputClassifier(LogisticRegression()), ONE_HALF)],
)
def test_checks_of_scikit_learn(base, excuse):
    failed, n_passed = failed_checks(ThresholdedClassifier(base, cv=2), {"check_classifier_multioutput": excuse})
    assert failed == []
    assert n_passed >= 40
