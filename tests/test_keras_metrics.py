"""Metrics for Keras: scikit-learn and `evaluate` are the oracles, however the data is cut into batches."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from mlhelpers.keras_metrics import HammingLoss, MultilabelF1, SubsetAccuracy
from mlhelpers.metrics import evaluate

RNG = np.random.default_rng(0)
Y = (RNG.random((60, 4)) < [0.5, 0.3, 0.1, 0.0]).astype(int)
Y[0] = 0
LOGITS = (RNG.normal(size=Y.shape) + 2 * Y - 1).astype(np.float32)
LOGITS[:, 3] = -3  # a label that neither occurs nor is predicted
SCORES = expit(LOGITS)
METRICS = (MultilabelF1, SubsetAccuracy, HammingLoss)
UP = {"multilabel_f1": True, "subset_accuracy": True, "hamming_loss": False}


def value(metric, y_true, y_pred, sample_weight=None):
    metric.update_state(y_true, y_pred, sample_weight)
    return np.asarray(metric.result())


def with_unknown(marker):
    labels = Y.astype(float)
    labels[RNG.random(Y.shape) < 0.3] = marker
    labels[5] = marker
    return labels


# The value


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
@pytest.mark.parametrize("zero_division", [0, 1, np.nan])
def test_f1_is_that_of_scikit_learn(average, zero_division):
    expected = f1_score(Y, SCORES > 0.5, average=average, zero_division=zero_division)
    found = value(MultilabelF1(average, zero_division=zero_division), Y, SCORES)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_other_two_are_those_of_scikit_learn():
    assert value(SubsetAccuracy(), Y, SCORES) == pytest.approx(accuracy_score(Y, SCORES > 0.5))
    assert value(HammingLoss(), Y, SCORES) == pytest.approx(hamming_loss(Y, SCORES > 0.5))


@pytest.mark.parametrize("threshold", [0.5, 0.2, [0.3, 0.4, 0.6, 0.9], np.array([0.3, 0.4, 0.6, 0.01])])
@pytest.mark.parametrize("from_logits", [False, True])
def test_they_agree_with_evaluate(threshold, from_logits):
    report = evaluate(Y, LOGITS, threshold=logit(threshold)).averages
    for metric, key in zip(METRICS, ("f1_macro", "subset_accuracy", "hamming_loss"), strict=True):
        found = value(metric(threshold=threshold, from_logits=from_logits), Y, LOGITS if from_logits else SCORES)
        assert found == pytest.approx(report[key], rel=1e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("from_logits", [False, True])
def test_prediction_is_above_the_threshold(metric, from_logits):
    scores = np.array([[0.0, 0.0], [0.5, -0.5]]) if from_logits else np.array([[0.5, 0.5], [0.75, 0.25]])
    labels = np.array([[0, 0], [1, 0]])
    assert value(metric(from_logits=from_logits), labels, scores) == (metric is not HammingLoss)
    everything = value(metric(threshold=0, from_logits=from_logits), np.ones((2, 2)), scores)
    nothing = value(metric(threshold=1, from_logits=from_logits), np.array([[1, 0], [1, 0]]), scores)
    assert everything == (metric is not HammingLoss)
    assert nothing == (0.5 if metric is HammingLoss else 0)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 59), max_size=6, unique=True), st.sampled_from(METRICS))
def test_batches_of_any_size_give_the_same(cuts, metric):
    batched = metric(from_logits=True)
    for rows in np.split(np.arange(60), sorted(cuts)):
        batched.update_state(Y[rows], LOGITS[rows])
    assert float(batched.result()) == float(value(metric(from_logits=True), Y, LOGITS))
    batched.reset_state()
    assert float(value(batched, Y[:7], LOGITS[:7])) == float(value(metric(from_logits=True), Y[:7], LOGITS[:7]))


@pytest.mark.parametrize("marker", [-1, np.nan, -7.5])
def test_unknown_labels_are_not_counted(marker):
    labels = with_unknown(marker)
    known = np.isfinite(labels) if np.isnan(marker) else labels != marker
    predicted = SCORES > 0.5
    columns = [(Y[known[:, j], j], predicted[known[:, j], j]) for j in range(4)]
    f1 = [f1_score(truth, guess, zero_division=np.nan) for truth, guess in columns]
    assert value(MultilabelF1(mask_value=marker), labels, SCORES) == pytest.approx(np.nanmean(f1), rel=1e-6)
    right = ((predicted == Y) | ~known).all(axis=1)[known.any(axis=1)]
    assert value(SubsetAccuracy(mask_value=marker), labels, SCORES) == pytest.approx(right.mean())
    assert value(HammingLoss(mask_value=marker), labels, SCORES) == pytest.approx((predicted != Y)[known].mean())


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_sample_weights(column, masked):
    weight = RNG.random(60)
    mask_value = -1 if masked else None
    given = weight[:, None] if column else weight
    f1 = f1_score(Y, SCORES > 0.5, average="macro", sample_weight=weight, zero_division=np.nan)
    assert value(MultilabelF1(mask_value=mask_value), Y, SCORES, given) == pytest.approx(f1, rel=1e-5)
    accuracy = accuracy_score(Y, SCORES > 0.5, sample_weight=weight)
    assert value(SubsetAccuracy(mask_value=mask_value), Y, SCORES, given) == pytest.approx(accuracy, rel=1e-5)
    loss = hamming_loss(Y, SCORES > 0.5, sample_weight=weight)
    assert value(HammingLoss(mask_value=mask_value), Y, SCORES, given) == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("dtype", [np.int8, bool, np.float64, np.float16])
def test_any_type_of_labels(dtype):
    for metric in METRICS:
        assert value(metric(), Y.astype(dtype), SCORES) == value(metric(), Y, SCORES)


def test_without_anything_to_count():
    for metric in METRICS:
        assert float(metric().result()) == 0
        unknown = value(metric(mask_value=-1), -np.ones((2, 3)), np.zeros((2, 3)))
        assert np.isnan(unknown) if metric is MultilabelF1 else unknown == 0
    assert value(MultilabelF1("weighted", zero_division=1), [[0, 0]], [[0.9, 0.1]]) == 0.5


def test_counts_are_exact_up_to_2_to_the_24():
    metric = MultilabelF1("micro")
    metric.update_state([[1]], [[0.9]])
    for total in metric.variables:
        total.assign([2.0**24 - 2])
    metric.update_state([[1]], [[0.9]])
    assert all(float(total[0]) == 2**24 - 1 for total in metric.variables)


# In a model


def network(*metrics, weighted=(), **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=list(metrics), weighted_metrics=list(weighted), **options)
    return model


X = RNG.normal(size=(60, 5)).astype(np.float32)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_and_evaluate_report_the_value_of_the_whole_set(jit_compile):
    model = network(*(metric(from_logits=True) for metric in METRICS), jit_compile=jit_compile)
    model.fit(X, Y, epochs=1, batch_size=16, verbose=0)
    found = model.evaluate(X, Y, batch_size=7, verbose=0, return_dict=True)
    report = evaluate(Y, model.predict(X, verbose=0), threshold=0).averages
    assert found["multilabel_f1"] == pytest.approx(report["f1_macro"], rel=1e-6)
    assert found["subset_accuracy"] == pytest.approx(report["subset_accuracy"], rel=1e-6)
    assert found["hamming_loss"] == pytest.approx(report["hamming_loss"], rel=1e-6)


def test_weighted_metrics_take_sample_weights():
    model, weight = network(weighted=[MultilabelF1(from_logits=True)]), RNG.random(60)
    found = model.evaluate(X, Y, sample_weight=weight, batch_size=7, verbose=0, return_dict=True)
    predicted = model.predict(X, verbose=0) > 0
    expected = f1_score(Y, predicted, average="macro", sample_weight=weight, zero_division=np.nan)
    assert found["multilabel_f1"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_early_stopping_knows_which_way_is_better(metric):
    model = network(metric(from_logits=True))
    name = f"val_{metric().name}"
    stop = keras.callbacks.EarlyStopping(name, patience=1)
    model.fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[stop])
    assert bool(stop.monitor_op(2.0, 1.0)) == UP[metric().name]


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # h5py's
def test_saved_and_loaded_with_the_model(tmp_path):
    options = {"threshold": np.array([0.2, 0.3, 0.4, 0.5]), "from_logits": True, "mask_value": np.nan}
    model = network(MultilabelF1("micro", **options, name="f1"), SubsetAccuracy(**options), HammingLoss(**options))
    model.fit(X, Y, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    labels = with_unknown(np.nan)
    before, after = (m.evaluate(X, labels, verbose=0, return_dict=True) for m in (model, loaded))
    assert [after[key] for key in ("f1", "subset_accuracy", "hamming_loss")] == [
        before[key] for key in ("f1", "subset_accuracy", "hamming_loss")
    ]
    loaded.fit(X, Y, epochs=1, verbose=0)


@pytest.mark.parametrize("metric", METRICS)
def test_config_makes_the_same_metric_again(metric):
    made = metric(threshold=[0.5, 0.25, 0.5, 0.75], from_logits=True, mask_value=-1, name="mine")
    config = made.get_config()
    np.testing.assert_equal(json.loads(json.dumps(config)), config)
    again = metric.from_config(config)
    assert again.name == "mine" and again.threshold == [0.5, 0.25, 0.5, 0.75]
    assert value(again, Y, LOGITS) == value(made, Y, LOGITS)


def test_mixed_precision():
    half = tf.constant(LOGITS, tf.float16)
    for metric in METRICS:
        assert value(metric(from_logits=True), Y, half) == value(metric(from_logits=True), Y, half.numpy())


# What is refused


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threshold": 1.5}, ValueError, "threshold holds 1.5, expected probabilities from 0 to 1"),
        ({"threshold": [-0.1, 0.5]}, ValueError, "threshold holds -0.1"),
        ({"threshold": np.nan}, ValueError, "threshold holds nan"),
        ({"threshold": None}, TypeError, "threshold must be a number"),
        ({"threshold": True}, TypeError, "threshold must be a number"),
        ({"threshold": "half"}, TypeError, "threshold must be a number"),
        ({"threshold": [[0.5]]}, ValueError, r"threshold has shape \(1, 1\)"),
        ({"from_logits": 1}, TypeError, "from_logits must be True or False"),
        ({"mask_value": 0}, ValueError, "mask_value is 0, which labels have"),
        ({"mask_value": "x"}, TypeError, "mask_value must be a number"),
        ({"dtype": "int32"}, ValueError, "dtype must be a floating-point type, got 'int32'"),
    ],
)
def test_arguments_that_are_refused(metric, options, error, message):
    with pytest.raises(error, match=message):
        metric(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"average": "samples"}, "average must be one of"),
        ({"average": ["macro"]}, "average must be one of"),
        ({"zero_division": 2}, "zero_division must be 0, 1 or numpy.nan"),
        ({"zero_division": "warn"}, "zero_division must be"),
    ],
)
def test_arguments_of_f1_that_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MultilabelF1(**options)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "weight", "options", "message"),
    [
        (Y[:, :1], SCORES, None, {}, "both must be the same"),
        (Y[:, 0], SCORES[:, 0], None, {}, "both must be the same"),
        (Y, SCORES, None, {"threshold": [0.5, 0.5]}, "threshold has 2 values for 4 labels"),
        (Y, SCORES, np.ones(Y.shape), {}, "one weight per sample"),
        (Y[:4], SCORES[:4], np.ones((4, 4)), {}, "leave single labels out with mask_value"),
    ],
)
def test_batches_that_are_refused(metric, y_true, y_pred, weight, options, message):
    with pytest.raises(ValueError, match=message):
        metric(**options).update_state(y_true, y_pred, weight)


@pytest.mark.parametrize("metric", [MultilabelF1, HammingLoss])
def test_an_unknown_number_of_labels_is_refused(metric):
    made = metric()
    update = tf.function(
        lambda y: made.update_state(y, y), input_signature=[tf.TensorSpec((None, None), tf.float32)], autograph=False
    )
    with pytest.raises(ValueError, match="y_pred has an unknown number of labels"):
        update(SCORES)
