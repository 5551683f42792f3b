"""The audit: each rule on a model that breaks it and on one near it that does not; the models of the chapters."""

from __future__ import annotations

import copy
import json
import pickle
import random
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers, losses, metrics, ops
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression, RidgeClassifier, RidgeClassifierCV
from sklearn.metrics import accuracy_score, f1_score, get_scorer, get_scorer_names, log_loss, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    check_cv,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from mlhelpers.audit import RULES, Finding, Findings, audit
from mlhelpers.keras_metrics import HammingLoss, MultilabelF1, SubsetAccuracy
from mlhelpers.losses import AsymmetricLoss, ClippedBinaryCrossentropy, WeightedBinaryCrossentropy
from mlhelpers.splits import MultilabelKFold

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y = (X[:, :3] + RNG.normal(size=(40, 3)) > 0).astype(int)
NEVER, ALWAYS = Y * [1, 1, 0], np.maximum(Y, [0, 0, 1])
ONE_EACH = np.eye(3, dtype=int)[RNG.integers(3, size=40)]
BCE, FROM_LOGITS = losses.BinaryCrossentropy, losses.BinaryCrossentropy(from_logits=True)
LR = LogisticRegression()


def network(activation=None, loss=FROM_LOGITS, metrics=None, units=3, **options):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss, metrics=metrics, **options)
    return model


def ending(*tail, loss="bce"):
    """Return a model of the functional API that ends in the given functions."""
    inputs = keras.Input((4,))
    tensor = inputs
    for part in tail:
        tensor = part(tensor)
    model = keras.Model(inputs, tensor)
    model.compile("sgd", loss)
    return model


def codes(model, Y=Y, **options):
    return [finding.code for finding in audit(model, Y, **options)]


def only(model, Y=Y, **options):
    """Return the one finding."""
    (finding,) = audit(model, Y, **options)
    return finding


# Output and loss


@pytest.mark.parametrize(
    ("activation", "loss", "expected"),
    [
        (None, "binary_crossentropy", ["ML103"]),
        (None, BCE(), ["ML103"]),
        (None, BCE(from_logits=True), []),
        (None, "categorical_crossentropy", ["ML102", "ML103"]),
        ("sigmoid", "binary_crossentropy", []),
        ("sigmoid", BCE(), []),
        ("sigmoid", BCE(from_logits=True), ["ML104"]),
        ("sigmoid", "categorical_crossentropy", ["ML102"]),
        ("softmax", "binary_crossentropy", ["ML101"]),
        ("softmax", BCE(), ["ML101"]),
        ("softmax", BCE(from_logits=True), ["ML101", "ML104"]),
        ("softmax", "categorical_crossentropy", ["ML101", "ML102"]),
    ],
)
def test_every_pair_of_output_and_loss(activation, loss, expected):
    assert codes(network(activation, loss)) == expected


def right_for_probabilities(y, p):
    return losses.binary_crossentropy(y, p)


def right_for_logits(y, z):
    return ops.mean(ops.softplus(z) - y * z, axis=-1)


def naive(y, p):
    return ops.mean(-y * ops.log(p) - (1 - y) * ops.log(1 - p), axis=-1)


def clipped_by_hand(y, p):
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p), axis=-1)


class OwnLoss(losses.Loss):
    def call(self, y, p):
        return losses.binary_crossentropy(y, p, from_logits=True)


@pytest.mark.parametrize(
    "loss",
    [
        "bce",
        "BinaryCrossentropy",
        BCE,
        losses.binary_crossentropy,
        partial(losses.binary_crossentropy, label_smoothing=0.1),
        partial(losses.binary_crossentropy, from_logits=False),
        losses.BinaryFocalCrossentropy(),
        "binary_focal_crossentropy",
        ClippedBinaryCrossentropy(),
        WeightedBinaryCrossentropy(from_logits=False),
        AsymmetricLoss(from_logits=False),
        right_for_probabilities,
        naive,
        clipped_by_hand,
        lambda y, p: losses.binary_crossentropy(y, p),
        ["bce"],
        {"out": "bce"},
    ],
)
def test_losses_on_probabilities(loss):
    inputs = keras.Input((4,))
    for activation, expected in (("sigmoid", []), ("linear", ["ML103"])):
        model = keras.Model(inputs, layers.Dense(3, activation=activation, name="out")(inputs))
        model.compile("sgd", loss)
        assert codes(model) == expected


@pytest.mark.parametrize(
    "loss",
    [
        partial(losses.binary_crossentropy, from_logits=True),
        losses.BinaryFocalCrossentropy(from_logits=True),
        WeightedBinaryCrossentropy(from_logits=True, mask_value=-1),
        AsymmetricLoss(from_logits=True),
        right_for_logits,
        OwnLoss(),
        OwnLoss,
        lambda y, z: right_for_logits(y, z),
        lambda y, z: ops.mean(tf.nn.weighted_cross_entropy_with_logits(y, z, 3.0), axis=-1),
    ],
)
def test_losses_on_logits(loss):
    assert codes(network(None, loss)) == []
    assert codes(network("sigmoid", loss)) == ["ML104"]


@pytest.mark.parametrize("activation", [None, "sigmoid", "tanh"])
@pytest.mark.parametrize(
    "loss",
    [
        "mse",
        "mae",
        "hinge",
        "squared_hinge",
        "huber",
        "log_cosh",
        "poisson",
        "cosine_similarity",
        "msle",
        losses.Dice(axis=-1),
        lambda y, z: ops.mean((1 - 2 * y) * z, axis=-1),
        lambda y, p: ops.mean(1 / 0 * p, axis=-1),
        None,
    ],
)
def test_losses_that_are_no_cross_entropy_pass_with_any_output(activation, loss):
    assert codes(network(activation, loss)) == []


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_ml102_of_a_loss_that_asks_something_of_positives_only(activation):
    finding = only(network(activation, lambda y, z: ops.mean(y * ops.relu(1 - z), axis=-1)))
    assert finding.code == "ML102" and "asks nothing of absent labels" in finding.message


def test_a_loss_that_only_binary_and_categorical_cross_entropy_undo_is_an_error():
    assert only(network("sigmoid", FROM_LOGITS)).severity == "warning"  # TensorFlow takes the sigmoid back
    assert only(network("sigmoid", losses.BinaryFocalCrossentropy(from_logits=True))).severity == "error"


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "crossentropy", "CE", losses.CategoricalCrossentropy()])
def test_ml102_names_the_loss(loss):
    finding = only(network("sigmoid", loss))
    assert finding.code == "ML102"
    assert (f'"{loss}"' if isinstance(loss, str) else "CategoricalCrossentropy") in finding.message


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", losses.CategoricalFocalCrossentropy(), "kl_divergence"]
)
def test_ml102_of_related_losses(loss):
    assert codes(network("sigmoid", loss)) == ["ML102"]


def test_crossentropy_of_one_label_is_binary():
    assert codes(network("sigmoid", "crossentropy", units=1), Y[:, :1]) == []


def one_output(loss, structure=lambda tensor: tensor, **options):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, structure(layers.Dense(3, activation="sigmoid", name="out")(inputs)))
    model.compile("sgd", loss, **options)
    return model


@pytest.mark.parametrize(
    "loss",
    [
        ["bce", "categorical_crossentropy"],
        ("bce", "mse"),
        [BCE(), losses.MeanSquaredError()],
        [["bce", "mse"]],
        {"out": ["bce", "mse"]},
        ["bce", "bce", right_for_probabilities, "mse"],
        ["bce", lambda y, p: 1 / 0],
        [right_for_probabilities, partial(losses.binary_crossentropy, label_smoothing=0.1)],
    ],
)
def test_ml110_only_the_first_of_several_losses_is_trained(loss):
    model = one_output(loss)
    finding = only(model)
    assert (finding.code, finding.severity) == ("ML110", "error")
    assert f"{len(keras.tree.flatten(loss))} losses are given" in finding.message


@pytest.mark.parametrize("loss", [["bce"] * 3, ["bce", "binary_crossentropy"], [BCE(), BCE()], ["bce", naive]])
def test_ml110_of_losses_that_are_no_different(loss):
    finding = only(one_output(loss))
    assert (finding.code, finding.severity) == ("ML110", "info")


@pytest.mark.parametrize("loss", ["bce", ["bce"], {"out": "bce"}, {"out": ["bce"]}, [["bce"]], BCE()])
def test_near_ml110(loss):
    assert codes(one_output(loss)) == []


def test_ml110_says_more_only_of_a_known_output():
    several = "unless the model returns several outputs, or a list, only the first is trained"
    for model in (subclassed(["bce", "mse"]), one_output(["bce", "mse"], lambda tensor: [tensor])):
        finding = audit(model, Y)[0]
        assert (finding.code, finding.severity) == ("ML110", "warning") and several in finding.message
    by_name = one_output({"a": ["bce", "mse"]}, lambda tensor: {"a": tensor})
    assert only(by_name).severity == "warning"
    unbuilt = keras.Sequential([layers.Dense(3, activation="sigmoid"), layers.Dropout(0.1)])
    unbuilt.compile("sgd", ["bce", "mse"])
    assert only(unbuilt).severity == "error"


def test_keras_still_trains_the_first_loss_alone():
    model = one_output(["mse", "bce"])
    shown = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert shown["loss"] == pytest.approx(((model.predict(X, verbose=0) - Y) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([["mse"], ["mae"]], ["ML110"]),
        ([["mse"], [], ["mae"]], ["ML110"]),
        ({"cat": "mse", "dog": ["mae"]}, ["ML110"]),
        (["mse", "mae"], []),
        ([["mse", "mae"]], []),
        ({"out": ["mse", "mae"]}, []),
        ([], []),
        (None, []),
    ],
)
@pytest.mark.parametrize("where", ["metrics", "weighted_metrics"])
def test_ml110_of_metrics(given, expected, where):
    model = one_output("bce", **{where: given})
    assert codes(model) == expected
    assert all(finding.severity == "warning" for finding in audit(model, Y))


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus", "exponential", layers.LeakyReLU()])
@pytest.mark.parametrize("from_logits", [False, True])
def test_ml105(activation, from_logits):
    finding = only(network(activation, BCE(from_logits=from_logits)))
    assert (finding.code, finding.severity) == ("ML105", "error")


def test_ml105_of_a_hard_sigmoid_is_a_warning():
    assert only(network("hard_sigmoid", "bce")).severity == "warning"


def test_log_softmax_is_a_softmax():
    finding = only(network("log_softmax", "mse"))
    assert finding.code == "ML101" and "log-softmax" in finding.message


def scalar_loss(y, z):
    return ops.mean(right_for_logits(y, z))


class ScalarLoss(losses.Loss):
    def call(self, y, z):
        return ops.mean(right_for_logits(y, z))


def per_label_loss(y, z):
    return ops.mean(ops.softplus(z) - y * z, axis=0)


@pytest.mark.parametrize("n_labels", [3, 5])
@pytest.mark.parametrize("loss", [scalar_loss, ScalarLoss(), per_label_loss, partial(scalar_loss)])
def test_ml106(loss, n_labels):
    finding = only(network(None, loss, units=n_labels), RNG.integers(2, size=(40, n_labels)))
    assert (finding.code, finding.severity) == ("ML106", "warning")


def test_ml106_of_a_loss_of_keras():
    assert codes(network("sigmoid", losses.Dice())) == ["ML106"]
    assert codes(network("sigmoid", losses.Dice(axis=-1))) == []


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
def test_ml107(dtype):
    def half(activation, loss):
        return codes(ending(layers.Dense(3, activation=activation, dtype=dtype), loss=loss))

    assert half("sigmoid", "bce") == half("sigmoid", ClippedBinaryCrossentropy()) == ["ML107"]
    assert half(None, FROM_LOGITS) == half("sigmoid", "mse") == []
    assert half(None, "bce") == ["ML103"]
    full = layers.Activation("sigmoid", dtype="float32")
    assert codes(ending(layers.Dense(3, dtype=dtype), full)) == []


@pytest.mark.parametrize("units", [1, 2, 4])
def test_ml108(units):
    finding = only(network(None, right_for_logits, units=units))
    assert finding.code == "ML108" and f"{units} units, but Y has 3 labels" in finding.message
    assert ("stretch the single column" in finding.message) == (units == 1)


@pytest.mark.parametrize(("units", "n_labels"), [(1, 3), (3, 1), (2, 3), (4, 3)])
def test_ml108_says_which_losses_keras_refuses(units, n_labels):
    def runs(loss):
        try:
            network("sigmoid", loss, units=units).evaluate(X, Y[:, :n_labels], verbose=0)
        except ValueError:
            return False
        return True

    single = 1 in (units, n_labels)
    assert [runs(loss) for loss in ("bce", "mse", "hinge", "huber")] == [False, single, single, single]
    assert (
        "binary cross-entropy refuses that" in only(network("sigmoid", "mse", units=units), Y[:, :n_labels]).message
    ) == single


def test_ml108_of_more_sides():
    column = ending(layers.Dense(3, activation="sigmoid"), layers.Reshape((3, 1)))
    assert codes(column) == []  # Keras drops the last side
    assert (
        "has shape (None, 3, 2), but"
        in only(ending(layers.Dense(6, activation="sigmoid"), layers.Reshape((3, 2)))).message
    )
    assert codes(network("sigmoid", "bce", units=1), Y[:, :1]) == []
    assert codes(ending(layers.Dense(3, activation="sigmoid"), layers.Reshape((-1, 1)))) == []


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.BinaryFocalCrossentropy(alpha=0.9), ["ML109"]),
        (partial(losses.binary_focal_crossentropy, alpha=0.9), ["ML109"]),
        (losses.BinaryFocalCrossentropy(alpha=0.9, apply_class_balancing=True), []),
        (partial(losses.binary_focal_crossentropy, alpha=0.9, apply_class_balancing=True), []),
        (losses.BinaryFocalCrossentropy(gamma=3), []),
    ],
)
def test_ml109(loss, expected):
    assert codes(network("sigmoid", loss)) == expected


# Where the output comes from


def nested(activation):
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=activation)])


SAME_VALUES = [
    layers.Dropout(0.5),
    layers.Identity(),
    layers.Flatten(),
    layers.Reshape((3,)),
    layers.Activation("linear", dtype="float32"),
    lambda t: ops.cast(t, "float32"),
    lambda t: ops.squeeze(ops.expand_dims(t, -1), -1),
]


@pytest.mark.parametrize("after", SAME_VALUES)
def test_layers_that_change_no_value_are_looked_through(after):
    assert codes(ending(layers.Dense(3), after)) == ["ML103"]
    assert codes(ending(layers.Dense(3, activation="sigmoid"), after)) == []
    assert codes(ending(layers.Dense(3, activation="softmax"), after)) == ["ML101"]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ([layers.Dense(3), layers.Activation("sigmoid")], []),
        ([layers.Dense(3), ops.sigmoid], []),
        ([layers.Dense(3), keras.activations.sigmoid], []),
        ([layers.Dense(3, activation=tf.nn.sigmoid)], []),
        ([layers.Dense(3, activation=ops.sigmoid)], []),
        ([nested("sigmoid")], []),
        ([nested("sigmoid"), layers.Dropout(0.1)], []),
        ([nested(None), ops.sigmoid], []),
        ([nested(None)], ["ML103"]),
        ([nested("softmax")], ["ML101"]),
        ([layers.Dense(3), layers.Softmax()], ["ML101"]),
        ([layers.Dense(3), ops.softmax], ["ML101"]),
        ([layers.Dense(3), layers.ReLU()], ["ML105"]),
        ([layers.Dense(3), layers.PReLU()], ["ML105"]),
        ([layers.SpectralNormalization(layers.Dense(3))], ["ML103"]),
        ([layers.SpectralNormalization(layers.Dense(3, activation="sigmoid"))], []),
        # Functions of one's own are known by their values.
        ([layers.Dense(3), layers.Lambda(lambda z: 1 / (1 + ops.exp(-z)))], []),
        ([layers.Dense(3, activation=lambda z: z)], ["ML103"]),
        # Of these neither the layers tell the values nor the functions.
        ([layers.Dense(3), lambda z: z / 2], []),
        ([layers.Dense(3), layers.Lambda(lambda z: z / 2)], []),
        ([layers.Dense(3), layers.BatchNormalization()], []),
    ],
)
def test_the_output_is_read_from_the_layers(tail, expected):
    assert codes(ending(*tail)) == expected


@pytest.mark.parametrize(("activations", "expected"), [("ss", []), ("ll", ["ML103"]), ("sl", []), ("xx", [])])
def test_heads_that_are_joined(activations, expected):
    names = {"s": "sigmoid", "l": None, "x": "softmax"}  # a softmax over a part of the labels may be meant
    heads = [layers.Dense(n, activation=names[a]) for n, a in zip((1, 2), activations, strict=True)]
    assert codes(ending(lambda t: layers.Concatenate()([head(t) for head in heads]))) == expected


def test_a_softmax_over_the_two_answers_to_each_label_is_right():
    pair = [layers.Dense(6), layers.Reshape((3, 2)), layers.Softmax(), layers.Flatten(), layers.Dense(3)]
    assert codes(ending(*pair[:3], lambda t: t[:, :, 1])) == []
    assert codes(ending(*pair[:3], layers.Flatten()), np.hstack([Y, Y])) == []


def test_a_shared_layer_is_read_where_the_output_uses_it():
    squash, inputs = layers.Activation("sigmoid"), keras.Input((4,))
    hidden = squash(layers.Dense(5)(inputs))
    model = keras.Model(inputs, squash(layers.Dense(3)(hidden)))
    model.compile("sgd", "bce")
    assert codes(model) == []


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ([layers.Dense(3)], ["ML103"]),
        ([layers.Dense(3), layers.Dropout(0.1)], ["ML103"]),
        ([layers.Dense(3, activation="sigmoid")], []),
        ([layers.Dense(3), layers.Activation("sigmoid")], []),
        ([layers.Dense(2, activation="sigmoid")], ["ML108"]),
        ([layers.Dense(3, activation="sigmoid", dtype="bfloat16")], []),  # bfloat16 inside, but autocast is unknown
        ([], []),
    ],
)
def test_a_sequential_model_that_is_not_built(tail, expected):
    model = keras.Sequential(list(tail))
    model.compile("sgd", "bce")
    if tail and tail[-1].compute_dtype == "bfloat16":
        expected = ["ML107"]
    assert codes(model) == expected
    assert not model.built


class Subclassed(keras.Model):
    def __init__(self, activation=None, units=3, several=False):
        super().__init__()
        self.dense, self.several = layers.Dense(units, activation=activation), several

    def call(self, x):
        return [self.dense(x)] * 2 if self.several else self.dense(x)


def subclassed(loss="bce", **options):
    model = Subclassed(**options)
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    ("activation", "loss", "seen"),
    [
        (None, "bce", ["ML103"]),
        (None, FROM_LOGITS, []),
        ("sigmoid", "bce", []),
        ("sigmoid", FROM_LOGITS, ["ML104"]),
        ("softmax", "bce", ["ML101"]),
    ],
)
def test_an_unknown_output_is_judged_by_its_values(activation, loss, seen):
    unknown = subclassed(loss, activation=activation)
    assert codes(unknown) == ["ML201"]
    assert not unknown.built
    for inputs in (X, X.astype(float), X.tolist(), tf.constant(X), pd.DataFrame(X)):
        assert codes(unknown, X=inputs) == [*seen, "ML201"]
    same, nearly = (
        ending(layers.Dense(3, activation=activation), layers.Lambda(function), loss=loss)
        for function in (lambda t: t, lambda t: 0.9995 * t)
    )
    assert codes(same) == codes(same, X=X) == codes(nearly, X=X) == seen
    assert codes(nearly) == []


@pytest.mark.parametrize("loss", ["bce", FROM_LOGITS])
def test_values_that_tell_nothing(loss):
    assert codes(subclassed(loss), X=0 * X) == ["ML201"]
    assert codes(subclassed(loss), X=np.full_like(X, np.nan)) == ["ML201"]


def test_small_logits_are_not_taken_for_probabilities():
    model = subclassed(FROM_LOGITS)
    model(X)
    model.dense.set_weights([np.full((4, 3), 1e-3), np.full(3, 0.5)])
    assert 0 < model(X).numpy().min() < model(X).numpy().max() < 1
    assert codes(model, X=X) == ["ML201"]


def test_two_probabilities_that_sum_to_one_are_no_softmax():
    assert codes(subclassed(activation="softmax", units=2), Y[:, :2], X=X) == ["ML201"]


def test_units_and_dtype_are_seen_too():
    assert codes(subclassed(activation="sigmoid", units=2), X=X) == ["ML108", "ML201"]
    half = keras.Sequential([layers.Lambda(lambda t: ops.cast(ops.sigmoid(t[:, :3]), "float16"), dtype="float16")])
    half.compile("sgd", "bce")
    assert codes(half, X=X) == ["ML107"]


def test_inputs_of_several_parts_and_of_whole_numbers():
    a, b = keras.Input((4,), name="a"), keras.Input((1,), name="b", dtype="int32")
    features = layers.Concatenate()([a, layers.Flatten()(layers.Embedding(5, 2)(b))])
    model = keras.Model([a, b], layers.Lambda(lambda t: t)(layers.Dense(3)(features)))
    model.compile("sgd", "bce")
    numbers = RNG.integers(5, size=(40, 1))
    assert codes(model, X=[X, numbers]) == codes(model, X={"a": X, "b": numbers}) == ["ML103"]
    with pytest.raises(ValueError, match="X has 39 rows, but Y has 40"):
        audit(model, Y, X=[X, numbers[1:]])


# Metrics


def own_accuracy(y, p):
    return ops.mean(ops.cast(ops.equal(y, ops.cast(p > 0.5, y.dtype)), "float32"), axis=-1)


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "acc",
        "Accuracy",
        "categorical_accuracy",
        metrics.CategoricalAccuracy(),
        metrics.CategoricalAccuracy,
        metrics.categorical_accuracy,
        metrics.TopKCategoricalAccuracy(2),
        "sparse_categorical_accuracy",
    ],
)
@pytest.mark.parametrize("where", ["metrics", "weighted_metrics"])
def test_ml201(metric, where):
    for given in ([metric], [[metric]], {"out": [metric]}, {"out": metric}):
        assert codes(network(**{where: given})) == ["ML201"]


@pytest.mark.parametrize("metric", ["binary_accuracy", metrics.BinaryAccuracy(), own_accuracy, SubsetAccuracy()])
def test_near_ml201(metric):
    assert codes(network("sigmoid", "bce", [metric])) == []


def test_accuracy_of_one_label_is_binary_accuracy():
    assert codes(network("sigmoid", "bce", ["accuracy"], units=1), Y[:, :1]) == []
    assert codes(network(None, FROM_LOGITS, ["accuracy"], units=1), Y[:, :1]) == ["ML203"]


@pytest.mark.parametrize("metric", ["f1_score", metrics.F1Score, metrics.F1Score(), metrics.FBetaScore(beta=2.0)])
def test_ml202(metric):
    assert codes(network("sigmoid", "bce", [metric])) == ["ML202"]
    assert "MultilabelF1(from_logits=True)" in only(network(metrics=[metric])).fix


@pytest.mark.parametrize("metric", [metrics.F1Score(threshold=0.5), metrics.FBetaScore(beta=2.0, threshold=0.3)])
def test_near_ml202(metric):
    assert codes(network("sigmoid", "bce", [metric])) == []


ON_PROBABILITIES = [
    metrics.F1Score(threshold=0.5),
    metrics.Precision(),
    metrics.Recall,
    "recall",
    "Precision",
    metrics.TruePositives(),
    metrics.FalseNegatives(thresholds=[0.3, 0.5]),
    metrics.BinaryAccuracy(),
    "binary_accuracy",
    metrics.binary_accuracy,
    metrics.BinaryIoU(),
    metrics.AUC(),
    "AUC",
    metrics.AUC(multi_label=True, num_labels=3),
    metrics.PrecisionAtRecall(0.5),
    metrics.SpecificityAtSensitivity(0.5),
    metrics.BinaryCrossentropy(),
    metrics.binary_crossentropy,
    "bce",
    MultilabelF1(),
    SubsetAccuracy(),
    HammingLoss(),
]


@pytest.mark.parametrize("metric", ON_PROBABILITIES)
def test_ml203_of_logits(metric):
    assert codes(network("sigmoid", "bce", [metric])) == []
    finding = only(network(metrics=[metric]))
    assert (finding.code, finding.severity) == ("ML203", "error")


@pytest.mark.parametrize(
    "metric",
    [
        metrics.Precision(thresholds=0),
        metrics.BinaryAccuracy(threshold=0),
        metrics.BinaryIoU(threshold=0),
        metrics.BinaryCrossentropy(from_logits=True),
        MultilabelF1(from_logits=True),
        SubsetAccuracy(from_logits=True),
        HammingLoss(from_logits=True),
        metrics.AUC(from_logits=True),
    ],
)
def test_ml203_of_probabilities(metric):
    assert codes(network(metrics=[metric])) == []
    finding = only(network("sigmoid", "bce", [metric]))
    assert (finding.code, finding.severity) == ("ML203", "error")


class F1FromLogits(metrics.F1Score):
    def update_state(self, y_true, logits, sample_weight=None):
        return super().update_state(y_true, ops.sigmoid(logits), sample_weight)


class Unthresholded(metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        """Do nothing."""

    def result(self):
        return 0


@pytest.mark.parametrize(
    "metric",
    [
        F1FromLogits(threshold=0.5),
        Unthresholded(),
        Unthresholded,
        metrics.BinaryAccuracy(threshold=-1),
        metrics.BinaryAccuracy(threshold=1.5),
        metrics.MeanSquaredError(),
        "mse",
    ],
)
def test_metrics_that_may_be_right_on_logits(metric):
    assert codes(network(metrics=[metric])) == []


def test_ml203_of_a_threshold_that_may_be_a_logit_is_a_warning():
    assert only(network(metrics=[metrics.Precision(thresholds=0.3)])).severity == "warning"


def test_ml203_of_a_curve():
    assert codes(network("sigmoid", "bce", [metrics.Precision(thresholds=[0, 0.5, 1])])) == []


def test_ml203_needs_a_known_output():
    assert codes(network("tanh", "mse", [metrics.Precision()])) == []


@pytest.mark.parametrize("labels", [NEVER, ALWAYS])
def test_ml204(labels):
    for curve in ("ROC", "PR"):
        per_label = metrics.AUC(multi_label=True, curve=curve)
        expected = ["ML303"] if curve == "PR" and labels is ALWAYS else ["ML204", "ML303"]
        assert codes(network("sigmoid", "bce", [per_label]), labels) == expected
        assert codes(network("sigmoid", "bce", [per_label])) == []
        assert codes(network("sigmoid", "bce", [metrics.AUC(curve=curve)]), labels) == ["ML303"]


def f1_of_a_batch(y, z):
    y_pred = ops.cast(z > 0, "float32")
    tp = ops.sum(y * y_pred, axis=0)
    return ops.mean(2 * tp / (ops.sum(y, axis=0) + ops.sum(y_pred, axis=0) + 1e-7))


def mean_of_a_batch(y, z):
    return ops.mean(own_accuracy(y, ops.sigmoid(z)))


def only_for_eight(y, z):
    assert len(y) == 8
    return ops.sum(z)


@pytest.mark.parametrize(
    ("metric", "severity"), [(f1_of_a_batch, "error"), (mean_of_a_batch, "warning"), (only_for_eight, "error")]
)
def test_ml205(metric, severity):
    for given in (metric, metrics.MeanMetricWrapper(metric)):
        finding = only(network(metrics=[given]))
        assert (finding.code, finding.severity) == ("ML205", severity)


@pytest.mark.parametrize("metric", [own_accuracy, lambda y, z: 1 / 0, metrics.MeanMetricWrapper(own_accuracy)])
def test_near_ml205(metric):
    assert codes(network("sigmoid", "bce", [metric])) == []


class RoundedAccuracy(metrics.Accuracy):
    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(y_true, ops.round(y_pred), sample_weight)


@pytest.mark.parametrize("activation", [None, "sigmoid", "softmax", "tanh"])
@pytest.mark.parametrize("metric", [metrics.Accuracy, metrics.Accuracy(), metrics.Accuracy(name="acc")])
@pytest.mark.parametrize("where", ["metrics", "weighted_metrics"])
def test_ml206(activation, metric, where):
    model = network(activation, "mse", **{where: [metric]})
    (finding,) = (finding for finding in audit(model, Y) if finding.code == "ML206")
    assert finding.severity == "error" and f"threshold={0 if activation is None else 0.5}" in finding.fix
    assert codes(model, ONE_EACH)[-2:] == ["ML206", "ML304"]  # for one label per row it is as wrong


def test_keras_still_asks_for_equal_numbers():
    assert network("sigmoid", "bce", [metrics.Accuracy()]).evaluate(X, Y, verbose=0)[1] == 0


@pytest.mark.parametrize(
    "metric", [RoundedAccuracy(), RoundedAccuracy, metrics.BinaryAccuracy(), "binary_accuracy", SubsetAccuracy(), "mse"]
)
def test_near_ml206(metric):
    assert codes(network("sigmoid", "bce", [metric])) == []


def test_ml206_needs_a_known_output_that_is_no_decision():
    decides = ending(layers.Dense(3), lambda z: ops.cast(z > 0, "float32"), loss="mse")
    decides.compile("sgd", "mse", metrics=[metrics.Accuracy()])
    assert codes(decides) == codes(decides, X=X) == []
    unknown = ending(layers.Dense(3), layers.Lambda(lambda z: ops.sigmoid(2 * z)), loss="mse")
    unknown.compile("sgd", "mse", metrics=[metrics.Accuracy()])
    assert codes(unknown) == [] and codes(unknown, X=X) == ["ML206"]


def known_accuracy(y, z):
    known = ops.cast(y >= 0, "float32")  # False of NaN
    right = ops.cast(ops.equal(y > 0, z > 0), "float32")
    return ops.sum(known * right, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1)


def known_hits(y, z):
    return ops.sum(ops.cast(ops.logical_and(y > 0, z > 0), "float32"), axis=-1)


@pytest.mark.parametrize("missing", [-1, np.nan])
def test_ml207(missing):
    labels = np.where(RNG.random(Y.shape) < 0.2, missing, Y)
    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=missing)
    other = -2 if missing == -1 else -1
    counts = [
        metrics.BinaryAccuracy(threshold=0),
        partial(metrics.binary_accuracy, threshold=0),
        metrics.MeanMetricWrapper(metrics.binary_accuracy, threshold=0),
        metrics.Precision(thresholds=0),
        metrics.AUC(from_logits=True),
        metrics.MeanSquaredError,
        "mse",
        MultilabelF1(from_logits=True),
        SubsetAccuracy(from_logits=True),
        HammingLoss(from_logits=True, mask_value=other),
        own_accuracy,
        lambda y, z: own_accuracy(y, z),
        metrics.MeanMetricWrapper(own_accuracy),
        right_for_logits,
        FROM_LOGITS,
    ]
    for metric in counts:
        findings = [f for f in audit(network(None, masked, [metric]), labels) if f.code == "ML207"]
        assert [f.severity for f in findings] == ["error"], metric
        assert f"{(labels != Y).sum()} missing labels (first {missing:g} at row" in findings[0].message
        assert f"from_logits=True, mask_value={'np.nan' if missing != -1 else -1})" in findings[0].fix
    assert (
        "MultilabelF1(mask_value"
        in audit(
            network("sigmoid", WeightedBinaryCrossentropy(from_logits=False, mask_value=missing), ["mse"]), labels
        )[0].fix
    )
    leave_out = [
        MultilabelF1(from_logits=True, mask_value=missing),
        SubsetAccuracy(from_logits=True, mask_value=missing),
        HammingLoss(from_logits=True, mask_value=missing),
        F1FromLogits(threshold=0.5),  # an own update_state may do so
        Unthresholded(),
        known_accuracy,
        known_hits,
        metrics.MeanMetricWrapper(known_accuracy),
        lambda y, z: 1 / 0,
        "categorical_accuracy",  # which has another mistake
        masked,
    ]
    if missing == -1:
        leave_out.append(metrics.IoU(2, [1], ignore_class=-1))
    for metric in leave_out:
        assert "ML207" not in codes(network(None, masked, [metric]), labels), metric
    for metric in counts:
        assert "ML207" not in codes(network(None, masked, [metric])), metric  # nothing is missing
        assert "ML207" not in codes(network(None, FROM_LOGITS, [metric]), labels), metric  # a case for ML302
    assert codes(network(None, None, ["mse"]), labels) == []


def test_ml207_of_several_codes():
    labels = Y.astype(float)
    labels[0, 0], labels[3:5, 1] = np.nan, -1

    def both(y, z):
        known = y >= 0
        per_label = ops.where(known, ops.softplus(z) - ops.where(known, y, 0.0) * z, 0.0)
        return ops.sum(per_label, axis=-1)

    assert codes(network(None, both, [known_accuracy]), labels) == []
    message = only(network(None, both, [HammingLoss(from_logits=True, mask_value=-1)]), labels).message
    assert "leaves out 1 missing labels (first nan at row 0" in message
    assert "leaves out 3 missing labels" in only(network(None, both, ["mse"]), labels).message
    labels = np.where(Y == 0, -2, Y)
    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=-2)
    assert "first -2" in only(network(None, masked, ["mse"]), labels).message


def test_ml207_of_one_label():
    labels = np.where(np.arange(40)[:, None] % 3 == 0, -1, Y[:, :1])
    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=-1)
    assert codes(network(None, masked, [known_accuracy], units=1), labels) == []
    assert codes(network(None, masked, ["mse"], units=1), labels) == ["ML207"]


@pytest.mark.parametrize("missing", [-1, np.nan])
def test_keras_still_counts_missing_labels(missing):
    y, p = np.array([[1, 0, missing]]), np.array([[0.9, 0.1, 0.1]])
    assert float(metrics.BinaryAccuracy()(y, p)) == pytest.approx(2 / 3)
    assert float(metrics.Recall()(y, p)) == 0.5


# Labels


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_matrix, sparse.coo_array, sparse.lil_array, pd.DataFrame])
@pytest.mark.parametrize(
    ("value", "code", "severity"),
    [
        (2, "ML301", "error"),
        (-3, "ML301", "error"),
        (0.5, "ML301", "warning"),
        (1.5, "ML301", "error"),
        (np.inf, "ML301", "error"),
        (-1, "ML302", "error"),
        (np.nan, "ML302", "error"),
    ],
)
def test_wrong_values_are_named_by_place(convert, value, code, severity):
    labels = Y.astype(float)
    labels[5, 2] = value
    finding = only(network(), convert(labels))
    assert (finding.code, finding.severity) == (code, severity)
    assert f"{value:g} at row 5, column 2; in label 2" in finding.message
    assert code in codes(OneVsRestClassifier(LR), convert(labels))
    assert only(OneVsRestClassifier(LR), convert(labels)).severity == "error"


@pytest.mark.parametrize(
    "labels", [Y.astype(bool), Y.astype(np.float16), Y.tolist(), sparse.csc_array(Y), pd.DataFrame(Y), Y > 0]
)
def test_right_labels_in_any_form(labels):
    assert codes(network(), labels) == codes(OneVsRestClassifier(LR), labels) == []


def test_entries_of_a_sparse_matrix_that_are_given_twice_add_up():
    twice = sparse.coo_array((np.ones(2, np.int8), ([0, 0], [1, 1])), shape=(2, 3))
    assert "2 at row 0, column 1" in audit(network(), twice)[0].message
    zeros = sparse.csr_array((np.zeros(2), [0, 1], [0, 1, 2]), shape=(2, 3))
    assert codes(network(), zeros) == ["ML303"]


@pytest.mark.parametrize(
    ("n", "text"),
    [(1, "label a"), (3, "labels a, b, c"), (5, "labels a, b, c, d, e"), (7, "labels a, b, c, d, e and 2 more")],
)
def test_at_most_five_labels_are_named(n, text):
    labels = pd.DataFrame(RNG.integers(2, size=(40, 7)), columns=list("abcdefg"))
    labels.iloc[:, :n] = 0
    finding = only(OneVsRestClassifier(GaussianNB()), labels)
    assert finding.code == "ML303" and f"In Y, {text} {'is' if n == 1 else 'are'} never" in finding.message


@pytest.mark.parametrize("missing", [-1, np.nan])
def test_ml302_is_about_the_loss(missing):
    labels = np.where(RNG.random(Y.shape) < 0.2, missing, Y)

    def own(y, z):
        known = ops.cast(y >= 0, "float32")  # False of NaN
        per_label = ops.softplus(z) - ops.where(y > 0, z, 0 * z)
        return ops.sum(known * per_label, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1)

    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=missing)
    for loss, expected in (
        (FROM_LOGITS, ["ML302"]),
        (WeightedBinaryCrossentropy(from_logits=True), ["ML302"]),
        (right_for_logits, ["ML302"]),
        (masked, []),
        (AsymmetricLoss(from_logits=True, mask_value=missing), []),
        (own, []),
        (lambda y, z: 1 / 0, []),
        (None, []),
    ):
        assert codes(network(None, loss), labels) == expected
    other = WeightedBinaryCrossentropy(from_logits=True, mask_value=-1 if np.isnan(missing) else -2)
    assert codes(network(None, other), labels) == ["ML302"]


def test_ml302_counts_only_what_is_not_masked():
    labels = Y.astype(float)
    labels[0, 0], labels[3:5, 1] = np.nan, -1
    loss = WeightedBinaryCrossentropy(from_logits=True, mask_value=-1)
    assert "1 missing labels (first nan at row 0, column 0" in only(network(None, loss), labels).message
    assert "3 missing labels" in only(network(), labels).message


def test_another_value_that_the_loss_masks_is_a_missing_label():
    labels = Y.copy()
    labels[0, 0] = -2
    assert codes(network(None, WeightedBinaryCrossentropy(from_logits=True, mask_value=-2)), labels) == []
    assert codes(network(), labels) == ["ML301"]


def test_labels_of_minus_one_and_one():
    signed = 2 * Y - 1
    assert codes(network(None, "hinge"), signed) == codes(network(None, "squared_hinge"), signed) == []
    own = lambda y, z: ops.mean(ops.softplus(-y * z), axis=-1)  # noqa: E731
    assert codes(network(None, own), signed) == codes(network(None, partial(own)), signed) == []
    assert codes(network(), signed) == codes(OneVsRestClassifier(LR), signed) == ["ML301"]
    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=-1)  # only positives are known
    assert codes(network(None, masked), signed) == []
    assert "always" not in str(audit(network(), np.where(Y == 0, -1, 1)))


@pytest.mark.parametrize(("labels", "word"), [(NEVER, "never"), (ALWAYS, "always")])
def test_ml303(labels, word):
    finding = only(network(), labels)
    assert (finding.code, finding.severity) == ("ML303", "warning")
    assert f"label 2 is {word} present" in finding.message


def test_ml303_of_known_labels():
    labels = Y.astype(float)
    labels[:, 2] = np.where(Y[:, 2] == 0, np.nan, 1)
    masked = WeightedBinaryCrossentropy(from_logits=True, mask_value=np.nan)
    assert "label 2 is always" in only(network(None, masked), labels).message


def test_smoothed_labels_are_not_constant():
    assert codes(network(), Y * 0.9 + 0.05) == ["ML301"]


def test_ml304_keeps_what_is_right_for_several_classes():
    for model in (
        network("softmax", "categorical_crossentropy", ["accuracy", metrics.F1Score()]),
        network("softmax", "bce"),
        OneVsRestClassifier(LR),
    ):
        finding = only(model, ONE_EACH)
        assert (finding.code, finding.severity) == ("ML304", "info")
    assert codes(network(None, "categorical_crossentropy"), ONE_EACH) == ["ML103", "ML304"]
    assert codes(network("softmax", losses.CategoricalCrossentropy(from_logits=True)), ONE_EACH) == ["ML104", "ML304"]


def test_ml304_of_smoothed_classes():
    assert codes(network("softmax", "categorical_crossentropy"), ONE_EACH * 0.7 + 0.1) == ["ML301", "ML304"]


@pytest.mark.parametrize("row", [[0, 0, 0], [1, 1, 0], [1, -1, 0], [1, 2, -2]])
def test_near_ml304(row):
    assert "ML304" not in codes(network(), np.vstack([ONE_EACH, row]))


def test_one_column_is_never_one_label_per_row():
    assert "ML304" not in codes(network("sigmoid", "bce", units=1), np.ones((4, 1)))


# scikit-learn


FIXED = FixedThresholdClassifier(LR, threshold=0.2)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (OneVsRestClassifier(FIXED), ["ML401"]),
        (OneVsRestClassifier(TunedThresholdClassifierCV(LR)), ["ML401"]),
        (OneVsRestClassifier(make_pipeline(StandardScaler(), FIXED)), ["ML401"]),
        (OneVsRestClassifier(GridSearchCV(FIXED, {"threshold": [0.1, 0.2]})), ["ML401"]),
        (make_pipeline(StandardScaler(), OneVsRestClassifier(FIXED)), ["ML401"]),
        (OneVsRestClassifier(FixedThresholdClassifier(LR)), []),  # the threshold that it has anyway
        (MultiOutputClassifier(FIXED), []),
        (ClassifierChain(FIXED), []),
        (MultiOutputClassifier(OneVsRestClassifier(FIXED)), ["ML401"]),
        (OneVsRestClassifier(StackingClassifier([("a", FIXED)], LR, stack_method="predict")), []),
    ],
)
def test_ml401(model, expected):
    assert codes(model) == expected


def test_scikit_learn_still_ignores_the_threshold():
    assert np.array_equal(*(OneVsRestClassifier(m).fit(X, Y).predict(X) for m in (LR, FIXED)))
    plain, fixed = (MultiOutputClassifier(m).fit(X, Y).predict(X) for m in (LR, FIXED))
    assert fixed.sum() > plain.sum()


GRID = {"estimator__C": [0.1, 1]}
SHUFFLED = KFold(3, shuffle=True, random_state=0)
OVR = OneVsRestClassifier(LR)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (GridSearchCV(OVR, GRID), ["ML402", "ML403"]),
        (GridSearchCV(OVR, GRID, cv=3, scoring="f1_macro"), ["ML402"]),
        (GridSearchCV(OVR, GRID, cv=KFold(3, shuffle=True)), ["ML403"]),
        (GridSearchCV(OVR, GRID, cv=KFold(3), scoring="f1_macro"), ["ML402"]),
        (GridSearchCV(OVR, GRID, cv=MultilabelKFold(3), scoring="f1_macro"), []),
        (GridSearchCV(OVR, GRID, cv=[(range(20), range(20, 40))], scoring="f1_macro"), []),
        (GridSearchCV(OVR, GRID, cv=1, scoring="f1_macro"), []),  # which fit refuses
        (RandomizedSearchCV(make_pipeline(StandardScaler(), OVR), {}, cv=np.int64(4)), ["ML402", "ML403"]),
        (GridSearchCV(make_pipeline(OVR), {"onevsrestclassifier": [OneVsRestClassifier(FIXED)]}, cv=KFold(2)),
         ["ML401", "ML402", "ML403"]),
        (OneVsRestClassifier(GridSearchCV(LR, {"C": [1]}, cv=3)), []),
        (MultiOutputClassifier(GridSearchCV(LR, {"C": [1]})), []),
        (ClassifierChain(LR, cv=5), []),
        (OneVsRestClassifier(CalibratedClassifierCV(LinearSVC(), cv=3)), []),
        (OneVsRestClassifier(StackingClassifier([("a", LR)], LR, cv=3)), []),
        (RidgeClassifierCV(), []),
        (RidgeClassifierCV(cv=3), ["ML402"]),
        (RFECV(RandomForestClassifier()), ["ML402", "ML403"]),
        (SequentialFeatureSelector(KNeighborsClassifier(), scoring="f1_macro"), ["ML402"]),
        (make_pipeline(make_union(SequentialFeatureSelector(KNeighborsClassifier(), cv=3)), OVR), ["ML402", "ML403"]),
        (GridSearchCV(DecisionTreeRegressor(), {}), ["ML402"]),  # its score is no accuracy
        (StackingClassifier([("a", KNeighborsClassifier())], KNeighborsClassifier(), cv="prefit"), ["ML404"]),
        (StackingClassifier([("a", KNeighborsClassifier())], KNeighborsClassifier()), ["ML402", "ML404"]),
        (make_pipeline(StandardScaler(), OVR), []),
        (RandomForestClassifier(), []),
        (GridSearchCV(OVR, GRID, cv=SHUFFLED, scoring="accuracy"), ["ML403"]),
        (GridSearchCV(OVR, GRID, cv=SHUFFLED, scoring=make_scorer(accuracy_score)), ["ML403"]),
        (GridSearchCV(OVR, GRID, cv=SHUFFLED, scoring={"a": "accuracy", "b": "f1_micro"}, refit="a"), ["ML403"]),
        (GridSearchCV(OVR, GRID, cv=SHUFFLED, scoring={"a": "accuracy", "b": "f1_micro"}, refit="b"), []),
        (GridSearchCV(OVR, GRID, cv=SHUFFLED, scoring=["accuracy", "f1_micro"], refit=False), []),
        (OneVsRestClassifier(GridSearchCV(LR, {"C": [1]}, scoring="accuracy")), []),
    ],
)  # fmt: skip
def test_ml402_ml403_ml404(model, expected):
    assert codes(model) == expected


def test_one_column_is_one_label_to_scikit_learn():
    assert type(check_cv(3, Y[:, :1], classifier=True)) is StratifiedKFold
    for scoring in (None, "accuracy", "f1", "neg_log_loss", "roc_auc"):
        assert codes(GridSearchCV(OVR, GRID, scoring=scoring), Y[:, :1]) == []


def search(scoring, model=OVR, cv=MultilabelKFold(2), **options):  # noqa: B008
    return GridSearchCV(model, {}, scoring=scoring, cv=cv, **options)


@pytest.mark.parametrize("scoring", ["f1", "precision", "recall", "jaccard", "balanced_accuracy", "matthews_corrcoef"])
def test_ml406_of_scores_of_one_label(scoring):
    for model in (
        search(scoring),
        search([scoring, "f1_macro"], refit="f1_macro"),
        search((scoring,), refit=False),
        search({"mine": scoring}, refit="mine"),
        search(get_scorer(scoring)),
        make_pipeline(StandardScaler(), search(scoring, make_pipeline(OVR))),
        search(None, search(scoring)),
        RandomizedSearchCV(OVR, {}, scoring=scoring, cv=KFold(2)),
        SequentialFeatureSelector(KNeighborsClassifier(), scoring=scoring, cv=KFold(2)),
    ):
        (finding,) = (finding for finding in audit(model, Y) if finding.code == "ML406")
        assert finding.severity == "error" and "the score of a fold is nan" in finding.message
        average = f"{scoring}_macro" if scoring in ("precision", "recall", "jaccard") else "f1_macro"
        assert finding.fix == f'scoring="{average}"'
        assert codes(search(average)) == []
    assert "the score of a fold is 0," in only(search(scoring, error_score=0)).message
    for near in (
        search(scoring, error_score="raise"),  # where fit says so
        OneVsRestClassifier(GridSearchCV(LR, {}, scoring=scoring)),
        MultiOutputClassifier(make_pipeline(GridSearchCV(LR, {}, scoring=scoring))),
        RFECV(RandomForestClassifier(), scoring=scoring, cv=SHUFFLED),  # which refuses it
    ):
        assert codes(near) == []
    assert "ML406" in codes(search(scoring), ONE_EACH)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "d2_log_loss_score", make_scorer(log_loss)])
def test_ml406_of_log_loss(scoring):
    finding, *others = audit(search(scoring), Y)
    assert (finding.code, finding.severity) == ("ML406", "error") and "costs nothing" in finding.message
    assert [other.code for other in others] == ["ML407"] * callable(scoring)  # it maximises the loss, too
    assert "ML406" in codes(RFECV(RandomForestClassifier(), scoring=scoring, cv=KFold(2)))
    # For one label per row it is categorical cross-entropy.
    assert codes(search(scoring), ONE_EACH) == ["ML304"] + ["ML407"] * callable(scoring)

    def of_decisions(Y, P):
        return -log_loss(Y.ravel(), P.ravel())

    scorer = make_scorer(of_decisions, response_method="predict_proba")
    for mended in ("neg_brier_score", scorer):
        assert codes(search(mended)) == []
    assert search(scorer).fit(X, Y).best_score_ < 0


@pytest.mark.filterwarnings("ignore")
def test_ml406_of_a_fold_with_one_class():
    rare, frequent = Y.copy(), Y.copy()
    rare[:, 2], frequent[:, 2] = np.arange(40) < 9, np.arange(40) >= 9
    for labels, value in ((rare, 0), (frequent, 1)):
        for scoring in ("roc_auc", get_scorer("roc_auc_ovr"), ["roc_auc"]):
            findings = audit(search(scoring, cv=4, refit=False), labels)
            (finding,) = (finding for finding in findings if finding.code == "ML406")
            assert finding.severity == "error" and f"only {value}s of label 2" in finding.message
            assert finding.fix == "cv=mlhelpers.splits.MultilabelKFold(4)"
            assert codes(search(scoring, refit=False), labels) == []
        assert "ML406" not in codes(search("roc_auc", cv=4), np.roll(Y, 1, axis=0))
        assert "ML406" not in codes(search("average_precision", cv=4), labels)
        assert np.isnan(search("roc_auc", cv=4).fit(X, labels).best_score_)
        assert search("roc_auc", cv=MultilabelKFold(4)).fit(X, labels).best_score_ > 0
    for labels in (NEVER, ALWAYS):
        assert audit(search("roc_auc"), labels)[-1].fix == "leave such labels out"


@pytest.mark.parametrize(
    "scoring",
    [
        "f1_macro", "f1_samples", "jaccard_weighted", "average_precision", "roc_auc", "neg_mean_squared_error",
        make_scorer(f1_score, average="micro"), make_scorer(partial(f1_score, average="macro")),
        make_scorer(lambda Y, P: 1 / 0), lambda model, X, Y: 0.0, "f1_makro", {"f1_macro"}, [],
    ],
)  # fmt: skip
def test_near_ml406(scoring):
    assert codes(search(scoring)) == []


@pytest.mark.filterwarnings("ignore")
def test_ml406_names_every_score_that_is_nan_and_no_other():
    rare, frequent = Y.copy(), Y.copy()
    rare[:, 2], frequent[:, 2] = np.arange(40) < 19, np.arange(40) >= 19
    for labels in (Y, rare, frequent):
        for scoring in get_scorer_names():
            model = search(scoring, OneVsRestClassifier(DummyClassifier()), cv=2, refit=False)
            found = [f.message for f in audit(model, labels) if f.code == "ML406"]
            scores = model.fit(X, labels).cv_results_["mean_test_score"]
            assert np.isnan(scores).all() == any("nan" in message for message in found), scoring


def test_ml402_counts_the_folds():
    labels = np.random.default_rng(3).integers(2, size=(40, 3))
    labels[:, 2] = np.arange(40) < 9  # in the first two of five folds
    search = GridSearchCV(OVR, GRID, scoring="f1_macro")
    held_out = [labels[test].sum(axis=0) for _, test in KFold(5).split(labels)]
    assert sum((counts == 0).any() for counts in held_out) == 3
    finding = only(search, labels)
    assert finding.severity == "warning" and "of the 5 folds, 3 hold no positive of label 2" in finding.message
    labels = np.random.default_rng(0).permutation(np.tile([[1, 0, 1], [0, 1, 1], [1, 1, 0]], (14, 1)))
    assert only(search, labels).severity == "info"
    labels[:, 2] = 0  # no fold can hold it
    assert [f.severity for f in audit(search, labels)] == ["warning", "info"]


def test_scikit_learn_still_splits_by_plain_kfold(monkeypatch):
    sizes = []
    split = KFold.split
    monkeypatch.setattr(KFold, "split", lambda self, *a, **k: sizes.append(self.n_splits) or split(self, *a, **k))
    GridSearchCV(OVR, GRID, cv=3).fit(X, Y)
    StackingClassifier([("a", KNeighborsClassifier())], KNeighborsClassifier(), cv=4).fit(X, Y)
    assert set(sizes) == {3, 4}


def test_scikit_learn_still_stacks_the_absence():
    stack = StackingClassifier([("a", KNeighborsClassifier())], KNeighborsClassifier(), cv=3).fit(X, Y)
    assert np.corrcoef(stack.predict_proba(X)[:, 0], stack.predict(X)[:, 0])[0, 1] < -0.5


@pytest.mark.parametrize("labels", [NEVER, ALWAYS])
@pytest.mark.parametrize(
    ("model", "found"),
    [
        (RandomForestClassifier(5), True),
        (KNeighborsClassifier(), True),
        (DummyClassifier(), True),
        (make_pipeline(StandardScaler(), RandomForestClassifier(5)), True),
        (MultiOutputClassifier(LR), True),
        (MultiOutputClassifier(RandomForestClassifier(5)), True),
        (ClassifierChain(make_pipeline(StandardScaler(), LR)), True),
        (ClassifierChain(RandomForestClassifier(5)), True),
        (MultiOutputClassifier(make_pipeline(StandardScaler(), RidgeClassifier())), False),
        (RidgeClassifier(), False),
        (OneVsRestClassifier(LR), False),
        (OneVsRestClassifier(RandomForestClassifier(5)), False),
    ],
)
@pytest.mark.filterwarnings("ignore:Label .* is present in all training examples")
def test_ml405_says_what_fit_and_predict_proba_do(model, found, labels):
    assert codes(model) == []
    assert codes(model, labels) == ["ML303", "ML405"] if found else ["ML303"]
    try:
        scores = model.fit(X, labels).predict_proba(X)
        fails = isinstance(scores, list) and min(p.shape[1] for p in scores) == 1
    except ValueError:
        fails = True
    except AttributeError:  # it has no probabilities at all
        fails = False
    assert fails == found


@pytest.mark.parametrize("labels", [NEVER, ALWAYS])
@pytest.mark.parametrize("multiple", [ClassifierChain, MultiOutputClassifier])
def test_ml405_of_trees_whose_probabilities_of_a_constant_label_are_those_of_the_other_class(multiple, labels):
    model = multiple(HistGradientBoostingClassifier(max_iter=2))
    p = model.fit(X, labels).predict_proba(X)
    present = p[2][:, 1] if isinstance(p, list) else p[:, 2]
    wrong = (present > 0.5).astype(int) != model.predict(X)[:, 2]
    assert wrong.all() or not wrong.any()
    assert ("ML405" in codes(model, labels)) == wrong.all()


# The models of the chapters


def chapter_network(activation=None):
    model = keras.Sequential([keras.Input((20, 20)), layers.Flatten()])
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dense(10, activation=activation))
    return model


def chapter_cnn():
    model = keras.Sequential([keras.Input((20, 20)), layers.Reshape((20, 20, 1))])
    model.add(layers.Conv2D(16, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D())
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(10))
    return model


def typed_loss(y_true, y_pred):
    y_pred = tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7)
    return tf.reduce_mean(
        -tf.reduce_sum(y_true * tf.math.log(y_pred) + (1 - y_true) * tf.math.log(1 - y_pred), axis=-1)
    )


def weighted_bce(positive_weight=1.0, label_weight=1.0):
    w, v = (ops.convert_to_tensor(weight, "float32") for weight in (positive_weight, label_weight))

    def loss(y_true, logits):
        known = ops.cast(y_true >= 0, "float32")
        y = known * ops.cast(y_true, "float32")
        per_label = w * y * ops.softplus(-logits) + (1 - y) * ops.softplus(logits)
        return ops.sum(known * v * per_label, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1)

    return loss


def tied_bce(strength, Y):
    rho = ops.convert_to_tensor(np.corrcoef(Y.T) - np.eye(Y.shape[1]), "float32")
    frequency, bce = ops.convert_to_tensor(Y.mean(axis=0), "float32"), weighted_bce()

    def loss(y_true, logits):
        deviation = ops.sigmoid(logits) - frequency
        return bce(y_true, logits) - strength * ops.sum(deviation * ops.matmul(deviation, rho), axis=-1)

    return loss


class Clipped(losses.Loss):
    def call(self, y_true, y_pred):
        p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
        return ops.mean(-y_true * ops.log(p) - (1 - y_true) * ops.log(1 - p), axis=-1)


Y10 = RNG.integers(2, size=(60, 10))
Y10_MISSING = np.where(RNG.random(Y10.shape) < 0.3, -1, Y10)


@pytest.mark.parametrize(
    ("activation", "compiled", "expected"),
    [
        # 01: the four pairs
        ("sigmoid", {"loss": "binary_crossentropy"}, []),
        ("sigmoid", {"loss": "categorical_crossentropy"}, ["ML102"]),
        ("softmax", {"loss": "binary_crossentropy"}, ["ML101"]),
        ("softmax", {"loss": "categorical_crossentropy"}, ["ML101", "ML102"]),
        ("sigmoid", {"loss": lambda y, p: losses.binary_crossentropy(y, p + 0.0)}, []),
        # 02
        ("sigmoid", {"loss": "bce", "metrics": ["accuracy", metrics.Precision(), metrics.Recall()]}, ["ML201"]),
        (None, {"loss": FROM_LOGITS}, []),
        (None, {"loss": "binary_crossentropy"}, ["ML103"]),
        (None, {"metrics": [f1_of_a_batch, F1FromLogits(average="macro", threshold=0.5)]}, ["ML205"]),
        (None, {"loss": FROM_LOGITS, "metrics": [F1FromLogits(average="macro", threshold=0.5, name="f1")]}, []),
        (
            None,
            {
                "metrics": [metrics.BinaryAccuracy(threshold=0, name="unweighted")],
                "weighted_metrics": [metrics.BinaryAccuracy(threshold=0, name="weighted")],
            },
            [],
        ),
        # 04
        ("sigmoid", {"loss": typed_loss}, ["ML106"]),
        ("sigmoid", {"loss": ClippedBinaryCrossentropy()}, []),
        ("sigmoid", {"loss": Clipped()}, []),
        (None, {"loss": weighted_bce()}, []),
        (None, {"loss": weighted_bce(np.arange(1, 11), np.arange(10))}, []),
        (None, {"loss": tied_bce(0.1, Y10)}, []),
    ],
)
def test_networks_of_the_chapters(activation, compiled, expected):
    model = chapter_network(activation)
    model.compile("adam", **compiled)
    assert codes(model, Y10) == expected
    assert codes(model, Y10.astype(np.int8)) == expected


def test_other_models_of_the_chapters():
    cnn = chapter_cnn()
    cnn.compile("adam", FROM_LOGITS)
    assert codes(cnn, Y10) == []
    identity = keras.Sequential([keras.Input((3,)), layers.Identity()])
    for loss, expected in ((typed_loss, ["ML106"]), (Clipped(), [])):
        identity.compile(loss=loss)
        assert codes(identity) == codes(identity, X=np.abs(Y - 0.1)) == expected
    single = keras.Sequential([keras.Input((20, 20)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    single.compile(loss="binary_crossentropy", metrics=["accuracy"])
    assert codes(single, Y[:, [0]]) == []


def test_missing_labels_of_the_chapters():
    model = chapter_network()
    for loss, expected in ((weighted_bce(), []), (FROM_LOGITS, ["ML302"])):
        model.compile("adam", loss)
        assert codes(model, Y10_MISSING) == expected


# Clear errors


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (keras.Sequential, "model is the class Sequential; pass an instance of it"),
        (LogisticRegression, "model is the class LogisticRegression; pass an instance of it"),
        (lambda x: x, "model is of type function, but audit reads compiled Keras 3 models and scikit-learn estimators"),
        (None, "model is of type NoneType"),
        (type("Net", (), {"__module__": "torch.nn"})(), r"model is a PyTorch module \(Net\), but audit reads"),
    ],
)
def test_neither_a_keras_model_nor_an_estimator(model, message):
    with pytest.raises(TypeError, match=message):
        audit(model, Y)


def test_models_that_cannot_be_read():
    with pytest.raises(ValueError, match=r"not compiled, so it has no loss to audit; call model.compile"):
        audit(nested(None), Y)
    inputs = keras.Input((4,))
    two = keras.Model(inputs, [layers.Dense(3)(inputs), layers.Dense(2)(inputs)])
    two.compile("sgd", ["bce", "bce"])
    with pytest.raises(ValueError, match="model has 2 outputs; audit each by itself"):
        audit(two, Y)
    with pytest.raises(ValueError, match="model has several outputs; audit each by itself"):
        audit(subclassed(several=True), Y, X=X)
    with pytest.raises(ValueError, match="Could not interpret loss identifier: binary_crosentropy"):
        audit(network(None, "binary_crosentropy"), Y)
    with pytest.raises(ValueError, match="Could not interpret metric identifier: f1"):
        audit(network(metrics=["f1"]), Y)


@pytest.mark.parametrize("model", [network(), OVR])
@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 2], ValueError, r"Y has shape \(3,\), but a label matrix .*label_binarize"),
        (np.zeros((2, 2, 2)), ValueError, r"Y has shape \(2, 2, 2\)"),
        (np.zeros((0, 3)), ValueError, "Y is empty"),
        (sparse.csr_array((4, 0)), ValueError, "Y is empty"),
        ([["a", "b"]], TypeError, "MultiLabelBinarizer"),
        ([["a"], ["b", "c"]], TypeError, "rows of different lengths"),
        (sparse.csr_array([[1 + 2j]]), TypeError, "Y has dtype complex128"),
        ({1, 0}, TypeError, "Y is of type set"),
    ],
)
def test_labels_that_are_no_matrix_of_numbers(model, labels, error, message):
    with pytest.raises(error, match=message):
        audit(model, labels)


@pytest.mark.parametrize("model", [network(), OVR])
def test_inputs_that_do_not_fit(model):
    assert codes(model, X=X) == codes(model, X=X.tolist()) == codes(model, X=pd.DataFrame(X)) == []
    for wrong in (X[1:], X[1:].tolist(), sparse.csr_array(X[1:])):
        with pytest.raises(ValueError, match="X has 39 rows, but Y has 40; pass the inputs and the labels of the same"):
            audit(model, Y, X=wrong)
    with pytest.raises(TypeError, match="X is of type int, which has no rows"):
        audit(model, Y, X=3)
    with pytest.raises(ValueError, match=r"X does not fit the model; pass the inputs that model\.fit gets"):
        audit(ending(layers.Dense(3), layers.Lambda(lambda t: t / 2)), Y, X=X[:, :2])


# The result


WRONG = {"loss": "bce", "metrics": ["accuracy", metrics.Precision()]}


def test_findings_are_a_list_that_prints():
    findings = audit(network(**WRONG), NEVER)
    assert isinstance(findings, list) and isinstance(findings, Findings)
    assert [f.code for f in findings] == ["ML103", "ML201", "ML203", "ML303"]
    assert findings == pickle.loads(pickle.dumps(findings)) == copy.deepcopy(findings)
    text = str(findings)
    assert max(map(len, text.splitlines())) <= 88
    words = " ".join(text.split())
    for finding in findings:
        assert f"{finding.code} {finding.severity} {finding.message} Fix: {finding.fix}" in words
    assert str(audit(OVR, Y)) == repr(audit(OVR, Y)) == "no findings"


def test_findings_as_html():
    for findings in (audit(network(**WRONG), NEVER), audit(OVR, Y)):
        html = findings._repr_html_()
        rows = [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(html).iter("tr")]
        expected = [[f.code, f"{f.severity}: {f.message}", f.fix] for f in findings]
        assert rows == [["code", "what", "fix"], *(expected or [["none", "no findings", ""]])]
        # On a phone a long name must break, and a code must not.
        cells = re.findall("<td[^>]*>", html)
        assert cells and all("overflow-wrap: anywhere" in cell for cell in cells)
        assert not any("overflow-wrap" in cell for cell in re.findall("<th[^>]*>", html))


def test_a_finding_is_made_of_text():
    finding = audit(network(**WRONG), Y)[0]
    assert all(isinstance(value, str) for value in vars(finding).values())
    assert finding.link == "traps.html#ml103"
    assert finding == Finding(**vars(finding))
    with pytest.raises(AttributeError):
        finding.code = "ML999"


def test_rules_are_in_order_and_each_has_a_title():
    assert list(RULES) == sorted(RULES) and all(re.fullmatch(r"ML[1-4]\d\d", code) for code in RULES)
    assert len(set(RULES.values())) == len(RULES) == 34
    assert all(title[0].isupper() and len(title) < 80 and not title.endswith(".") for title in RULES.values())
    with pytest.raises(TypeError):
        RULES["ML999"] = ""


# Nothing is changed


def states(model):
    return {
        "variables": [v.numpy() for v in model.variables],
        "memory": [v.numpy() for layer in model.layers for v in getattr(layer, "states", [])],
        "compiled": json.dumps(model.get_compile_config(), default=str),
        "config": json.dumps(model.get_config(), default=str),
        "python": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state(legacy=True)],  # noqa: NPY002
        "tensorflow": tf.random.get_global_generator().state.numpy(),
        "built metrics": [m.name for m in model.metrics],
    }


def test_a_keras_model_is_not_changed():
    inputs = keras.Input((5, 4), batch_size=40)
    memory = layers.Dropout(0.5)(layers.LSTM(6, stateful=True)(inputs))
    counted = layers.BatchNormalization()(layers.Dense(3)(memory))
    model = keras.Model(inputs, layers.Lambda(lambda t: t)(counted))
    weighted = metrics.AUC(multi_label=True, num_labels=3)
    model.compile("sgd", "bce", metrics=["accuracy", "AUC", metrics.F1Score()], weighted_metrics=[weighted])
    inputs, labels = RNG.normal(size=(80, 5, 4)), np.tile(Y, (2, 1)).astype(float)
    model.fit(inputs[:, ::-1], labels, batch_size=40, verbose=0)
    before, inputs_before = states(model), inputs.copy()
    assert np.any(before["memory"])
    for argument in (inputs, None):
        audit(model, labels, X=argument)
    after = states(model)
    for name, value in before.items():
        np.testing.assert_equal(after[name], value, err_msg=name)
    assert np.array_equal(inputs, inputs_before) and np.array_equal(labels, np.tile(Y, (2, 1)))


def test_metrics_that_are_made_later_keep_their_names():
    def number(name):
        return int(name.rpartition("_")[2])

    metrics.AUC()  # the first has no number
    first = number(metrics.AUC().name)
    audit(network("sigmoid", "bce", ["AUC", metrics.AUC]), Y)
    assert number(metrics.AUC().name) == first + 1


def test_a_model_trains_as_if_it_had_not_been_audited():
    trained = []
    for audited in (False, True):
        keras.utils.set_random_seed(0)
        model = subclassed(activation="sigmoid")
        if audited:
            audit(model, Y, X=X)
        model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
        trained.append(model.get_weights())
    for without, with_audit in zip(*trained, strict=True):
        np.testing.assert_array_equal(without, with_audit)


def test_an_estimator_is_not_fitted():
    forest = RandomForestClassifier()
    search, labels = GridSearchCV(MultiOutputClassifier(forest), {}), sparse.csr_array(Y)
    before = copy.deepcopy(search.get_params()), labels.data.copy()
    audit(search, labels, X=X)
    assert str(search.get_params()) == str(before[0]) and np.array_equal(labels.data, before[1])
    assert not hasattr(search, "best_estimator_") and not hasattr(forest, "estimators_")


def test_estimators_need_no_keras():
    code = """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
from mlhelpers.audit import audit
assert "sklearn" not in sys.modules
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
print([f.code for f in audit(GridSearchCV(RandomForestClassifier(), {}), [[1, 0], [0, 1], [1, 1]] * 4)])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True, timeout=100
    )
    assert done.stdout.strip() == "['ML402', 'ML403']", done.stderr
