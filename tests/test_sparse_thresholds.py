"""Thresholds on sparse scores: oracles are brute force, and the dense search with a floor that no cut reaches."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scored_labels import PROPERTY, made_up
from sklearn.metrics import f1_score

from mlhelpers import _stored
from mlhelpers.metrics import LabelCounts
from mlhelpers.thresholds import Thresholds, _sparse_data, fit_thresholds

COUNTS = ("tp", "fp", "fn", "tn")
FLOOR = -1e6
RULES = [
    {},
    {"objective": "micro_f1"},
    {"objective": "macro_and_micro_f1"},
    {"objective": "recall_at_precision", "at_least": 0.7},
    {"objective": "precision_at_recall", "at_least": 0.3},
    {"objective": "cost", "cost_fp": 1, "cost_fn": 2.5},
    {"objective": "cost", "cost_fp": [1, 1, 2, 1, 3, 1], "cost_fn": [2, 5, 5, 5, 7, 9]},
]


def as_csr(scores, stored):
    rows, columns = stored.nonzero()
    return sparse.csr_array((scores[stored], (rows, columns)), shape=scores.shape)


@st.composite
def stored_scores(draw, most_labels=4):
    """Draw labels (-1 for unknown), scores of any sign that tie, which are stored (some), and weights."""
    shape = draw(st.integers(1, 8)), draw(st.integers(1, most_labels))
    size = shape[0] * shape[1]

    def cells(*values):
        return np.array(draw(st.lists(st.sampled_from(values), min_size=size, max_size=size))).reshape(shape)

    truth, scores, stored = cells(0, 0, 1, 1, -1), cells(-1.0, -0.5, 0.0, 0.5, 1.0), cells(True, True, False)
    truth[0, 0], stored[0, 0] = 1, True
    weight = np.array(draw(st.lists(st.sampled_from([1, 1, 2, 3]), min_size=shape[0], max_size=shape[0])))
    return truth, scores, stored, weight


def plain_counts(truth, scores, stored, weight, threshold):
    """Count what a label's threshold gets right and wrong, sample by sample."""
    found = dict.fromkeys(COUNTS, 0)
    for t, s, is_stored, w in zip(truth, scores, stored, weight, strict=True):
        if t == -1:
            continue
        predicted = bool(is_stored and s > threshold)
        found[("fn", "tp")[predicted] if t else ("tn", "fp")[predicted]] += w
    return found


def candidates(scores, stored):
    """Return a threshold for every cut of the stored scores, the one that predicts nothing included."""
    return [score - shift for score in np.unique(scores[stored]) for shift in (0.25, 0)]


def plain_f1(counts):
    total = 2 * counts["tp"] + counts["fp"] + counts["fn"]
    return 2 * counts["tp"] / total if total else 0


def plain_value(counts, objective, bound):
    """Return what is to be as high as can be."""
    tp, fp, fn = (counts[key] for key in ("tp", "fp", "fn"))
    if objective == "macro_f1":
        return plain_f1(counts)
    if objective == "cost":
        return -(fp + 2.5 * fn)
    precision, recall = tp / (tp + fp) if tp + fp else 0, tp / (tp + fn) if tp + fn else 0
    if objective == "recall_at_precision":
        return recall if precision >= bound else 0
    return (1, precision) if recall >= bound else (0, recall)


@pytest.mark.parametrize("rule", [RULES[0], RULES[3], RULES[4], RULES[5]])
@PROPERTY
@given(stored_scores(), st.booleans())
def test_each_label_as_by_brute_force(rule, case, weighted):
    truth, scores, stored, weight = case
    weight = weight if weighted else np.ones_like(weight)
    options = {"sample_weight": weight} if weighted else {}
    fitted = fit_thresholds(
        truth, as_csr(scores, stored), min_positives=1, allow_missing=True, fallback=0.0, **rule, **options
    )
    objective, bound = rule.get("objective", "macro_f1"), rule.get("at_least")
    for j, threshold in enumerate(fitted.values):
        columns = truth[:, j], scores[:, j], stored[:, j], weight
        counts = plain_counts(*columns, threshold)
        assert {key: getattr(fitted.counts, key)[j] for key in COUNTS} == pytest.approx(counts)
        scored = stored[:, j] & (truth[:, j] != -1)
        own = scored.any() and (truth[:, j] == 1).any()
        assert fitted.source[j] == ("own" if own else "fixed")
        if own:
            values = [
                plain_value(plain_counts(*columns, t), objective, bound) for t in candidates(scores[:, j], scored)
            ]
            assert plain_value(counts, objective, bound) == pytest.approx(max(values))


@PROPERTY
@given(stored_scores(most_labels=3))
def test_micro_f1_and_the_pooled_threshold_as_by_brute_force(case):
    truth, scores, stored, weight = case
    cuts = [candidates(scores[:, j], stored[:, j]) or [0.0] for j in range(truth.shape[1])]

    def micro(thresholds):
        columns = zip(truth.T, scores.T, stored.T, thresholds, strict=True)
        parts = [plain_counts(t, s, kept, weight, limit) for t, s, kept, limit in columns]
        return plain_f1({key: sum(part[key] for part in parts) for key in COUNTS})

    options = {"allow_missing": True, "sample_weight": weight}
    thin = as_csr(scores, stored)
    pooled = fit_thresholds(truth, thin, min_positives=100, **options)
    assert set(pooled.source) == {"pooled"} and len(set(pooled.values)) == 1
    assert micro(pooled.values) == pytest.approx(max(micro([t] * truth.shape[1]) for t in candidates(scores, stored)))
    own = fit_thresholds(truth, thin, objective="micro_f1", min_positives=0, fallback=10.0, **options)
    assert micro(own.values) == pytest.approx(max(micro(each) for each in product(*cuts)))


def retrieved(n_samples=600, n_labels=6, seed=0):
    """Return labels and scores of which a row stores the best three: the lowest stored ones are never worth it."""
    truth, scores = made_up(n_samples, n_labels, seed)
    scores = np.random.default_rng(seed).normal(2 * truth - 1.5, 1)  # of both signs
    stored = scores >= np.sort(scores, axis=1)[:, -3:-2]
    return truth, scores, stored


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("options", [{}, {"sample_weight": True}, {"allow_missing": True}, {"n_resamples": 20}])
def test_as_the_dense_search_with_a_floor(rule, options):
    truth, scores, stored = retrieved()
    options = dict(options)
    if "sample_weight" in options:
        options["sample_weight"] = np.random.default_rng(1).integers(0, 3, len(truth))
    if "allow_missing" in options:
        truth = np.where(np.random.default_rng(1).random(truth.shape) < 0.2, -1, truth)
    if "n_resamples" in options:
        options["random_state"] = 0
        if rule.get("objective") == "macro_and_micro_f1":
            pytest.skip("twenty of its searches take long")
    floor = np.where(stored, scores, FLOOR)
    for least in (None, 100):
        dense = fit_thresholds(truth, floor, min_positives=least, **rule, **options)
        thin = fit_thresholds(sparse.csr_array(truth), as_csr(scores, stored), min_positives=least, **rule, **options)
        assert dense.values.min() > -10  # where the floor is not predicted, both search the same
        np.testing.assert_array_equal(thin.values, dense.values)
        assert thin.source == dense.source
        for key in COUNTS:
            np.testing.assert_allclose(getattr(thin.counts, key), getattr(dense.counts, key))
        if dense.spread is not None:
            searched = dense.spread > -10  # in a resample all may be worth predicting
            assert searched.mean() > 0.9
            np.testing.assert_array_equal(thin.spread[searched], dense.spread[searched])


@pytest.mark.parametrize("rule", RULES)
def test_sparse_and_dense_agree_where_all_are_stored(rule):
    truth, scores, _ = retrieved(200)
    full = as_csr(scores, np.full(scores.shape, True))
    for options in ({}, {"sample_weight": np.arange(len(truth))}):
        dense, thin = (fit_thresholds(truth, s, **rule, **options) for s in (scores, full))
        np.testing.assert_array_equal(thin.values, dense.values)
        for key in COUNTS:
            np.testing.assert_allclose(getattr(thin.counts, key), getattr(dense.counts, key))


def test_by_hand():
    truth = [[1, 0], [1, 1], [0, 1], [1, 0]]
    # -2 and -1 of the first label are stored, one of them true; two more are true without a score
    scores = sparse.csr_array(([-2.0, -1.0, 0.0], ([0, 2, 1], [0, 0, 1])), shape=(4, 2))
    fitted = fit_thresholds(truth, scores, min_positives=1)
    assert fitted.values[0] == np.nextafter(np.float32(-2), np.float32(-3))  # right below the lowest
    assert -1e-30 < fitted.values[1] < 0
    counts = fitted.counts
    assert [list(getattr(counts, key)) for key in COUNTS] == [[1, 1], [1, 0], [2, 1], [0, 2]]
    assert LabelCounts.from_predictions(truth, fitted.predict(scores)) == counts
    # Recall can't be more than a third: the most there is, at the highest threshold that has it.
    bound = fit_thresholds(truth, scores, objective="precision_at_recall", at_least=0.9, min_positives=1)
    np.testing.assert_array_equal(bound.values, fitted.values)


def test_labels_without_a_score_get_the_fallback():
    truth, scores, stored = retrieved()
    stored[:, 2] = False
    thin = as_csr(scores, stored)
    for rule in RULES:
        fitted = fit_thresholds(truth, thin, min_positives=1, **rule)
        assert [source == "pooled" for source in fitted.source] == [j == 2 for j in range(6)]
        assert fitted.counts.tp[2] == fitted.counts.fp[2] == 0
        assert fitted.counts.fn[2] == truth[:, 2].sum()
    assert fit_thresholds(truth, thin, fallback=0.25).values[2] == 0.25
    with pytest.raises(ValueError, match="y_score is sparse, and stores no score where a label is known"):
        fit_thresholds(truth, sparse.csr_array(truth.shape))


def test_blocks_and_the_callers_matrices(monkeypatch):
    truth, scores, stored = retrieved()
    y_true, y_score = sparse.csr_array(truth), as_csr(scores, stored)
    before = [part.copy() for m in (y_true, y_score) for part in (m.data, m.indices, m.indptr)]
    expected, one_by_one = fit_thresholds(y_true, y_score, min_positives=100), fit_thresholds(y_true, y_score)
    monkeypatch.setattr(_stored, "CELLS_PER_BLOCK", 100)
    again = fit_thresholds(y_true, y_score, min_positives=100)
    np.testing.assert_array_equal(again.values, expected.values)
    assert again.counts == expected.counts
    monkeypatch.setattr(_sparse_data, "_LONG", 0)  # in threads
    monkeypatch.setattr(_sparse_data, "_LABELS_PER_BLOCK", 2)
    np.testing.assert_array_equal(fit_thresholds(y_true, y_score).values, one_by_one.values)
    assert (again.predict(y_score) != expected.predict(y_score)).nnz == 0
    after = [part for m in (y_true, y_score) for part in (m.data, m.indices, m.indptr)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    # Columns in any order, halves of a score in two entries, single precision
    order = np.concatenate([np.arange(a, b)[::-1] for a, b in zip(y_score.indptr, y_score.indptr[1:], strict=False)])
    halves = np.repeat(order, 2)
    parts = (y_score.data[halves] / 2, y_score.indices[halves], 2 * y_score.indptr)
    doubled = sparse.csr_array(parts, shape=y_score.shape)
    np.testing.assert_array_equal(fit_thresholds(y_true, doubled, min_positives=100).values, expected.values)
    single = y_score.astype(np.float32)
    np.testing.assert_array_equal(
        fit_thresholds(y_true, single).values, fit_thresholds(y_true, single.astype(float)).values
    )


# Decisions


@PROPERTY
@given(stored_scores())
def test_decisions_are_those_of_the_stored_scores(case):
    _, scores, stored, _ = case
    limits = np.linspace(-2, 0.5, scores.shape[1])
    n = len(limits)
    counts = LabelCounts(*np.zeros((4, n), int))
    thresholds = Thresholds(limits, tuple(map(str, range(n))), ("own",) * n, counts, "macro_f1")
    for form in (sparse.csr_array, sparse.csc_matrix):
        predicted = thresholds.predict(form(as_csr(scores, stored)))
        assert isinstance(predicted, sparse.csr_array) and predicted.dtype == np.int8
        assert predicted.has_canonical_format and (predicted.data == 1).all()
        np.testing.assert_array_equal(predicted.toarray(), stored & (scores > limits))
    rows = stored.any(axis=1)
    topped = thresholds.predict(as_csr(scores, stored)[rows], at_least_one=True).toarray()
    floor = np.where(stored, scores, FLOOR)[rows]
    np.testing.assert_array_equal(topped, thresholds.predict(floor, at_least_one=True))


def test_at_least_one_needs_a_stored_score():
    thresholds = fit_thresholds([[1, 0], [0, 1]], np.eye(2), min_positives=1)
    with pytest.raises(ValueError, match="stores no score in row 1, so that at_least_one has none to take"):
        thresholds.predict(sparse.csr_array([[1.0, 0], [0, 0]]), at_least_one=True)


def test_micro_f1_of_decisions_over_chunks():
    truth, scores, stored = retrieved()
    y_true, y_score = sparse.csr_array(truth), as_csr(scores, stored)
    thresholds = fit_thresholds(y_true, y_score)
    chunks = [slice(start, start + 100) for start in range(0, 600, 100)]
    counts = sum(LabelCounts.from_predictions(y_true[c], thresholds.predict(y_score[c])) for c in chunks)
    assert counts == thresholds.counts
    assert counts.f1("macro") == pytest.approx(f1_score(truth, stored & (scores > thresholds.values), average="macro"))


def test_counts_over_dask_partitions_are_the_serial_ones():
    delayed = pytest.importorskip("dask").delayed
    truth, scores, stored = retrieved()
    y_true, y_score = sparse.csr_array(truth), as_csr(scores, stored)
    thresholds = fit_thresholds(y_true, y_score)

    @delayed
    def count(y, s):
        return LabelCounts.from_predictions(y, thresholds.predict(s))

    parts = np.array_split(np.arange(len(truth)), 8)
    total = delayed(sum)([count(y_true[part], y_score[part]) for part in parts])
    serial = LabelCounts.from_predictions(y_true, thresholds.predict(y_score))
    assert total.compute(scheduler="threads") == serial == thresholds.counts


@pytest.mark.parametrize(
    ("scores", "error", "message"),
    [
        (sparse.csr_array([[np.nan, 0], [0, 1]]), ValueError, "y_score holds nan at row 0, column 0, expected finite"),
        (sparse.csr_array([[np.inf, 0], [0, 1]]), ValueError, "y_score holds inf at row 0, column 0"),
        (sparse.csr_array([[1j, 0], [0, 1]]), TypeError, "y_score has dtype complex128, expected real numbers"),
        (sparse.csr_array([[1.0, 0, 1]]), ValueError, "y_score has shape"),
    ],
)
def test_bad_sparse_scores(scores, error, message):
    with pytest.raises(error, match=message):
        fit_thresholds([[1, 0], [0, 1]], scores)
    with pytest.raises(error, match=message):
        fit_thresholds([[1, 0], [0, 1]], np.eye(2), min_positives=1).predict(scores)


def test_bad_arguments_beside_sparse_scores():
    scores = sparse.csr_array(np.eye(2))
    with pytest.raises(ValueError, match="y_true has no positive at all"):
        fit_thresholds([[0, 0], [0, 0]], scores)
    with pytest.raises(ValueError, match="sample_weight has 1 values for 2 samples"):
        fit_thresholds([[1, 0], [0, 1]], scores, sample_weight=[1])
    names = pd.DataFrame([[1, 0], [0, 1]], columns=["sea", "sky"])
    with pytest.raises(ValueError, match="label_names"):
        fit_thresholds(names, scores, label_names=["sky", "sea"])
