"""The metrics for Keras: scikit-learn and evaluate as oracles; batches, masks, weights, callbacks, saving, refusals."""

from __future__ import annotations

import json
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
from scipy.special import expit, logit
from sklearn.metrics import accuracy_score, f1_score, hamming_loss

from mlhelpers.keras_metrics import HammingLoss, MultilabelF1, SubsetAccuracy
from mlhelpers.metrics import evaluate

PROPERTY = settings(deadline=None, max_examples=25)  # no deadline: the first example also pays for imports
RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 4)).astype(np.float32)
Y = (X[:, :3] + RNG.normal(size=(24, 3)) > 0.5).astype(int)
P = RNG.random((24, 3)).astype(np.float32)
UNKNOWN = RNG.random((24, 3)) < 0.4
UNKNOWN[3], UNKNOWN[4] = True, False
AVERAGES = ["macro", "micro", "weighted", None]
CLASSES = [MultilabelF1, SubsetAccuracy, HammingLoss]
each_class = pytest.mark.parametrize("cls", CLASSES)


@st.composite
def labels_and_probabilities(draw):
    """Draw labels and probabilities of one shape; labels that never occur are common."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=6))
    elements = st.one_of(st.floats(0, 1, width=32), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    return draw(arrays(np.int8, shape, elements=st.integers(0, 1))), draw(arrays(np.float32, shape, elements=elements))


def sklearn_value(metric, y, predicted, sample_weight=None):
    """Return what scikit-learn makes of predicted labels."""
    if isinstance(metric, SubsetAccuracy):
        return accuracy_score(y, predicted, sample_weight=sample_weight)
    if isinstance(metric, HammingLoss):
        return hamming_loss(y, predicted, sample_weight=sample_weight)
    # A row without labels that weighs nothing keeps scikit-learn from taking one column for a binary problem.
    options = {"average": metric.average, "zero_division": metric.zero_division}
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    if y.shape[1] == 1:
        counts = [(weight[:, None] * part).sum() for part in (y * predicted, y, predicted)]
        one = 2 * counts[0] / (counts[1] + counts[2]) if counts[1] + counts[2] else metric.zero_division
        return one if metric.average else np.array([one])
    return f1_score(y, predicted, sample_weight=sample_weight, **options)


def value(metric, *batch, sample_weight=None):
    metric.update_state(*batch, sample_weight=sample_weight)
    return np.asarray(metric.result(), float)


METRICS = {
    **{
        f"F1 {average}, {z}": (MultilabelF1, {"average": average, "zero_division": z})
        for average in AVERAGES
        for z in (0, 1, np.nan)
    },
    "subset accuracy": (SubsetAccuracy, {}),
    "Hamming loss": (HammingLoss, {}),
}
each_metric = pytest.mark.parametrize(("cls", "options"), METRICS.values(), ids=METRICS)


# The value


@each_metric
@PROPERTY
@given(labels_and_probabilities(), st.data())
@example((np.zeros((2, 2), np.int8), np.zeros((2, 2), np.float32)), None)
@example((np.eye(3, dtype=np.int8), np.eye(3, dtype=np.float32)), None)
def test_it_is_the_value_of_scikit_learn_however_the_batches_are_cut(cls, options, case, data):
    y, p = case
    cuts = sorted(data.draw(st.lists(st.integers(0, len(y)), max_size=4))) if data else [1]
    metric = cls(**options)
    for part in np.split(np.arange(len(y)), cuts):  # some are empty
        metric.update_state(y[part], p[part])
    expected = sklearn_value(metric, y, (p > 0.5).astype(int))
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)
    if getattr(metric, "average", "") is None:
        assert metric.result().shape == (y.shape[1],)
    else:
        assert metric.result().shape == ()


@each_metric
def test_sample_weights_are_those_of_scikit_learn(cls, options):
    weights = np.tile([0.0, 1.0, 2.5], 8)
    y = np.where(weights[:, None] == 0, 1, Y * [1, 1, 0])  # the last label occurs in samples of weight 0 alone
    p = np.where(weights[:, None] == 0, P, P * [1, 1, 0])
    for column in (weights, weights[:, None]):
        metric = cls(**options)
        for part in (slice(0, 5), slice(5, None)):
            metric.update_state(y[part], p[part], sample_weight=column[part])
        np.testing.assert_allclose(metric.result(), sklearn_value(metric, y, p > 0.5, weights), rtol=1e-6)
    metric = cls(**options)
    assert value(metric, y, p, sample_weight=list(weights)).shape == metric.result().shape


@pytest.mark.parametrize("threshold", [0.5, [0.2, 0.5, 0.7]], ids=str)
def test_it_is_the_value_of_evaluate(threshold):
    y = Y * [1, 1, 0]
    p = P * [1, 1, 0.1]  # the last label neither occurs nor is predicted
    for zero_division in (np.nan, 0, 1):
        averages = evaluate(y, p, threshold=threshold, zero_division=zero_division, baselines=False).averages
        for average in ("macro", "micro", "weighted"):
            metric = MultilabelF1(average, threshold, zero_division=zero_division)
            assert value(metric, y, p) == pytest.approx(averages[f"f1_{average}"], rel=1e-6)
    assert value(SubsetAccuracy(threshold), y, p) == pytest.approx(averages["subset_accuracy"], rel=1e-6)
    assert value(HammingLoss(threshold), y, p) == pytest.approx(averages["hamming_loss"], rel=1e-6)


@each_class
def test_every_label_has_its_own_threshold(cls):
    limits = [0.2, 0.5, 0.9]
    for form in (list, tuple, np.array, pd.Series, tf.constant):
        metric = cls(threshold=form(limits))
        expected = sklearn_value(metric, Y, limits < P)
        assert value(metric, Y, P) == pytest.approx(expected, rel=1e-6)
        on_logits = cls(threshold=form(limits), from_logits=True)
        assert value(on_logits, Y, logit(P)) == pytest.approx(expected, rel=1e-6)
    assert sklearn_value(metric, Y, limits < P) != sklearn_value(metric, Y, P > 0.5)


@each_class
@pytest.mark.parametrize("threshold", [0, 0.0, np.float32(0.25), np.array(0.25), 0.5, 0.75, 1, [0, 0.3, 1]], ids=str)
def test_logits_are_probabilities_on_another_scale(cls, threshold):
    z = RNG.normal(size=Y.shape) * 3
    far = np.abs(expit(z) - np.asarray(threshold)) > 1e-6
    z = np.where(far, z, z + 0.1)
    expected = value(cls(threshold=threshold), Y, expit(z))
    assert value(cls(threshold=threshold, from_logits=True), Y, z) == pytest.approx(expected, rel=1e-6)


@each_class
def test_a_score_at_its_threshold_is_not_above_it(cls):
    for options, scores in (
        ({}, [0.5, np.nextafter(np.float32(0.5), 1)]),
        ({"from_logits": True}, [0, 1e-30]),
        ({"threshold": 0}, [0, 1e-30]),
        ({"threshold": 1}, [1, 1]),
        ({"threshold": 0.3}, [np.float32(0.3)] * 2),
        ({"threshold": 0.3, "dtype": "float64"}, [np.float32(0.3), 0.3]),
    ):
        predicted = {"0.3": [1, 0]}.get(str(options.get("threshold")) * ("dtype" in options))
        if predicted is None:
            predicted = [0, 0] if options.get("threshold") in (1, 0.3) else [0, 1]
        metric = cls(**options)
        y = np.array([[0, 1], [1, 1]])
        expected = sklearn_value(metric, y, np.array([predicted] * 2))
        assert value(metric, y, np.array([scores] * 2, dtype="float64")) == pytest.approx(expected), options


@each_class
def test_thresholds_of_zero_and_one_predict_everything_and_nothing(cls):
    for threshold, predicted in ((0, np.ones(Y.shape)), (1, np.zeros(Y.shape))):
        for from_logits, scores in ((False, np.clip(P, 0.01, 1)), (True, 90 * P - 45)):
            metric = cls(threshold=threshold, from_logits=from_logits)
            np.testing.assert_allclose(value(metric, Y, scores), sklearn_value(metric, Y, predicted), rtol=1e-6)


def test_figures_by_hand():
    y, p = [[1, 0, 1], [0, 0, 1], [1, 0, 0]], [[0.9, 0.1, 0.8], [0.7, 0.1, 0.2], [0.6, 0.4, 0.9]]
    of_labels = [4 / 5, 0, 2 / 4]
    for options, expected in (
        ({}, np.mean([4 / 5, 1 / 2])),
        ({"zero_division": 0}, np.mean(of_labels)),
        ({"zero_division": 1}, np.mean([4 / 5, 1, 1 / 2])),
        ({"average": "weighted"}, (2 * 4 / 5 + 2 * 1 / 2) / 4),
        ({"average": "micro"}, 2 * 3 / (5 + 4)),
        ({"average": None, "zero_division": 0}, of_labels),
        ({"average": None}, [4 / 5, np.nan, 1 / 2]),
    ):
        np.testing.assert_allclose(value(MultilabelF1(**options), y, p), expected, rtol=1e-6)
    assert value(SubsetAccuracy(), y, p) == pytest.approx(1 / 3)
    assert value(HammingLoss(), y, p) == pytest.approx(3 / 9)


@pytest.mark.parametrize("label_dtype", ["int8", "int64", "bool", "float16", "float64"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@each_class
def test_every_dtype_of_labels_and_predictions_gives_the_same_value(cls, label_dtype, dtype):
    p = np.round(P * 16) / 16
    expected = sklearn_value(cls(), Y, p > 0.5)
    for form in (np.asarray, tf.constant):
        metric = cls()
        assert value(metric, form(Y.astype(label_dtype)), form(p.astype(dtype))) == pytest.approx(expected, rel=1e-6)
        assert metric.result().dtype == "float32"
    for asked, counted_in in (("float64", "float64"), ("float16", "float32"), ("bfloat16", "float32")):
        metric = cls(dtype=asked)
        assert value(metric, Y.astype(label_dtype), p.astype(dtype)) == pytest.approx(expected, rel=1e-6)
        assert metric.result().dtype == metric.dtype == counted_in


@each_class
@pytest.mark.parametrize("floatx", ["bfloat16", "float16"])
def test_half_precision_counts_as_far_as_any(cls, floatx):
    """In bfloat16 a count would end at 256, in float16 at 2,048."""
    y, p = np.tile(Y, (300, 1)), np.tile(P, (300, 1))
    keras.config.set_floatx(floatx)
    try:
        metric = cls()
        for part in np.array_split(np.arange(len(y)), 40):
            metric.update_state(y[part], p[part])
        assert float(metric.result()) == pytest.approx(sklearn_value(cls(), y, p > 0.5), rel=1e-5)
    finally:
        keras.config.set_floatx("float32")


# Unknown labels


@each_class
@pytest.mark.parametrize("mask_value", [-1, np.nan, 255])
def test_unknown_labels_are_not_counted(cls, mask_value):
    y, predicted = np.where(UNKNOWN, mask_value, Y), P > 0.5
    known = ~UNKNOWN
    expected = {
        MultilabelF1: np.mean([f1_score(Y[k, j], predicted[k, j]) for j, k in enumerate(known.T)]),
        SubsetAccuracy: np.mean([(Y[i, k] == predicted[i, k]).all() for i, k in enumerate(known) if k.any()]),
        HammingLoss: np.mean((predicted != Y)[known]),
    }[cls]
    for scores in (P, np.where(UNKNOWN, 1 - P, P)):
        metric = cls(mask_value=mask_value)
        for part in (slice(0, 4), slice(4, None)):
            metric.update_state(y[part], scores[part])
        assert float(metric.result()) == pytest.approx(expected, rel=1e-6)
    assert value(cls(mask_value=mask_value), Y, P) == pytest.approx(value(cls(), Y, P))


@each_class
def test_unknown_labels_of_weighted_samples(cls):
    weights = np.tile([0.0, 1.0, 2.5], 8)
    y, predicted, w = np.where(UNKNOWN, -1, Y), P > 0.5, np.where(UNKNOWN, 0, weights[:, None])
    right = ((predicted == Y) | UNKNOWN).all(axis=1)
    expected = {
        MultilabelF1: np.mean([f1_score(Y[:, j], predicted[:, j], sample_weight=w[:, j]) for j in range(3)]),
        SubsetAccuracy: np.average(right, weights=weights * ~UNKNOWN.all(axis=1)),
        HammingLoss: np.average(predicted != Y, weights=w),
    }[cls]
    assert value(cls(mask_value=-1), y, P, sample_weight=weights) == pytest.approx(expected, rel=1e-6)


def test_a_label_that_is_nowhere_known_counts_as_one_that_never_occurs():
    y = np.where([False, True, False], np.nan, Y)
    for zero_division in (0, 1, np.nan):
        f1 = [*f1_score(Y[:, [0, 2]], P[:, [0, 2]] > 0.5, average=None), zero_division]
        metric = MultilabelF1(mask_value=np.nan, zero_division=zero_division)
        assert value(metric, y, P) == pytest.approx(np.nanmean(f1), rel=1e-6)


@each_class
def test_where_nothing_is_known_there_is_nothing_to_divide(cls):
    for zero_division in (0, 1, np.nan):
        options = {"zero_division": zero_division} if cls is MultilabelF1 else {}
        expected = zero_division if cls is MultilabelF1 else np.nan
        metric = cls(mask_value=-1, **options)
        np.testing.assert_array_equal(value(metric, np.full((4, 3), -1), P[:4]), expected)
        np.testing.assert_array_equal(
            value(cls(**options), np.ones((4, 3)), P[:4], sample_weight=np.zeros(4)), expected
        )


# Counting


@each_class
def test_a_metric_begins_at_zero_and_again_after_a_reset(cls):
    metric = cls()
    assert float(metric.result()) == 0
    metric.reset_state()
    for y, p in ((Y, P), (1 - Y, P[:, ::-1])):
        assert value(metric, y, p) == pytest.approx(sklearn_value(metric, y, p > 0.5), rel=1e-6)
        assert all(np.any(v.numpy()) for v in metric.variables)
        metric.reset_state()
        assert not any(np.any(v.numpy()) for v in metric.variables)
    assert float(cls()(Y, P)) == pytest.approx(sklearn_value(metric, Y, P > 0.5), rel=1e-6)


def test_counts_are_exact_up_to_2_to_the_24():
    n = 2**24
    metric = MultilabelF1(average=None)
    metric.update_state([[1]], [[1.0]])
    for variable in metric.variables:
        variable.assign([n - 2])
    metric.update_state([[1], [1]], [[1.0], [1.0]])
    assert [int(v.numpy()[0]) for v in metric.variables] == [n] * 3 and float(metric.result()[0]) == 1
    metric = HammingLoss()
    metric.update_state([[1, 1]], [[0.0, 1.0]])
    wrong, total = metric.variables
    wrong.assign([n - 2, 0]), total.assign([n - 2, n - 2])
    metric.update_state([[1, 1]] * 2, [[0.0, 1.0]] * 2)
    assert wrong.numpy().tolist() == [n, 0] and total.numpy().tolist() == [n, n]
    assert float(metric.result()) == 0.5
    metric = SubsetAccuracy()
    metric.update_state([[1]], [[1.0]])
    for variable in metric.variables:
        variable.assign(n - 1)
    metric.update_state([[1]], [[1.0]])
    assert [int(v.numpy()) for v in metric.variables] == [n, n]


@each_class
@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_counts_in_a_graph_of_unknown_batch_size(cls, jit_compile):
    metric = cls(threshold=[0.3, 0.5, 0.6], mask_value=-1)
    eager = cls(threshold=[0.3, 0.5, 0.6], mask_value=-1)
    y = np.where(UNKNOWN, -1, Y).astype("float32")
    metric.update_state(y[:1], P[:1]), metric.reset_state()  # XLA can't create variables
    signature = [tf.TensorSpec((None, 3)), tf.TensorSpec((None, 3)), tf.TensorSpec((None,))]
    update = tf.function(metric.update_state, input_signature=signature, jit_compile=jit_compile)
    weights = np.linspace(0, 1, 24, dtype="float32")
    for part in (slice(0, 5), slice(5, 6), slice(6, None)):
        update(y[part], P[part], weights[part])
    assert float(metric.result()) == pytest.approx(float(eager(y, P, sample_weight=weights)), rel=1e-6)


# In a model


def compiled(*, logits=False, **kwargs):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=None if logits else "sigmoid")])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=logits), **kwargs)
    return model


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_and_evaluate_count_the_whole_set(jit_compile):
    weights = np.tile([0.0, 1.0, 2.5], 8)
    both = [[MultilabelF1(), MultilabelF1("micro", 0.4, name="micro"), SubsetAccuracy(), HammingLoss()] for _ in "ab"]
    for metric in both[1]:
        metric.name = f"weighted_{metric.name}"
    model = compiled(metrics=both[0], weighted_metrics=both[1], jit_compile=jit_compile)
    validation = {"validation_data": (X, Y, weights), "validation_batch_size": 7}
    history = model.fit(X, Y, sample_weight=weights, batch_size=7, epochs=2, verbose=0, **validation).history
    p = model.predict(X, verbose=0)
    for batch_size in (5, 24):
        values = model.evaluate(X, Y, sample_weight=weights, batch_size=batch_size, verbose=0, return_dict=True)
        for metric, w in ((m, w) for group, w in zip(both, (None, weights), strict=True) for m in group):
            expected = sklearn_value(metric, Y, p > metric.threshold, w)
            assert values[metric.name] == pytest.approx(expected, rel=1e-6)
            assert history[f"val_{metric.name}"][-1] == pytest.approx(expected, rel=1e-6)
            assert len(history[metric.name]) == 2


def test_metrics_take_logits_and_unknown_labels_in_a_model():
    from mlhelpers.losses import WeightedBinaryCrossentropy

    y = np.where(UNKNOWN, np.nan, Y)
    options = {"from_logits": True, "mask_value": np.nan}
    model = compiled(logits=True)
    model.compile("sgd", WeightedBinaryCrossentropy(**options), metrics=[cls(**options) for cls in CLASSES])
    model.fit(X, y, verbose=0)
    values = model.evaluate(X, y, batch_size=5, verbose=0, return_dict=True)
    z = model.predict(X, verbose=0)
    for cls in CLASSES:
        metric = cls(**options)
        assert values[metric.name] == pytest.approx(float(metric(y, z)), rel=1e-6)


class Schedule(keras.callbacks.Callback):
    """Sets the bias of the output before each epoch's validation."""

    def __init__(self, biases):
        super().__init__()
        self.biases = biases

    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[-1].set_weights([np.zeros((4, 3)), np.full(3, self.biases[epoch])])


@pytest.mark.parametrize("cls", CLASSES)
def test_callbacks_know_which_direction_is_better(cls, tmp_path):
    y = np.ones((24, 3))
    y[::4] = 0  # predicting every label is right for most
    model = compiled()
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy", metrics=[cls()])
    monitor = {"monitor": f"val_{cls().name}"}
    stop = keras.callbacks.EarlyStopping(**monitor, patience=2, restore_best_weights=True)
    slower = keras.callbacks.ReduceLROnPlateau(**monitor, mode="min" if cls is HammingLoss else "max", patience=1)
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", **monitor, save_best_only=True)
    callbacks = [Schedule([-5, 5, -5, -5, 5, 5]), stop, slower, best]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        history = model.fit(X, y, validation_data=(X, y), epochs=6, callbacks=callbacks, verbose=0).history
    values = history[monitor["monitor"]]
    assert len(values) == 4 and stop.stopped_epoch == 3  # two epochs after the better second one
    assert stop.best == best.best == values[1]
    assert (values[1] < values[0]) == (cls is HammingLoss)
    assert model.layers[-1].get_weights()[1].tolist() == [5.0] * 3


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def _half_precision(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("_half_precision")
def test_a_model_of_half_precision_is_counted_in_single():
    model = compiled(metrics=[cls() for cls in CLASSES])
    model.fit(X, Y, verbose=0)
    values = model.evaluate(X, Y, batch_size=5, verbose=0, return_dict=True)
    p = np.asarray(model.predict(X, verbose=0), float)
    for metric in (cls() for cls in CLASSES):
        assert metric.dtype == "float32"
        assert values[metric.name] == pytest.approx(sklearn_value(metric, Y, p > 0.5), rel=1e-6)


# Configurations and saved models


def test_defaults_are_the_documented_ones():
    common = {"dtype": "float32", "threshold": 0.5, "from_logits": False, "mask_value": None}
    config = MultilabelF1().get_config()
    assert np.isnan(config.pop("zero_division"))
    assert config == {**common, "name": "multilabel_f1", "average": "macro"}
    assert SubsetAccuracy().get_config() == {**common, "name": "subset_accuracy"}
    assert HammingLoss().get_config() == {**common, "name": "hamming_loss"}


@each_class
def test_config_says_what_was_asked_for_and_makes_the_metric_again(cls):
    own = {"average": "weighted", "zero_division": np.int64(1)} if cls is MultilabelF1 else {}
    metric = cls(
        **own,
        threshold=np.array([0.25, 1, 0]),
        from_logits=np.True_,
        mask_value=np.float32("nan"),
        name="named",
        dtype="float64",
    )
    config = json.loads(json.dumps(metric.get_config()))
    duplicates = [
        cls.from_config(config),
        keras.metrics.deserialize(json.loads(json.dumps(keras.metrics.serialize(metric)))),
    ]
    assert keras.metrics.serialize(metric)["registered_name"] == f"mlhelpers>{cls.__name__}"
    assert np.isnan(config.pop("mask_value"))
    assert config == {
        **{"name": "named", "dtype": "float64", "threshold": [0.25, 1.0, 0.0], "from_logits": True},
        **({"average": "weighted", "zero_division": 1.0} if own else {}),
    }
    y, z = np.where(UNKNOWN, np.nan, Y), P * 8 - 4
    for other in duplicates:
        assert type(other) is cls and repr(other.get_config()) == repr(metric.get_config())
        assert float(other(y, z)) == float(cls.from_config(metric.get_config())(y, z))


def test_a_saved_model_goes_on_counting(tmp_path):
    metrics = [
        MultilabelF1(threshold=[0.4, 0.5, 0.6], mask_value=np.nan),
        MultilabelF1("micro", name="micro", zero_division=0),
        SubsetAccuracy(mask_value=-1),
        HammingLoss(0.3),
    ]
    model = compiled(metrics=metrics)
    model.fit(X, Y, verbose=0)
    with warnings.catch_warnings():
        # TensorFlow's variables do not know the `copy` of NumPy 2 yet.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for _ in "ab":
        values, expected = (m.evaluate(X, Y, batch_size=7, verbose=0, return_dict=True) for m in (loaded, model))
        assert values == pytest.approx(expected, rel=1e-6)
        histories = [m.fit(X, Y, shuffle=False, batch_size=7, verbose=0).history for m in (loaded, model)]
        assert histories[0].keys() == histories[1].keys()
        for name, numbers in histories[0].items():
            assert numbers == pytest.approx(histories[1][name], rel=1e-6)
    kept = {metric.name: metric for metric in loaded.metrics[1].metrics}
    assert [repr(kept[m.name].get_config()) for m in metrics] == [repr(m.get_config()) for m in metrics]


# What is refused, and with which words


@each_class
@pytest.mark.parametrize(
    ("threshold", "error", "message"),
    [
        *(
            (w, TypeError, f"threshold must be a number, or one number per label, got {w!r}")
            for w in ("0.5", True, None)
        ),
        *(
            (
                w,
                ValueError,
                f"threshold holds {np.ravel(w)[-1]:g}, expected probabilities from 0 to 1, with "
                "from_logits=True, too; of a threshold on logits take scipy.special.expit(threshold)",
            )
            for w in (1.5, -0.1, np.nan, [0.5, 2.0], [0, -3])
        ),
        (["a"], TypeError, "threshold must be an array of real numbers of shape (n_labels,), got list"),
        ([[0.5]], ValueError, "threshold has shape (1, 1), expected (n_labels,) with no side of length 0"),
        ([], ValueError, "threshold has shape (0,), expected (n_labels,) with no side of length 0"),
    ],
)
def test_rejected_thresholds(cls, threshold, error, message):
    for from_logits in (False, True):
        with pytest.raises(error, match="^" + re.escape(message)):
            cls(threshold=threshold, from_logits=from_logits)


@each_class
@pytest.mark.parametrize("n_thresholds", [1, 2, 4])
def test_there_is_one_threshold_per_label(cls, n_thresholds):
    message = f"threshold has {n_thresholds} values for 3 labels; give one number, or one per column, in order"
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        cls(threshold=[0.5] * n_thresholds).update_state(Y, P)


@pytest.mark.parametrize("average", ["samples", "binary", "", 1, ["macro"], np.array(["macro"])], ids=str)
def test_rejected_averages(average):
    message = f"average must be one of ('macro', 'micro', 'weighted', None), got {average!r}"
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        MultilabelF1(average)


@pytest.mark.parametrize("zero_division", [2, 0.5, -1, np.inf, "warn", None, [0]], ids=str)
def test_rejected_zero_divisions(zero_division):
    message = f"zero_division must be 0, 1 or numpy.nan, got {zero_division!r}"
    with pytest.raises(ValueError, match="^" + re.escape(message) + "$"):
        MultilabelF1(zero_division=zero_division)


@each_class
def test_rejected_flags_mask_values_and_dtypes(cls):
    for flag in (1, "yes", None):
        with pytest.raises(TypeError, match=f"^from_logits must be True or False, got {flag!r}$"):
            cls(from_logits=flag)
    for mask_value in (0, 1, 0.5):
        with pytest.raises(ValueError, match=f"^mask_value is {mask_value}, which labels have, too"):
            cls(mask_value=mask_value)
    for mask_value in ("x", True):
        with pytest.raises(TypeError, match=f"^mask_value must be a number or None, got {mask_value!r}"):
            cls(mask_value=mask_value)
    for dtype in ("int32", "bool"):  # probabilities would be cut to whole numbers
        with pytest.raises(ValueError, match=f"^dtype must be a floating-point type, got '{dtype}'; use None"):
            cls(dtype=dtype)


@each_class
@pytest.mark.parametrize(
    ("true", "predicted"),
    [((4, 1), (4, 3)), ((4, 3), (4, 1)), ((1, 3), (4, 3)), ((3,), (4, 3)), ((4,), (4,)), ((4, 3, 1), (4, 3)), ((), ())],
    ids=str,
)
def test_shapes_that_would_broadcast_are_refused(cls, true, predicted):
    message = f"y_true has shape {true} and y_pred has shape {predicted}; both must be the same (batch, n_labels)"
    with pytest.raises(ValueError, match=re.escape(message)):
        cls().update_state(np.ones(true), np.full(predicted, 0.5))


@pytest.mark.parametrize("cls", [MultilabelF1, HammingLoss])
def test_weights_of_single_labels(cls):
    w = np.random.default_rng(3).integers(0, 3, Y.shape).astype("float32")
    expected = {
        MultilabelF1: np.mean([f1_score(Y[:, j], P[:, j] > 0.5, sample_weight=w[:, j]) for j in range(3)]),
        HammingLoss: 1 - float(keras.metrics.BinaryAccuracy()(Y[..., None], P[..., None], sample_weight=w)),
    }[cls]
    assert value(cls(), Y, P, sample_weight=w) == pytest.approx(expected, rel=1e-6)
    masked = np.where(w == 0, -1, Y)
    assert value(cls(mask_value=-1), masked, P, sample_weight=w) == pytest.approx(expected, rel=1e-6)


@each_class
@pytest.mark.parametrize("shape", [(4, 2), (5, 3), (1, 3), (4, 1, 1), (), (5,), (1,)], ids=str)
def test_weights_that_do_not_fit_are_refused(cls, shape):
    for mask_value in (None, -1):
        with pytest.raises(ValueError, match="^" + re.escape(f"sample_weight has shape {shape} for a batch of 4, exp")):
            cls(mask_value=mask_value).update_state(Y[:4], P[:4], sample_weight=np.ones(shape))


def test_a_subset_is_right_or_wrong_as_a_whole():
    with pytest.raises(ValueError, match=r"expected \(batch,\): one weight per sample$"):
        SubsetAccuracy().update_state(Y[:4], P[:4], sample_weight=np.ones((4, 3)))


@pytest.mark.parametrize("cls", [MultilabelF1, HammingLoss])
def test_an_unknown_number_of_labels_is_named(cls):
    unknown = tf.TensorSpec((None, None), tf.float32)
    update = tf.function(cls().update_state, input_signature=[unknown, unknown])
    with pytest.raises(ValueError, match=r"y_pred has an unknown number of labels, expected .*tf\.ensure_shape"):
        update(Y.astype("float32"), P)


def test_the_subset_accuracy_needs_no_number_of_labels_beforehand():
    unknown, metric = tf.TensorSpec((None, None), tf.float32), SubsetAccuracy()
    tf.function(metric.update_state, input_signature=[unknown, unknown])(Y.astype("float32"), P)
    assert float(metric.result()) == pytest.approx(accuracy_score(Y, P > 0.5))


@pytest.mark.parametrize(("mask_value", "dtype"), [(-9999, "float16"), (-999, "bfloat16"), (-9.9, "float64")])
@pytest.mark.parametrize("cls", [MultilabelF1, SubsetAccuracy, HammingLoss])
def test_a_mask_value_is_found_however_it_was_rounded(cls, mask_value, dtype):
    y = keras.ops.cast(np.array([[1, mask_value, 0], [0, 1, mask_value]]), dtype)
    p = [[0.9, 0.9, 0.9], [0.1, 0.9, 0.9]]
    masked, exact = cls(mask_value=mask_value), cls(mask_value=-1)
    masked.update_state(y, p)
    exact.update_state([[1, -1, 0], [0, 1, -1]], p)
    assert float(masked.result()) == float(exact.result())
