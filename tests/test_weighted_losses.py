"""The weighted and the asymmetric loss: formulas, Keras and TensorFlow as oracles; masks, slopes, saving, refusals."""

from __future__ import annotations

import copy
import json
import pickle
import re
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse
from scipy.special import expit
from sklearn.utils.class_weight import compute_class_weight

from mlhelpers.losses import AsymmetricLoss, WeightedBinaryCrossentropy, pos_weight_from

PROPERTY = settings(deadline=None, max_examples=25)  # no deadline: the first example also pays for imports
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype(np.float32)
Y = (X[:, :3] + RNG.normal(size=(12, 3)) > 0).astype(int)
Z = RNG.normal(size=(12, 3)) * 3
UNKNOWN = RNG.random((12, 3)) < 0.4
UNKNOWN[3], UNKNOWN[4] = True, False
GAMMAS = [0, 0.5, 1, 1.5, 2, 3, 4]


@st.composite
def labels_and_logits(draw, limit=30.0):
    """Draw labels and logits of one shape; many logits are zero or at the limit."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=5))
    elements = st.one_of(st.floats(-limit, limit), st.sampled_from([0.0, -limit, limit]))
    return draw(arrays(np.int8, shape, elements=st.integers(0, 1))), draw(arrays(float, shape, elements=elements))


def softplus(z):
    return np.logaddexp(0, z)


def weighted_by_hand(y, z, pos_weight=1.0, label_weight=1.0):
    """Return the weighted loss of every label, by the formula."""
    return label_weight * (pos_weight * y * softplus(-z) + (1 - y) * softplus(z))


def asymmetric_by_hand(y, z, gamma_neg, gamma_pos, margin):
    """Return the asymmetric loss of every label, by the formula of the paper."""
    p, absent = expit(z), expit(-z)
    q = np.maximum(p - margin, 0)
    log_absent = -softplus(z) if margin == 0 else np.log(1 - q)
    return y * absent**gamma_pos * softplus(-z) - (1 - y) * q**gamma_neg * log_absent


def float32(*values):
    return tuple(tf.constant(value, "float32") for value in values)


def value_and_gradient(loss, y, z):
    """Return the loss, of whatever shape, and the gradient of its sum, in 64 bits."""
    z = tf.Variable(z)
    with tf.GradientTape() as tape:
        value = loss(y, z)
    return np.asarray(value, float), np.asarray(tape.gradient(value, z), float)


def compiled(loss, activation=None, **kwargs):
    """Return a model that starts with the same weights every time."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=activation)])
    model.compile("sgd", loss, **kwargs)
    return model


def trained(loss, y, activation=None, sample_weight=None, **kwargs):
    """Return the loss of two epochs and the weights after them."""
    model = compiled(loss, activation, **kwargs)
    history = model.fit(X, y, epochs=2, batch_size=6, shuffle=False, verbose=0, sample_weight=sample_weight)
    return [*history.history["loss"], *np.concatenate([w.ravel() for w in model.get_weights()])]


# The value


@PROPERTY
@given(labels_and_logits(), st.sampled_from(["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None]))
def test_without_weights_it_is_the_loss_of_keras_on_logits(case, reduction):
    y, z = float32(*case)
    expected = keras.losses.BinaryCrossentropy(from_logits=True, reduction=reduction)(y, z)
    for loss in (WeightedBinaryCrossentropy(True, reduction=reduction), AsymmetricLoss(0, 0, 0, True, None, reduction)):
        value = loss(y, z)
        assert value.shape == expected.shape and value.dtype == expected.dtype
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=2e-6)


@PROPERTY
@given(labels_and_logits(), st.sampled_from(["sum_over_batch_size", "sum", None]))
@example((np.array([[1, 1, 0, 0]]), np.array([[-800.0, 800, -800, 800]])), None)  # probabilities 0 and 1
def test_without_weights_it_is_the_loss_of_keras_on_probabilities(case, reduction):
    y, p = float32(case[0], expit(case[1]))
    expected = keras.losses.BinaryCrossentropy(reduction=reduction)(y, p)
    for loss in (
        WeightedBinaryCrossentropy(reduction=reduction),
        AsymmetricLoss(0, 0, margin=0, reduction=reduction),
    ):
        np.testing.assert_allclose(loss(y, p), expected, rtol=1e-6, atol=1e-6)


def test_behind_a_keras_sigmoid_keras_alone_goes_back_to_the_logits():
    inputs, wrong, losses = np.full((1, 4), 50, np.float32), np.zeros((1, 3)), []
    for loss in (WeightedBinaryCrossentropy(), keras.losses.BinaryCrossentropy()):
        model = compiled(loss, "sigmoid")
        model.layers[0].set_weights([np.ones((4, 3)), np.zeros(3)])
        losses.append(model.evaluate(inputs, wrong, verbose=0))
    assert losses == pytest.approx([-np.log(2.0**-23), 200])  # 1 - 1e-7 is two steps of 2**-24 below 1


@PROPERTY
@given(labels_and_logits(), st.sampled_from([1e-3, 0.7, 1, 3, 100]))
def test_one_pos_weight_is_that_of_tensorflow(case, pos_weight):
    y, z = (tf.constant(values, "float64") for values in case)
    expected = tf.nn.weighted_cross_entropy_with_logits(y, z, tf.constant(pos_weight, "float64"))
    loss = WeightedBinaryCrossentropy(True, pos_weight, reduction=None, dtype="float64")
    np.testing.assert_allclose(loss(y, z), tf.reduce_mean(expected, axis=-1), rtol=1e-9, atol=1e-12)


@PROPERTY
@given(labels_and_logits(), st.data())
def test_weights_per_label_are_those_of_the_formula(case, data):
    n_labels = case[0].shape[1]
    pos_weight, label_weight = (
        data.draw(st.lists(st.floats(least, 50), min_size=n_labels, max_size=n_labels)) for least in (0.01, 0)
    )
    expected = weighted_by_hand(*case, np.array(pos_weight), np.array(label_weight)).mean(axis=1)
    for form in (list, tuple, np.array, pd.Series, tf.constant):
        loss = WeightedBinaryCrossentropy(True, form(pos_weight), form(label_weight), reduction=None, dtype="float64")
        np.testing.assert_allclose(loss(*case), expected, rtol=1e-6, atol=1e-9)
    p = expit(np.clip(case[1], -15, 15))
    loss = WeightedBinaryCrossentropy(False, pos_weight, label_weight, reduction=None, dtype="float64")
    expected = weighted_by_hand(case[0], np.clip(case[1], -15, 15), np.array(pos_weight), np.array(label_weight))
    np.testing.assert_allclose(loss(case[0], p), expected.mean(axis=1), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("weight", [3, 3.0, np.float32(3), np.int64(3), np.array(3), tf.constant(3.0)], ids=type)
def test_one_weight_may_be_any_number(weight):
    loss = WeightedBinaryCrossentropy(True, weight, weight, dtype="float64")
    assert type(loss.pos_weight) is type(loss.label_weight) is float
    assert float(loss(Y, Z)) == pytest.approx(weighted_by_hand(Y, Z, 3, 3).mean())


@PROPERTY
@given(labels_and_logits(12.0), st.sampled_from(GAMMAS), st.sampled_from(GAMMAS), st.sampled_from([0, 0.05, 0.2, 0.9]))
def test_the_asymmetric_loss_is_the_formula(case, gamma_neg, gamma_pos, margin):
    expected = asymmetric_by_hand(*case, gamma_neg, gamma_pos, margin).mean(axis=1)
    for from_logits, predictions in ((True, case[1]), (False, expit(case[1]))):
        loss = AsymmetricLoss(gamma_neg, gamma_pos, margin, from_logits, reduction=None, dtype="float64")
        np.testing.assert_allclose(loss(case[0], predictions), expected, rtol=1e-6, atol=1e-9)


def gradient_of(loss, y, z):
    z = tf.Variable(z, dtype=loss.dtype)
    with tf.GradientTape() as tape:
        value = loss(y, z)
    return value.numpy(), tape.gradient(value, z).numpy()


@pytest.mark.parametrize(("constant", "expected"), [(False, 0.0731), (True, 0.0186)])
def test_the_slope_of_a_negative_at_one_half(constant, expected):
    loss = AsymmetricLoss(from_logits=True, constant_focal_weight=constant)
    assert gradient_of(loss, [[0]], [[0.0]])[1] == pytest.approx(expected, abs=1e-4)


@PROPERTY
@given(
    labels_and_logits(limit=8.0), st.sampled_from(GAMMAS), st.sampled_from(GAMMAS), st.sampled_from([0, 0.05]),
)  # fmt: skip
def test_a_constant_focal_weight_changes_the_gradient_alone(case, gamma_neg, gamma_pos, margin):
    """Oracle: the gradient of cross-entropy of the shifted probability, times a weight, both by hand."""
    y, z = case
    p = expit(z)
    q = np.maximum(p - margin, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(y == 1, (1 - p) ** gamma_pos, q**gamma_neg)
    slope = np.where(y == 1, p - 1, np.where(q > 0, p * (1 - p) / (1 - q), 0))
    for from_logits in (True, False):
        held, usual = (
            AsymmetricLoss(
                gamma_neg, gamma_pos, margin, from_logits, None, "sum", dtype="float64", constant_focal_weight=constant
            )
            for constant in (True, False)
        )
        given_values = z if from_logits else p
        value, gradient = gradient_of(held, y, given_values)
        assert value == pytest.approx(gradient_of(usual, y, given_values)[0], rel=1e-12)
        expected = weight * slope / y.shape[1]
        on_the_edge = np.isclose(p, margin, rtol=1e-6)  # where the slope jumps
        np.testing.assert_allclose(
            np.where(on_the_edge, 0, gradient if from_logits else gradient * p * (1 - p)),
            np.where(on_the_edge, 0, expected), rtol=1e-6, atol=1e-12,
        )  # fmt: skip


def test_the_asymmetric_loss_is_the_focal_loss_of_keras_at_equal_exponents():
    y, z = float32(Y, Z)
    for from_logits, predictions in ((True, z), (False, tf.sigmoid(z))):
        expected = keras.losses.BinaryFocalCrossentropy(gamma=2, from_logits=from_logits, reduction=None)(
            y, predictions
        )
        loss = AsymmetricLoss(2, 2, 0, from_logits, reduction=None)
        np.testing.assert_allclose(loss(y, predictions), expected, rtol=1e-5, atol=1e-7)


def test_figures_by_hand():
    y, p = [[1, 0, 0]], [[0.25, 0.5, 0.04]]
    loss = AsymmetricLoss(3, 0.5, 0.1, dtype="float64")
    assert float(loss(y, p)) == pytest.approx((-np.sqrt(0.75) * np.log(0.25) - 0.4**3 * np.log(0.6)) / 3)
    loss = WeightedBinaryCrossentropy(pos_weight=5, label_weight=[1, 2, 0], dtype="float64")
    assert float(loss(y, p)) == pytest.approx((-5 * np.log(0.25) - 2 * np.log(0.5)) / 3)


def test_a_weight_moves_the_optimal_logit_by_its_logarithm():
    y = np.repeat([[1], [0]], [2, 8], axis=0)  # odds of 1 to 4
    z = np.full((10, 1), np.log(1 / 4) + np.log(7))
    _, gradient = value_and_gradient(WeightedBinaryCrossentropy(True, 7, dtype="float64"), y, z)
    assert gradient.sum() == pytest.approx(0, abs=1e-12)


def test_weights_that_balance_weigh_both_sides_the_same():
    loss = WeightedBinaryCrossentropy(True, pos_weight_from(Y), reduction=None, dtype="float64")
    _, gradient = value_and_gradient(loss, Y, np.zeros(Y.shape))
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-12)


LOSSES = {
    "weighted": WeightedBinaryCrossentropy(True, [2, 0.5, 3], [1, 0.5, 2], mask_value=-1, reduction=None),
    "weighted, probabilities": WeightedBinaryCrossentropy(False, 4, mask_value=-1, reduction=None),
    "asymmetric": AsymmetricLoss(from_logits=True, mask_value=-1, reduction=None),
    "asymmetric, probabilities": AsymmetricLoss(3, 0.5, mask_value=-1, reduction=None),
    "asymmetric, roots": AsymmetricLoss(0.5, 0.5, 0.1, from_logits=True, mask_value=-1, reduction=None),
    "asymmetric, without margin": AsymmetricLoss(1.5, 2, 0, from_logits=True, mask_value=-1, reduction=None),
}
each_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def predictions_for(loss, z=Z):
    return z if loss.from_logits else expit(z)


def changed(loss, **config):
    return type(loss).from_config({**loss.get_config(), **config})


@each_loss
def test_every_sample_has_the_loss_it_has_alone(loss):
    y, predictions = np.where(UNKNOWN, -1, Y), predictions_for(loss)
    values = loss(y, predictions)
    assert values.shape == (12,)
    alone = [float(loss(a[None], b[None])[0]) for a, b in zip(y, predictions, strict=True)]
    np.testing.assert_allclose(values, alone, rtol=1e-6)
    weights = np.arange(12.0)
    np.testing.assert_allclose(loss(y, predictions, sample_weight=weights), values * weights, rtol=1e-6)
    for reduction, divisor in (("sum", 1), ("sum_over_batch_size", 12), ("mean_with_sample_weight", weights.sum())):
        value = changed(loss, reduction=reduction)(y, predictions, sample_weight=weights)
        assert float(value) == pytest.approx((values * weights).numpy().sum() / divisor, rel=1e-5)


@each_loss
@pytest.mark.parametrize("label_dtype", ["int8", "int64", "bool", "float16", "float64"])
def test_every_dtype_of_labels_and_predictions_gives_the_same_value(loss, label_dtype):
    z = np.round(Z * 4) / 4  # exact in half precision
    predictions = predictions_for(loss, z) if loss.from_logits else np.clip(np.round(expit(z) * 256) / 256, 0.25, 0.75)
    expected = loss(*float32(Y, predictions))
    assert expected.dtype == "float32"
    for dtype in ("float16", "float32", "float64"):
        for form in (np.asarray, tf.constant):
            value = loss(form(Y.astype(label_dtype)), form(predictions.astype(dtype)))
            np.testing.assert_allclose(value, expected, rtol=1e-6)


@each_loss
def test_soft_labels_mix_both_losses(loss):
    loss, predictions = changed(loss, dtype="float64"), predictions_for(loss)
    hard, ones, zeros = (loss(y, predictions) for y in (Y, np.ones(Y.shape), np.zeros(Y.shape)))
    np.testing.assert_allclose(loss(0.9 * Y + 0.05, predictions), 0.9 * hard + 0.05 * (ones + zeros), rtol=1e-9)


def test_label_smoothing_is_that_of_keras():
    expected = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1, reduction=None)(*float32(Y, Z))
    np.testing.assert_allclose(WeightedBinaryCrossentropy(True, reduction=None)(0.9 * Y + 0.05, Z), expected, rtol=1e-5)


@pytest.mark.parametrize("shapes", [((None, 3), (None, 3)), ((None, 3), (None, None)), ((None, None), (12, None))])
@each_loss
def test_sides_may_be_unknown_in_a_graph(loss, shapes):
    predictions = predictions_for(loss).astype(np.float32)
    signature = [tf.TensorSpec(shape, dtype) for shape, dtype in zip(shapes, ("int64", "float32"), strict=True)]
    value = tf.function(lambda y, z: loss(y, z), input_signature=signature)(Y, predictions)
    np.testing.assert_allclose(value, loss(Y, predictions), rtol=1e-6)


@each_loss
def test_value_is_the_same_when_compiled_by_xla(loss):
    y, predictions = float32(np.where(UNKNOWN, -1, Y), predictions_for(loss))
    value = tf.function(lambda *args: loss(*args), jit_compile=True)(y, predictions)
    np.testing.assert_allclose(value, loss(y, predictions), rtol=1e-5, atol=1e-7)


# Unknown labels


@each_loss
@pytest.mark.parametrize("mask_value", [-1, np.nan, -7.5, np.inf, 255])
def test_unknown_labels_add_neither_loss_nor_gradient(loss, mask_value):
    loss, predictions = changed(loss, mask_value=mask_value, dtype="float64"), predictions_for(loss)
    y = np.where(UNKNOWN, mask_value, Y)
    value, gradient = value_and_gradient(loss, y, predictions)
    assert value[3] == 0 and not gradient[UNKNOWN].any() and gradient[~UNKNOWN & (Y == 1)].all()
    others = np.where(UNKNOWN, predictions_for(loss, 20 * RNG.normal(size=Z.shape)), predictions)
    for expected, came in zip((value, gradient), value_and_gradient(loss, y, others), strict=True):
        np.testing.assert_array_equal(came, expected)
    one_label = (
        changed(loss, mask_value=None, pos_weight=None, label_weight=None) if hasattr(loss, "pos_weight") else loss
    )
    for row, known in enumerate(~UNKNOWN):
        if known.any():
            weights = {}
            if one_label is not loss:
                weights = {
                    name: list(np.broadcast_to(1.0 if weight is None else weight, 3)[known])
                    for name, weight in (("pos_weight", loss.pos_weight), ("label_weight", loss.label_weight))
                }
            dropped = changed(loss, mask_value=None, **weights)
            expected = dropped(Y[row, known][None], predictions[row, known][None])
            np.testing.assert_allclose(value[row], expected[0], rtol=1e-9)


@each_loss
def test_without_unknown_labels_the_mask_changes_nothing(loss):
    predictions = predictions_for(loss)
    expected = changed(loss, mask_value=None)(Y, predictions)
    for mask_value in (-1, np.nan):
        for y in (Y.astype("int8"), Y.astype(bool), Y.astype(float)):
            np.testing.assert_allclose(changed(loss, mask_value=mask_value)(y, predictions), expected, rtol=1e-6)


@pytest.mark.parametrize(("mask_value", "dtype"), [(-1, "int8"), (255, "uint8"), (np.nan, "float16"), (-1, "float64")])
def test_the_mask_value_is_found_in_labels_of_every_dtype(mask_value, dtype):
    loss = WeightedBinaryCrossentropy(True, mask_value=mask_value, reduction=None)
    y = np.array([[1, mask_value], [mask_value, mask_value]]).astype(dtype)
    for form in (np.asarray, tf.constant):
        np.testing.assert_allclose(loss(form(y), np.zeros((2, 2))), [np.log(2), 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("mask_value", "dtype"),
    [
        (-9999, "float16"),
        (-9999, "bfloat16"),
        (-999, "bfloat16"),
        (-9.9, "float32"),
        (-9.9, "float16"),
        (-0.1, "float16"),
    ],
)
@pytest.mark.parametrize("computed_in", ["float16", "bfloat16", "float32", "float64"])
def test_a_mask_value_is_found_however_it_was_rounded(mask_value, dtype, computed_in):
    y = keras.ops.cast(np.array([[1, mask_value, 0], [0, 1, mask_value]]), dtype)
    p = np.array([[0.75, 0.5, 0.25], [0.25, 0.75, 0.5]])
    for cls in (WeightedBinaryCrossentropy, AsymmetricLoss):
        masked = cls(mask_value=mask_value, dtype=computed_in)
        expected = float(cls(dtype="float64")([[1, 0], [0, 1]], [[0.75, 0.25], [0.25, 0.75]]))
        assert float(masked(y, p)) == pytest.approx(expected, rel=0.02)


def test_what_lies_near_the_mask_value_alone_is_masked():
    loss = WeightedBinaryCrossentropy(True, mask_value=-1, reduction=None)
    assert loss([[np.nan, 1]], [[0.0, 0.0]]).numpy() != loss([[-1, 1]], [[0.0, 0.0]]).numpy()
    assert loss([[-2, 1]], [[1.0, 1.0]]).numpy() != loss([[-1, 1]], [[1.0, 1.0]]).numpy()


def test_without_a_mask_value_nothing_is_masked():
    loss = WeightedBinaryCrossentropy(True, reduction=None)
    assert float(loss([[-1]], [[1.0]])[0]) == pytest.approx(-softplus(-1) + 2 * softplus(1))
    assert np.isnan(loss([[np.nan]], [[1.0]])[0])


def test_unknown_labels_do_not_harm_a_fit():
    y = np.where(UNKNOWN, np.nan, Y)
    for loss in (
        WeightedBinaryCrossentropy(True, [2, 3, 1], mask_value=np.nan),
        AsymmetricLoss(0.5, 0.5, from_logits=True, mask_value=np.nan),
    ):
        assert np.isfinite(trained(loss, y)).all()


# The gradient


@each_loss
@pytest.mark.parametrize("mask_value", [None, -1])
def test_gradient_is_that_of_finite_differences(loss, mask_value):
    z = np.where(RNG.random(Z.shape) < 0.3, 0, Z)  # softplus written with abs or relu has a wrong slope at 0
    z += 1e-3 * (np.abs(expit(z) - 0.05) < 1e-3)  # on the margin itself either slope would do
    loss, predictions = changed(loss, mask_value=mask_value, dtype="float64"), predictions_for(loss, z)
    y = Y if mask_value is None else np.where(UNKNOWN, -1, Y)
    _, gradient = value_and_gradient(loss, y, predictions)
    for j in range(3):
        step = 1e-6 * (np.arange(3) == j)
        up, down = (np.asarray(loss(y, predictions + sign * step)) for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, j], (up - down) / 2e-6, rtol=1e-5, atol=1e-8)


def test_gradient_at_logit_zero_by_hand():
    y, z = np.array([[1.0, 0.0]]), np.zeros((1, 2))
    loss = WeightedBinaryCrossentropy(True, 3, [1, 5], reduction="sum", dtype="float64")
    np.testing.assert_allclose(value_and_gradient(loss, y, z)[1], [[-0.75, 1.25]])
    loss = AsymmetricLoss(0, 0, 0, True, reduction="sum", dtype="float64")
    np.testing.assert_allclose(value_and_gradient(loss, y, z)[1], [[-0.25, 0.25]])


SATURATED = {
    "weighted": WeightedBinaryCrossentropy(True, 3, 2),
    "plain": WeightedBinaryCrossentropy(True),
    "masked": WeightedBinaryCrossentropy(True, mask_value=-1),
    **{f"asymmetric {args}": AsymmetricLoss(*args, True) for args in ((4, 1, 0), (0, 0, 0), (1.5, 0.5, 0), (3, 3, 0))},
}


@pytest.mark.parametrize("loss", SATURATED.values(), ids=SATURATED)
@pytest.mark.parametrize("loss_dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_gradient_of_saturated_logits_is_finite_and_of_the_right_sign(loss, loss_dtype, dtype):
    z = np.array([[-100.0, -89, -30, -17, -12, -8, 0, 8, 12, 17, 30, 89, 100]])
    loss = changed(loss, reduction="sum", dtype=loss_dtype)
    for y, sign in ((0, 1), (1, -1)):
        value, gradient = value_and_gradient(loss, np.full(z.shape, y), tf.constant(z, dtype))
        assert np.isfinite(value) and np.isfinite(gradient).all()
        assert (sign * gradient >= 0).all()
        assert (sign * gradient[sign * z >= 0] > 0.005).all()


@pytest.mark.parametrize("cls", [WeightedBinaryCrossentropy, lambda *a, **o: AsymmetricLoss(0, 0, 0, *a, **o)])
@pytest.mark.parametrize(("dtype", "digits"), [("float64", 1e-12), ("float32", 1e-5), ("bfloat16", 0.01)])
def test_gradient_keeps_its_digits_far_from_zero(cls, dtype, digits):
    z = np.array([[-80.0], [-30.0], [-17.0], [-15.0], [-8.0], [-3.0], [0.0], [3.0], [17.0], [80.0]])
    loss = cls(True, reduction="sum", dtype=dtype)
    _, absent = value_and_gradient(loss, np.zeros(z.shape), tf.constant(z, dtype))
    _, present = value_and_gradient(loss, np.ones(z.shape), tf.constant(z, dtype))
    np.testing.assert_allclose(absent, expit(z), rtol=digits)
    np.testing.assert_allclose(present, -expit(-z), rtol=digits)


def test_the_gradient_of_calibrated_labels_vanishes_in_the_mean():
    """In half precision, too: with absent labels that no longer count it would push every logit down."""
    z = tf.constant(np.full((20_000, 1), -6.0), "bfloat16")
    y = (np.random.default_rng(0).random((20_000, 1)) < expit(-6.0)).astype(int)
    _, gradient = value_and_gradient(WeightedBinaryCrossentropy(True, reduction="sum", dtype="bfloat16"), y, z)
    assert gradient.mean() == pytest.approx(expit(-6.0) - y.mean(), abs=2e-5)


def test_a_margin_stops_the_gradient_of_negatives_at_both_ends():
    z = np.array([[-100.0, -3, -2.9, 0, 5, 20, 100]])
    loss = AsymmetricLoss(from_logits=True, reduction="sum")
    _, (absent,) = value_and_gradient(loss, np.zeros(z.shape), z.astype("float32"))
    assert (absent[[0, 1, 6]] == 0).all() and (absent[2:5] > 0).all() and absent[5] < 1e-6
    _, (present,) = value_and_gradient(loss, np.ones(z.shape), z.astype("float32"))
    np.testing.assert_allclose(present[0], -1 / 7, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("cls", [WeightedBinaryCrossentropy, AsymmetricLoss])
def test_probabilities_of_zero_and_one_are_kept_from_the_ends(cls, dtype):
    loss = cls(dtype=dtype, reduction=None)
    value, gradient = value_and_gradient(
        loss, np.array([[1.0], [0], [1], [0]]), tf.constant([[0.0], [1], [1], [0]], dtype)
    )
    assert np.isfinite(value).all() and (value >= 0).all() and np.isfinite(gradient).all()
    epsilon = {"float16": 2.0**-11, "bfloat16": 2.0**-8}.get(dtype, 1e-7)
    assert value[0] == pytest.approx(-np.log(epsilon), rel=0.01)


@pytest.mark.parametrize("gamma", [0.01, 0.5, 0.99])
def test_slopes_of_roots_are_finite_where_nothing_is_left_to_fade(gamma):
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        loss = AsymmetricLoss(gamma, gamma, 0.05, True, reduction="sum", dtype=dtype)
        z = tf.constant([[-100.0, -20, 20, 100, 100, 20, -20, -100]], dtype)
        value, gradient = value_and_gradient(loss, np.array([[0, 0, 0, 0, 1, 1, 1, 1]]), z)
        assert np.isfinite(value) and np.isfinite(gradient).all()


# In a model


def test_training_is_that_of_keras_without_weights():
    for from_logits, activation in ((True, None), (False, "sigmoid")):
        expected = trained(keras.losses.BinaryCrossentropy(from_logits=from_logits), Y, activation)
        assert trained(WeightedBinaryCrossentropy(from_logits), Y, activation) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("loss", [LOSSES["weighted"], LOSSES["asymmetric"]], ids=["weighted", "asymmetric"])
def test_samples_of_weight_zero_change_no_fit(loss):
    loss = changed(loss, reduction="sum_over_batch_size")
    weights = np.tile([1.0, 0.0, 2.0], 4)
    y = np.where(UNKNOWN, -1, Y)
    expected = trained(loss, y, sample_weight=weights)
    without, within = (np.where((weights == w)[:, None], 1 - Y, y) for w in (0, 2))
    np.testing.assert_allclose(trained(loss, without, sample_weight=weights), expected, rtol=1e-6)
    assert not np.allclose(trained(loss, within, sample_weight=weights), expected, rtol=1e-3)


@pytest.mark.parametrize("loss", [LOSSES["weighted"], LOSSES["asymmetric, roots"]], ids=["weighted", "asymmetric"])
def test_training_is_the_same_compiled_by_xla_or_not(loss):
    loss, y = changed(loss, reduction="sum_over_batch_size"), np.where(UNKNOWN, -1, Y)
    plain, compiled_by_xla = (trained(loss, y, jit_compile=jit) for jit in (False, True))
    np.testing.assert_allclose(compiled_by_xla, plain, rtol=1e-4, atol=1e-6)


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def _half_precision(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("_half_precision")
def test_a_model_of_half_precision_has_a_loss_in_single():
    for loss in (WeightedBinaryCrossentropy(True, 3, mask_value=-1), AsymmetricLoss(from_logits=True, mask_value=-1)):
        assert loss.dtype == "float32"
        y = np.where(UNKNOWN, -1, Y)
        assert np.isfinite(trained(loss, y)).all()
        model = compiled(changed(loss, mask_value=None, **({"margin": 0} if hasattr(loss, "margin") else {})))
        model.layers[0].set_weights([np.ones((4, 3)), np.zeros(3)])
        value = model.evaluate(np.full((1, 4), 10, np.float32), np.zeros((1, 3)), verbose=0)
        assert value == pytest.approx(40, rel=1e-2)  # far beyond where probabilities in half precision end


def test_it_learns():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(200, 4)).astype(np.float32)
    y = (inputs @ rng.normal(size=(4, 3)) > 1).astype(np.float32)
    y_known = np.where(rng.random(y.shape) < 0.3, np.nan, y)
    for loss in (
        WeightedBinaryCrossentropy(True, pos_weight_from(y_known), mask_value=np.nan),
        AsymmetricLoss(from_logits=True, mask_value=np.nan),
    ):
        model = compiled(loss)
        model.optimizer.learning_rate = 2.0
        history = model.fit(inputs, y_known, epochs=15, verbose=0).history["loss"]
        assert history[-1] < history[0] / 2
        order = model.predict(inputs, verbose=0)
        assert all(order[y[:, j] == 1, j].mean() > order[y[:, j] == 0, j].mean() + 1 for j in range(3))


# Configurations and saved models

CONFIGURED = [
    WeightedBinaryCrossentropy(),
    WeightedBinaryCrossentropy(
        np.True_, np.array([1.0, 2, 3], "float32"), (1, 0.5, 0), np.float32("nan"), None, "named", "float64"
    ),
    WeightedBinaryCrossentropy(True, np.float32(0.5), pd.Series([1, 2, 3]), np.int8(-1), "sum", dtype="bfloat16"),
    AsymmetricLoss(),
    AsymmetricLoss(np.float32(1.5), np.int64(2), np.float32(0.25), True, np.nan, None, "named", "float16"),
    AsymmetricLoss(mask_value=-1, dtype=keras.DTypePolicy("mixed_float16")),
]


def test_defaults_are_the_documented_ones():
    common = {"reduction": "sum_over_batch_size", "dtype": "float32", "from_logits": False, "mask_value": None}
    weights = {"name": "weighted_binary_crossentropy", "pos_weight": None, "label_weight": None}
    exponents = {"name": "asymmetric_loss", "gamma_neg": 4.0, "gamma_pos": 1.0, "margin": 0.05}
    exponents["constant_focal_weight"] = False
    assert WeightedBinaryCrossentropy().get_config() == {**common, **weights}
    assert AsymmetricLoss().get_config() == {**common, **exponents}


def test_config_says_what_was_asked_for():
    config = CONFIGURED[1].get_config()
    assert np.isnan(config.pop("mask_value"))
    assert config == {
        **{"name": "named", "reduction": None, "dtype": "float64", "from_logits": True},
        **{"pos_weight": [1.0, 2.0, 3.0], "label_weight": [1.0, 0.5, 0.0]},
    }
    config = CONFIGURED[4].get_config()
    assert np.isnan(config.pop("mask_value"))
    assert config == {
        **{"name": "named", "reduction": None, "dtype": "float16", "from_logits": True},
        **{"gamma_neg": 1.5, "gamma_pos": 2.0, "margin": 0.25, "constant_focal_weight": False},
    }
    assert keras.losses.serialize(CONFIGURED[0])["registered_name"] == "mlhelpers>WeightedBinaryCrossentropy"
    assert keras.losses.serialize(CONFIGURED[3])["registered_name"] == "mlhelpers>AsymmetricLoss"


@pytest.mark.parametrize("loss", CONFIGURED, ids=lambda loss: f"{loss.name}-{loss.dtype}")
@pytest.mark.parametrize(
    "duplicate",
    [
        lambda loss: type(loss).from_config(json.loads(json.dumps(loss.get_config()))),
        lambda loss: keras.losses.deserialize(json.loads(json.dumps(keras.losses.serialize(loss)))),
        lambda loss: keras.losses.get(keras.losses.serialize(loss)),
        lambda loss: pickle.loads(pickle.dumps(loss)),
        copy.deepcopy,
    ],
    ids=["config", "deserialize", "get", "pickle", "copy"],
)
def test_duplicates_are_the_same_loss(loss, duplicate):
    other = duplicate(loss)
    assert type(other) is type(loss)
    assert repr(other.get_config()) == repr(loss.get_config())  # NaN equals nothing, but is written alike
    y = np.array([[1, 0, 1], [0, 1, 0]]) if loss.mask_value is None else [[1, 0, loss.mask_value], [0, 1, 0]]
    p = np.array([[0.2, 0.7, 0.1], [0.6, 0.5, 0.9]])
    value, expected = other(y, p), loss(y, p)
    assert value.dtype == expected.dtype == loss.dtype
    assert np.isfinite(np.asarray(expected, float)).all() and bool(tf.reduce_all(value == expected))


@pytest.mark.parametrize(
    "loss",
    [
        WeightedBinaryCrossentropy(True, np.array([2.0, 3, 4]), [1, 1, 0.5], np.nan),
        AsymmetricLoss(3, 0.5, from_logits=True, mask_value=np.nan),
    ],
    ids=["weighted", "asymmetric"],
)
def test_a_saved_model_goes_on_training_as_the_model_itself(loss, tmp_path):
    y, model = np.where(UNKNOWN, np.nan, Y), compiled(loss)
    model.fit(X, y, verbose=0)
    with warnings.catch_warnings():
        # TensorFlow's variables do not know the `copy` of NumPy 2 yet.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.loss) is type(loss)
    assert repr(loaded.loss.get_config()) == repr(loss.get_config())
    histories = [m.fit(X, y, epochs=2, shuffle=False, verbose=0).history["loss"] for m in (model, loaded)]
    assert histories[0] == pytest.approx(histories[1], rel=1e-6)
    clone = keras.models.clone_model(model)
    clone.compile("sgd", type(loss).from_config(loss.get_config()))
    clone.set_weights(model.get_weights())
    assert clone.evaluate(X, y, verbose=0) == pytest.approx(model.evaluate(X, y, verbose=0), rel=1e-6)


# What is refused, and with which words

NUMBERS = "must be an array of real numbers of shape (n_labels,), got"


@pytest.mark.parametrize("name", ["pos_weight", "label_weight"])
@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (-1, ValueError, "{} holds -1, expected finite weights of at least 0"),
        ([1, -0.5, -2], ValueError, "{} holds -0.5, expected finite weights of at least 0"),
        ([0, 0.5, -1], ValueError, "{} holds -1, expected finite weights of at least 0"),
        (np.nan, ValueError, "{} holds nan, expected finite weights of at least 0"),
        ([1, np.inf], ValueError, "{} holds inf, expected finite weights of at least 0"),
        (True, TypeError, "{} must be a number, or one number per label, got True"),
        ("3", TypeError, f"{{}} {NUMBERS} str"),
        (["a", "b"], TypeError, f"{{}} {NUMBERS} list"),
        ([[1, 2], [3]], TypeError, f"{{}} {NUMBERS} list"),
        ({"sky": 1}, TypeError, f"{{}} {NUMBERS} dict"),
        (1j, TypeError, f"{{}} {NUMBERS} complex"),
        (np.ma.array([1, 2], mask=[0, 1]), TypeError, f"{{}} {NUMBERS} MaskedArray"),
        ([[1, 2, 3]], ValueError, "{} has shape (1, 3), expected (n_labels,) with no side of length 0"),
        ([], ValueError, "{} has shape (0,), expected (n_labels,) with no side of length 0"),
    ],
)
def test_rejected_weights(name, weight, error, message):
    with pytest.raises(error, match="^" + re.escape(message.format(name))):
        WeightedBinaryCrossentropy(**{name: weight})


@pytest.mark.parametrize(("weight", "came"), [(0, "0.0"), ([1, 0], "[1.0, 0.0]")])
def test_a_pos_weight_of_zero_is_refused_a_label_weight_of_zero_is_not(weight, came):
    message = f"pos_weight must be above 0, got {came}; at 0 no positive would be learnt"
    with pytest.raises(ValueError, match=re.escape(message)):
        WeightedBinaryCrossentropy(pos_weight=weight)
    assert WeightedBinaryCrossentropy(label_weight=weight).label_weight == weight


@pytest.mark.parametrize("name", ["pos_weight", "label_weight"])
@pytest.mark.parametrize("n_weights", [1, 2, 4])
def test_there_is_one_weight_per_label(name, n_weights):
    loss = WeightedBinaryCrossentropy(True, **{name: [2.0] * n_weights})
    message = f"{name} has {n_weights} values for 3 labels; give one number, or one per column, in order"
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        loss(Y, Z)
    with pytest.raises(ValueError, match=re.escape(message)):
        compiled(loss).fit(X, Y, verbose=0)


@pytest.mark.parametrize("cls", [WeightedBinaryCrossentropy, AsymmetricLoss])
@pytest.mark.parametrize(
    ("mask_value", "error", "message"),
    [
        *(
            (wrong, ValueError, f"mask_value is {wrong}, which labels have, too; mark unknown labels with -1 or NaN")
            for wrong in (0, 1, 0.5, 1.0)
        ),
        *(
            (wrong, TypeError, f"mask_value must be a number or None, got {wrong!r} of type {type(wrong).__name__}")
            for wrong in ("x", True, False, [-1], 1j)
        ),
    ],
)
def test_rejected_mask_values(cls, mask_value, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        cls(mask_value=mask_value)


@pytest.mark.parametrize("mask_value", [-0.5, 1.5, 2])
def test_a_mask_value_may_lie_close_to_the_labels(mask_value):
    loss = WeightedBinaryCrossentropy(True, mask_value=mask_value, reduction=None)
    np.testing.assert_allclose(loss([[1, mask_value], [mask_value, mask_value]], np.zeros((2, 2))), [np.log(2), 0])


@pytest.mark.parametrize("name", ["gamma_neg", "gamma_pos", "margin"])
@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        *((w, ValueError, f"{{}} must be a finite number of at least 0, got {w}") for w in (-0.1, np.nan, np.inf)),
        *(
            (w, TypeError, f"{{}} must be a number, got {w!r} of type {type(w).__name__}")
            for w in ("2", True, None, [1], 2j)
        ),
    ],
)
def test_rejected_exponents_and_margins(name, wrong, error, message):
    with pytest.raises(error, match="^" + re.escape(message.format(name)) + "$"):
        AsymmetricLoss(**{name: wrong})


@pytest.mark.parametrize("margin", [1, 2.5])
def test_rejected_margins(margin):
    with pytest.raises(ValueError, match=rf"^margin must be below 1, got {margin:g}; the paper's is 0\.05$"):
        AsymmetricLoss(margin=margin)


@pytest.mark.parametrize("cls", [WeightedBinaryCrossentropy, AsymmetricLoss])
def test_rejected_flags_dtypes_and_reductions(cls):
    for flag in (1, 0, "yes", None):
        with pytest.raises(TypeError, match=f"^from_logits must be True or False, got {flag!r}$"):
            cls(from_logits=flag)
    for dtype in ("int32", "bool"):
        with pytest.raises(ValueError, match=f"^dtype must be a floating-point type, got '{dtype}'; use None"):
            cls(dtype=dtype)
    with pytest.raises(ValueError, match="argument `reduction`"):
        cls(reduction="average")


@each_loss
@pytest.mark.parametrize(
    ("true", "predicted"),
    [((4, 1), (4, 3)), ((4, 3), (4, 1)), ((1, 3), (4, 3)), ((3,), (4, 3)), ((4,), (4,)), ((4, 3, 1), (4, 3)), ((), ())],
    ids=str,
)
def test_shapes_that_would_broadcast_are_refused(loss, true, predicted):
    message = f"y_true has shape {true} and y_pred has shape {predicted}; both must be the same (batch, n_labels)"
    with pytest.raises(ValueError, match=re.escape(message)):
        loss(np.ones(true), np.full(predicted, 0.5))


def test_a_mismatch_that_only_the_running_program_knows_does_not_broadcast():
    unknown = tf.TensorSpec((None, None), tf.float32)
    for loss in (WeightedBinaryCrossentropy(mask_value=-1), AsymmetricLoss()):
        call = tf.function(lambda y, p, loss=loss: loss(y, p), input_signature=[unknown, unknown])
        with pytest.raises(tf.errors.InvalidArgumentError):
            call(np.ones((4, 1), "float32"), np.full((4, 3), 0.5, "float32"))


# Weights from labels

MATRIX = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 1]])


def test_pos_weight_is_the_ratio_of_the_balanced_weights_of_scikit_learn():
    labels = RNG.random((50, 4)) < [0.1, 0.3, 0.5, 0.9]
    expected = []
    for column in labels.T:
        absent, present = compute_class_weight("balanced", classes=np.array([False, True]), y=column)
        expected.append(present / absent)
    weights = pos_weight_from(labels)
    assert weights.dtype == np.float64 and weights.shape == (4,)
    np.testing.assert_allclose(weights, expected)


@pytest.mark.parametrize(
    "form",
    [
        *(np.int8, np.uint8, np.int64, np.float32, bool),
        *(np.ndarray.tolist, pd.DataFrame, sparse.csr_matrix, sparse.coo_array, sparse.csc_array),
    ],
    ids=lambda form: form.__name__,
)
def test_every_form_of_labels_gives_the_same_weights(form):
    labels = MATRIX.astype(form) if isinstance(form, type) and issubclass(form, (np.generic, bool)) else form(MATRIX)
    np.testing.assert_array_equal(pos_weight_from(labels), [2 / 3, 4, 1 / 4])


def test_unknown_labels_are_on_neither_side():
    unknown = np.zeros(MATRIX.shape, bool)
    unknown[0, 0] = unknown[0:2, 1] = unknown[3, 2] = unknown[0, 2] = True
    labels = np.vstack([np.where(unknown, -1, MATRIX), [[-1, 0, 0]]])
    expected = [1, 3, 1 / 3]
    floats, objects = np.where(labels == -1, np.nan, labels), labels.astype(object)
    objects[labels == -1] = pd.NA
    forms = {
        "-1": labels,
        "NaN": floats,
        "masked array": np.ma.array(np.abs(labels), mask=labels == -1),
        "pandas.NA": pd.DataFrame(objects),
        "nullable integers": pd.DataFrame(objects).astype("Int8"),
        "None": np.where(labels == -1, None, labels),
        "sparse": sparse.csr_array(labels),
        "sparse NaN": sparse.coo_array(floats),
    }
    for name, form in forms.items():
        np.testing.assert_array_equal(pos_weight_from(form), expected, err_msg=name)


def test_a_cap_limits_weights_and_serves_labels_without_positives():
    labels = np.hstack([MATRIX, np.zeros((5, 1), int)])
    for form in (labels, sparse.csr_array(labels)):
        np.testing.assert_array_equal(pos_weight_from(form, cap=3), [2 / 3, 3, 1 / 4, 3])
        np.testing.assert_array_equal(pos_weight_from(form, cap=np.float32(0.5)), [0.5, 0.5, 0.25, 0.5])
        np.testing.assert_array_equal(pos_weight_from(form, cap=100), [2 / 3, 4, 1 / 4, 100])


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, pd.DataFrame], ids=["dense", "sparse", "frame"])
def test_labels_without_a_weight_are_named(form):
    labels = np.tile([[0, 0, 1], [0, 1, 1]], (1, 7))
    for matrix, kind, way_out in (
        (labels[:, [0, 1, 1, 0]], "positive", "at column 0, 3; drop them, or give cap=..., the highest weight"),
        (labels[:, [2, 1, 2]], "negative", "at column 0, 2; drop them"),
        (labels[:, [2, 1, 0]], "negative", "at column 0; drop them"),
        (np.where(labels == 0, -1, labels)[:, [1, 1]], "negative", "at column 0, 1; drop them"),
        (labels[:, np.arange(21) % 3 != 1], "negative", "at column 1, 3, 5, 7, 9; drop them"),
    ):
        message = f"Y has labels without a {kind}, so without a weight, {way_out}"
        with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
            pos_weight_from(form(matrix))
    with pytest.raises(ValueError, match="without a negative"):
        pos_weight_from(form(labels), cap=10)


@pytest.mark.parametrize(
    ("cap", "error", "message"),
    [
        (0, ValueError, "cap must be above 0, got 0; usual values are 10 to 100"),
        *((w, ValueError, f"cap must be a finite number of at least 0, got {w}") for w in (-1, np.nan, np.inf)),
        *((w, TypeError, f"cap must be a number, got {w!r} of type {type(w).__name__}") for w in ("5", True, [5])),
    ],
)
def test_rejected_caps(cap, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        pos_weight_from(MATRIX, cap=cap)


def test_rejected_labels():
    with pytest.raises(ValueError, match=r"^Y holds 2 at row 0, column 1"):
        pos_weight_from([[1, 2], [0, 1]])
    with pytest.raises(ValueError, match=r"^Y has shape \(3,\)"):
        pos_weight_from([0, 1, 1])
    with pytest.raises(TypeError, match=r"^Y has dtype <U3"):
        pos_weight_from([["sky", "sea"]])


def test_labels_are_never_changed():
    for labels in (MATRIX.astype(np.int8), MATRIX.astype(float)):
        before = labels.copy()
        labels.flags.writeable = False
        pos_weight_from(labels, cap=2)
        np.testing.assert_array_equal(labels, before)
    matrix = sparse.csr_array(np.where(MATRIX == 0, -1, MATRIX)[:, [0]] * [[1, 1]])
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    with pytest.raises(ValueError, match="without a negative"):
        pos_weight_from(matrix)
