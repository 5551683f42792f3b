"""Counts per label: scikit-learn is the oracle, for the counts, the ratios, the averages and the warnings."""

import copy
import json
import pickle
import re
import sys
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import (
    f1_score,
    fbeta_score,
    jaccard_score,
    multilabel_confusion_matrix,
    precision_score,
    recall_score,
)

from mlhelpers.metrics import LabelCounts

PROPERTY = settings(deadline=None, max_examples=40)  # no deadline: the first example also pays for imports
METRICS = ("precision", "recall", "f1", "jaccard")
ORACLES = dict(zip(METRICS, (precision_score, recall_score, f1_score, jaccard_score), strict=True))
AVERAGES = (None, "micro", "macro", "weighted")
# scikit-learn's jaccard_score knows no NaN.
METRICS_AND_ZERO_DIVISIONS = [
    (metric, value) for metric in METRICS for value in (0, 1, "warn", np.nan) if (metric, value) != ("jaccard", np.nan)
]

NOTHING, EVERYTHING = np.zeros((3, 2), dtype=np.int8), np.ones((3, 2), dtype=np.int8)
FIRST, SECOND = EVERYTHING * [1, 0], EVERYTHING * [0, 1]


@st.composite
def label_pairs(draw, least=2, most=5):
    """Draw true and predicted labels. Ones may be rare, so that ratios are often undefined."""
    shape = draw(st.integers(1, 12)), draw(st.integers(least, most))
    elements = st.sampled_from(draw(st.sampled_from([(0, 1), (0, 0, 0, 1)])))
    return draw(arrays(np.int8, shape, elements=elements)), draw(arrays(np.int8, shape, elements=elements))


def call(function, *args, **kwargs):
    """Return the value and whether an UndefinedMetricWarning came with it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = function(*args, **kwargs)
    return value, any(issubclass(warning.category, UndefinedMetricWarning) for warning in caught)


def assert_same(ours, theirs):
    (value, warned), (expected, expected_warned) = ours, theirs
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=0)
    assert warned == expected_warned


# Counts


@PROPERTY
@given(label_pairs())
def test_counts_are_those_of_scikit_learn(pair):
    counts = LabelCounts.from_predictions(*pair)
    expected = multilabel_confusion_matrix(*pair)
    np.testing.assert_array_equal(
        np.stack([counts.tn, counts.fp, counts.fn, counts.tp], axis=-1), expected.reshape(-1, 4)
    )
    np.testing.assert_array_equal(counts.support, pair[0].sum(axis=0))
    assert counts.n_labels == pair[0].shape[1]


@PROPERTY
@given(label_pairs(least=1, most=1))
def test_counts_of_one_label(pair):
    counts = LabelCounts.from_predictions(*pair)
    true, predicted = (Y == 1 for Y in pair)
    for name, cell in (
        ("tp", true & predicted),
        ("fp", ~true & predicted),
        ("fn", true & ~predicted),
        ("tn", ~true & ~predicted),
    ):
        np.testing.assert_array_equal(getattr(counts, name), [cell.sum()])


FORMS = {
    "list": np.ndarray.tolist,
    "bool": lambda Y: Y.astype(bool),
    "float": lambda Y: Y.astype(float),
    "DataFrame": pd.DataFrame,
    "CSR": sparse.csr_array,
    "CSC matrix": sparse.csc_matrix,
    "COO": sparse.coo_array,
    "LIL": sparse.lil_array,
}


@PROPERTY
@given(label_pairs(least=1), st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(FORMS)))
def test_form_does_not_matter(pair, form_true, form_pred):
    y_true, y_pred = FORMS[form_true](pair[0]), FORMS[form_pred](pair[1])
    assert LabelCounts.from_predictions(y_true, y_pred) == LabelCounts.from_predictions(*pair)


@PROPERTY
@given(label_pairs(least=1), st.lists(st.integers(0, 12)), st.randoms(use_true_random=False))
def test_counts_add_up_over_any_split(pair, cuts, random):
    whole = LabelCounts.from_predictions(*pair)
    rows = list(range(len(pair[0])))
    random.shuffle(rows)
    batches = [batch for batch in np.split(rows, sorted(cuts)) if batch.size]
    # Every other batch comes as a sparse matrix.
    parts = [
        LabelCounts.from_predictions(*((np.array, sparse.csr_array)[i % 2](Y[batch]) for Y in pair))
        for i, batch in enumerate(batches)
    ]
    assert sum(parts) == whole
    assert sum(parts[1:], start=parts[0]) == whole
    if len(parts) > 1:
        assert parts[0] + sum(parts[1:]) == sum(parts[1:]) + parts[0] == whole


@pytest.mark.parametrize("n", [127, 128, 255, 256, 70_000])
@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
def test_counts_do_not_overflow(form, n):
    ones, zeros = np.ones((n, 1), dtype=np.int8), np.zeros((n, 1), dtype=np.int8)
    y_true, y_pred = np.hstack([ones, zeros, ones, zeros]), np.hstack([ones, ones, zeros, zeros])
    counts = LabelCounts.from_predictions(form(y_true), form(y_pred))
    for row, name in zip(np.eye(4, dtype=int) * n, ("tp", "fp", "fn", "tn"), strict=True):
        np.testing.assert_array_equal(getattr(counts, name), row)
        assert getattr(counts, name).dtype == np.int64


def test_counts_are_copies_that_cannot_be_written():
    tp = np.array([1, 2])
    counts = LabelCounts(tp, tp, tp, tp)
    tp[:] = 7
    np.testing.assert_array_equal(counts.tp, [1, 2])
    for name in ("tp", "fp", "fn", "tn"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(counts, name)[0] = 7
        with pytest.raises(AttributeError):
            setattr(counts, name, tp)


def test_equality_compares_all_four_counts():
    counts = LabelCounts([1], [2], [3], [4])
    assert counts == LabelCounts(tp=[1], fp=[2], fn=[3], tn=[4])
    for i in range(4):
        assert counts != LabelCounts(*([n + (i == j)] for j, n in enumerate((1, 2, 3, 4))))
    assert counts != LabelCounts([1, 1], [2, 2], [3, 3], [4, 4])
    assert counts != "counts"
    weighted = LabelCounts([1], [2], [3], [4], weighted=True)
    assert weighted == LabelCounts([1.0], [2], [3], [4], weighted=True)
    assert weighted != counts and weighted != LabelCounts([1.5], [2], [3], [4], weighted=True)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counts)


# Ratios


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize(("metric", "zero_division"), METRICS_AND_ZERO_DIVISIONS)
@PROPERTY
@given(label_pairs())
@example((NOTHING, NOTHING))
@example((NOTHING, EVERYTHING))
@example((EVERYTHING, NOTHING))
@example((FIRST, SECOND))
@example((FIRST, FIRST))
def test_ratios_are_those_of_scikit_learn(metric, average, zero_division, pair):
    counts = LabelCounts.from_predictions(*pair)
    value, warned = call(getattr(counts, metric), average, zero_division)
    assert_same((value, warned), call(ORACLES[metric], *pair, average=average, zero_division=zero_division))
    if average is None:
        assert value.dtype == np.float64 and value.shape == (counts.n_labels,)
    else:
        assert type(value) is float


@pytest.mark.parametrize(("metric", "zero_division"), METRICS_AND_ZERO_DIVISIONS)
@PROPERTY
@given(label_pairs(least=1, most=1))
@example((NOTHING[:, :1], NOTHING[:, :1]))
def test_ratios_of_one_label_are_those_of_a_binary_problem(metric, zero_division, pair):
    ratio = getattr(LabelCounts.from_predictions(*pair), metric)
    expected = call(ORACLES[metric], *(Y.ravel() for Y in pair), average="binary", zero_division=zero_division)
    for average in AVERAGES:
        assert_same(call(ratio, average, zero_division), expected)


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("zero_division", [0, 1, "warn", np.nan])
@PROPERTY
@given(label_pairs(), st.sampled_from([0.1, 0.5, 1, np.float32(2), np.int64(3), Fraction(1, 3)]))
@example((NOTHING, NOTHING), 2)
@example((NOTHING, EVERYTHING), 2)
@example((EVERYTHING, NOTHING), 0.5)
def test_fbeta_is_that_of_scikit_learn(average, zero_division, pair, beta):
    ours = call(LabelCounts.from_predictions(*pair).fbeta, beta, average, zero_division)
    options = {"beta": float(beta), "average": average, "zero_division": zero_division}
    assert_same(ours, call(fbeta_score, *pair, **options))
    assert average is None or type(ours[0]) is float


def test_fbeta_by_hand():
    counts = LabelCounts(tp=[3], fp=[1], fn=[2], tn=[4])
    precision, recall = 3 / 4, 3 / 5
    for beta in (0.5, 1, 2, 10):
        expected = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
        assert counts.fbeta(beta, "macro") == pytest.approx(expected)
    assert counts.fbeta(1, "micro") == pytest.approx(counts.f1("micro"))
    # Where the square of beta leaves 64 bits.
    assert counts.fbeta(1e200, "micro") == counts.recall("micro") and counts.fbeta(1e-200, "micro") == precision
    assert LabelCounts([0], [1], [0], [0]).fbeta(1e200, "micro", np.nan) == 0


@pytest.mark.parametrize(
    ("beta", "error", "message"),
    [
        (0, ValueError, "beta must be a finite number above 0, got 0; use recall for infinity, precision for 0"),
        (-1.5, ValueError, "beta must be a finite number above 0, got -1.5; use recall"),
        (np.inf, ValueError, "beta must be a finite number above 0, got inf; use recall"),
        (np.nan, ValueError, "beta must be a finite number above 0, got nan; use recall"),
        ("2", TypeError, "beta must be a number, got '2' of type str; for example 2 or 0.5"),
        (True, TypeError, "beta must be a number, got True of type bool; for example 2 or 0.5"),
        ([2], TypeError, "beta must be a number, got [2] of type list; for example 2 or 0.5"),
    ],
)
def test_rejected_betas(beta, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        LabelCounts([1], [1], [1], [1]).fbeta(beta)


@PROPERTY
@given(label_pairs(least=1))
def test_jaccard_with_nan(pair):
    counts = LabelCounts.from_predictions(*pair)
    value, support = counts.jaccard(None, np.nan), counts.support
    f1 = counts.f1(None, np.nan)
    np.testing.assert_allclose(value, f1 / (2 - f1))  # an identity, NaN where there is nothing to compare
    defined = ~np.isnan(value)
    if not defined.any():
        assert all(np.isnan(counts.jaccard(average, np.nan)) for average in ("micro", "macro", "weighted"))
        return
    union = (pair[0] | pair[1]).sum()
    assert counts.jaccard("micro", np.nan) == pytest.approx((pair[0] & pair[1]).sum() / union)
    assert counts.jaccard("macro", np.nan) == pytest.approx(np.nanmean(value))
    # Without support there are no weights: every label counts the same.
    weights = support[defined] if support.any() else None
    assert counts.jaccard("weighted", np.nan) == pytest.approx(np.average(value[defined], weights=weights))


def test_ratios_by_hand():
    counts = LabelCounts(tp=[3, 0], fp=[1, 0], fn=[2, 4], tn=[4, 6])
    np.testing.assert_allclose(counts.precision(None, np.nan), [3 / 4, np.nan])
    np.testing.assert_allclose(counts.recall(), [3 / 5, 0])
    np.testing.assert_allclose(counts.f1(), [6 / 9, 0])
    np.testing.assert_allclose(counts.jaccard(), [3 / 6, 0])
    assert counts.precision("macro", 1) == pytest.approx((3 / 4 + 1) / 2)
    assert counts.recall("micro") == pytest.approx(3 / 9)
    assert counts.f1("weighted") == pytest.approx((6 / 9 * 5 + 0 * 4) / 9)


def test_large_counts_keep_their_digits():
    n = 2**40
    total = sum(LabelCounts([n, 0], [n, 1], [0, n], [0, 0]) for _ in range(3))
    np.testing.assert_array_equal(total.tp, [3 * n, 0])
    np.testing.assert_array_equal(total.precision(), [0.5, 0])
    assert total.recall("micro") == 0.5


@pytest.mark.parametrize(
    ("average", "what"),
    [(None, "2 labels"), ("macro", "2 labels"), ("weighted", "2 labels"), ("micro", "the micro-average")],
)
@pytest.mark.parametrize("metric", METRICS)
def test_warning_says_what_is_undefined_and_points_at_the_caller(metric, average, what):
    counts = LabelCounts.from_predictions(NOTHING, NOTHING)
    with pytest.warns(UndefinedMetricWarning) as caught:
        getattr(counts, metric)(average)
    (warning,) = caught
    assert str(warning.message) == (
        f"{metric} is undefined for {what} (its denominator is zero) and was set to 0; "
        "say what it shall be with zero_division=0, 1 or numpy.nan"
    )
    assert warning.filename == __file__


def test_table_shows_counts_and_leaves_undefined_ratios_open():
    counts = LabelCounts(tp=[1200, 0], fp=[300, 0], fn=[0, 2], tn=[0, 1498])
    assert str(counts).splitlines() == [
        "label     tp   fp  fn     tn  precision  recall     F1",
        "0      1,200  300   0      0      0.800   1.000  0.889",
        "1          0    0   2  1,498          –   0.000  0.000",
    ]


def test_table_of_weighted_counts_says_that_they_are():
    counts = LabelCounts(tp=[1.5, 0], fp=[0.25, 0], fn=[0, 2], tn=[0, 1498], weighted=True)
    assert str(counts).splitlines() == [
        "sums of sample weights",
        "label     tp     fp     fn        tn  precision  recall     F1",
        "0      1.500  0.250  0.000     0.000      0.857   1.000  0.923",
        "1      0.000  0.000  2.000  1498.000          –   0.000  0.000",
    ]


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_come_back_from_their_dict_and_go_into_a_frame(weighted):
    counts = LabelCounts([1, 0], [2, 0], [3, 1], [4, 9], weighted=weighted)
    found = json.loads(json.dumps(counts.to_dict()))
    assert LabelCounts(**found) == counts
    frame = counts.to_frame(["a", "b"])
    assert list(frame.index) == ["a", "b"] and frame.index.name == "label"
    for name in ("tp", "fp", "fn", "tn"):
        np.testing.assert_array_equal(frame[name], getattr(counts, name))
        assert frame[name].dtype == (float if weighted else int)
    for name in ("precision", "recall", "f1"):
        np.testing.assert_array_equal(frame[name], getattr(counts, name)(None, np.nan))
    assert list(counts.to_frame().index) == ["0", "1"]
    with pytest.raises(ValueError, match="label_names has 1 names for 2 labels"):
        counts.to_frame(["a"])


def test_without_pandas_a_frame_has_a_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"^to_frame makes a pandas\.DataFrame, and pandas is not .* use to_dict\(\)"):
        LabelCounts([1], [2], [3], [4]).to_frame()


def test_sums_of_weighted_and_unweighted_counts_are_weighted():
    plain, weighted = LabelCounts([1], [2], [3], [4]), LabelCounts([0.5], [0], [1], [2.25], weighted=True)
    expected = LabelCounts([1.5], [2], [4], [6.25], weighted=True)
    assert plain + weighted == weighted + plain == sum([plain, weighted]) == expected
    assert (plain + plain).tp.dtype == np.int64 and not (plain + plain).weighted
    assert (weighted + weighted).weighted and expected.support.tolist() == [5.5]


# What is rejected, and with which words


SAME_SHAPE = "both must be the same (n_samples, n_labels), with samples and labels in the same order"


@pytest.mark.parametrize(
    ("y_true", "y_pred", "error", "start", "end"),
    [
        ([[1, 0]], [[0.3, 1]], ValueError, "y_pred holds 0.3 at row 0, column 0, ", "(y_pred >= 0.5).astype(int)"),
        ([[1, 2]], [[1, 0]], ValueError, "y_true holds 2 at row 0, column 1, ", "(y_true > 0).astype(int)"),
        ([[1, np.nan]], [[1, 0]], ValueError, "y_true holds nan at row 0, column 1, ", "where it is offered"),
        ([0, 1], [0, 1], ValueError, "y_true has shape (2,), ", "use numpy.reshape(y_true, (-1, 1))"),
        ([[0], [1, 2]], [[1, 0]], TypeError, "y_true has rows of different lengths, ", "fit_transform(...)"),
        ([[1]], [[1], [0]], ValueError, "y_true has shape (1, 1) but y_pred has shape (2, 1); ", SAME_SHAPE),
        ([[1]], sparse.csr_array([[1, 0]]), ValueError, "y_true has shape (1, 1) but y_pred has ", SAME_SHAPE),
    ],
)
def test_rejected_predictions(y_true, y_pred, error, start, end):
    with pytest.raises(error) as caught:
        LabelCounts.from_predictions(y_true, y_pred)
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith(end)


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (3, ValueError, "has shape (), expected (n_labels,) with at least one label"),
        ([], ValueError, "has shape (0,), expected (n_labels,) with at least one label"),
        ([[3]], ValueError, "has shape (1, 1), expected (n_labels,) with at least one label"),
        ([[3], [3, 4]], ValueError, "has rows of different lengths, expected shape (n_labels,)"),
        ([-3], ValueError, "holds -3, expected counts from 0 to 1152921504606846976; look where"),
        (np.array([2**63], np.uint64), ValueError, "holds 9223372036854775808, expected counts from 0 to"),
        (np.ma.array([1], mask=[1]), TypeError, "has dtype int64 (MaskedArray), expected whole numbers without a mask"),
        ([0.3], TypeError, "has dtype float64 (list), expected whole numbers without a mask; counts are not rates"),
        ([True], TypeError, "has dtype bool (list), expected whole numbers without a mask; counts are not rates"),
        (["3"], TypeError, "has dtype <U1 (list), expected whole numbers without a mask; counts are not rates"),
    ],
)
def test_rejected_counts(position, values, error, message):
    arguments = [[1], [1], [1], [1]]
    arguments[position] = values
    with pytest.raises(error) as caught:
        LabelCounts(*arguments)
    assert str(caught.value).startswith(f"{('tp', 'fp', 'fn', 'tn')[position]} {message}")


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (0.5, ValueError, "has shape (), expected (n_labels,) with at least one label"),
        ([-0.5], ValueError, "holds -0.5, expected sums of weights from 0 to 1e+300; look where they were added up"),
        ([np.nan], ValueError, "holds nan, expected sums of weights from 0 to 1e+300"),
        ([np.inf], ValueError, "holds inf, expected sums of weights from 0 to 1e+300"),
        (np.array([np.inf], np.float16), ValueError, "holds inf, expected sums of weights from 0 to 1e+300"),
        (np.ma.array([1.0], mask=[1]), TypeError, "has dtype float64 (MaskedArray), expected numbers without a mask; "),
        ([True], TypeError, "has dtype bool (list), expected numbers without a mask; give each label's sum of"),
        (["3"], TypeError, "has dtype <U1 (list), expected numbers without a mask; give each label's sum of"),
    ],
)
def test_rejected_sums_of_weights(position, values, error, message):
    arguments = [[1], [0.5], np.array([1], np.float16), np.array([1], np.uint8)]
    LabelCounts(*arguments, weighted=np.True_)
    arguments[position] = values
    with pytest.raises(error) as caught:
        LabelCounts(*arguments, weighted=True)
    assert str(caught.value).startswith(f"{('tp', 'fp', 'fn', 'tn')[position]} {message}")


def test_weighted_is_said_with_true_or_false():
    with pytest.raises(TypeError, match=r"^weighted must be True or False, got 1 of type int$"):
        LabelCounts([1], [1], [1], [1], weighted=1)
    with pytest.raises(TypeError, match=r"sums of sample weights need weighted=True$"):
        LabelCounts([1.5], [1], [1], [1])


def test_rejected_counts_of_different_length():
    with pytest.raises(ValueError, match=r"one common shape \(n_labels,\), got .*'fn': \(2,\)"):
        LabelCounts([1], [1], [1, 1], [1])


def test_rejected_sums():
    one, two = LabelCounts([1], [1], [1], [1]), LabelCounts([1, 1], [1, 1], [1, 1], [1, 1])
    message = "can't add the counts of 2 labels to those of 1; both must come from the same labels in the same order"
    with pytest.raises(ValueError, match=message):
        one + two
    for other in (1, 0.0, [one]):
        with pytest.raises(TypeError, match="unsupported operand"):
            one + other
        with pytest.raises(TypeError, match=r"unsupported operand|can only concatenate"):
            other + one


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("average", ["samples", "binary", 1])
def test_rejected_averages(metric, average):
    advice = "; counts per label no longer know the samples" if average == "samples" else ""
    message = f"average must be one of {AVERAGES}, got {average!r}{advice}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(LabelCounts([1], [1], [1], [1]), metric)(average)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("zero_division", [0.5, 2, -np.inf, "raise", None])
def test_rejected_zero_divisions(metric, zero_division):
    # Nothing is undefined here: a bad argument must not wait for the first empty label.
    message = f'zero_division must be "warn", 0, 1 or numpy.nan, got {zero_division!r}'
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(LabelCounts([1], [1], [1], [1]), metric)(zero_division=zero_division)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda counts: pickle.loads(pickle.dumps(counts))])
@pytest.mark.parametrize("weighted", [False, True])
def test_copies_are_equal_and_read_only(duplicate, weighted):
    counts = LabelCounts([1], [2], [3], [4], weighted=weighted)
    assert duplicate(counts) == counts and duplicate(counts).weighted is weighted
    with pytest.raises(ValueError, match="read-only"):
        duplicate(counts).tp[0] = 5


def test_sums_of_large_counts_do_not_wrap():
    most = LabelCounts([2**60], [2**60], [0], [0])
    assert most.precision("micro") == 0.5
    with pytest.raises(ValueError, match="tp holds 2305843009213693952, expected counts"):
        most + most


def test_an_array_does_not_swallow_counts():
    with pytest.raises(TypeError, match=r"oncatenat|unsupported operand"):
        np.zeros(2, dtype=int) + LabelCounts([1], [1], [1], [1])


@pytest.mark.parametrize("zero", [0, 0.0, np.int64(0), np.float32(0)])
def test_zero_division_takes_every_number_type(zero):
    assert LabelCounts([0], [0], [0], [1]).f1("macro", zero) == 0
    assert np.isnan(LabelCounts([0], [0], [0], [1]).f1("macro", np.float32("nan")))


@pytest.mark.parametrize("zero", [True, 0.5, 10**30, "WARN", None])
def test_zero_division_takes_nothing_else(zero):
    with pytest.raises(ValueError, match="zero_division must be"):
        LabelCounts([0], [0], [0], [1]).f1("macro", zero)


@pytest.mark.parametrize("average", [np.array(["micro", "x"]), 1, "Micro", ["micro"]])
def test_average_takes_nothing_else(average):
    with pytest.raises(ValueError, match="average must be one of"):
        LabelCounts([0], [0], [0], [1]).f1(average, 0)
