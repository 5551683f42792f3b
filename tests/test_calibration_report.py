"""The report of calibration: beside scikit-learn, the formulas by hand, and where nothing is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from mlhelpers.calibration import calibration_report

RNG = np.random.default_rng(0)
P = expit(RNG.normal(size=(2000, 3)) * 2 - [0, 1, 3])
Y = (RNG.random(P.shape) < P).astype(int)


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("n_bins", [1, 5, 10])
def test_bins_are_those_of_scikit_learn(strategy, n_bins):
    found = calibration_report(Y, P, n_bins=n_bins, strategy=strategy)
    for j, bins in enumerate(found.bins):
        frequency, probability = calibration_curve(Y[:, j], P[:, j], n_bins=n_bins, strategy=strategy)
        tolerance = 1e-12 if strategy == "uniform" else 0.02  # scikit-learn's edges lie between samples
        np.testing.assert_allclose(bins.probability, probability, atol=tolerance)
        np.testing.assert_allclose(bins.frequency, frequency, atol=tolerance)
        assert bins.n.sum() == len(Y) and len(bins.n) <= n_bins


def test_measures_by_hand():
    found = calibration_report(Y, P)
    np.testing.assert_allclose(found.brier, [brier_score_loss(Y[:, j], P[:, j]) for j in range(3)])
    np.testing.assert_allclose(found.frequency, Y.mean(axis=0))
    np.testing.assert_allclose(found.mean_probability, P.mean(axis=0))
    for j, bins in enumerate(found.bins):
        share = bins.n / len(Y)
        assert found.calibration_error[j] == pytest.approx(share @ np.abs(bins.probability - bins.frequency))
        binned = np.repeat(bins.probability, bins.n)  # each sample with the mean of its bin
        n_positives = np.round(bins.frequency * bins.n).astype(int)
        pairs = zip(n_positives, bins.n - n_positives, strict=True)
        labels = np.concatenate([np.repeat([1, 0], pair) for pair in pairs])
        parts = found.reliability[j] - found.resolution[j] + found.uncertainty[j]
        assert parts == pytest.approx(brier_score_loss(labels, binned))
    assert (found.calibration_error < 0.05).all() and (found.reliability < 0.003).all()
    assert (calibration_report(Y, P**3).reliability > 0.01).all()


def test_intervals_are_wilsons():
    (bins, *_) = calibration_report(Y, P, confidence=0.9).bins
    for frequency, n, interval in zip(bins.frequency, bins.n, bins.interval, strict=True):
        expected = binomtest(round(frequency * n), int(n)).proportion_ci(0.9, method="wilson")
        np.testing.assert_allclose(interval, [expected.low, expected.high], atol=1e-12)


def test_equal_probabilities_are_in_one_bin():
    (bins,) = calibration_report([[1], [0], [0], [1]], [[0.5], [0.5], [0.5], [0.9]], n_bins=4).bins
    assert bins.probability.tolist() == [0.5, 0.9] and bins.n.tolist() == [3, 1]


def test_unknown_labels_and_labels_that_are_known_nowhere():
    known = RNG.random(Y.shape) < 0.6
    known[:, 2] = False
    found = calibration_report(np.where(known, Y, -1), P, allow_missing=True)
    for j in (0, 1):
        alone = calibration_report(Y[known[:, j]][:, [j]], P[known[:, j]][:, [j]])
        assert found.brier[j] == alone.brier[0] and found.calibration_error[j] == alone.calibration_error[0]
    assert np.isnan(found.brier[2]) and len(found.bins[2].n) == 0 and found.n_positives[2] == 0
    assert "–" in str(found).splitlines()[-1]


def test_whole_weights_are_repeated_samples_with_bins_of_equal_width():
    weight = RNG.integers(0, 3, len(Y))
    weighted = calibration_report(Y, P, sample_weight=weight, strategy="uniform")
    repeated = calibration_report(np.repeat(Y, weight, axis=0), np.repeat(P, weight, axis=0), strategy="uniform")
    for name in ("brier", "reliability", "resolution", "uncertainty", "calibration_error", "mean_probability"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name))
    assert np.isnan(weighted.bins[0].interval).all()
    assert weighted.n_positives.tolist() == Y[weight > 0].sum(axis=0).tolist()


def test_the_table():
    shown = str(calibration_report(Y, P, label_names=["x", "y", "z"])).splitlines()
    assert shown[0].split() == [
        "label",
        "positives",
        "mean",
        "p",
        "frequency",
        "Brier",
        "reliability",
        "resolution",
        "ECE",
    ]
    assert shown[1].split()[0] == "x" and len(shown) == 4


FRAME = pd.DataFrame(Y, columns=["x", "y", "z"])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Y, P * 3), {}, ValueError, r"y_prob holds .* outside \[0, 1\]; of logits, pass scipy.special.expit"),
        ((Y, P[:, :2]), {}, ValueError, "y_prob has shape"),
        ((Y, P), {"n_bins": 0}, ValueError, "n_bins"),
        ((Y, P), {"strategy": "equal"}, ValueError, "strategy must be one of"),
        ((Y, P), {"confidence": None}, TypeError, "confidence must be a number"),
        ((Y, P), {"confidence": 2}, ValueError, "confidence must lie"),
        ((FRAME, FRAME[["z", "y", "x"]]), {}, ValueError, "y_true has the labels .* but y_prob has"),
        ((np.where(Y == 0, -1, Y), P), {}, ValueError, "allow_missing=True"),
        ((Y, P), {"sample_weight": [1.0]}, ValueError, "sample_weight has 1 values"),
    ],
)
def test_what_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        calibration_report(*arguments, **options)
