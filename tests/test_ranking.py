"""Measures of rankings: brute force over the orders of ties and scikit-learn are the oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scored_labels import (
    CURVES,
    NOTHING,
    PROPERTY,
    made_up,
    nan_mean,
    per_label,
    plain_precision_at_k,
    scored_labels,
)

from mlhelpers.metrics import evaluate, precision_at_k, recall_at_k

# precision_at_k


@PROPERTY
@given(scored_labels(least=1, most=4), st.data())
def test_precision_at_k_is_the_mean_over_all_orders_of_ties(pair, data):
    k = data.draw(st.integers(1, pair[0].shape[1]))
    assert precision_at_k(*pair, k) == pytest.approx(plain_precision_at_k(*pair, k))


@PROPERTY
@given(scored_labels(least=1), st.data())
def test_precision_at_k_knows_only_the_order_of_scores(pair, data):
    truth, scores = pair
    k = data.draw(st.integers(1, truth.shape[1]))
    order = data.draw(st.permutations(range(truth.shape[1])))
    value = pytest.approx(precision_at_k(truth, scores, k))
    assert precision_at_k(truth[:, order], scores[:, order], k) == value
    for monotone in (np.exp, lambda s: 7 * s - 3, lambda s: s**3, lambda s: 1e308 * (s - 0.5), np.float16):
        assert precision_at_k(truth, monotone(scores), k) == value
    # Within one row: a sample may have its own scale.
    assert precision_at_k(truth, scores * np.arange(1, len(scores) + 1)[:, None], k) == value


def test_precision_at_k_by_hand():
    truth, scores = [[1, 0, 1, 0], [0, 0, 0, 0]], [[0.9, 0.5, 0.5, 0.5], [4, 3, 2, 1]]
    assert precision_at_k(truth, scores, 1) == 1 / 2
    assert precision_at_k(truth, scores, 2) == pytest.approx((1 + 1 / 3) / 2 / 2)
    assert precision_at_k(truth, scores, 4) == 1 / 4
    assert type(precision_at_k(truth, scores, np.int64(3))) is float


def test_precision_at_k_of_all_labels_is_the_density():
    truth, scores = made_up()
    assert precision_at_k(truth, scores, 4) == pytest.approx(truth.mean())


# recall_at_k


def plain_recall_at_k(truth, scores, k):
    """Average over every order of the labels that sorts the scores, in each row that has a label."""
    rows = [
        plain_precision_at_k(t[None], s[None], k) * k / t.sum() for t, s in zip(truth, scores, strict=True) if t.any()
    ]
    return np.mean(rows) if rows else np.nan


@PROPERTY
@given(scored_labels(least=1, most=4), st.data())
@example((NOTHING, NOTHING * 1.0), None)
def test_recall_at_k_is_the_mean_over_all_orders_of_ties(pair, data):
    k = data.draw(st.integers(1, pair[0].shape[1])) if data else 1
    np.testing.assert_allclose(recall_at_k(*pair, k), plain_recall_at_k(*pair, k), rtol=1e-12)


def test_recall_at_k_by_hand():
    truth, scores = [[1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]], [[0.9, 0.5, 0.5, 0.5], [4, 3, 2, 1], [4, 3, 2, 1]]
    assert recall_at_k(truth, scores, 1) == 1 / 4
    assert recall_at_k(truth, scores, 2) == pytest.approx((1 + 1 / 3) / 2 / 2)
    assert recall_at_k(truth, scores, 4) == 1
    assert type(recall_at_k(truth, scores, np.int64(3))) is float
    assert np.isnan(recall_at_k(NOTHING, NOTHING, 1))


def test_recall_is_precision_where_every_sample_has_k_labels():
    rng = np.random.default_rng(0)
    truth, scores = np.array([rng.permutation([1, 1, 0, 0, 0]) for _ in range(50)]), rng.random((50, 5)).round(1)
    assert recall_at_k(truth, scores, 2) == pytest.approx(precision_at_k(truth, scores, 2))


# Areas under curves, and labels that can't be judged


@PROPERTY
@given(scored_labels(least=1))
def test_areas_are_those_of_scikit_learn(pair):
    report = evaluate(*pair, baselines=False)
    for key, area in CURVES.items():
        expected = [per_label(area, *columns) for columns in zip(pair[0].T, pair[1].T, strict=True)]
        np.testing.assert_allclose(getattr(report, key), expected, rtol=1e-12)
        np.testing.assert_allclose(report.averages[key], nan_mean(expected), rtol=1e-12)
    names = [name for name, truth in zip(report.label_names, pair[0].T, strict=True) if len(set(truth)) == 1]
    assert list(report.one_class) == names
    note = f"\nof one class, so without AP and ROC AUC and left out of their means: {', '.join(names)}"
    assert (note in repr(report)) if names else ("of one class" not in repr(report))


def test_areas_are_those_of_larger_data_with_ties():
    truth, scores = made_up(2000)
    report = evaluate(truth, scores.round(2))
    for key, area in CURVES.items():
        expected = [area(*columns) for columns in zip(truth.T, scores.round(2).T, strict=True)]
        np.testing.assert_allclose(getattr(report, key), expected, rtol=1e-12)
        assert report.averages[key] == pytest.approx(area(truth, scores.round(2), average="macro"))
