"""Reports of a whole model: scikit-learn, SciPy and brute force are the oracles for every figure in them."""

from __future__ import annotations

import inspect
import re
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import logit
from scipy.stats import binomtest, bootstrap
from scored_labels import (
    BASELINES,
    CURVES,
    EVERYTHING,
    MEASURES,
    NOTHING,
    OF_COUNTS,
    PROPERTY,
    SCORES,
    Y,
    made_up,
    nan_mean,
    per_label,
    plain_precision_at_k,
    scored_labels,
)
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    coverage_error,
    f1_score,
    hamming_loss,
    jaccard_score,
    label_ranking_average_precision_score,
    precision_score,
    recall_score,
)

from mlhelpers.metrics import LabelCounts, evaluate, macro_f1, precision_at_k, recall_at_k

POLICIES = (0, 1, np.nan)


def oracles(truth, predicted, scores, zero_division):
    """Return what scikit-learn says, and plain_precision_at_k where it says nothing."""
    found = {
        key: metric(truth, predicted, average=average, zero_division=zero_division)
        for key, (metric, average) in OF_COUNTS.items()
    }
    macro = [m(truth, predicted, average="macro", zero_division=zero_division) for m in (precision_score, recall_score)]
    return {
        **found,
        "f1_of_averages": 2 * np.prod(macro) / np.sum(macro) if np.sum(macro) != 0 else 0.0,
        # A row without true and predicted labels is right, whatever a label without any counts.
        "f1_samples": f1_score(truth, predicted, average="samples", zero_division=1),
        "jaccard_samples": jaccard_score(truth, predicted, average="samples", zero_division=1),
        "subset_accuracy": accuracy_score(truth, predicted),
        "hamming_loss": hamming_loss(truth, predicted),
        "precision_at_1": plain_precision_at_k(truth, scores, 1),
        "label_ranking_average_precision": label_ranking_average_precision_score(truth, scores),
        "coverage_error": coverage_error(truth, scores),
        **{key: nan_mean(map(partial(per_label, area), truth.T, scores.T)) for key, area in CURVES.items()},
    }


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    np.testing.assert_allclose(list(ours.values()), [theirs[key] for key in ours], rtol=1e-12, atol=1e-15)


# The averages


@pytest.mark.parametrize("zero_division", POLICIES)
@PROPERTY
@given(scored_labels())
@example((NOTHING, NOTHING * 1.0))
@example((NOTHING, EVERYTHING * 1.0))
@example((EVERYTHING, NOTHING * 1.0))
@example((EVERYTHING, EVERYTHING * 1.0))
@example((EVERYTHING * [1, 0], EVERYTHING * [0.2, 0.7]))
def test_averages_are_those_of_scikit_learn(zero_division, pair):
    truth, scores = pair
    report = evaluate(truth, scores, zero_division=zero_division, baselines=False)
    assert report.averages.keys() == MEASURES
    assert all(type(value) is float for value in report.averages.values())
    assert_same(report.averages, oracles(truth, (scores > 0.5).astype(int), scores, zero_division))
    assert report.baselines == report.intervals == {} and report.label_intervals.shape == (0, 2)


@pytest.mark.parametrize("zero_division", POLICIES)
def test_averages_of_larger_data_are_those_of_scikit_learn(zero_division):
    truth, scores = made_up(n_labels=6)
    truth[:, 5], scores[:, 5] = 0, 0.1  # a label without positives that is never predicted
    truth[:9] = 0  # and rows without labels
    scores = scores.round(1)  # and ties
    report = evaluate(truth, scores, zero_division=zero_division, baselines=False)
    assert report.n_samples == 300 and report.undefined == ("5",)
    assert_same(report.averages, oracles(truth, (scores > 0.5).astype(int), scores, zero_division))


@PROPERTY
@given(scored_labels(least=1, most=1), st.sampled_from(POLICIES))
@example((NOTHING[:, :1], NOTHING[:, :1] * 1.0), np.nan)
def test_averages_of_one_label_are_those_of_a_binary_problem(pair, zero_division):
    truth, scores = pair
    report = evaluate(truth, scores, zero_division=zero_division)
    flat = truth.ravel(), (scores > 0.5).ravel().astype(int)
    f1 = f1_score(*flat, zero_division=zero_division)
    np.testing.assert_allclose([report.averages[f"f1_{a}"] for a in ("micro", "macro", "weighted")], f1)
    # The only label is the first one: it is a hit where it is true, and there is nothing to rank where it is not.
    accuracy, share = accuracy_score(*flat), truth.mean()
    expected = {
        "f1_samples": accuracy,
        "jaccard_samples": accuracy,
        "subset_accuracy": accuracy,
        "hamming_loss": 1 - accuracy,
        "precision_at_1": share,
        "coverage_error": share,
        "label_ranking_average_precision": 1,
    }
    assert {key: report.averages[key] for key in expected} == pytest.approx(expected)
    assert str(report) and report.baselines.keys() == set(BASELINES)


def test_averages_by_hand():
    # Predicted: [1, 0], [1, 0], [0, 0], [0, 1].
    averages = evaluate(Y, SCORES).averages
    assert_same(
        averages,
        {
            "precision_micro": 2 / 3,
            "recall_micro": 2 / 4,
            "f1_micro": 4 / 7,
            "f1_macro": (4 / 5 + 0) / 2,
            "f1_of_averages": 2 * (1 / 2 * 1 / 3) / (1 / 2 + 1 / 3),
            "f1_weighted": (4 / 5 * 3 + 0 * 1) / 4,
            "f1_samples": (1 + 2 / 3 + 1 + 0) / 4,
            "jaccard_samples": (1 + 1 / 2 + 1 + 0) / 4,
            "subset_accuracy": 2 / 4,
            "hamming_loss": 3 / 8,
            "precision_at_1": (1 + 1 + 0 + 0) / 4,
            "label_ranking_average_precision": (1 + 1 + 1 + 1 / 2) / 4,
            "coverage_error": (1 + 2 + 0 + 2) / 4,
            # The first label's three positives are ranked 1, 2, 3 of 4, the second's one is ranked 2.
            "average_precision": (1 + 1 / 2) / 2,
            "roc_auc": (1 + 2 / 3) / 2,
        },
    )


def test_counts_of_the_report_give_further_averages():
    truth, scores = made_up()
    report = evaluate(truth, scores)
    assert report.counts == LabelCounts.from_predictions(truth, (scores > 0.5).astype(int))
    assert report.averages["f1_weighted"] == report.counts.f1("weighted")


# macro_f1


@pytest.mark.parametrize("zero_division", POLICIES)
@PROPERTY
@given(scored_labels(least=1))
@example((NOTHING, NOTHING * 1.0))
def test_f1_of_averages_is_never_the_smaller_one(zero_division, pair):
    pair = pair[0], (pair[1] > 0.5).astype(int)
    averaged = macro_f1(*pair, zero_division=zero_division)
    other = macro_f1(*pair, kind="f1_of_averages", zero_division=zero_division)
    assert type(averaged) is type(other) is float
    # NaN only where no label at all has a precision or recall.
    assert other >= averaged - 1e-12 or (np.isnan(other) and not all(Y.any() for Y in pair))


@pytest.mark.parametrize("kind", ["averaged_f1", "f1_of_averages"])
@pytest.mark.parametrize("zero_division", POLICIES)
def test_macro_f1_is_the_figure_in_the_report(kind, zero_division):
    truth, scores = made_up()
    truth[:, 3], scores[:, 2:] = 0, scores[:, 2:] / 2
    value = macro_f1(truth, scores > 0.5, kind=kind, zero_division=zero_division)
    key = {"averaged_f1": "f1_macro", "f1_of_averages": "f1_of_averages"}[kind]
    assert value == evaluate(truth, scores, zero_division=zero_division).averages[key]
    assert (
        macro_f1(sparse.csr_array(truth), pd.DataFrame(scores > 0.5), kind=kind, zero_division=zero_division) == value
    )


def test_macro_f1_kinds_can_be_far_apart():
    # One label is predicted everywhere, the other almost nowhere: precision and recall change places.
    n = 1000
    truth, predicted = np.zeros((2, n, 2), dtype=int)
    truth[:1, 0], predicted[:, 0] = 1, 1
    truth[:, 1], predicted[:1, 1] = 1, 1
    assert macro_f1(truth, predicted) == macro_f1(truth, predicted, kind="averaged_f1") == pytest.approx(2 / (n + 1))
    assert macro_f1(truth, predicted, kind="f1_of_averages") == pytest.approx((1 + 1 / n) / 2)
    assert macro_f1(truth, predicted) == pytest.approx(f1_score(truth, predicted, average="macro"))


def test_macro_f1_warns_unless_told_what_undefined_labels_count():
    with pytest.warns(UndefinedMetricWarning, match="f1 is undefined for 2 labels"):
        assert macro_f1(NOTHING, NOTHING) == 0
    with pytest.warns(UndefinedMetricWarning, match="recall is undefined for 2 labels"):
        assert macro_f1(NOTHING, EVERYTHING, kind="f1_of_averages") == 0


# Baselines


@pytest.mark.parametrize("zero_division", POLICIES)
def test_baselines_are_dummy_classifiers(zero_division):
    truth, scores = made_up(60, n_labels=5)
    truth[:, 4] = 0
    features = np.zeros((len(truth), 1))
    dummies = {
        "all zeros": DummyClassifier(strategy="constant", constant=np.zeros(5, dtype=int)),
        "all ones": DummyClassifier(strategy="constant", constant=np.ones(5, dtype=int)),
        "frequency": DummyClassifier(strategy="most_frequent"),
    }
    baselines = evaluate(truth, scores, zero_division=zero_division).baselines
    assert tuple(baselines) == BASELINES
    for name, dummy in dummies.items():
        # scikit-learn wants to see the class 1 before it predicts it.
        seen = truth if name == "frequency" else np.vstack([truth, np.ones_like(truth[:1])])
        predicted = dummy.fit(features[:1].repeat(len(seen), axis=0), seen).predict(features)
        rank = np.broadcast_to(truth.mean(axis=0), truth.shape) if name == "frequency" else predicted
        assert_same(baselines[name], oracles(truth, predicted, rank, zero_division))


def test_frequency_baseline_needs_more_than_half_of_the_samples():
    truth = [[1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]]  # three, two and none of four
    frequency = evaluate(truth, np.zeros((4, 3))).baselines["frequency"]
    assert frequency["precision_micro"] == 3 / 4 and frequency["recall_micro"] == 3 / 5


def test_baselines_do_not_look_at_scores_or_threshold():
    truth, scores = made_up()
    first = evaluate(truth, scores)
    second = evaluate(truth, -5 * scores, threshold=[0, -1, -2, -3])
    assert first.averages != second.averages
    np.testing.assert_equal(first.baselines, second.baselines)


# Thresholds


@PROPERTY
@given(scored_labels(least=2), st.data())
def test_labels_are_predicted_strictly_above_their_threshold(pair, data):
    truth, scores = pair
    grid = st.sampled_from([0, 0.25, 0.5, 0.75, 1])
    limits = data.draw(st.lists(grid, min_size=truth.shape[1], max_size=truth.shape[1]))
    report = evaluate(truth, scores, threshold=limits, baselines=False)
    assert report.counts == LabelCounts.from_predictions(truth, (scores > np.array(limits)).astype(int))
    np.testing.assert_array_equal(report.threshold, limits)
    scalar = evaluate(truth, scores, threshold=limits[0], baselines=False)
    assert scalar.counts == LabelCounts.from_predictions(truth, (scores > limits[0]).astype(int))
    np.testing.assert_array_equal(scalar.threshold, np.full(truth.shape[1], limits[0]))


def test_logits_at_zero_are_probabilities_at_one_half():
    truth, scores = made_up()
    scores[:3] = 0.5  # the logit of it is exactly 0, and neither is predicted
    options = {"baselines": False}
    first, second = evaluate(truth, scores, **options), evaluate(truth, logit(scores), threshold=0, **options)
    assert first.counts == second.counts
    assert_same(first.averages, second.averages)


@pytest.mark.parametrize("limits", [[-0.3, 0.7], (-0.3, 0.7), np.array([-0.3, 0.7]), pd.Series([-0.3, 0.7])])
def test_threshold_takes_every_sequence(limits):
    report = evaluate(Y, logit(SCORES), threshold=limits)
    assert report.counts == LabelCounts.from_predictions(Y, logit(SCORES) > np.array([-0.3, 0.7]))
    np.testing.assert_array_equal(limits, [-0.3, 0.7])


@pytest.mark.parametrize("limit", [0, 1, 2.5, np.float32(0), np.array(-1)])
def test_logits_pass_with_a_threshold_that_is_no_probability(limit):
    counts = evaluate(Y, 10 * logit(SCORES), threshold=limit).counts
    assert counts == LabelCounts.from_predictions(Y, 10 * logit(SCORES) > limit)


# Names, and labels without F1


def test_label_names_are_given_or_the_columns_or_the_numbers():
    frame = pd.DataFrame(Y, columns=["sea", "sky"])
    assert evaluate(Y, SCORES).label_names == ("0", "1")
    assert evaluate(Y, SCORES, label_names=(name for name in ("a", 7))).label_names == ("a", "7")
    assert evaluate(frame, SCORES).label_names == ("sea", "sky")
    assert evaluate(frame, SCORES, label_names=["a", "b"]).label_names == ("a", "b")
    assert evaluate(Y, SCORES, label_names=frame.columns).label_names == ("sea", "sky")


@pytest.mark.parametrize(
    ("zero_division", "words"), [(0, "counted as 0"), (1, "counted as 1"), (np.nan, "left out of")]
)
def test_undefined_labels_are_named_and_counted_as_told(zero_division, words):
    # "never" has no positives and is not predicted; "missed" and "invented" have an F1 of 0.
    truth, scores = [[1, 0, 1, 0], [0, 0, 0, 0]], [[0.9, 0.1, 0.2, 0.8], [0.4, 0.3, 0, 0]]
    report = evaluate(truth, scores, label_names=["right", "never", "missed", "invented"], zero_division=zero_division)
    assert report.undefined == ("never",)
    assert report.averages["f1_macro"] == pytest.approx(np.nanmean([1, zero_division, 0, 0]))
    assert report.averages["f1_weighted"] == 1 / 2
    note = repr(report).splitlines()[-1]
    assert note.startswith("no positives and never predicted") and words in note and note.endswith(": never")
    labels = report.to_dict()["labels"]
    assert [labels[name]["f1"] for name in labels] == [1, None if np.isnan(zero_division) else zero_division, 0, 0]
    np.testing.assert_equal(report.zero_division, float(zero_division))


def test_defined_labels_need_no_note():
    report = evaluate(Y, SCORES)
    assert report.undefined == () and "no positives" not in repr(report) + report._repr_html_()


# Intervals


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_are_those_of_scipy(level):
    truth, scores = made_up()
    predicted = (scores > 0.5).astype(int)
    report = evaluate(truth, scores, confidence=level, n_resamples=2000, random_state=1, baselines=False)

    def theirs(statistic):
        rows, rng = (np.arange(len(truth)),), np.random.default_rng(2)
        found = bootstrap(rows, statistic, n_resamples=2000, confidence_level=level, method="percentile", rng=rng)
        return found.confidence_interval

    def f1_of_many(rows, axis=-1):
        both, either = (truth & predicted)[rows], (truth + predicted)[rows]
        return 2 * both.sum(axis=(axis - 1, axis)) / either.sum(axis=(axis - 1, axis))

    def each_f1(rows, axis=-1):
        both, either = (truth & predicted)[rows], (truth + predicted)[rows]
        return np.moveaxis(2 * both.sum(axis=axis - 1) / either.sum(axis=axis - 1), -1, 0)

    tolerance = {"rtol": 0, "atol": 0.012}
    np.testing.assert_allclose(report.intervals["f1_micro"], theirs(f1_of_many), **tolerance)
    np.testing.assert_allclose(report.label_intervals.T, theirs(each_f1), **tolerance)


def test_intervals_of_plain_means_are_those_of_scipy():
    truth, scores = made_up()
    report = evaluate(truth, scores, confidence=0.9, n_resamples=2000, random_state=1, baselines=False)
    predicted = (scores > 0.5).astype(int)
    for key, values in (
        ("subset_accuracy", (truth == predicted).all(axis=1)),
        ("hamming_loss", (truth != predicted).mean(axis=1)),
        ("precision_at_1", truth[np.arange(len(truth)), scores.argmax(axis=1)]),
    ):
        options = {"n_resamples": 2000, "method": "percentile", "rng": np.random.default_rng(2)}
        theirs = bootstrap((values,), np.mean, confidence_level=0.9, **options).confidence_interval
        np.testing.assert_allclose(report.intervals[key], theirs, rtol=0, atol=0.008)


def test_intervals_contain_the_estimate_and_grow_with_confidence():
    truth, scores = made_up()
    reports = [evaluate(truth, scores, confidence=c, n_resamples=200, baselines=False) for c in (0.5, 0.8, 0.95)]
    for report in reports:
        assert list(report.intervals) == [key for key in report.averages if key not in CURVES]
        assert all(low <= report.averages[key] <= high for key, (low, high) in report.intervals.items())
        low, high = report.label_intervals.T
        assert report.label_intervals.shape == (4, 2)
        assert (low <= report.counts.f1()).all() and (report.counts.f1() <= high).all()
    for narrow, wide in pairwise(reports):
        assert narrow.confidence < wide.confidence
        for key, (low, high) in narrow.intervals.items():
            assert wide.intervals[key][0] < low < high < wide.intervals[key][1]
        assert (np.diff(narrow.label_intervals) < np.diff(wide.label_intervals)).all()


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@PROPERTY
@given(scored_labels(least=1))
@example((NOTHING, NOTHING * 1.0))
@example((EVERYTHING, EVERYTHING * 1.0))
@example((NOTHING, EVERYTHING * 1.0))
def test_intervals_of_precision_and_recall_are_those_of_wilson(level, pair):
    report = evaluate(*pair, confidence=level, n_resamples=1, baselines=False)
    counts = report.counts
    for found, trials in (
        (report.precision_intervals, counts.tp + counts.fp),
        (report.recall_intervals, counts.support),
    ):
        for bounds, k, n in zip(found, counts.tp.tolist(), trials.tolist(), strict=True):
            theirs = binomtest(k, n).proportion_ci(level, "wilson") if n else (np.nan, np.nan)
            np.testing.assert_allclose(bounds, theirs, rtol=1e-9, atol=1e-12)
            assert not n or 0 <= bounds[0] <= k / n <= bounds[1] <= 1


def test_wilson_by_hand():
    # 3 of 5 at z = 1.96: (0.6 + 0.38416) ± 1.96 sqrt(0.048 + 0.038416), over 1.76832; no positives: no interval
    truth, scores = [[1, 0]] * 5, [[0.9, 0.1]] * 3 + [[0.1, 0.1]] * 2
    report = evaluate(truth, scores, confidence=0.95, n_resamples=1)
    np.testing.assert_allclose(report.recall_intervals, [[0.2307, 0.8824], [np.nan, np.nan]], atol=1e-4)
    np.testing.assert_allclose(report.precision_intervals[0], [1 / (1 + 1.95996**2 / 3), 1], atol=1e-5)
    assert evaluate(truth, scores).recall_intervals.shape == evaluate(truth, scores).precision_intervals.shape == (0, 2)


def test_intervals_are_those_of_the_seed():
    def bounds(**arguments):
        report = evaluate(*made_up(50), confidence=0.9, n_resamples=30, baselines=False, **arguments)
        return [*report.intervals.values(), *map(tuple, report.label_intervals)]

    assert bounds() == bounds() == bounds(random_state=0) == bounds(random_state=np.random.default_rng(0))
    assert bounds() != bounds(random_state=1)
    assert bounds(random_state=None) != bounds(random_state=None)


def test_resamples_take_whole_rows_and_do_not_touch_the_estimate():
    # Each row is right or wrong in all of its labels, so one resample has one value for most measures.
    right = np.random.default_rng(0).random(50) < 0.7
    truth = np.ones((50, 3), dtype=int)
    report = evaluate(truth, truth * right[:, None], confidence=0.9, n_resamples=200)
    np.testing.assert_allclose(report.intervals["recall_micro"], report.intervals["subset_accuracy"])
    np.testing.assert_allclose(report.label_intervals, [report.intervals["f1_micro"]] * 3)
    np.testing.assert_equal(report.averages, evaluate(truth, truth * right[:, None]).averages)


@pytest.mark.parametrize("zero_division", POLICIES)
def test_a_label_that_vanishes_in_resamples_counts_as_told(zero_division):
    # One positive in twenty rows, which 36 % of the resamples miss, and one label that is nowhere.
    truth = np.zeros((20, 3), dtype=int)
    truth[:, 0], truth[0, 1] = 1, 1
    report = evaluate(truth, truth * 0.9, confidence=0.9, n_resamples=300, zero_division=zero_division)
    rare, nowhere = report.label_intervals[1:]
    np.testing.assert_array_equal(rare, [0 if zero_division == 0 else 1, 1])
    np.testing.assert_array_equal(nowhere, [zero_division, zero_division])
    # Left out, only perfect labels remain; counted as 0, one or two of three are missing in the mean.
    low, high = (1 / 3, 2 / 3) if zero_division == 0 else (1, 1)
    np.testing.assert_allclose(report.intervals["f1_macro"], [low, high])
    interval = report.to_dict()["labels"]["2"]["f1_interval"]
    assert interval == ([None, None] if np.isnan(zero_division) else [zero_division] * 2)


def test_a_single_sample_has_intervals_without_width():
    report = evaluate([[1, 0]], [[0.9, 0.1]], confidence=0.9, n_resamples=5)
    assert len(report.intervals) == 13
    assert all(low == high == report.averages[key] for key, (low, high) in report.intervals.items())


# What goes in

TRUE_FORMS = {
    "list": np.ndarray.tolist,
    "bool": lambda Y: Y.astype(bool),
    "float": lambda Y: Y.astype(float),
    "DataFrame": pd.DataFrame,
    "Fortran": np.asfortranarray,
    "CSR": sparse.csr_array,
    "COO matrix": sparse.coo_matrix,
}
SCORE_FORMS = {
    "list": np.ndarray.tolist,
    "float32": lambda S: S.astype(np.float32),
    "float16": lambda S: S.astype(np.float16),
    "DataFrame": pd.DataFrame,
    "strided": lambda S: S.repeat(2, axis=1)[:, ::2],
    "CSR": sparse.csr_array,
    "CSC matrix": sparse.csc_matrix,
}


@pytest.mark.parametrize("form_true", TRUE_FORMS)
@pytest.mark.parametrize("form_score", SCORE_FORMS)
def test_form_does_not_matter(form_true, form_score):
    truth, scores = made_up(40)
    scores = (8 * scores).round() / 8  # which every floating type holds
    y_true, y_score = TRUE_FORMS[form_true](truth), SCORE_FORMS[form_score](scores)
    options = {"confidence": 0.9, "n_resamples": 5, "baselines": False}
    plain, report = (evaluate(*pair, **options) for pair in ((truth, scores), (y_true, y_score)))
    assert report.to_dict() == plain.to_dict()
    assert precision_at_k(y_true, y_score, 2) == precision_at_k(truth, scores, 2)


@pytest.mark.parametrize("form", [int, bool, np.uint8, np.int8, pd.DataFrame, sparse.csr_array])
def test_predictions_may_stand_for_scores(form):
    truth, scores = made_up(40)
    predicted = (scores > 0.5).astype(np.int8)
    y_score = predicted.astype(form) if form in (int, bool, np.uint8, np.int8) else form(predicted)
    report = evaluate(truth, y_score)
    assert report.counts == LabelCounts.from_predictions(truth, predicted)
    assert_same(report.averages, oracles(truth, predicted, predicted, np.nan))


def test_inputs_are_left_alone():
    truth, scores = made_up(40)
    limits = np.full(4, 0.4)
    inputs = (truth, scores, limits)
    before = [values.copy() for values in inputs]
    for values in inputs:
        values.flags.writeable = False
    report = evaluate(truth, scores, threshold=limits, confidence=0.9, n_resamples=10)
    precision_at_k(truth, scores, 2)
    macro_f1(truth, truth)
    for values, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(values, copy)
    assert not np.shares_memory(report.threshold, limits)


# What is rejected, and with which words


PROBABILITIES = [np.column_stack([1 - column, column]) for column in SCORES.T]


@pytest.mark.parametrize(
    ("y_true", "y_score", "error", "message"),
    [
        (Y, SCORES[:3], ValueError, "y_true has shape (4, 2) but y_score has shape (3, 2); both must be the same"),
        (Y, SCORES.T, ValueError, "y_true has shape (4, 2) but y_score has shape (2, 4); both must be the same"),
        (Y, SCORES[:, :1], ValueError, "y_true has shape (4, 2) but y_score has shape (4, 1); both must be the same"),
        (Y, SCORES[:, 0], ValueError, "y_score has shape (4,), expected (n_samples, n_labels)"),
        (Y, SCORES[None], ValueError, "y_score holds 1 matrices, as predict_proba of several outputs gives them; "),
        (Y, [], ValueError, "y_score has shape (0,), expected (n_samples, n_labels)"),
        (
            Y,
            np.where(SCORES == 0.1, np.nan, SCORES),
            ValueError,
            "y_score holds nan at row 2, column 1, expected finite",
        ),
        (
            Y,
            np.where(SCORES == 0.4, np.inf, SCORES),
            ValueError,
            "y_score holds inf at row 1, column 1, expected finite",
        ),
        (Y, np.where(SCORES == 0.9, -np.inf, SCORES), ValueError, "y_score holds -inf at row 0, column 0, expected"),
        (Y, sparse.csr_array(SCORES * np.inf), ValueError, "y_score holds inf at row 0, column 0, expected finite"),
        (Y, PROBABILITIES, ValueError, "y_score holds 2 matrices, as predict_proba of several outputs gives them; "),
        (Y, tuple(PROBABILITIES), ValueError, "y_score holds 2 matrices, as predict_proba of several outputs"),
        (Y, SCORES.astype(str), TypeError, "y_score must be an array of real numbers of shape (n_samples, n_labels)"),
        (Y, SCORES * 1j, TypeError, "y_score must be an array of real numbers of shape (n_samples, n_labels)"),
        (Y, np.ma.array(SCORES), TypeError, "y_score must be an array of real numbers of shape (n_samples, n_labels)"),
        (Y, [[0.1], [0.2, 0.3]], TypeError, "y_score must be an array of real numbers of shape (n_samples, n_labels)"),
        (Y, None, TypeError, "y_score must be an array of real numbers of shape (n_samples, n_labels), got NoneType"),
        (
            Y[:, 0],
            SCORES[:, 0],
            ValueError,
            "y_true has shape (4,), but a label matrix has shape (n_samples, n_labels)",
        ),
        (SCORES, Y, ValueError, "y_true holds 0.9 at row 0, column 0, but a label matrix has shape"),
        ([{"sea"}, {"sky"}], SCORES[:2], TypeError, "y_true has dtype object, but a label matrix has shape"),
        ([["sea"], ["sea", "sky"]], SCORES[:2], TypeError, "y_true has rows of different lengths, but a label matrix"),
        (Y[:0], SCORES[:0], ValueError, "y_true is empty: it has shape (0, 2), so no samples (rows)"),
    ],
)
def test_rejected_labels_and_scores(y_true, y_score, error, message):
    for function, arguments in ((evaluate, ()), (precision_at_k, (1,)), (recall_at_k, (1,))):
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            function(y_true, y_score, *arguments)


def test_rejected_lists_of_probabilities_name_the_way_out():
    with pytest.raises(ValueError, match=r"with mlhelpers\.labels\.scores_matrix\(estimator, X\)$"):
        evaluate(Y, PROBABILITIES)
    with pytest.raises(ValueError, match="holds 2 matrices"):
        evaluate(Y, [PROBABILITIES[0], np.ones((4, 1))])  # a label that was constant in training


@pytest.mark.parametrize("threshold", [0.5, [0.3, 0.6]])
@pytest.mark.parametrize("value", [2.25, -0.5])
def test_rejected_logits_name_both_ways_out(value, threshold):
    scores = np.where(SCORES == 0.4, value, SCORES)
    message = (
        f"y_score holds {value} at row 1, column 1, outside [0, 1], and the threshold is a probability: these look "
        "like logits; pass scipy.special.expit(y_score), or threshold=0 for logits"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        evaluate(Y, scores, threshold=threshold)
    assert precision_at_k(Y, scores, 1) <= 1  # which has no threshold


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"threshold": [0.5] * 3}, ValueError, "threshold has 3 values for 2 labels; give one number, or one per"),
        ({"threshold": [0.5]}, ValueError, "threshold has 1 values for 2 labels; give one number, or one per column"),
        ({"threshold": []}, ValueError, "threshold has shape (0,), expected (n_labels,)"),
        ({"threshold": [[0.5, 0.5]]}, ValueError, "threshold has shape (1, 2), expected (n_labels,)"),
        ({"threshold": np.full((4, 2), 0.5)}, ValueError, "threshold has shape (4, 2), expected (n_labels,)"),
        ({"threshold": np.nan}, ValueError, "threshold holds nan, expected finite numbers"),
        ({"threshold": [0.5, np.nan]}, ValueError, "threshold holds nan, expected finite numbers"),
        ({"threshold": [-np.inf, 0.5]}, ValueError, "threshold holds -inf, expected finite numbers"),
        ({"threshold": "0.5"}, TypeError, "threshold must be a number, or one number per label, got '0.5'"),
        ({"threshold": True}, TypeError, "threshold must be a number, or one number per label, got True"),
        ({"threshold": [[0.5], [0.5, 1]]}, TypeError, "threshold must be an array of real numbers"),
        ({"threshold": ["a", "b"]}, TypeError, "threshold must be an array of real numbers"),
        ({"threshold": None}, TypeError, "threshold must be a number, or one number per label, got None"),
        ({"label_names": ["a", "a"]}, ValueError, "label_names holds 'a' twice; give every label a name of its own"),
        ({"random_state": -1}, ValueError, "random_state must be an integer of at least 0, a numpy.random.Generator"),
        ({"random_state": "x"}, ValueError, "random_state must be an integer of at least 0, a numpy.random.Generator"),
        (
            {"label_names": ["a"]},
            ValueError,
            "label_names has 1 names for 2 labels; give one name per column, in order",
        ),
        ({"label_names": "ab"}, TypeError, "label_names must be a sequence of names, got str"),
        ({"label_names": {"a", "b"}}, TypeError, "label_names must be a sequence of names, got set"),
        ({"zero_division": "warn"}, ValueError, "zero_division must be 0, 1 or numpy.nan here, got 'warn'"),
        ({"zero_division": 0.5}, ValueError, "zero_division must be"),
        ({"zero_division": None}, ValueError, "zero_division must be"),
        ({"confidence": 0}, ValueError, "confidence must lie between 0 and 1, got 0; for example 0.95"),
        ({"confidence": 1}, ValueError, "confidence must lie between 0 and 1, got 1; for example 0.95"),
        ({"confidence": 95}, ValueError, "confidence must lie between 0 and 1, got 95; for example 0.95"),
        ({"confidence": -0.1}, ValueError, "confidence must lie between 0 and 1, got -0.1; for example 0.95"),
        ({"confidence": np.nan}, ValueError, "confidence must lie between 0 and 1, got nan; for example 0.95"),
        ({"confidence": "0.95"}, TypeError, "confidence must be a number or None, got '0.95'; for example 0.95"),
        ({"confidence": True}, TypeError, "confidence must be a number or None, got True; for example 0.95"),
        ({"n_resamples": 0}, ValueError, "n_resamples must be at least 1, got 0"),
        ({"n_resamples": 10.0}, TypeError, "n_resamples must be an integer, got 10.0 of type float"),
    ],
)
def test_rejected_arguments(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        evaluate(Y, SCORES, **arguments)


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (0, ValueError, "k must be at least 1, got 0"),
        (-1, ValueError, "k must be at least 1, got -1"),
        (3, ValueError, "k is 3, but there are only 2 labels; take k from 1 to 2"),
        (1.5, TypeError, "k must be an integer, got 1.5 of type float"),
        (1.0, TypeError, "k must be an integer, got 1.0 of type float"),
        (True, TypeError, "k must be an integer, got True of type bool"),
        ("1", TypeError, "k must be an integer, got '1' of type str"),
    ],
)
def test_rejected_k(k, error, message):
    for at_k in (precision_at_k, recall_at_k):
        with pytest.raises(error, match=f"^{re.escape(message)}"):
            at_k(Y, SCORES, k)


@pytest.mark.parametrize("kind", ["macro", "Averaged_F1", None, 1])
def test_rejected_kinds(kind):
    message = f'kind must be "averaged_f1" or "f1_of_averages", got {kind!r}'
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        macro_f1(Y, Y, kind=kind)


@pytest.mark.parametrize("kind", ["averaged_f1", "f1_of_averages"])
def test_rejected_predictions_of_macro_f1(kind):
    with pytest.raises(ValueError, match=r"^y_pred holds 0\.9 at row 0, column 0, .*apply a threshold first"):
        macro_f1(Y, SCORES, kind=kind)
    with pytest.raises(ValueError, match=r"^y_true has shape \(4, 2\) but y_pred has shape \(4, 1\)"):
        macro_f1(Y, Y[:, :1], kind=kind)
    with pytest.raises(ValueError, match=r'^zero_division must be "warn", 0, 1 or numpy\.nan, got 0\.5$'):
        macro_f1(Y, Y, kind=kind, zero_division=0.5)


def test_columns_in_another_order_are_refused():
    truth, scores = pd.DataFrame(Y, columns=["a", "b"]), pd.DataFrame(SCORES, columns=["b", "a"])
    with pytest.raises(ValueError, match="put them into one order"):
        evaluate(truth, scores)
    assert evaluate(truth, scores[["a", "b"]]).label_names == ("a", "b")
    assert evaluate(truth, scores.to_numpy()).label_names == ("a", "b")


def test_rounding_does_not_make_a_probability_a_logit():
    rounded = np.where(SCORES.max() == SCORES, np.nextafter(np.float32(1), np.float32(2)), SCORES)
    assert evaluate(Y, rounded).averages == evaluate(Y, np.minimum(rounded, 1)).averages


def test_one_label_is_enough():
    report = evaluate([[1], [0], [1], [0]], [[0.7], [0.2], [0.4], [0.6]], confidence=0.9, n_resamples=20)
    assert report.averages["f1_micro"] == report.averages["f1_macro"] == 0.5
    assert report.averages["coverage_error"] == 0.5
    assert report.averages["label_ranking_average_precision"] == 1


def test_levels_are_shown_as_they_are():
    assert "99.5% interval" in repr(evaluate(Y, SCORES, confidence=0.995, n_resamples=5))


@pytest.mark.parametrize("score", [-0.01, 1.01, 1.5])
def test_scores_slightly_outside_of_probabilities_look_like_logits_too(score):
    with pytest.raises(ValueError, match=r"look like logits; .*\(and for thresholds .* expit of both\)$"):
        evaluate([[1, 0]], [[0.5, score]])


def test_a_report_does_not_change_with_the_thresholds_it_was_given():
    threshold = np.array([0.5, 0.2])
    report = evaluate([[1, 0]], [[0.6, 0.1]], threshold=threshold)
    threshold[:] = 0.9
    assert report.threshold.tolist() == [0.5, 0.2]
    with pytest.raises(ValueError, match="read-only"):
        report.threshold[0] = 0.1


def test_a_thousand_resamples_unless_told_otherwise():
    truth, scores = [[1, 0], [0, 1], [1, 1]], [[0.6, 0.1], [0.2, 0.4], [0.7, 0.8]]
    default = evaluate(truth, scores, confidence=0.9)
    assert default.intervals == evaluate(truth, scores, confidence=0.9, n_resamples=1000).intervals
    assert inspect.signature(evaluate).parameters["n_resamples"].default == 1000


def test_percentages_are_not_taken_for_logits():
    for percent in (100 * SCORES, np.clip(100 * SCORES, 2, 60)):
        with pytest.raises(ValueError, match=r"these look like percentages; pass y_score / 100"):
            evaluate(Y, percent)
    with pytest.raises(ValueError, match="these look like logits"):
        evaluate(Y, 100 * SCORES - 50)
