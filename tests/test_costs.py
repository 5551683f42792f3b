"""Thresholds by what errors cost: every cut is tried in fractions, which are exact; and the top label of empty rows."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scored_labels import made_up, scored_labels
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers.metrics import LabelCounts
from mlhelpers.thresholds import ThresholdedClassifier, Thresholds, fit_thresholds

PROPERTY = settings(deadline=None, max_examples=60)
Y, SCORES = made_up()
PRICES = st.sampled_from([0, 0.1, 0.3, 1, 3, 7.5, 1e6])
COST = {"objective": "cost", "cost_fp": 1, "cost_fn": 1}
BASE = OneVsRestClassifier(LogisticRegression())


@st.composite
def priced(draw):
    """Draw labels, some unknown, scores, weights of samples, and costs of each label, not both 0."""
    y, scores = draw(scored_labels(least=1, most=3))
    unknown = np.array(draw(st.lists(st.booleans(), min_size=y.size, max_size=y.size))).reshape(y.shape)
    y = np.where(unknown & draw(st.booleans()), -1, y)
    weights = draw(st.none() | st.lists(st.sampled_from([0, 0.1, 0.3, 1, 2]), min_size=len(y), max_size=len(y)))
    pairs = st.tuples(PRICES, PRICES).filter(any)
    costs = draw(st.lists(pairs, min_size=y.shape[1], max_size=y.shape[1]))
    if draw(st.booleans()):
        costs = costs[:1] * y.shape[1]
    return y, scores, weights, np.array(costs).T


def exact(number):
    """Return the fraction that a number stands for on paper."""
    return Fraction(str(number))


def cost_of(y, predicted, weights, cost_fp, cost_fn):
    """Return what errors on known labels cost, without rounding."""
    total = Fraction(0)
    for i, j in np.argwhere((y >= 0) & (y != predicted)):
        total += exact(1 if weights is None else weights[i]) * exact((cost_fn if y[i, j] else cost_fp)[j])
    return total


def cuts_of(scores):
    return [-1.0, *np.unique(scores)]


def options_of(weights, costs, **options):
    return {
        **{"objective": "cost", "cost_fp": costs[0], "cost_fn": costs[1], "sample_weight": weights},
        **{"allow_missing": True, **options},
    }


def counted(y, weights):
    return y >= 0 if weights is None else (y >= 0) & (np.array(weights) > 0)[:, None]


@PROPERTY
@given(priced())
def test_no_cut_of_a_label_costs_less_and_none_that_costs_the_same_predicts_less(case):
    y, scores, weights, costs = case
    if weights is not None and not any(weights):
        return
    found = fit_thresholds(y, scores, **options_of(weights, costs, min_positives=0, fallback=0.4))
    predicted = found.predict(scores)
    for j in range(y.shape[1]):
        column, counts = np.s_[:, j : j + 1], counted(y, weights)[:, j]
        of_label = y[column], weights, costs[0][[j]], costs[1][[j]]
        if found.source[j] == "fixed":
            assert not counts.any() and found.values[j] == 0.4
            continue
        reached = cost_of(of_label[0], predicted[column], *of_label[1:])
        assert reached == pytest.approx(found.cost[j], rel=1e-12, abs=1e-12)
        for cut in cuts_of(scores[:, j]):
            other = (scores[column] > cut).astype(int)
            price = cost_of(of_label[0], other, *of_label[1:])
            assert price >= reached
            assert price > reached or other[counts].sum() >= predicted[counts, j].sum()


@PROPERTY
@given(priced())
def test_no_single_threshold_costs_less_over_all_labels(case):
    y, scores, weights, costs = case
    known = counted(y, weights)
    if not (y[known] == 1).any():
        return
    found = fit_thresholds(y, scores, **options_of(weights, costs, min_positives=1000))
    assert set(found.source) == {"pooled"} and len(set(found.values)) == 1
    predicted = found.predict(scores)
    reached = cost_of(y, predicted, weights, *costs)
    assert reached == pytest.approx(found.cost.sum(), rel=1e-12, abs=1e-12)
    for cut in cuts_of(scores):
        other = (scores > cut).astype(int)
        price = cost_of(y, other, weights, *costs)
        assert price >= reached
        assert price > reached or other[known].sum() >= predicted[known].sum()


def test_whole_problem_against_every_cut():
    costs = np.array([1, 2, 0.5, 3]), np.array([5, 1, 0.5, 100])
    found = fit_thresholds(Y, SCORES, objective="cost", cost_fp=costs[0], cost_fn=costs[1])
    for j in range(4):
        above = SCORES[:, j] > np.r_[-1, np.unique(SCORES[:, j])][:, None]
        price = costs[0][j] * (above & (Y[:, j] == 0)).sum(axis=1) + costs[1][j] * (~above & (Y[:, j] == 1)).sum(axis=1)
        assert found.cost[j] == price.min()
        assert found.predict(SCORES)[:, j].sum() == above.sum(axis=1)[price == price.min()].min()
    assert found.counts == LabelCounts.from_predictions(Y, found.predict(SCORES))


@pytest.mark.parametrize("weight", [1, 0.1, 1 / 3])
@pytest.mark.parametrize("scales", [[0.1], [0.1, 0.1], [0.1, 0.7]])
@pytest.mark.parametrize("least", [0, 1000])
def test_what_costs_the_same_on_paper_is_a_tie(weight, scales, least):
    for m, k in product(range(1, 10), repeat=2):  # m false positives, and then k positives that make good for them
        y = np.repeat([[0], [1]], [m, k], axis=0).repeat(len(scales), axis=1)
        scores = np.arange(m + k, 0, -1.0)[:, None].repeat(len(scales), axis=1)
        costs = k * np.array(scales), m * np.array(scales)
        weights = None if weight == 1 else np.full(m + k, weight)
        assert not fit_thresholds(y, scores, **options_of(weights, costs, min_positives=least)).predict(scores).any()


def test_equal_costs_for_all_labels_may_be_one_number():
    one = fit_thresholds(Y, SCORES, objective="cost", cost_fp=2, cost_fn=np.float32(3))
    for fn in ([3] * 4, pd.Series([3] * 4), np.array(3.0)):
        many = fit_thresholds(Y, SCORES, objective="cost", cost_fp=np.full(4, 2), cost_fn=fn)
        np.testing.assert_array_equal(many.values, one.values)
        np.testing.assert_array_equal(many.cost_fn, [3, 3, 3, 3])
    assert one.cost_fp.tolist() == [2, 2, 2, 2]


def test_only_ratios_of_costs_count():
    expected = fit_thresholds(Y, SCORES, objective="cost", cost_fp=[1, 2, 3, 4], cost_fn=5, min_positives=60)
    assert {"own", "pooled"} == set(expected.source)
    for scale in (1e-99, 0.1, 1 / 3, 1e98):
        fp, fn = scale * np.array([1, 2, 3, 4]), scale * 5
        found = fit_thresholds(Y, SCORES, objective="cost", cost_fp=fp, cost_fn=fn, min_positives=60)
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_allclose(found.cost, scale * expected.cost)


def test_where_nothing_is_cheapest_and_where_all_is():
    nothing = fit_thresholds(Y, SCORES, objective="cost", cost_fp=1e5, cost_fn=[0, 1e-9, 1, 0])
    assert not nothing.predict(SCORES)[:, [0, 3]].any()
    assert nothing.values[0] == SCORES[:, 0].max()
    everything = fit_thresholds([[1], [0], [1]], [[0.9], [0.8], [0.2]], objective="cost", cost_fp=1, cost_fn=3, **FEW)
    assert everything.values < 0.2 and everything.predict([[0.2]]) == 1
    free_fp = fit_thresholds(Y, SCORES, objective="cost", cost_fp=0, cost_fn=1)
    lowest = np.where(Y == 1, SCORES, np.inf).min(axis=0)
    np.testing.assert_array_equal(free_fp.predict(SCORES), lowest <= SCORES)
    assert free_fp.cost.tolist() == [0, 0, 0, 0]


FEW = {"min_positives": 0}


def test_a_label_without_positives_is_not_predicted_whatever_a_miss_would_cost():
    found = fit_thresholds(Y * [1, 0, 1, 1], SCORES, objective="cost", cost_fp=0, cost_fn=100, **FEW)
    assert found.values[1] == SCORES[:, 1].max() and found.cost[1] == 0


def test_the_cut_of_calibrated_probabilities_is_found_from_many_samples():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=(200_000, 3))
    y = (rng.random(p.shape) < p).astype(int)
    fp, fn = np.array([1, 1, 4]), np.array([1, 9, 1])
    found = fit_thresholds(y, p, objective="cost", cost_fp=fp, cost_fn=fn)
    np.testing.assert_allclose(found.values, fp / (fp + fn), atol=0.03)


def test_rare_labels_get_the_pooled_threshold_or_a_number():
    least = int(Y[:, 3].sum()) + 1
    found = fit_thresholds(Y, SCORES, objective="cost", cost_fp=1, cost_fn=2, min_positives=least)
    alone = fit_thresholds(Y.reshape(-1, 1), SCORES.reshape(-1, 1), objective="cost", cost_fp=1, cost_fn=2)
    assert found.source == ("own", "own", "own", "pooled") and found.values[3] == alone.values[0]
    fixed = fit_thresholds(Y, SCORES, objective="cost", cost_fp=1, cost_fn=2, min_positives=least, fallback=1 / 3)
    assert fixed.source[3] == "fixed" and fixed.values[3] == 1 / 3
    errors = (SCORES[:, 3] > 1 / 3) != Y[:, 3]
    assert fixed.cost[3] == np.where(Y[:, 3] == 1, 2, 1)[errors].sum()
    with pytest.raises(ValueError, match="y_true has no positive at all"):
        fit_thresholds(Y * 0, SCORES, **COST)


def test_a_label_whose_errors_are_expensive_has_more_say_in_the_pooled_threshold():
    y, scores = np.array([[1, 0], [0, 1], [0, 0]]), np.array([[0.5, 0.8], [0.4, 0.3], [0.3, 0.2]])
    of = {"objective": "cost", "cost_fp": [1, 1], "min_positives": 5}
    assert fit_thresholds(y, scores, cost_fn=[10, 1], **of).values == pytest.approx([0.45, 0.45])
    assert fit_thresholds(y, scores, cost_fn=[1, 10], **of).values == pytest.approx([0.25, 0.25])


NAMED = pd.DataFrame(Y, columns=list("abcd"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"objective": "cost"}, TypeError, 'objective="cost" needs cost_fp, a number such as 5, or one number per'),
        ({"objective": "cost", "cost_fp": 1}, TypeError, 'objective="cost" needs cost_fn'),
        ({"objective": "cost", "cost_fn": 1}, TypeError, 'objective="cost" needs cost_fp'),
        ({"cost_fp": 1}, ValueError, 'cost_fp has no effect with objective="macro_f1"; leave it out'),
        ({"objective": "micro_f1", "cost_fn": 1}, ValueError, "cost_fn has no effect"),
        ({**COST, "at_least": 0.5}, ValueError, "at_least has no effect"),
        ({**COST, "cost_fp": True}, TypeError, "needs cost_fp, a number such as 5.*got True"),
        ({**COST, "cost_fp": "5"}, TypeError, "needs cost_fp, .*got '5'"),
        ({**COST, "cost_fp": {"a": 5}}, TypeError, r"cost_fp must be an array of real numbers of shape \(n_labels,\)"),
        ({**COST, "cost_fp": -1}, ValueError, "cost_fp holds -1, expected 0, or numbers from 1e-100 to 1e.100"),
        ({**COST, "cost_fn": np.inf}, ValueError, "cost_fn holds inf"),
        ({**COST, "cost_fn": [1, 2, np.nan, 1]}, ValueError, "cost_fn holds nan"),
        ({**COST, "cost_fn": 1e101}, ValueError, "only the ratios of costs count"),
        ({**COST, "cost_fn": [1, 2, 3]}, ValueError, "cost_fn has 3 values for 4 labels; give one number"),
        ({**COST, "cost_fn": [5]}, ValueError, "cost_fn has 1 values for 4 labels"),
        ({**COST, "cost_fn": [[1, 1, 1, 1]]}, ValueError, r"cost_fn has shape \(1, 4\), expected \(n_labels,\)"),
        ({**COST, "cost_fp": [1, 1, 0, 1], "cost_fn": [0, 1, 0, 1]}, ValueError, "both 0 for label 2, so that"),
        ({**COST, "cost_fp": 0, "cost_fn": 0}, ValueError, "both 0 for label 0"),
        ({**COST, "cost_fn": pd.Series([1, 2, 3, 4], list("bacd"))}, ValueError, "put them into one order"),
    ],
)
def test_costs_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        fit_thresholds(NAMED, SCORES, **options)
    with pytest.raises(error, match=message):
        ThresholdedClassifier(BASE, **options).fit(SCORES, NAMED)


def test_names_of_costs():
    costs = pd.Series([1, 2, 3, 4], list("abcd"))
    assert fit_thresholds(Y, SCORES, **{**COST, "cost_fn": costs}).label_names == tuple("abcd")
    assert fit_thresholds(NAMED, SCORES, **{**COST, "cost_fn": costs}).cost_fn.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="label_names has 'b' at position 0, but cost_fn has it at 1"):
        fit_thresholds(Y, SCORES, label_names=list("bacd"), **{**COST, "cost_fn": costs})


def test_costs_are_shown_saved_and_loaded(tmp_path):
    found = fit_thresholds(Y, SCORES, objective="cost", cost_fp=0.5, cost_fn=[1, 2, 3, 2000], label_names=list("abcd"))
    assert str(found).splitlines()[0] == (
        f"Thresholds for cost, and what they reached where they were chosen: a cost of {found.cost.sum():,.10g}"
    )
    assert str(found).splitlines()[1].split()[-1] == "cost"
    assert [line.split()[-1] for line in str(found).splitlines()[2:]] == [f"{c:,.10g}" for c in found.cost]
    found.save(tmp_path / "costs.json")
    again = Thresholds.load(tmp_path / "costs.json")
    assert str(again) == str(found) and again.counts == found.counts
    for name in ("cost_fp", "cost_fn", "cost"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    with pytest.raises(ValueError, match="read-only"):
        found.cost_fp[0] = 2
    plain = fit_thresholds(Y, SCORES)
    assert plain.cost is plain.cost_fp is plain.cost_fn is None
    plain.save(tmp_path / "plain.json")
    assert "cost_fp" not in (tmp_path / "plain.json").read_text()
    assert Thresholds.load(tmp_path / "plain.json").cost is None


@pytest.mark.parametrize(
    "change", [{"cost_fp": -1}, {"cost_fn": "2"}, {"cost_fn": None}, {"cost_fp": 0, "cost_fn": 0}, {}]
)
def test_files_whose_costs_are_not_to_be_used(tmp_path, change):
    path = tmp_path / "costs.json"
    fit_thresholds(Y, SCORES, **COST).save(path)
    content = json.loads(path.read_text())
    content["labels"][1] |= change
    if not change:
        content["objective"] = "macro_f1"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="does not hold thresholds"):
        Thresholds.load(path)
    del content["labels"][1]["cost_fp"]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="does not hold thresholds"):
        Thresholds.load(path)


def test_the_classifier_passes_costs_on():
    costs = pd.Series([1.0, 5.0, 2.0, 20.0], list("abcd"))
    model = ThresholdedClassifier(BASE, objective="cost", cost_fp=0.5, cost_fn=costs, cv=KFold(3))
    assert clone(model).get_params()["cost_fn"].equals(costs) and model.get_params()["cost_fp"] == 0.5
    fitted = clone(model).fit(SCORES, NAMED)
    scores = cross_val_predict(BASE, SCORES, Y, cv=KFold(3), method="predict_proba")
    expected = fit_thresholds(Y, scores, objective="cost", cost_fp=0.5, cost_fn=costs)
    np.testing.assert_array_equal(fitted.thresholds_.values, expected.values)
    np.testing.assert_array_equal(fitted.thresholds_.cost, expected.cost)


# Rows without a label


def test_empty_rows_get_the_label_with_the_highest_score():
    thresholds = fit_thresholds(NAMED, SCORES)
    plain, filled = (thresholds.predict(SCORES, at_least_one=way) for way in (False, True))
    empty = ~plain.any(axis=1)
    assert 0 < empty.sum() < len(empty) and filled.dtype == np.int8
    np.testing.assert_array_equal(filled[~empty], plain[~empty])
    for row, scores in zip(filled[empty], SCORES[empty], strict=True):
        assert row.sum() == 1 and row @ scores == max(scores)


def test_the_highest_score_counts_not_the_shortfall_and_of_equal_ones_the_first():
    thresholds = fit_thresholds([[1, 0, 1]] * 2 + [[0, 1, 0]], [[0.9, 0.1, 0.8]] * 2 + [[0.7, 0.3, 0.6]], **FEW)
    np.testing.assert_allclose(thresholds.values, [0.8, 0.2, 0.7])
    rows = [[0.5, 0.19, 0.4], [0.4, 0.1, 0.5], [0.1, 0.1, 0.1], [0.5, 0.3, 0.6], [-0.0, 0.0, -1.0]]
    predicted = thresholds.predict(rows, at_least_one=np.True_)
    assert predicted.tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_the_classifier_fills_empty_rows():
    plain, filled = (ThresholdedClassifier(BASE, at_least_one=way).fit(SCORES, Y) for way in (False, True))
    np.testing.assert_array_equal(plain.thresholds_.values, filled.thresholds_.values)
    expected = plain.thresholds_.predict(plain.predict_proba(SCORES), at_least_one=True)
    np.testing.assert_array_equal(filled.predict(SCORES), expected)
    assert (plain.predict(SCORES) != expected).any()
    assert clone(filled).get_params()["at_least_one"] is True


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_at_least_one_is_a_flag(value):
    with pytest.raises(TypeError, match=f"at_least_one must be True or False, got {value!r}"):
        fit_thresholds(Y, SCORES).predict(SCORES, at_least_one=value)
    with pytest.raises(TypeError, match="at_least_one must be True or False"):
        ThresholdedClassifier(BASE, at_least_one=value).fit(expit(SCORES), Y)
