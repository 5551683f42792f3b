"""Measures at k of sparse scores, nDCG and propensities: oracles are brute force, scikit-learn and loops."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scored_labels import NOTHING, PROPERTY, made_up, plain_precision_at_k, scored_labels
from sklearn.metrics import ndcg_score

from mlhelpers import _stored
from mlhelpers.calibration import calibration_report, fit_calibration
from mlhelpers.metrics import (
    LabelCounts,
    compare,
    evaluate,
    label_propensities,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)

AT_K = (precision_at_k, recall_at_k, ndcg_at_k)


@st.composite
def stored_scores(draw, least=1, most=5):
    """Draw labels, scores of any sign from a coarse grid, which of them are stored, and k."""
    truth, scores = draw(scored_labels(least, most))
    stored = np.array(draw(st.lists(st.booleans(), min_size=truth.size, max_size=truth.size))).reshape(truth.shape)
    return truth, 2 * scores - 1, stored, draw(st.integers(1, truth.shape[1]))


def as_csr(scores, stored):
    rows, columns = stored.nonzero()
    return sparse.csr_array((scores[stored], (rows, columns)), shape=scores.shape)


def plain_gains(row, score, stored, worth, discount):
    """Average what is gained over every order of the stored labels that sorts their scores."""
    labels = np.flatnonzero(stored)
    values = []
    for order in permutations(labels):
        ranked = score[list(order)]
        if (ranked[1:] <= ranked[:-1]).all():
            values.append(sum(row[j] * worth[j] * d for j, d in zip(order, discount, strict=False)))
    return np.mean(values)


def plain_at_k(measure, truth, scores, stored, k, worth=None):
    """Compute a measure at k sample by sample."""
    discount = np.ones(k) if measure is not ndcg_at_k else 1 / np.log2(np.arange(k) + 2)
    above, below = [], []
    for row, score, kept in zip(truth, scores, stored, strict=True):
        if measure is not precision_at_k and not row.any():
            continue
        mosts = {precision_at_k: k, recall_at_k: row.sum(), ndcg_at_k: discount[: row.sum()].sum()}
        most = mosts[measure]
        gain = plain_gains(row, score, kept, np.ones(len(row)) if worth is None else worth, discount)
        best = 1 if worth is None else (np.sort(row * worth)[::-1][:k] * discount).sum() / most
        above.append(gain / most)
        below.append(best)
    return sum(above) / sum(below) if sum(below) else np.nan


# Sparse scores


@pytest.mark.parametrize("measure", AT_K)
@PROPERTY
@given(stored_scores(most=4))
def test_sparse_scores_as_by_brute_force(measure, case):
    truth, scores, stored, k = case
    expected = plain_at_k(measure, truth, scores, stored, k)
    for form in (np.asarray, sparse.csr_array, sparse.coo_matrix):
        np.testing.assert_allclose(measure(form(truth), as_csr(scores, stored), k), expected, rtol=1e-12)


@pytest.mark.parametrize("measure", AT_K)
@PROPERTY
@given(stored_scores(), st.booleans(), st.booleans())
def test_sparse_and_dense_scores_agree_where_all_are_stored(measure, case, weighted, scored_by_propensity):
    truth, scores, _, k = case
    options = {"sample_weight": np.arange(1.0, len(truth) + 1)} if weighted else {}
    if scored_by_propensity:
        options["propensity"] = np.linspace(0.1, 1, truth.shape[1])
    full = as_csr(scores, np.full(scores.shape, True))
    np.testing.assert_allclose(measure(truth, full, k, **options), measure(truth, scores, k, **options), rtol=1e-12)


@pytest.mark.parametrize("measure", AT_K)
@PROPERTY
@given(stored_scores(least=2), st.data())
def test_unknown_labels_take_no_place(measure, case, data):
    truth, scores, stored, k = case
    cells = st.lists(st.booleans(), min_size=truth.size, max_size=truth.size)
    unknown = np.array(data.draw(cells)).reshape(truth.shape)
    marked = np.where(unknown, -1, truth)
    # By removing the unknown columns of each row, which leaves the others as they are.
    rows = []
    for t, s, kept, u in zip(truth, scores, stored, unknown, strict=True):
        if (~u).sum() >= k:
            rows.append(plain_at_k(measure, t[None, ~u], s[None, ~u], kept[None, ~u], k))
    rows = [value for value in rows if not np.isnan(value)]
    expected = np.mean(rows) if rows else np.nan
    value = measure(sparse.csr_array(marked), as_csr(scores, stored), k, allow_missing=True)
    np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_a_shorter_list_has_misses_at_its_end():
    truth = sparse.csr_array([[1, 1, 0, 0], [0, 0, 1, 1]])
    scores = sparse.csr_array(([-2.0, 0.0], ([0, 1], [1, 0])), shape=(2, 4))  # one score each, none above 0
    assert precision_at_k(truth, scores, 1) == 1 / 2
    assert precision_at_k(truth, scores, 4) == 1 / 8
    assert recall_at_k(truth, scores, 4) == 1 / 4
    assert ndcg_at_k(truth, scores, 4) == pytest.approx(1 / (1 + 1 / np.log2(3)) / 2)
    nothing = sparse.csr_array((2, 4))
    assert [measure(truth, nothing, 2) for measure in AT_K] == [0, 0, 0]


def test_blocks_of_rows_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    truth, scores = (rng.random((300, 40)) < 0.1).astype(int), rng.normal(size=(300, 40)).round(1)
    lengths = rng.integers(0, 41, 300) * (rng.random(300) < 0.7)
    case = sparse.csr_array(truth), as_csr(scores, np.arange(40) < lengths[:, None]), 5
    p = np.linspace(0.1, 1, 40)
    values = [measure(*case, **o) for measure in AT_K for o in ({}, {"propensity": p})]
    dense = [measure(truth, scores, 5, **o) for measure in AT_K for o in ({}, {"propensity": p})]
    monkeypatch.setattr(_stored, "CELLS_PER_BLOCK", 50)
    monkeypatch.setattr(_stored, "_ROWS_PER_BLOCK", 7)
    np.testing.assert_allclose([measure(*case, **o) for measure in AT_K for o in ({}, {"propensity": p})], values)
    again = [measure(truth, scores, 5, **o) for measure in AT_K for o in ({}, {"propensity": p})]
    np.testing.assert_allclose(again, dense)


def test_entries_of_one_cell_add_up_and_nothing_is_changed():
    data, columns = np.array([0.25, 0.5, 0.5, 0.625]), np.array([3, 0, 3, 1])
    scores = sparse.csr_array((data, columns, np.array([0, 4])), shape=(1, 4))  # 0.75, 0.5 and 0.625
    before = [part.copy() for part in (scores.data, scores.indices, scores.indptr)]
    assert precision_at_k([[0, 0, 0, 1]], scores, 1) == 1
    assert ndcg_at_k([[0, 1, 0, 0]], scores, 3) == pytest.approx(1 / np.log2(3))
    for part, was in zip((scores.data, scores.indices, scores.indptr), before, strict=True):
        np.testing.assert_array_equal(part, was)
    small = sparse.csr_array((np.full(2, 100, np.int8), np.array([1, 1]), np.array([0, 2])), shape=(1, 3))
    assert precision_at_k([[0, 1, 0]], small, 1) == 1  # 200, which 8 bits don't hold


@pytest.mark.parametrize("form", [sparse.csc_matrix, sparse.coo_array, sparse.lil_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.longdouble])
def test_forms_and_types_of_sparse_scores(form, dtype):
    truth, scores = made_up(50)
    scores = (100 * scores).round().astype(dtype) - 30
    expected = precision_at_k(truth, scores.astype(float), 2)
    full = as_csr(scores, np.full(scores.shape, True))  # zeros are stored, too
    assert precision_at_k(truth, full, 2) == expected
    assert precision_at_k(truth, form(scores + 1000), 2) == expected


BAD = [
    (sparse.csr_array([[np.nan, 0], [0, 1]]), ValueError, "y_score holds nan at row 0, column 0, expected finite"),
    (sparse.csr_array([[0, 1], [0, -np.inf]]), ValueError, "y_score holds -inf at row 1, column 1, expected finite"),
    (sparse.csr_array([[1.0, 0, 1]]), ValueError, r"y_true has shape \(2, 2\) but y_score has shape \(1, 3\)"),
    (sparse.csr_array([[1j, 0], [0, 1]]), TypeError, "y_score has dtype complex128, expected real numbers; turn it"),
    (sparse.csr_array((0, 2)), ValueError, r"y_score has shape \(0, 2\), expected \(n_samples, n_labels\) with no"),
    (sparse.coo_array([1.0, 2.0]), ValueError, r"y_score has shape \(2,\), expected \(n_samples, n_labels\)"),
]


@pytest.mark.parametrize(("scores", "error", "message"), BAD)
@pytest.mark.parametrize("measure", AT_K)
def test_bad_sparse_scores(measure, scores, error, message):
    with pytest.raises(error, match=message):
        measure([[1, 0], [0, 1]], scores, 1)


# Where sparse scores become dense


def test_scores_above_zero_may_become_dense():
    truth, scores = made_up()
    thin = sparse.csr_array(np.where(scores < 0.1, 0, scores))
    assert evaluate(truth, thin).averages == evaluate(truth, thin.toarray()).averages
    assert compare(truth, thin, scores, n_resamples=20).differences.keys()


@pytest.mark.parametrize("low", [0.0, -1.5])
def test_stored_scores_of_zero_and_below_beside_none(low):
    truth = np.array([[1, 0], [0, 1]])
    scores = sparse.csr_array(([low, 0.5], ([0, 1], [1, 1])), shape=(2, 2))
    message = f"is sparse, and stores {low:g} at row 0, column 1, and no score in 2 cells, which rank below all stored"
    with pytest.raises(ValueError, match=message):
        evaluate(truth, scores)
    with pytest.raises(ValueError, match=f"y_score_b {message}"):
        compare(truth, np.eye(2), scores)
    full = as_csr(np.array([[low, 0.5], [0.25, 0.75]]), np.full((2, 2), True))
    assert evaluate(truth, full, threshold=0.25 + low).averages  # nothing is missing here


def test_a_threshold_below_zero_would_predict_what_was_not_scored():
    truth, scores = np.array([[1, 0], [0, 1]]), sparse.csr_array([[2.5, 0], [0, 1.5]])
    message = "threshold holds -1, and y_score is sparse: a cell without a stored score, which is below every threshold"
    with pytest.raises(ValueError, match=message):
        evaluate(truth, scores, threshold=[0, -1])
    with pytest.raises(ValueError, match="threshold_b holds -1, and y_score_b is sparse"):
        compare(truth, scores.toarray(), scores, threshold_a=-1, threshold_b=-1)
    assert evaluate(truth, scores, threshold=0).averages["subset_accuracy"] == 1
    assert evaluate(truth, scores.toarray(), threshold=-1).averages["recall_micro"] == 1


def test_calibration_asks_for_a_score_in_each_cell():
    truth, scores = made_up()
    thin = sparse.csr_array(np.where(scores < 0.1, 0, scores))
    message = "is sparse, and stores no score in [0-9]+ cells, which were not scored"
    for call in (lambda: fit_calibration(truth, thin), lambda: calibration_report(truth, thin)):
        with pytest.raises(ValueError, match=message):
            call()
    fitted = fit_calibration(truth, sparse.csr_array(scores))
    np.testing.assert_array_equal(fitted.transform(sparse.csr_array(scores)), fitted.transform(scores))
    with pytest.raises(ValueError, match=f"y_score {message}"):
        fitted.transform(thin)


# nDCG


@PROPERTY
@given(scored_labels(most=4), st.data())
def test_ndcg_is_the_mean_over_all_orders_of_ties(pair, data):
    truth, scores = pair
    k = data.draw(st.integers(1, truth.shape[1]))
    stored = np.full(truth.shape, True)
    np.testing.assert_allclose(ndcg_at_k(truth, scores, k), plain_at_k(ndcg_at_k, truth, scores, stored, k), rtol=1e-12)


@PROPERTY
@given(scored_labels(), st.data())
def test_ndcg_is_that_of_scikit_learn(pair, data):
    truth, scores = pair
    k = data.draw(st.integers(1, truth.shape[1]))
    has_label = truth.any(axis=1)
    weight = np.linspace(1, 2, len(truth))
    for options, of_rows in (({}, {}), ({"sample_weight": weight}, {"sample_weight": weight[has_label]})):
        value = ndcg_at_k(truth, scores, k, **options)
        expected = ndcg_score(truth[has_label], scores[has_label], k=k, **of_rows) if has_label.any() else np.nan
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_ndcg_by_hand():
    truth, scores = [[1, 0, 1], [0, 0, 0], [0, 0, 1]], [[0.9, 0.6, 0.2], [3, 2, 1], [3, 2, 1]]
    second, third = 1 / np.log2(3), 1 / 2
    assert ndcg_at_k(truth, scores, 1) == 1 / 2
    assert ndcg_at_k(truth, scores, 3) == pytest.approx(((1 + third) / (1 + second) + third) / 2)
    assert type(ndcg_at_k(truth, scores, np.int64(3))) is float
    assert np.isnan(ndcg_at_k(NOTHING, NOTHING, 1))


@pytest.mark.parametrize("measure", AT_K)
def test_only_the_order_of_scores_counts(measure):
    truth, scores = made_up()
    for k in (1, 2, 4):
        value = pytest.approx(measure(truth, scores, k))
        for monotone in (np.exp, lambda s: 7 * s - 3, lambda s: 1e308 * (s - 0.5)):
            assert measure(truth, monotone(scores), k) == value


# Propensities


def test_propensities_by_the_formula():
    rng = np.random.default_rng(0)
    labels = (rng.random((200, 6)) < [0.5, 0.2, 0.1, 0.05, 0.01, 0]).astype(int)
    for options in ({}, {"a": 0.5, "b": 0.4}, {"a": 0.6, "b": 2.6}):
        a, b = options.get("a", 0.55), options.get("b", 1.5)
        c = (np.log(200) - 1) * (b + 1) ** a
        expected = [1 / (1 + c * np.exp(-a * np.log(column.sum() + b))) for column in labels.T]
        for form in (np.asarray, sparse.csr_array, pd.DataFrame):
            np.testing.assert_allclose(label_propensities(form(labels), **options), expected, rtol=1e-12)
        counts = LabelCounts.from_predictions(labels, labels).support
        np.testing.assert_allclose(label_propensities(counts, n_samples=200, **options), expected, rtol=1e-12)
    assert (np.diff(label_propensities(np.arange(4), n_samples=3)) > 0).all()
    assert (label_propensities([0, 1, 3], n_samples=3) <= 1).all()


@pytest.mark.parametrize("measure", AT_K)
@PROPERTY
@given(stored_scores(most=4), st.integers(0, 5))
def test_propensity_scored_as_by_brute_force(measure, case, seed):
    truth, scores, stored, k = case
    p = np.random.default_rng(seed).uniform(0.05, 1, truth.shape[1])
    expected = plain_at_k(measure, truth, scores, stored, k, 1 / p)
    value = measure(sparse.csr_array(truth), as_csr(scores, stored), k, propensity=p)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    everything = np.full(truth.shape, True)
    expected = plain_at_k(measure, truth, scores, everything, k, 1 / p)
    np.testing.assert_allclose(measure(truth, scores, k, propensity=p), expected, rtol=1e-12)


@pytest.mark.parametrize("measure", AT_K)
def test_the_best_scores_reach_one(measure):
    truth, _ = made_up()
    p = np.array([0.9, 0.3, 0.5, 0.1])
    for form in (np.asarray, sparse.csr_array):
        assert measure(truth, form(truth / p), 2, propensity=p) == pytest.approx(1)
    assert np.isnan(measure(NOTHING, NOTHING, 1, propensity=[0.5, 1]))


def test_precision_with_equal_propensities_is_divided_by_the_best():
    truth, scores = made_up()
    best = precision_at_k(truth, truth, 2)
    assert precision_at_k(truth, scores, 2, propensity=np.full(4, 0.2)) == pytest.approx(
        plain_precision_at_k(truth, scores, 2) / best
    )


@pytest.mark.parametrize(
    ("propensity", "error", "message"),
    [
        ([0.5], ValueError, "propensity has 1 values for 2 labels; give one number per column"),
        ([0.5, 0], ValueError, "propensity holds 0 for label 1, expected probabilities above 0 .*label_propensities"),
        ([0.5, 1.5], ValueError, "propensity holds 1.5 for label 1, .*label_propensities estimates them"),
        ([5, 1.5], ValueError, "propensity holds 5 for label 0, .*inverse propensities, pass 1 / propensity"),
        ([0.5, np.nan], ValueError, "propensity holds nan for label 1"),
        ([[0.5, 0.5]], ValueError, "propensity has shape"),
        ("half", TypeError, "propensity must be an array of real numbers"),
        (pd.Series([0.5, 1], index=["sky", "sea"]), ValueError, "y_true has the labels .*, but propensity has"),
    ],
)
def test_bad_propensities(propensity, error, message):
    truth = pd.DataFrame([[1, 0], [0, 1]], columns=["sea", "sky"])
    for measure in AT_K:
        with pytest.raises(error, match=message):
            measure(truth, np.eye(2), 1, propensity=propensity)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[1, 2], [0, 1], [0, 0]], {}, ValueError, "y_train holds 2 at row 0, column 1"),
        ([[1, -1], [0, 1], [0, 0]], {}, ValueError, "y_train holds -1 at row 0, column 1"),
        ([[1, 0]], {}, ValueError, "y_train has 1 samples, and the model of propensities needs at least 3"),
        ([1, 5], {"n_samples": 4}, ValueError, "y_train holds 5, expected counts from 0 to n_samples, 4"),
        ([1, 0.5], {"n_samples": 4}, ValueError, "y_train holds 0.5, expected counts"),
        ([[1, 1]], {"n_samples": 4}, ValueError, "y_train has shape"),
        ([1, 1], {"n_samples": 2}, ValueError, "n_samples must be at least 3, got 2"),
        ([1, 1], {"n_samples": 4.5}, TypeError, "n_samples must be an integer"),
        ([1, 1], {"n_samples": 4, "a": -1}, ValueError, "a must be from 0 to 100, got -1"),
        ([1, 1], {"n_samples": 4, "b": np.nan}, ValueError, "b must be from 1e-06 to 100, got nan"),
        ([1, 1], {"n_samples": 4, "b": 0}, ValueError, "b must be from 1e-06 to 100, got 0"),
        ([1, 1], {"n_samples": 4, "b": "1.5"}, TypeError, "b must be a number, got '1.5'"),
    ],
)
def test_bad_arguments_of_propensities(arguments, options, error, message):
    with pytest.raises(error, match=message):
        label_propensities(arguments, **options)


@pytest.mark.parametrize("measure", AT_K)
def test_bad_k(measure):
    truth = [[1, 0], [0, 1]]
    for scores in (np.eye(2), sparse.csr_array(np.eye(2))):
        with pytest.raises(ValueError, match="k is 3, but there are only 2 labels; take k from 1 to 2"):
            measure(truth, scores, 3)
        with pytest.raises(TypeError, match="k must be an integer"):
            measure(truth, scores, 1.0)
