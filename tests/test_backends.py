"""Losses and Keras metrics on whichever backend Keras runs: formulas in double precision are the oracles.

`make test` runs these on TensorFlow, `make test-jax` on JAX, where TensorFlow is not installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, logit
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from mlhelpers.keras_metrics import HammingLoss, MultilabelF1, SubsetAccuracy
from mlhelpers.losses import AsymmetricLoss, ClippedBinaryCrossentropy, WeightedBinaryCrossentropy

# Keras's variables do not know the `copy` of NumPy 2 yet.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 4)).astype("float32")
Y = (X[:, :3] + RNG.normal(size=(24, 3)) > 0).astype("float32")
Z = (3 * RNG.normal(size=Y.shape)).astype("float32")
MASKED = np.where(RNG.random(Y.shape) < 0.3, -1, Y).astype("float32")
MASKED[0] = -1  # a sample of which nothing is known
WEIGHTS = RNG.integers(0, 4, len(Y)).astype("float32")

POS_WEIGHT, LABEL_WEIGHT = np.array([1.0, 2.0, 5.0]), np.array([0.5, 1.0, 1.5])
STEEP = np.array([-100, -20, -5, -1, 0, 1, 5, 20, 100], "float32")
THRESHOLDS = [0.3, 0.5, 0.8]


def gradient(loss, y, values):
    """Return the gradient of the loss with respect to predictions, by the backend that Keras runs on."""
    values = keras.ops.convert_to_tensor(values)
    if keras.backend.backend() == "jax":
        import jax

        found = jax.grad(lambda predictions: loss(y, predictions))(values)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            value = loss(y, values)
        found = tape.gradient(value, values)
    return keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))


def clipped(y, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


def weighted(y, z):
    return LABEL_WEIGHT * (POS_WEIGHT * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z))


def asymmetric(y, z):
    p = expit(z)
    shifted = np.maximum(p - 0.05, 0)
    return -y * (1 - p) * np.log(p) - (1 - y) * shifted**4 * np.log(1 - shifted)


def per_sample(per_label, y, predictions):
    """Return the mean over observed labels, in double precision; 0 where none is observed."""
    y, observed = np.asarray(y, float), y >= 0
    losses = np.where(observed, per_label(np.where(observed, y, 0), np.asarray(predictions, float)), 0)
    return losses.sum(axis=-1) / np.maximum(observed.sum(axis=-1), 1)


LOSSES = {
    "clipped": (ClippedBinaryCrossentropy, {}, clipped, Y, expit(Z)),
    "weighted": (
        WeightedBinaryCrossentropy,
        {"from_logits": True, "pos_weight": POS_WEIGHT, "label_weight": LABEL_WEIGHT, "mask_value": -1},
        weighted,
        MASKED,
        Z,
    ),
    "weighted, of probabilities": (
        WeightedBinaryCrossentropy,
        {"pos_weight": POS_WEIGHT, "label_weight": LABEL_WEIGHT, "mask_value": -1},
        lambda y, p: weighted(y, logit(p)),
        MASKED,
        expit(Z),
    ),
    "asymmetric": (AsymmetricLoss, {"from_logits": True, "mask_value": -1}, asymmetric, MASKED, Z),
    "asymmetric, of probabilities": (
        AsymmetricLoss,
        {"mask_value": -1},
        lambda y, p: asymmetric(y, logit(p)),
        MASKED,
        expit(Z),
    ),
}
every_loss = pytest.mark.parametrize(("kind", "options", "formula", "y", "predictions"), LOSSES.values(), ids=LOSSES)


def test_the_backend_is_the_one_that_was_asked_for():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    assert keras.backend.backend() == backend
    if backend != "tensorflow" and importlib.util.find_spec("tensorflow") is None:
        assert "tensorflow" not in sys.modules


# Values


@every_loss
def test_value_is_the_formula(kind, options, formula, y, predictions):
    expected = per_sample(formula, y, predictions)
    np.testing.assert_allclose(kind(**options, reduction=None)(y, predictions), expected, rtol=1e-5, atol=1e-6)
    assert float(kind(**options)(y, predictions)) == pytest.approx(expected.mean(), rel=1e-5)
    assert float(kind(**options)(y, predictions, sample_weight=WEIGHTS)) == pytest.approx(
        (expected * WEIGHTS).mean(), rel=1e-5
    )


@every_loss
def test_labels_of_another_dtype_give_the_same_value(kind, options, formula, y, predictions):
    del formula
    expected = float(kind(**options)(y, predictions))
    assert float(kind(**options)(y.astype("int32"), predictions)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("loss", [WeightedBinaryCrossentropy, lambda **options: AsymmetricLoss(0, 0, 0, **options)])
def test_without_weights_and_exponents_it_is_the_loss_of_keras(loss, from_logits):
    predictions = Z if from_logits else expit(Z)
    expected = keras.losses.BinaryCrossentropy(from_logits=from_logits, reduction=None)(Y, predictions)
    value = loss(from_logits=from_logits, reduction=None)(Y, predictions)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


def test_nan_may_mark_what_is_unknown():
    unknown = np.where(MASKED < 0, np.nan, MASKED)
    for kind in (WeightedBinaryCrossentropy, AsymmetricLoss):
        values = kind(from_logits=True, mask_value=np.nan, reduction=None)(unknown, Z)
        expected = kind(from_logits=True, mask_value=-1, reduction=None)(MASKED, Z)
        np.testing.assert_array_equal(values, expected)
        loss = kind(from_logits=True, mask_value=np.nan)
        np.testing.assert_array_equal(gradient(loss, unknown, Z)[MASKED < 0], 0)


@every_loss
def test_matrices_of_different_shapes_are_refused(kind, options, formula, y, predictions):
    del formula
    with pytest.raises(ValueError, match=r"y_true has shape \(24, 1\) and y_pred has shape \(24, 3\)"):
        kind(**options)(y[:, :1], predictions)


# Gradients


@every_loss
def test_gradient_is_that_of_finite_differences(kind, options, formula, y, predictions):
    def value(flat):
        return per_sample(formula, y, flat.reshape(y.shape)).mean()

    expected = approx_fprime(predictions.astype(float).ravel(), value).reshape(y.shape)
    found = gradient(kind(**options), y, predictions)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(found[y < 0], 0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (WeightedBinaryCrossentropy, {"pos_weight": 3.0}),
        (AsymmetricLoss, {"margin": 0.0}),
        (AsymmetricLoss, {}),
        (AsymmetricLoss, {"gamma_neg": 2.5, "gamma_pos": 0.5}),
    ],
    ids=["weighted", "asymmetric without margin", "asymmetric", "asymmetric with fractions"],
)
def test_gradient_at_steep_logits_is_finite_and_points_the_right_way(kind, options, dtype):
    loss = kind(from_logits=True, mask_value=-1, reduction="sum", dtype=dtype, **options)
    logits = keras.ops.cast(STEEP[:, None], dtype)
    up, down, none = (gradient(loss, np.full((len(STEEP), 1), y), logits)[:, 0] for y in (1, 0, -1))
    for found in (up, down, none):
        assert np.isfinite(found).all()
    assert (up <= 0).all()
    assert (down >= 0).all()
    assert (none == 0).all()
    assert (up[STEEP <= 0] < 0).all()  # a positive that is missed is pulled up, however far off it is
    if not loss.get_config().get("margin"):  # a margin drops the negatives that are confidently called positive
        assert (down[STEEP >= 0] > 0).all()


# Metrics


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
@pytest.mark.parametrize("threshold", [0.5, THRESHOLDS], ids=["one threshold", "one per label"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_f1_over_batches_is_that_of_scikit_learn_on_all(average, threshold, from_logits):
    metric = MultilabelF1(average, threshold, from_logits)
    scores = Z if from_logits else expit(Z)
    for rows in np.array_split(np.arange(len(Y)), 4):
        metric.update_state(Y[rows], scores[rows])
    expected = f1_score(Y, expit(Z) > threshold, average=average)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(metric.result()), expected, rtol=1e-6)
    metric.reset_state()
    metric.update_state(Y, 18 * Y - 9 if from_logits else Y)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(metric.result()), 1)


@pytest.mark.parametrize(("kind", "oracle"), [(SubsetAccuracy, accuracy_score), (HammingLoss, hamming_loss)])
@pytest.mark.parametrize("threshold", [0.5, THRESHOLDS], ids=["one threshold", "one per label"])
@pytest.mark.parametrize("from_logits", [False, True])
def test_fractions_over_batches_are_those_of_scikit_learn_on_all(kind, oracle, threshold, from_logits):
    metric = kind(threshold, from_logits)
    scores = Z if from_logits else expit(Z)
    for rows in np.array_split(np.arange(len(Y)), 4):
        metric.update_state(Y[rows], scores[rows], sample_weight=WEIGHTS[rows])
    expected = oracle(Y, expit(Z) > threshold, sample_weight=WEIGHTS)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-6)


def test_unknown_labels_are_not_counted():
    predicted, observed = expit(Z) > 0.5, MASKED >= 0
    known = observed.any(axis=1)
    right = (predicted == MASKED) | ~observed
    per_label = [f1_score(MASKED[rows, i], predicted[rows, i]) for i, rows in enumerate(observed.T)]
    expected = {
        MultilabelF1: np.mean(per_label),
        SubsetAccuracy: right[known].all(axis=1).mean(),
        HammingLoss: 1 - right[observed].mean(),
    }
    for kind, value in expected.items():
        metric = kind(from_logits=True, mask_value=-1)
        metric.update_state(MASKED, Z)
        assert float(metric.result()) == pytest.approx(value, rel=1e-6), kind.__name__


def test_a_label_that_neither_occurs_nor_is_predicted_counts_what_was_asked_for():
    y, p = np.array([[1, 0], [0, 0]]), np.array([[0.9, 0.1], [0.2, 0.3]])
    for zero_division, expected in ((np.nan, 1), (0, 0.5), (1, 1)):
        metric = MultilabelF1(zero_division=zero_division)
        metric.update_state(y, p)
        assert float(metric.result()) == expected


def test_a_score_on_its_threshold_is_not_predicted():
    for from_logits, score in ((False, 0.5), (True, 0.0)):
        metric = HammingLoss(from_logits=from_logits)
        metric.update_state(np.zeros((1, 2)), np.full((1, 2), score))
        assert float(metric.result()) == 0


# In a model

TRAINED = [
    WeightedBinaryCrossentropy(True, POS_WEIGHT, LABEL_WEIGHT, mask_value=-1),
    AsymmetricLoss(from_logits=True, mask_value=-1),
]


def compiled(loss):
    """Return a model that starts with the same weights every time."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    options = {"from_logits": True, "mask_value": -1}
    metrics = [MultilabelF1(**options, threshold=THRESHOLDS), SubsetAccuracy(**options), HammingLoss(**options)]
    model.compile(keras.optimizers.Adam(0.05), loss, weighted_metrics=metrics)
    return model


@pytest.mark.parametrize("loss", TRAINED, ids=lambda loss: loss.name)
def test_fit_with_unknown_labels_and_weights_learns_from_the_rest_alone(loss):
    expected = compiled(loss)
    history = expected.fit(X, MASKED, sample_weight=WEIGHTS, epochs=5, batch_size=8, shuffle=False, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert history["loss"][-1] < history["loss"][0]
    left_out = (MASKED < 0) | (WEIGHTS == 0)[:, None]
    noisy, model = np.where((WEIGHTS == 0)[:, None] & (MASKED >= 0), 1 - MASKED, MASKED), compiled(loss)
    assert (noisy != MASKED)[left_out].any()
    model.fit(X, noisy, sample_weight=WEIGHTS, epochs=5, batch_size=8, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("loss", TRAINED, ids=lambda loss: loss.name)
def test_a_saved_model_has_the_same_loss_and_metrics(loss, tmp_path):
    model = compiled(loss)
    model.fit(X, MASKED, sample_weight=WEIGHTS, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.loss) is type(loss)
    assert loaded.loss.get_config() == loss.get_config()
    before, after = (m.evaluate(X, MASKED, sample_weight=WEIGHTS, verbose=0, return_dict=True) for m in (model, loaded))
    assert set(after) == {"loss", "multilabel_f1", "subset_accuracy", "hamming_loss"}
    assert after == pytest.approx(before, rel=1e-6)


@pytest.mark.parametrize(
    "made",
    [
        *TRAINED,
        ClippedBinaryCrossentropy(1e-3, "sum"),
        MultilabelF1("micro", THRESHOLDS, True, -1, 0),
        SubsetAccuracy(0.3, mask_value=-1),
        HammingLoss(THRESHOLDS),
    ],
    ids=lambda made: made.name,
)
def test_a_configuration_makes_the_same_again(made):
    again = type(made).from_config(json.loads(json.dumps(made.get_config())))
    assert again.get_config() == made.get_config()


# Several devices


def listing_of_chapter_16():
    (chapter,) = (Path(__file__).parents[1] / "chapters").glob("16_*.ipynb")
    cells = nbformat.read(chapter, as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    (listing,) = re.findall(r"(?s)```python\n(.*?)```", prose)
    return listing


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="keras.distribution spreads data on JAX")
def test_the_listing_of_chapter_16_trains_the_same_weights_on_four_devices():
    environ = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    command = [sys.executable, "-c", listing_of_chapter_16()]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    devices, far = done.stdout.split()
    assert devices == "4"
    assert float(far) < 1e-5
