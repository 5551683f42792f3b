"""Two models on the same samples: beside a loop over scikit-learn, and paired."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from mlhelpers.metrics import Comparison, compare, evaluate
from mlhelpers.thresholds import fit_thresholds

RNG = np.random.default_rng(0)
Y = (RNG.random((200, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(int)
A = 1 / (1 + np.exp(-(RNG.normal(size=Y.shape) + 3 * Y - 1.5)))
B = 1 / (1 + np.exp(-(RNG.normal(size=Y.shape) + 2 * Y - 1.5)))
FAST = {"n_resamples": 50}


def test_values_are_those_of_evaluate():
    found = compare(Y, A, B, **FAST)
    first, second = (evaluate(Y, scores, zero_division=0).averages for scores in (A, B))
    assert found.averages.keys() <= first.keys() and {"f1_macro", "subset_accuracy"} <= found.averages.keys()
    for key, (a, b) in found.averages.items():
        assert (a, b) == pytest.approx((first[key], second[key]))
        assert found.differences[key] == pytest.approx(first[key] - second[key])
    np.testing.assert_allclose(found.label_f1[:, 1], f1_score(Y, B > 0.5, average=None))
    np.testing.assert_allclose(found.label_differences, found.label_f1[:, 0] - found.label_f1[:, 1])


def test_intervals_are_those_of_a_loop_over_scikit_learn():
    found = compare(Y, A, B, n_resamples=80, random_state=5, confidence=0.9)
    rng, differences, of_label = np.random.default_rng(5), [], []
    for _ in range(80):
        drawn = rng.integers(len(Y), size=len(Y))
        pair = [(scores > 0.5)[drawn].astype(int) for scores in (A, B)]
        measures = [
            (
                f1_score(Y[drawn], y, average="macro"),
                f1_score(Y[drawn], y, average="samples", zero_division=1),
                accuracy_score(Y[drawn], y),
                hamming_loss(Y[drawn], y),
            )
            for y in pair
        ]
        differences.append(np.subtract(*measures))
        of_label.append(np.subtract(*(f1_score(Y[drawn], y, average=None) for y in pair)))
    ends = np.quantile(differences, [0.05, 0.95], axis=0).T
    for key, expected in zip(("f1_macro", "f1_samples", "subset_accuracy", "hamming_loss"), ends, strict=True):
        assert found.intervals[key] == pytest.approx(expected)
    np.testing.assert_allclose(found.label_intervals, np.quantile(of_label, [0.05, 0.95], axis=0).T)


def test_a_model_beside_itself_and_the_other_way_round():
    for low, high in compare(Y, A, A, **FAST).intervals.values():
        assert low == high == 0
    one, other = compare(Y, A, B, **FAST), compare(Y, B, A, **FAST)
    for key, (low, high) in one.intervals.items():
        assert (low, high) == pytest.approx((-other.intervals[key][1], -other.intervals[key][0]))


def test_pairing_makes_intervals_narrower():
    almost = np.where(RNG.random(Y.shape) < 0.05, B, A)  # two models that mostly agree
    low, high = compare(Y, A, almost).intervals["f1_micro"]
    ends = [evaluate(Y, scores, confidence=0.95).intervals["f1_micro"] for scores in (A, almost)]
    assert high - low < 0.8 * np.sqrt(sum((b - a) ** 2 for a, b in ends))


def test_a_label_without_positives_is_left_out_for_both():
    none = np.c_[Y, np.zeros(len(Y), int)]
    silent, claiming = (np.c_[scores, np.full(len(Y), value)] for scores, value in ((A, 0.0), (A, 1.0)))
    found, without = compare(none, silent, claiming, **FAST), compare(Y, A, A, **FAST)
    assert found.left_out == ("4",)
    assert found.averages["f1_macro"] == pytest.approx(without.averages["f1_macro"])
    assert found.differences["f1_macro"] == 0
    assert found.differences["f1_micro"] > 0.1  # the false alarms count where labels are pooled
    assert np.isnan(found.label_f1[4]).all() and np.isnan(found.label_intervals[4]).all()
    assert "left out of macro and weighted: 4" in str(found)
    assert "–" in str(found.labels()).splitlines()[-1]
    nothing = compare(np.zeros_like(Y), A, B, **FAST)
    assert np.isnan(nothing.differences["f1_macro"]) and not np.isnan(nothing.differences["hamming_loss"])


def test_groups_of_one_are_samples_and_copies_add_nothing():
    alone = compare(Y, A, B, **FAST)
    numbered = compare(Y, A, B, groups=[f"patient {k:03}" for k in range(len(Y))], **FAST)
    assert numbered.intervals == alone.intervals and (numbered.n_groups, alone.n_groups) == (200, None)
    threefold = [np.repeat(matrix, 3, axis=0) for matrix in (Y, A, B)]
    together = compare(*threefold, groups=np.repeat(np.arange(len(Y)), 3), **FAST)
    for key, ends in alone.intervals.items():
        assert together.intervals[key] == pytest.approx(ends)
    assert "200 groups" in str(together)
    taken_for_more = np.diff(compare(*threefold, **FAST).intervals["f1_micro"])
    assert taken_for_more < 0.8 * np.diff(together.intervals["f1_micro"])


def test_evaluate_draws_groups_too():
    threefold = [np.repeat(matrix, 3, axis=0) for matrix in (Y, A)]
    options = {"confidence": 0.9, **FAST}
    alone = evaluate(Y, A, **options)
    together = evaluate(*threefold, groups=np.repeat(np.arange(len(Y)), 3), **options)
    for key, ends in alone.intervals.items():
        assert together.intervals[key] == pytest.approx(ends)
    np.testing.assert_allclose(together.label_intervals, alone.label_intervals)
    assert np.isnan(together.recall_intervals).all() and not np.isnan(alone.recall_intervals).any()
    with pytest.raises(ValueError, match="groups are drawn for intervals, and confidence is None"):
        evaluate(Y, A, groups=np.arange(len(Y)))
    with pytest.raises(ValueError, match=r"groups has shape \(2,\) for 200 samples"):
        evaluate(Y, A, groups=[1, 2], confidence=0.9)


def test_whole_weights_are_repeated_samples_in_values():
    weights = RNG.integers(0, 3, len(Y))
    weighted = compare(Y, A, B, sample_weight=weights, **FAST)
    repeated = compare(*(np.repeat(matrix, weights, axis=0) for matrix in (Y, A, B)), **FAST)
    for key, pair in weighted.averages.items():
        assert pair == pytest.approx(repeated.averages[key])


def test_unknown_labels_are_left_out():
    unknown = RNG.random(Y.shape) < 0.2
    found = compare(np.where(unknown, -1, Y), A, B, allow_missing=True, **FAST)
    expected = [
        f1_score(Y[known, j], scores[known, j] > 0.5) for j, known in enumerate(~unknown.T) for scores in (A, B)
    ]
    np.testing.assert_allclose(found.label_f1.ravel(), expected)
    with pytest.raises(ValueError, match="ask for allow_missing=True"):
        compare(np.where(unknown, -1, Y), A, B)


def test_each_model_has_thresholds_of_its_own():
    own = fit_thresholds(Y, A)
    found = compare(Y, A, logit(B), threshold_a=own, threshold_b=0, **FAST)
    assert found.averages["f1_macro"][0] == pytest.approx(own.counts.f1("macro"))
    assert found.averages["f1_macro"][1] == pytest.approx(f1_score(Y, B > 0.5, average="macro"))


def test_tables():
    found = compare(Y, A, B, names=("MLP", "one-vs-rest"), label_names=list("wxyz"), **FAST)
    assert isinstance(found, Comparison)
    head = str(found).splitlines()[1].split()
    assert head == ["measure", "MLP", "one-vs-rest", "difference", "95%", "interval"]
    assert str(found.labels()).splitlines()[-1].split()[0] == "z"
    assert "<table" in found._repr_html_()
    assert found.n_positives.tolist() == Y.sum(axis=0).tolist()


FRAME = pd.DataFrame(Y, columns=list("wxyz"))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Y, A, B[:, :3]), {}, ValueError, r"y_true has shape \(200, 4\) but y_score_b has shape \(200, 3\)"),
        ((Y, A[:50], B), {}, ValueError, r"y_score_a has shape \(50, 4\)"),
        ((Y, A, np.where(B > 0.9, np.nan, B)), {}, ValueError, "y_score_b holds nan"),
        ((Y, A, logit(B)), {}, ValueError, r"y_score_b holds .* and the threshold_b is a probability.*threshold_b=0"),
        ((Y, A, B), {"threshold_b": [0.5, 0.5]}, ValueError, "threshold_b has 2 values for 4 labels"),
        ((Y, A, B), {"threshold_a": None}, TypeError, "threshold_a must be a number"),
        ((Y, A, B), {"names": ("a", "a")}, ValueError, "names are both 'a'"),
        ((Y, A, B), {"names": "ab"}, ValueError, "names must be two names"),
        ((Y, A, B), {"names": ("a", "b", "c")}, ValueError, "names must be two names"),
        ((Y, A, B), {"confidence": 95}, ValueError, "confidence must lie between 0 and 1"),
        ((Y, A, B), {"confidence": None}, TypeError, "confidence must be a number"),
        ((Y, A, B), {"n_resamples": 0}, ValueError, "n_resamples"),
        ((Y, A, B), {"groups": [1, 2]}, ValueError, r"groups has shape \(2,\) for 200 samples"),
        ((Y, A, B), {"groups": np.ones(200)}, ValueError, "groups holds a single group"),
        ((Y, A, B), {"sample_weight": np.ones(3)}, ValueError, "sample_weight has 3 values for 200 samples"),
        ((Y, A, B), {"random_state": "x"}, ValueError, "random_state"),
        ((FRAME, A, FRAME[list("zyxw")]), {}, ValueError, "y_true has the labels .* but y_score_b has"),
        ((Y, FRAME, FRAME[list("zyxw")]), {}, ValueError, "y_score_a has the labels .* but y_score_b has"),
        ((Y, FRAME, FRAME.iloc[::-1]), {}, ValueError, "index of y_score_a, but .* in that of y_score_b"),
    ],
)
def test_what_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        compare(*arguments, **options)
