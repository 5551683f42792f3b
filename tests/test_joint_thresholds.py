"""Thresholds for macro- and micro-F1 together: beside the formula in plain NumPy, and beside micromacro-freq."""

import numpy as np
import pytest
from scipy.special import expit

from mlhelpers.metrics import LabelCounts
from mlhelpers.thresholds import Thresholds, fit_thresholds

BOTH = {"objective": "macro_and_micro_f1"}


def problem(seed, n_samples, n_labels=40):
    """Draw labels, many of them rare, with scores that tell more or less of them, each on its own scale."""
    rng = np.random.default_rng(seed)
    frequency = np.exp(rng.uniform(np.log(0.002), np.log(0.3), n_labels))
    signal = rng.uniform(0.3, 3, n_labels)
    scale, shift = np.exp(rng.normal(0, 0.3, n_labels)), rng.normal(0, 0.5, n_labels)

    def draw(n):
        Y = (rng.random((n, n_labels)) < frequency).astype(np.int8)
        x = rng.normal(size=Y.shape) + signal * Y
        log_odds = signal * x - signal**2 / 2 + np.log(frequency / (1 - frequency))
        return Y, scale * log_odds + shift

    return draw(n_samples), draw(10_000)


def f1(tp, fp, fn):
    return np.divide(2 * tp, 2 * tp + fp + fn, out=np.zeros(np.shape(tp)), where=2 * tp + fp + fn > 0)


def every_cut(y, scores):
    """Return the gaps between all scores, from the highest on, and the counts of a threshold in each."""
    order = np.argsort(-scores)
    tp = np.r_[0, np.cumsum(y[order])]
    descending = scores[order]
    gaps = np.c_[np.r_[descending, descending[-1] - 1e-9], np.r_[np.inf, descending]]
    return gaps, tp, np.arange(len(tp)) - tp, y.sum() - tp


def by_hand(Y, scores):
    rng = np.random.default_rng(0)
    n, n_labels = Y.shape
    asked = []
    for _ in range(10):
        for part in np.array_split(rng.permutation(n), 3):
            cuts = [every_cut(Y[part, j], scores[part, j]) for j in range(n_labels)]
            order, counts, chosen = np.argsort(-Y[part].sum(axis=0), kind="stable"), np.zeros((n_labels, 3)), {}
            for round_ in range(20):
                before = dict(chosen)
                for place, j in enumerate(order):
                    gaps, *of_label = cuts[j]
                    others = counts.sum(axis=0) - counts[j]
                    together = [mine + rest for mine, rest in zip(of_label, others, strict=True)]
                    both = 6 * f1(*of_label) / (n_labels if round_ else place + 1) + f1(*together)
                    best = int(np.flatnonzero(both >= both.max() * (1 - 1e-12))[0])
                    chosen[j], counts[j] = tuple(gaps[best]), [kind[best] for kind in of_label]
                if chosen == before:
                    break
            asked.append([chosen[j] for j in range(n_labels)])
    low, high = np.moveaxis(asked, 2, 0)  # parts × labels
    n_predicted = ((scores[:, None] > low).sum(axis=0) + (scores[:, None] >= high).sum(axis=0)) / 2
    return np.round(np.exp(np.log(n_predicted + 0.5).mean(axis=0)) - 0.5).astype(int)


def micromacro_freq(Y, scores):
    """Return thresholds by Lin and Lin's rule: the sum of both F1, most frequent label first, mean of three folds."""
    folds = np.array_split(np.random.default_rng(0).permutation(len(Y)), 3)
    values, sums = np.empty(Y.shape[1]), np.zeros(3)
    for place, j in enumerate(np.argsort(-Y.sum(axis=0), kind="stable")):
        found, added = [], np.zeros(3)
        for fold in folds:
            gaps, *of_label = every_cut(Y[fold, j], scores[fold, j])
            together = [mine + rest for mine, rest in zip(of_label, sums, strict=True)]
            best = (f1(*of_label) / (place + 1) + f1(*together)).argmax()
            found.append(gaps[best].mean() if best else gaps[0, 0])
            added += [kind[best] for kind in of_label]
        values[j] = np.mean(found)
        sums += added
    return values


@pytest.mark.parametrize("seed", range(3))
def test_they_predict_as_many_as_the_formula_says(seed):
    (Y, scores), _ = problem(seed, 300, 12)
    found = fit_thresholds(Y, scores, **BOTH)
    np.testing.assert_array_equal(found.predict(scores).sum(axis=0), by_hand(Y, scores))
    assert found.counts == LabelCounts.from_predictions(Y, found.predict(scores))
    assert set(found.source) == {"own"} and found.objective == "macro_and_micro_f1"


def test_they_beat_micromacro_freq_and_the_guard_in_both_averages():
    rules = {
        "both": lambda *data: fit_thresholds(*data, **BOTH).values,
        "micromacro-freq": micromacro_freq,
        "guard": lambda *data: fit_thresholds(*data).values,
        "none": lambda *data: fit_thresholds(*data, min_positives=0).values,
    }
    reached = {rule: [] for rule in rules}
    for seed in range(10):
        seen, (Y, scores) = problem(seed, 600)
        for rule, thresholds in rules.items():
            counts = LabelCounts.from_predictions(Y, (scores > thresholds(*seen)).astype(int))
            reached[rule].append((counts.f1("macro", 0), counts.f1("micro", 0)))
    means = {rule: np.mean(values, axis=0) for rule, values in reached.items()}
    both = means.pop("both")
    assert (both > means["micromacro-freq"]).all()
    assert (both > means["guard"] + [0.01, 0.005]).all()
    assert both[0] > means["none"][0] and both[1] > means["none"][1] + 0.05


def test_only_the_order_of_scores_counts():
    (Y, scores), _ = problem(0, 400)
    one, other = fit_thresholds(Y, scores, **BOTH), fit_thresholds(Y, expit(scores), **BOTH)
    np.testing.assert_array_equal(one.predict(scores), other.predict(expit(scores)))


def test_the_same_every_time_and_apart_from_numpys_state():
    (Y, scores), _ = problem(1, 200)
    first = fit_thresholds(Y, scores, **BOTH).values
    np.random.seed(3)  # noqa: NPY002
    np.testing.assert_array_equal(fit_thresholds(Y, scores, **BOTH).values, first)


def test_labels_without_positives_are_not_predicted_and_perfect_ones_are():
    rng = np.random.default_rng(0)
    Y = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 1]] * 10)
    scores = np.c_[Y[:, 0], rng.random(40), Y[:, 2]] + rng.random((40, 3)) / 2
    predicted = fit_thresholds(Y, scores, **BOTH).predict(scores)
    np.testing.assert_array_equal(predicted[:, [0, 2]], Y[:, [0, 2]])
    assert predicted[:, 1].sum() <= 2  # a part doesn't know the highest score of all


def test_equal_scores_are_predicted_together():
    Y, scores = np.array([[1], [1], [1], [0]] * 6), np.array([[0.5], [0.5], [0.5], [0.5]] * 6)
    assert fit_thresholds(Y, scores, **BOTH).predict(scores).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_samples(n):
    assert fit_thresholds(np.ones((n, 2), int), np.full((n, 2), 0.5), **BOTH).predict([[0.5, 0.5]]).all()


def test_it_guards_by_itself_unless_one_asks_for_more():
    (Y, scores), _ = problem(2, 300)
    rare = Y.sum(axis=0) < 5
    assert rare.any()
    found = fit_thresholds(Y, scores, min_positives=5, fallback=7.0, **BOTH)
    assert (found.values[rare] == 7.0).all()
    assert {s for s, r in zip(found.source, rare, strict=True) if r} == {"fixed"}


def test_without_any_positive():
    with pytest.raises(ValueError, match="y_true has no positive at all"):
        fit_thresholds(np.zeros((5, 2), int), np.ones((5, 2)), **BOTH)


def test_saved_and_loaded(tmp_path):
    (Y, scores), _ = problem(0, 100, 5)
    found = fit_thresholds(Y, scores, **BOTH)
    found.save(tmp_path / "both.json")
    again = Thresholds.load(tmp_path / "both.json")
    assert again.values.tolist() == found.values.tolist() and again.objective == found.objective
