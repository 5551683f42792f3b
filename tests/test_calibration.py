"""Calibration: beside scikit-learn and SciPy, shared where positives are few, and never out of order."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from mlhelpers.calibration import Calibration, fit_calibration

RNG = np.random.default_rng(0)
TRUE = RNG.normal(size=(3000, 3)) * 1.5 + [0, -1, -2]
Y = (RNG.random(TRUE.shape) < expit(TRUE)).astype(int)
LOGITS = TRUE * [3, 0.5, 1] + [1, 0, -1]  # too sure, not sure enough, shifted
METHODS = ["platt", "isotonic", "temperature"]


@pytest.mark.parametrize("weight", [None, RNG.integers(0, 4, len(Y))])
def test_platt_is_the_logistic_regression_of_platts_targets(weight):
    found = fit_calibration(Y, LOGITS, from_logits=True, sample_weight=weight)
    w = np.ones(len(Y)) if weight is None else weight
    for j in range(3):
        y, z = Y[:, j], LOGITS[:, [j]]
        p, n = w @ y, w @ (1 - y)
        target = np.where(y == 1, (p + 1) / (p + 2), 1 / (n + 2))
        # a soft target is both labels at once, with weights
        both = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
            np.r_[z, z], np.repeat([1, 0], len(y)), sample_weight=np.r_[w * target, w * (1 - target)]
        )
        assert found.slope[j] == pytest.approx(both.coef_[0, 0], rel=1e-4)
        assert found.intercept[j] == pytest.approx(both.intercept_[0], abs=1e-4)
    assert found.source == ("own",) * 3


@pytest.mark.parametrize("per_label", [None, True])
def test_temperature_minimises_the_log_loss(per_label):
    found = fit_calibration(Y, LOGITS, from_logits=True, method="temperature", per_label=per_label)
    groups = [[0], [1], [2]] if per_label else [[0, 1, 2]]
    for columns in groups:
        best = minimize_scalar(
            lambda t, c=columns: log_loss(Y[:, c].ravel(), expit(LOGITS[:, c] / t).ravel()), bounds=(0.05, 20)
        )
        np.testing.assert_allclose(1 / found.slope[columns], best.x, rtol=1e-3)
    assert (found.intercept == 0).all() and set(found.source) == {"own" if per_label else "pooled"}


def test_isotonic_is_scikit_learns():
    found = fit_calibration(Y, LOGITS, from_logits=True, method="isotonic")
    new = RNG.normal(size=(500, 3)) * 4
    for j, p in enumerate(found.transform(new).T):
        theirs = IsotonicRegression(out_of_bounds="clip").fit(LOGITS[:, j], Y[:, j])
        np.testing.assert_allclose(p, theirs.predict(new[:, j]), atol=1e-12)
    assert np.isnan(found.slope).all()


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_distorted_logits_become_the_true_probabilities(method):
    p = fit_calibration(Y, LOGITS, from_logits=True, method=method).transform(LOGITS)
    assert np.abs(p - expit(TRUE)).mean() < 0.03 < 0.06 < np.abs(expit(LOGITS) - expit(TRUE)).mean()


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_are_their_logits(method):
    of_logits = fit_calibration(Y, LOGITS, from_logits=True, method=method)
    of_probabilities = fit_calibration(Y, expit(LOGITS), method=method)
    np.testing.assert_allclose(of_probabilities.transform(expit(LOGITS)), of_logits.transform(LOGITS), atol=1e-6)
    saturated = of_probabilities.transform([[0.0, 1.0, 0.5]])
    assert np.isfinite(saturated).all() and ((saturated >= 0) & (saturated <= 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_order_changes(method):
    found = fit_calibration(Y, LOGITS, from_logits=True, method=method)
    ascending = np.sort(RNG.normal(size=(300, 3)) * 5, axis=0)
    assert (np.diff(found.transform(ascending), axis=0) >= 0).all()


def test_scores_that_point_the_wrong_way_become_the_frequency():
    found = fit_calibration(Y, -LOGITS, from_logits=True)
    assert (found.slope == 0).all()
    np.testing.assert_allclose(found.transform(LOGITS)[0], Y.mean(axis=0), atol=1e-3)
    with pytest.raises(ValueError, match="positives have no higher logits than negatives"):
        fit_calibration(Y, -LOGITS, from_logits=True, method="temperature")


def test_rare_labels_share_a_map():
    few = Y[:300].copy()
    few[np.flatnonzero(few[:, 2])[5:], 2] = 0
    found = fit_calibration(few, LOGITS[:300], from_logits=True)
    assert found.source == ("own", "own", "pooled") and found.n_positives[2] == 5
    pooled = fit_calibration(few.reshape(-1, 1), LOGITS[:300].reshape(-1, 1), from_logits=True)
    assert found.slope[2] == pytest.approx(pooled.slope[0]) and found.intercept[2] == pytest.approx(pooled.intercept[0])
    never = fit_calibration(np.c_[few, np.zeros(300, int)], np.c_[LOGITS[:300], LOGITS[:300, 0]], from_logits=True)
    assert never.source[3] == "pooled"


@pytest.mark.parametrize("method", METHODS)
def test_unknown_cells_are_left_out(method):
    known = RNG.random(Y.shape) < 0.7
    options = {"from_logits": True, "method": method, "per_label": True, "allow_missing": True}
    found = fit_calibration(np.where(known, Y, -1), LOGITS, **options)
    for j, rows in enumerate(known.T):
        alone = fit_calibration(Y[rows][:, [j]], LOGITS[rows][:, [j]], **options)
        np.testing.assert_allclose(found.transform(LOGITS)[:, j], alone.transform(LOGITS[:, [j]])[:, 0], atol=1e-9)
    with pytest.raises(ValueError, match="allow_missing=True"):
        fit_calibration(np.where(known, Y, -1), LOGITS, from_logits=True)


@pytest.mark.parametrize("method", METHODS)
def test_whole_weights_are_repeated_samples(method):
    weight = RNG.integers(0, 3, len(Y))
    options = {"from_logits": True, "method": method}
    weighted = fit_calibration(Y, LOGITS, sample_weight=weight, **options)
    repeated = fit_calibration(np.repeat(Y, weight, axis=0), np.repeat(LOGITS, weight, axis=0), **options)
    np.testing.assert_allclose(weighted.transform(LOGITS), repeated.transform(LOGITS), atol=1e-6)


def test_perfect_separation():
    y, z = np.array([[0], [0], [1], [1]] * 20), np.array([[-2.0], [-1.0], [1.0], [2.0]] * 20)
    p = fit_calibration(y, z, from_logits=True).transform(z)
    assert 0 < p.min() < 0.05 and 0.95 < p.max() < 1  # Platt's targets hold the slope back
    with pytest.raises(ValueError, match="right sign in every cell, so that no temperature is best"):
        fit_calibration(y, z, from_logits=True, method="temperature")


def test_huge_logits():
    found = fit_calibration(Y, LOGITS * 1e6, from_logits=True)
    np.testing.assert_allclose(
        found.transform(LOGITS * 1e6), fit_calibration(Y, LOGITS, from_logits=True).transform(LOGITS), atol=1e-5
    )


@pytest.mark.parametrize("method", METHODS)
def test_saved_and_loaded(tmp_path, method):
    found = fit_calibration(Y, LOGITS, from_logits=True, method=method, label_names=["x", "y", "z"])
    found.save(tmp_path / "c.json")
    again = Calibration.load(tmp_path / "c.json")
    np.testing.assert_array_equal(again.transform(LOGITS), found.transform(LOGITS))
    assert (again.label_names, again.source, again.method, again.from_logits) == (
        ("x", "y", "z"),
        found.source,
        method,
        True,
    )
    assert again.n_positives.tolist() == Y.sum(axis=0).tolist() and str(again) == str(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(format="other"),
        lambda c: c.update(method="beta"),
        lambda c: c.update(from_logits=1),
        lambda c: c.update(labels=[]),
        lambda c: c["labels"][0].update(slope=-1),
        lambda c: c["labels"][0].update(intercept=float("nan")),
        lambda c: c["labels"][0].update(name="1"),
        lambda c: c["labels"][0].update(source="fixed"),
        lambda c: c["labels"][0].pop("slope"),
    ],
)
def test_files_that_hold_no_calibration(tmp_path, change):
    path = tmp_path / "c.json"
    fit_calibration(Y, LOGITS, from_logits=True).save(path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="does not hold a calibration"):
        Calibration.load(path)


def test_the_table():
    shown = str(fit_calibration(Y, LOGITS, from_logits=True, label_names=["x", "y", "z"])).splitlines()
    assert (
        shown[0] == "Calibration by Platt scaling"
        and "0.9 becomes" in shown[1]
        and shown[2].split()[:3] == ["x", f"{Y[:, 0].sum():,}", "own"]
    )


FRAME = pd.DataFrame(Y, columns=["x", "y", "z"])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Y, LOGITS), {}, ValueError, r"outside \[0, 1\]; if these are logits, pass from_logits=True"),
        ((Y, LOGITS[:, :2]), {"from_logits": True}, ValueError, "y_score has shape"),
        ((Y, LOGITS), {"from_logits": 1}, TypeError, "from_logits must be True or False"),
        ((Y, LOGITS), {"from_logits": True, "per_label": "yes"}, TypeError, "per_label must be True or False"),
        ((Y, LOGITS), {"from_logits": True, "method": "beta"}, ValueError, "method must be one of"),
        ((Y, LOGITS), {"from_logits": True, "min_positives": 0}, ValueError, "min_positives"),
        ((0 * Y, LOGITS), {"from_logits": True}, ValueError, "no positive at all"),
        ((0 * Y + 1, LOGITS), {"from_logits": True}, ValueError, "no negative at all"),
        ((Y, np.where(LOGITS > 5, np.inf, LOGITS)), {"from_logits": True}, ValueError, "y_score holds inf"),
        ((FRAME, FRAME[["z", "y", "x"]]), {}, ValueError, "y_true has the labels"),
        ((Y, LOGITS), {"from_logits": True, "sample_weight": [1]}, ValueError, "sample_weight has 1 values"),
    ],
)
def test_what_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        fit_calibration(*arguments, **options)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (LOGITS[:, :2], "the calibration is of 3 labels"),
        (pd.DataFrame(LOGITS, columns=["z", "y", "x"]), "calibration has the labels"),
        (np.full((2, 3), np.nan), "y_score holds nan"),
    ],
)
def test_transform_refuses(scores, message):
    found = fit_calibration(FRAME, LOGITS, from_logits=True)
    with pytest.raises(ValueError, match=message):
        found.transform(scores)
    with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
        fit_calibration(Y, expit(LOGITS)).transform(logit(np.full((1, 3), 0.9)))
