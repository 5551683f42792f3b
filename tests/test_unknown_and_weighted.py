"""Unknown labels and sample weights: scikit-learn on what is known is the oracle for every public function."""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    coverage_error,
    f1_score,
    fbeta_score,
    hamming_loss,
    jaccard_score,
    label_ranking_average_precision_score,
    multilabel_confusion_matrix,
    precision_score,
    recall_score,
    roc_auc_score,
)

from mlhelpers.metrics import LabelCounts, evaluate, macro_f1, precision_at_k, recall_at_k

PROPERTY = settings(deadline=None, max_examples=25)  # no deadline: the first example also pays for imports
POLICIES = st.sampled_from([0, 1, np.nan])
COUNTS = ("tp", "fp", "fn", "tn")
ALL_UNKNOWN = np.full((2, 2), -1, np.int8), np.array([[0.75, 0.25], [0.5, 0.5]]), None
ONE_ROW_KNOWN = np.array([[-1, -1], [1, 0]], np.int8), np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([1.0, 0.0])


@st.composite
def cases(draw, values=(-1, 0, 1), weighted=None, least=1):
    """Draw true labels, scores that tie and meet the threshold, and weights or None; sums of quarters are exact."""
    n_samples, n_labels = draw(st.integers(1, 9)), draw(st.integers(least, 4))
    truth = draw(arrays(np.int8, (n_samples, n_labels), elements=st.sampled_from(values)))
    scores = draw(arrays(float, (n_samples, n_labels), elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1])))
    weight = None
    if draw(st.booleans()) if weighted is None else weighted:
        weight = draw(arrays(float, n_samples, elements=st.sampled_from([0, 0.25, 1, 1, 3.5])).filter(np.any))
    return truth, scores, weight


def mean(values, weight):
    """Return a weighted mean, NaN of nothing."""
    values, weight = np.array(values, dtype=float), np.array(weight, dtype=float)
    return np.average(values, weights=weight) if weight.sum() > 0 else np.nan


def nan_mean(values):
    defined = values[~np.isnan(values)]
    return mean(defined, np.ones(len(defined)))


def of_cells(metric, truth, predicted, weight, zero_division):
    """Return a metric of a binary problem; scikit-learn takes none without samples."""
    if not weight.any():
        return zero_division
    return metric(truth, predicted, sample_weight=weight, zero_division=zero_division)


def per_label(metric, truth, predicted, weight, zero_division):
    return np.array(
        [
            of_cells(metric, t[t >= 0], p[t >= 0], weight[t >= 0], zero_division)
            for t, p in zip(truth.T, predicted.T, strict=True)
        ]
    )


def areas(area, truth, scores, weight):
    """Return an area under a curve of each label that has two classes among what is known and has a weight."""
    counted = (truth >= 0) & (weight[:, None] > 0)
    columns = [(t[c], s[c], weight[c]) for t, s, c in zip(truth.T, scores.T, counted.T, strict=True)]
    return np.array([area(t, s, sample_weight=w) if len(set(t)) == 2 else np.nan for t, s, w in columns])


def share_of_best(row, scores, k):
    """Return the hits among the k best-scored labels, as a mean over every order that sorts the scores."""
    orders = [list(order) for order in permutations(range(len(row))) if (np.diff(scores[list(order)]) <= 0).all()]
    return np.mean([row[order[:k]].sum() for order in orders])


def of_samples(truth, predicted, scores, weight):
    """Return the measures that are means over samples, row by row over the known labels."""
    rows = []
    for t, p, s in zip(truth, predicted, scores, strict=True):
        known = t >= 0
        if known.any():
            t, p, s = t[known], p[known], s[known]
            # A false label below all others changes neither, and scikit-learn wants to see two labels.
            padded = np.append(t, 0)[None], np.append(s, -1)[None]
            rows.append(
                {
                    "f1_samples": f1_score(t, p, zero_division=1),
                    "jaccard_samples": jaccard_score(t, p, zero_division=1),
                    "subset_accuracy": (t == p).all(),
                    "precision_at_1": share_of_best(t, s, 1),
                    "label_ranking_average_precision": label_ranking_average_precision_score(*padded),
                    "coverage_error": coverage_error(*padded),
                }
            )
    weight = weight[(truth >= 0).any(axis=1)]
    keys = ("f1_samples", "jaccard_samples", "subset_accuracy", "precision_at_1")
    keys += ("label_ranking_average_precision", "coverage_error")
    return {key: mean([row[key] for row in rows], weight) for key in keys}


def oracle(truth, predicted, scores, weight, zero_division):
    """Return all measures of a report."""
    weight = np.ones(len(truth)) if weight is None else weight
    known = truth >= 0
    flat = truth[known], predicted[known], np.broadcast_to(weight[:, None], truth.shape)[known]
    labels = (truth, predicted, weight, zero_division)
    f1, precision, recall = (per_label(metric, *labels) for metric in (f1_score, precision_score, recall_score))
    support = ((truth == 1) * weight[:, None]).sum(axis=0)
    macro = nan_mean(precision), nan_mean(recall)
    defined = ~np.isnan(f1)
    weighted = mean(f1[defined], support[defined]) if support[defined].any() else nan_mean(f1)
    return {
        "precision_micro": of_cells(precision_score, *flat, zero_division),
        "recall_micro": of_cells(recall_score, *flat, zero_division),
        "f1_micro": of_cells(f1_score, *flat, zero_division),
        "f1_macro": nan_mean(f1),
        "f1_of_averages": 2 * np.prod(macro) / np.sum(macro) if np.sum(macro) != 0 else 0.0,
        "f1_weighted": weighted,
        **of_samples(truth, predicted, scores, weight),
        "hamming_loss": hamming_loss(*flat[:2], sample_weight=flat[2]) if flat[2].any() else np.nan,
        "average_precision": nan_mean(areas(average_precision_score, truth, scores, weight)),
        "roc_auc": nan_mean(areas(roc_auc_score, truth, scores, weight)),
    }


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, value in ours.items():
        np.testing.assert_allclose(value, theirs[key], rtol=1e-12, atol=1e-15, err_msg=key)


def assert_same_report(first, second, rtol=0.0):
    """Compare all that two reports hold."""
    a, b = first.to_dict(), second.to_dict()
    assert a.keys() == b.keys() and a["labels"].keys() == b["labels"].keys()
    for key in ("averages", "intervals", *a["labels"], *a["baselines"]):
        x, y = ((d.get(key) or d["labels"].get(key) or d["baselines"].get(key)) or {} for d in (a, b))
        assert x.keys() == y.keys()
        for name, value in x.items():
            pair = np.array(value, dtype=float), np.array(y[name], dtype=float)
            np.testing.assert_allclose(*pair, rtol=rtol, atol=1e-15 if rtol else 0, err_msg=f"{key} {name}")


# Unknown labels, with and without weights


@PROPERTY
@given(cases(), POLICIES)
@example(ALL_UNKNOWN, np.nan)
@example(ALL_UNKNOWN, 0)
@example(ONE_ROW_KNOWN, np.nan)
@example(ONE_ROW_KNOWN, 1)
def test_a_report_is_what_scikit_learn_says_of_what_is_known(case, zero_division):
    truth, scores, weight = case
    options = {"zero_division": zero_division, "allow_missing": True, "sample_weight": weight}
    report = evaluate(truth, scores, **options)
    predicted = (scores > 0.5).astype(int)
    ones = np.ones(len(truth)) if weight is None else weight
    assert_same(report.averages, oracle(truth, predicted, scores, weight, zero_division))
    assert report.counts == LabelCounts.from_predictions(truth, predicted, allow_missing=True, sample_weight=weight)
    for name, area in (("average_precision", average_precision_score), ("roc_auc", roc_auc_score)):
        np.testing.assert_allclose(getattr(report, name), areas(area, truth, scores, ones))
    np.testing.assert_array_equal(report.n_positives, ((truth == 1) & (ones[:, None] > 0)).sum(axis=0))
    assert report.n_unknown == report.to_dict()["n_unknown"] == (truth < 0).sum()
    assert ("unknown" in repr(report)) == ("unknown" in report._repr_html_()) == bool(report.n_unknown)
    assert ("\nweighted: " in repr(report)) == (weight is not None)


@PROPERTY
@given(cases(), POLICIES)
@example(ALL_UNKNOWN, np.nan)
def test_baselines_know_what_is_known(case, zero_division):
    truth, scores, weight = case
    options = {"zero_division": zero_division, "allow_missing": True, "sample_weight": weight}
    found = evaluate(truth, scores, **options).baselines
    ones = np.ones(len(truth)) if weight is None else weight
    frequency = np.nan_to_num([mean(t[t >= 0], ones[t >= 0]) for t in truth.T])
    for name, row in (("all zeros", 0 * frequency), ("all ones", 0 * frequency + 1), ("frequency", frequency)):
        same = np.broadcast_to(row, truth.shape)
        assert_same(found[name], oracle(truth, (same > 0.5).astype(int), same, weight, zero_division))


@PROPERTY
@given(cases(), st.booleans(), st.booleans(), st.sampled_from([0.3, 1, 2.5]))
def test_counts_are_those_of_the_known_rows_of_each_label(case, sparse_true, sparse_pred, beta):
    truth, scores, weight = case
    predicted = (scores > 0.5).astype(int)
    forms = (
        sparse.csr_array(truth) if sparse_true else truth,
        sparse.coo_array(predicted) if sparse_pred else predicted,
    )
    counts = LabelCounts.from_predictions(*forms, allow_missing=True, sample_weight=weight)
    assert counts.weighted == (weight is not None)
    ones = np.ones(len(truth)) if weight is None else weight
    for j, (t, p) in enumerate(zip(truth.T, predicted.T, strict=True)):
        k = t >= 0
        (tn, fp), (fn, tp) = np.zeros((2, 2))
        if ones[k].any():
            (tn, fp), (fn, tp) = confusion_matrix(t[k], p[k], sample_weight=ones[k], labels=[0, 1])
        np.testing.assert_allclose([getattr(counts, c)[j] for c in COUNTS], [tp, fp, fn, tn], atol=1e-15)
    theirs = [
        of_cells(lambda *a, **o: fbeta_score(*a, beta=beta, **o), t[t >= 0], p[t >= 0], ones[t >= 0], np.nan)
        for t, p in zip(truth.T, predicted.T, strict=True)
    ]
    np.testing.assert_allclose(counts.fbeta(beta, None, np.nan), theirs)
    for kind, key in (("averaged_f1", "f1_macro"), ("f1_of_averages", "f1_of_averages")):
        options = {"zero_division": np.nan, "allow_missing": True, "sample_weight": weight}
        expected = oracle(truth, predicted, scores, weight, np.nan)[key]
        np.testing.assert_allclose(macro_f1(*forms, kind=kind, **options), expected)


@PROPERTY
@given(cases(), st.data())
@example(ALL_UNKNOWN, None)
def test_precision_and_recall_at_k_are_means_over_samples_with_k_known_labels(case, data):
    truth, scores, weight = case
    k = data.draw(st.integers(1, truth.shape[1])) if data else 2
    ones = np.ones(len(truth)) if weight is None else weight
    rows = [(t[t >= 0], s[t >= 0], w) for t, s, w in zip(truth, scores, ones, strict=True) if (t >= 0).sum() >= k]
    hits = [(share_of_best(t, s, k), t.sum(), w) for t, s, w in rows]
    options = {"allow_missing": True, "sample_weight": weight}
    expected = mean([h / k for h, _, _ in hits], [w for *_, w in hits])
    np.testing.assert_allclose(precision_at_k(truth, scores, k, **options), expected, rtol=1e-12)
    expected = mean([h / n for h, n, _ in hits if n], [w for _, n, w in hits if n])
    np.testing.assert_allclose(recall_at_k(truth, scores, k, **options), expected, rtol=1e-12)


@PROPERTY
@given(cases(values=(0, 1)))
def test_where_all_is_known_the_keyword_changes_nothing(case):
    truth, scores, weight = case
    predicted = (scores > 0.5).astype(int)
    options = {"sample_weight": weight, "confidence": 0.9, "n_resamples": 5}
    plain, report = evaluate(truth, scores, **options), evaluate(truth, scores, allow_missing=True, **options)
    assert_same_report(plain, report)
    assert repr(plain) == repr(report)
    for form in (np.array, sparse.csr_array):
        counts = [
            LabelCounts.from_predictions(form(truth), predicted, sample_weight=weight, allow_missing=allowed)
            for allowed in (False, True)
        ]
        assert counts[0] == counts[1]
    for at_k in (precision_at_k, recall_at_k):
        first, second = (
            at_k(truth, scores, 1, sample_weight=weight, allow_missing=allowed) for allowed in (False, True)
        )
        np.testing.assert_equal(first, second)


@PROPERTY
@given(cases(), st.data())
def test_what_is_predicted_for_an_unknown_cell_never_matters(case, data):
    truth, scores, weight = case
    other = data.draw(arrays(float, scores.shape, elements=st.sampled_from([0, 0.25, 0.5, 0.75, 1])))
    other = np.where(truth < 0, other, scores)
    k = data.draw(st.integers(1, truth.shape[1]))
    options = {"allow_missing": True, "sample_weight": weight}
    reports = [evaluate(truth, s, confidence=0.9, n_resamples=5, **options) for s in (scores, other)]
    assert_same_report(*reports)
    assert repr(reports[0]) == repr(reports[1])
    for form in (np.array, sparse.csr_array):
        first, second = (LabelCounts.from_predictions(form(truth), s > 0.5, **options) for s in (scores, other))
        assert first == second
    for at_k in (precision_at_k, recall_at_k):
        np.testing.assert_equal(at_k(truth, scores, k, **options), at_k(truth, other, k, **options))


MISSING_FORMS = {
    "-1": lambda Y: Y,
    "NaN": lambda Y: np.where(Y < 0, np.nan, Y),
    "None": lambda Y: np.where(Y < 0, None, Y.astype(object)),
    "nullable": lambda Y: pd.DataFrame(Y).replace(-1, pd.NA).astype("Int64"),
    "masked": lambda Y: np.ma.masked_equal(Y, -1),
    "CSR": sparse.csr_array,
}


@pytest.mark.parametrize("form", MISSING_FORMS.values(), ids=MISSING_FORMS)
def test_unknown_may_be_written_in_every_way(form):
    truth, scores = (
        np.array([[1, -1, 0], [0, 1, -1], [1, 1, 0]]),
        np.array([[0.9, 0.6, 0.1], [0.7, 0.2, 0.3], [0.2, 0.8, 0.6]]),
    )
    expected = evaluate(truth, scores, allow_missing=True)
    assert_same_report(evaluate(form(truth), scores, allow_missing=True), expected)
    counts = LabelCounts.from_predictions(form(truth), scores > 0.5, allow_missing=True)
    assert counts == expected.counts
    assert precision_at_k(form(truth), scores, 1, allow_missing=True) == expected.averages["precision_at_1"] == 2 / 3


def test_unknown_labels_by_hand():
    truth, scores = (
        [[1, None, 0], [None, None, None], [1, 1, None]],
        [[0.9, 0.8, 0.6], [0.9, 0.9, 0.9], [0.2, 0.7, 0.8]],
    )
    report = evaluate(truth, scores, allow_missing=True)
    assert report.counts == LabelCounts(tp=[1, 1, 0], fp=[0, 0, 1], fn=[1, 0, 0], tn=[0, 0, 0])
    assert report.averages["f1_micro"] == 4 / 6
    assert report.averages["subset_accuracy"] == 0
    assert report.averages["hamming_loss"] == 2 / 4
    assert report.averages["f1_samples"] == report.averages["coverage_error"] / 2.25 == 2 / 3
    assert report.averages["precision_at_1"] == report.averages["label_ranking_average_precision"] == 1
    caption, *_ = repr(report).splitlines()
    assert caption == "3 samples, 3 labels, 5 of 9 cells unknown, predicted where the score is above 0.5"
    assert "unknown: 5 cells of y_true are left out, not counted as absent" in repr(report)
    assert recall_at_k(truth, scores, 2, allow_missing=True) == 1
    assert np.isnan(precision_at_k(truth, scores, 3, allow_missing=True))


USES = {
    "evaluate": evaluate,
    "from_predictions": lambda y, s, **o: LabelCounts.from_predictions(y, pd.DataFrame(s) > 0.5, **o),
    "macro_f1": lambda y, s, **o: macro_f1(y, pd.DataFrame(s) > 0.5, **o),
    "precision_at_k": lambda y, s, **o: precision_at_k(y, s, 1, **o),
    "recall_at_k": lambda y, s, **o: recall_at_k(y, s, 1, **o),
}
Y, S = np.array([[1, 0], [0, 1], [1, 1]]), np.array([[0.9, 0.2], [0.3, 0.6], [0.4, 0.7]])


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("unknown", [-1, np.nan, None])
def test_unknown_labels_need_the_keyword(use, unknown):
    truth = Y.astype(object)
    truth[1, 0] = unknown
    with pytest.raises(ValueError, match=r"^y_true holds (-1|nan).* at row 1, column 0, .*ask for allow_missing=True"):
        use(truth, S)
    use(truth, S, allow_missing=True)


def test_predictions_are_never_unknown():
    with pytest.raises(ValueError, match=r"^y_pred holds -1"):
        LabelCounts.from_predictions(Y, -Y, allow_missing=True)
    with pytest.raises(ValueError, match=r"^y_score holds nan at row 0, column 0"):
        evaluate([[None, 1]], [[np.nan, 0.5]], allow_missing=True)


# Sample weights


@PROPERTY
@given(cases(values=(0, 1), weighted=True, least=2))
def test_weighted_counts_and_ratios_are_those_of_scikit_learn(case):
    truth, scores, weight = case
    predicted = (scores > 0.5).astype(int)
    counts = LabelCounts.from_predictions(truth, predicted, sample_weight=weight)
    expected = multilabel_confusion_matrix(truth, predicted, sample_weight=weight)
    ours = np.stack([counts.tn, counts.fp, counts.fn, counts.tp], axis=-1)
    np.testing.assert_allclose(ours, expected.reshape(-1, 4), atol=1e-15)
    options = {"sample_weight": weight, "zero_division": np.nan}
    for average in (None, "micro", "macro", "weighted"):
        for ratio, metric in (
            (counts.f1, f1_score),
            (counts.precision, precision_score),
            (counts.recall, recall_score),
        ):
            np.testing.assert_allclose(ratio(average, np.nan), metric(truth, predicted, average=average, **options))
        ours = counts.fbeta(2, average, np.nan)
        np.testing.assert_allclose(ours, fbeta_score(truth, predicted, beta=2, average=average, **options))


@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
def test_small_weights_are_not_lost_beside_large_ones(form):
    # As differences of rounded sums, false positives and negatives would be 0 here, and could be less.
    truth, predicted = np.array([[1, 1], [0, 1]]), np.array([[1, 1], [1, 0]])
    counts = LabelCounts.from_predictions(form(truth), form(predicted), sample_weight=[1, 1e-20])
    assert counts == LabelCounts([1, 1], [1e-20, 0], [0, 1e-20], [0, 0], weighted=True)
    weight = np.random.default_rng(0).random(1000)
    truth, predicted = np.random.default_rng(1).integers(2, size=(2, 1000, 3))
    missed = LabelCounts.from_predictions(form(truth), form(truth * predicted), sample_weight=weight)
    assert (missed.fp == 0).all() and (missed.precision() == 1).all()


@PROPERTY
@given(cases(weighted=False), st.data())
def test_whole_weights_are_repeated_rows(case, data):
    truth, scores, _ = case
    times = data.draw(arrays(np.int64, len(truth), elements=st.integers(0, 3)).filter(np.any))
    rows = np.repeat(np.arange(len(truth)), times)
    weighted = evaluate(truth, scores, allow_missing=True, sample_weight=times)
    repeated = evaluate(truth[rows], scores[rows], allow_missing=True)
    assert_same(weighted.averages, repeated.averages)
    for name, values in weighted.baselines.items():
        assert_same(values, repeated.baselines[name])
    for name in COUNTS:
        np.testing.assert_array_equal(getattr(weighted.counts, name), getattr(repeated.counts, name))
    for at_k in (precision_at_k, recall_at_k):
        ours = at_k(truth, scores, 1, allow_missing=True, sample_weight=times)
        np.testing.assert_allclose(ours, at_k(truth[rows], scores[rows], 1, allow_missing=True))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("missing", [False, True])
def test_a_resample_is_the_report_of_its_rows(weighted, missing):
    rng = np.random.default_rng(5)
    truth, scores = rng.integers(-1 if missing else 0, 2, size=(12, 3)), rng.random((12, 3)).round(1)
    weight = rng.random(12) + 0.1 if weighted else None
    options = {"allow_missing": missing, "zero_division": 0, "baselines": False}
    report = evaluate(truth, scores, sample_weight=weight, confidence=0.8, n_resamples=30, random_state=3, **options)
    again, found = np.random.default_rng(3), []
    for _ in range(30):
        rows = again.integers(12, size=12)
        found.append(evaluate(truth[rows], scores[rows], sample_weight=weight[rows] if weighted else None, **options))
    for key, interval in report.intervals.items():
        theirs = np.quantile([resample.averages[key] for resample in found], [0.1, 0.9])
        np.testing.assert_allclose(interval, theirs, rtol=1e-12, err_msg=key)
    theirs = np.quantile([resample.counts.f1(None, 0) for resample in found], [0.1, 0.9], axis=0).T
    np.testing.assert_allclose(report.label_intervals, theirs, rtol=1e-12)
    assert np.isnan(report.precision_intervals).all() == np.isnan(report.recall_intervals).all() == weighted


def test_blocks_of_resamples_are_as_one(monkeypatch):
    from mlhelpers import _resamples

    def bounds():
        report = evaluate(Y, S, confidence=0.9, n_resamples=50, sample_weight=[1, 2, 0.5])
        return [*report.intervals.values(), *report.label_intervals.tolist()]

    whole = bounds()
    monkeypatch.setattr(_resamples, "_WEIGHTS_PER_BLOCK", 20)
    np.testing.assert_allclose(bounds(), whole, rtol=1e-12)


def test_a_weighted_report_says_so():
    report = evaluate(Y, S, sample_weight=[1, 0.5, 2], confidence=0.9, n_resamples=5)
    caption, *_ = repr(report).splitlines()
    assert caption == "3 samples, weighted, 2 labels, predicted where the score is above 0.5"
    _, labels, notes = repr(report).split("\n\n")
    assert [line.split()[1:3] for line in labels.splitlines()[1:]] == [["3.000*", "1.000"], ["2.500*", "2.500"]]
    assert "weighted: positives, predicted and all measures" in notes
    assert report.to_dict()["weighted"] is True and report.to_dict()["labels"]["0"]["tp"] == 1.0
    assert report.to_dict()["labels"]["0"]["precision_interval"] == [None, None]


def test_positives_are_counted_without_their_weights():
    truth, scores = np.ones((12, 1), int), np.full((12, 1), 0.9)
    assert evaluate(truth, scores, sample_weight=np.full(12, 1e-3)).few_positives == ()
    assert evaluate(truth, scores, sample_weight=[1000] * 9 + [0] * 3).few_positives == ("0",)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        ([1, 1], ValueError, "sample_weight has 2 values for 3 samples; give one number per row, in order"),
        ([[1], [1], [1]], ValueError, "sample_weight has shape (3, 1), expected (n_samples,) with no side of length 0"),
        (2, ValueError, "sample_weight has shape (), expected (n_samples,)"),
        (
            [1, -0.5, 1],
            ValueError,
            "sample_weight holds -0.5 at row 1, expected finite numbers of at least 0; a sample",
        ),
        ([1, 1, np.nan], ValueError, "sample_weight holds nan at row 2, expected finite numbers of at least 0"),
        ([np.inf, 1, 1], ValueError, "sample_weight holds inf at row 0, expected finite numbers of at least 0"),
        ([0, 0, 0], ValueError, "sample_weight is zero for every sample; give at least one of them a weight above 0"),
        ([1e308, 1e308, 1], ValueError, "sample_weight adds up to inf, expected 1e-300 to 1e+300; only their ratios"),
        (["a", "b", "c"], TypeError, "sample_weight must be an array of real numbers of shape (n_samples,), got list"),
        ("balanced", TypeError, "sample_weight must be an array of real numbers of shape (n_samples,), got str"),
    ],
)
def test_rejected_weights(use, weight, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        use(Y, S, sample_weight=weight)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_weights_are_those_of_the_samples_they_name(use):
    rows = ["x", "y", "z"]
    truth, scores = pd.DataFrame(Y, index=rows), pd.DataFrame(S, index=rows)
    weight = pd.Series([1, 2, 3], index=rows)
    expected = repr(use(Y, S, sample_weight=[1, 2, 3]))
    for given_weight in (weight, weight.to_numpy(), [1, 2, 3], weight.astype("Int64"), weight.reset_index(drop=True)):
        assert repr(use(truth, scores, sample_weight=given_weight)) == expected
    for pair in ((truth, scores), (truth, S), (Y, scores)):
        with pytest.raises(ValueError, match=r"^row 0 is 'x' in the index of y_\w+, but 'z' in that of sample_weight"):
            use(*pair, sample_weight=weight[::-1])
