"""The clipped loss: Keras, scikit-learn and the formula are the oracles; what it refuses; saving."""

from __future__ import annotations

import copy
import json
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.metrics import log_loss

from mlhelpers.labels import scores_matrix
from mlhelpers.losses import ClippedBinaryCrossentropy

ROOT = Path(__file__).parents[1]
PROPERTY = settings(deadline=None, max_examples=25)  # no deadline: the first example also pays for imports
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype(np.float32)
Y = (X[:, :3] + RNG.normal(size=(12, 3)) > 0).astype(int)
SATURATED = np.array([[1, 1, 0, 0, 1, 0]]), np.array([[0, 1, 0, 1, 1e-9, 1 - 1e-9]])


@st.composite
def labels_and_probabilities(draw, low=0.0, high=1.0):
    """Draw labels and probabilities of one shape; many probabilities lie at the ends."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, max_side=6))
    ends = st.sampled_from([low, high, low + (high - low) * 1e-8])
    probabilities = arrays(float, shape, elements=st.one_of(st.floats(low, high), ends))
    return draw(arrays(np.int8, shape, elements=st.integers(0, 1))), draw(probabilities)


def by_hand(y, p, epsilon):
    """Return the loss of every label, by the formula."""
    q = np.clip(p, epsilon, 1 - epsilon)
    return -y * np.log(q) - (1 - y) * np.log(1 - q)


def tensors(y, p, dtype="float32"):
    return tf.constant(y, dtype), tf.constant(p, dtype)


def compiled(loss=None, n_labels=3):
    """Return a model that starts with the same weights every time."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(n_labels, activation="sigmoid")])
    model.compile("sgd", loss or ClippedBinaryCrossentropy())
    return model


def trained(y, **kwargs):
    """Return the loss of two epochs and the weights after them."""
    model = compiled(kwargs.pop("loss", None))
    history = model.fit(X, y, epochs=2, batch_size=6, shuffle=False, verbose=0, **kwargs)
    return [*history.history["loss"], *np.concatenate([w.ravel() for w in model.get_weights()])]


# The value


@PROPERTY
@given(
    labels_and_probabilities(), st.sampled_from(["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None])
)
@example(SATURATED, None)
def test_the_mean_over_labels_is_the_loss_of_keras(case, reduction):
    y, p = tensors(*case)
    expected = keras.losses.BinaryCrossentropy(reduction=reduction)(y, p)
    value = ClippedBinaryCrossentropy(reduction=reduction)(y, p)
    assert value.shape == expected.shape
    assert value.dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)


@PROPERTY
@given(labels_and_probabilities(), st.sampled_from([1e-15, 1e-7, 1e-3, 0.1, 0.4]))
@example(SATURATED, 1e-7)
def test_value_is_the_formula(case, epsilon):
    losses = by_hand(*case, epsilon)
    for label_reduction, expected in (("mean", losses.mean(axis=1)), ("sum", losses.sum(axis=1))):
        loss = ClippedBinaryCrossentropy(epsilon, label_reduction, None, dtype="float64")
        np.testing.assert_allclose(loss(*case), expected, rtol=1e-12)


@PROPERTY
@given(labels_and_probabilities(0.01, 0.99), st.sampled_from(["mean", "sum"]))
def test_value_in_the_default_dtype_is_the_formula_to_its_precision(case, label_reduction):
    value = ClippedBinaryCrossentropy(label_reduction=label_reduction)(*case)
    assert value.dtype == "float32"
    assert float(value) == pytest.approx(getattr(by_hand(*case, 1e-7), label_reduction)(axis=1).mean(), rel=1e-4)


@PROPERTY
@given(labels_and_probabilities(), st.sampled_from(["sum_over_batch_size", "sum", None]))
def test_sum_is_n_labels_times_the_mean(case, reduction):
    total, mean = (ClippedBinaryCrossentropy(1e-7, kind, reduction)(*case) for kind in ("sum", "mean"))
    np.testing.assert_allclose(total, case[0].shape[1] * mean, rtol=1e-5)


@PROPERTY
@given(labels_and_probabilities())
@example(SATURATED)
def test_value_is_the_log_loss_of_scikit_learn_over_all_labels(case):
    y, p = case
    expected = log_loss(y.ravel(), np.clip(p, 1e-7, 1 - 1e-7).ravel(), labels=[0, 1])
    assert float(ClippedBinaryCrossentropy(dtype="float64")(y, p)) == pytest.approx(expected, rel=1e-8)


@PROPERTY
@given(labels_and_probabilities(), st.sampled_from(["mean", "sum"]))
def test_without_reduction_every_sample_has_the_loss_it_has_alone(case, label_reduction):
    loss = ClippedBinaryCrossentropy(label_reduction=label_reduction, reduction=None)
    values = loss(*case)
    assert values.shape == (len(case[0]),)
    alone = [float(loss(y[None], p[None])[0]) for y, p in zip(*case, strict=True)]
    np.testing.assert_allclose(values, alone, rtol=1e-6)


def test_no_default_differs_from_the_documented_one():
    assert ClippedBinaryCrossentropy().get_config() == {
        "name": "clipped_binary_crossentropy",
        "reduction": "sum_over_batch_size",
        "dtype": "float32",
        "epsilon": 1e-7,
        "label_reduction": "mean",
    }


def test_behind_a_keras_sigmoid_only_the_clipped_loss_is_limited():
    inputs, wrong = np.full((1, 4), 50, np.float32), np.zeros((1, 3))
    losses = []
    for loss in (ClippedBinaryCrossentropy(), keras.losses.BinaryCrossentropy()):
        model = compiled(loss)
        model.layers[0].set_weights([np.ones((4, 3)), np.zeros(3)])
        losses.append(model.evaluate(inputs, wrong, verbose=0))
    assert losses == pytest.approx([-np.log(2.0**-23), 200])  # 1 - 1e-7 is two steps of 2**-24 below 1


@pytest.mark.parametrize("label_dtype", ["int8", "uint8", "int64", "bool", "float16", "float64"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_dtype_of_labels_and_predictions_gives_the_same_value(label_dtype, dtype):
    p = np.array([[0.25, 0.5, 0.75]] * len(Y))  # exact in every dtype
    expected = by_hand(Y, p, 1e-7).mean()
    loss = ClippedBinaryCrossentropy()
    for form in (np.asarray, tf.constant):
        assert float(loss(form(Y.astype(label_dtype)), form(p.astype(dtype)))) == pytest.approx(expected, rel=1e-6)
        assert float(loss.call(form(Y.astype(label_dtype)), form(p.astype(dtype)))[0]) == pytest.approx(
            by_hand(Y, p, 1e-7)[0].mean(), rel=1e-6
        )


@pytest.mark.parametrize("shapes", [((None, 3), (None, 3)), ((None, 3), (None, None)), ((None, None), (12, None))])
def test_sides_may_be_unknown_in_a_graph(shapes):
    loss = ClippedBinaryCrossentropy()
    signature = [tf.TensorSpec(shape, dtype) for shape, dtype in zip(shapes, ("int64", "float32"), strict=True)]
    p = np.full(Y.shape, 0.3, np.float32)
    assert float(tf.function(loss, input_signature=signature)(Y, p)) == pytest.approx(by_hand(Y, p, 1e-7).mean())


def test_value_is_the_same_when_compiled_by_xla():
    loss = ClippedBinaryCrossentropy(reduction=None)
    np.testing.assert_allclose(tf.function(loss, jit_compile=True)(*tensors(*SATURATED)), loss(*SATURATED), rtol=1e-5)


# The gradient


@PROPERTY
@given(labels_and_probabilities(), st.sampled_from([("mean", None), ("sum", None), ("mean", "sum_over_batch_size")]))
@example((np.array([[1, 0, 1, 0]]), np.array([[0.0009, 0.9991, 0.0011, 0.9989]])), ("sum", None))
def test_gradient_is_zero_beyond_the_clip_and_analytic_inside(case, reductions):
    y, p = case
    p = np.where(np.isin(p, [0.001, 0.999]), 0.5, p)  # on the clip itself either would do
    variable = tf.Variable(p)
    with tf.GradientTape() as tape:
        value = ClippedBinaryCrossentropy(0.001, *reductions, dtype="float64")(y, variable)
    inside = (p > 0.001) & (p < 0.999)
    q = np.where(inside, p, 0.5)
    share = (p.shape[1] if reductions[0] == "mean" else 1) * (len(p) if reductions[1] else 1)
    gradient = tape.gradient(value, variable).numpy()
    np.testing.assert_array_equal(gradient[~inside], 0)
    np.testing.assert_allclose(gradient[inside], ((1 - y) / (1 - q) - y / q)[inside] / share, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradient_is_zero_at_zero_and_one_with_the_default_epsilon(dtype):
    variable = tf.Variable([[0.0, 1.0, 0.5]], dtype=dtype)
    with tf.GradientTape() as tape:
        value = ClippedBinaryCrossentropy(label_reduction="sum", dtype=dtype)([[1, 0, 1]], variable)
    np.testing.assert_array_equal(tape.gradient(value, variable), [[0, 0, -2]])


# Sample weights


@PROPERTY
@given(labels_and_probabilities(), st.data())
def test_sample_weights_multiply_the_loss_of_each_sample(case, data):
    weights = np.array(data.draw(st.lists(st.integers(0, 5), min_size=len(case[0]), max_size=len(case[0]))))
    expected = by_hand(*case, 1e-7).sum(axis=1) * weights
    divisors = {None: 1, "sum_over_batch_size": len(weights), "mean_with_sample_weight": weights.sum() or 1}
    for reduction, divisor in divisors.items():
        value = ClippedBinaryCrossentropy(1e-7, "sum", reduction, dtype="float64")(*case, sample_weight=weights)
        np.testing.assert_allclose(value, (expected.sum() if reduction else expected) / divisor, rtol=1e-9)


def test_samples_of_weight_zero_change_neither_fit_nor_evaluate():
    weights = np.tile([1.0, 0.0, 2.0], 4)
    without, within = (np.where((weights == w)[:, None], 1 - Y, Y) for w in (0, 2))
    expected = trained(Y, sample_weight=weights)
    np.testing.assert_allclose(trained(without, sample_weight=weights), expected, rtol=1e-6)
    assert not np.allclose(trained(within, sample_weight=weights), expected, rtol=1e-3)
    model = compiled()
    value = model.evaluate(X, without, sample_weight=weights, verbose=0)
    per_sample = by_hand(Y, model.predict(X, verbose=0), 1e-7).mean(axis=1)
    assert value == pytest.approx((weights * per_sample).mean(), rel=1e-5)


# In a model


def test_every_dtype_of_labels_trains_the_same_model():
    expected = trained(Y.astype("float32"))
    for dtype in ("int64", "bool", "float64"):
        np.testing.assert_allclose(trained(Y.astype(dtype)), expected, rtol=1e-6, err_msg=dtype)


def test_training_is_that_of_keras_where_nothing_is_clipped():
    np.testing.assert_allclose(trained(Y, loss=keras.losses.BinaryCrossentropy()), trained(Y), rtol=1e-4, atol=1e-6)


def test_every_output_of_a_model_can_have_its_own_loss():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(n, activation="sigmoid", name=f"of_{n}")(inputs) for n in (3, 2)])
    model.compile("sgd", [ClippedBinaryCrossentropy(), ClippedBinaryCrossentropy(0.01, "sum")], loss_weights=[1, 3])
    values = model.evaluate(X, [Y, Y[:, :2]], verbose=0, return_dict=True)
    p = model.predict(X, verbose=0)
    first, second = by_hand(Y, p[0], 1e-7).mean(), by_hand(Y[:, :2], p[1], 0.01).sum(axis=1).mean()
    assert values == pytest.approx({"of_3_loss": first, "of_2_loss": second, "loss": first + 3 * second}, rel=1e-4)


def test_a_model_is_told_that_it_has_the_score_matrix_already():
    with pytest.raises(
        TypeError, match=r"\(Sequential\) has no predict_proba; if this is a Keras model, model\.predict"
    ):
        scores_matrix(compiled(), X)


@pytest.fixture
def _half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("_half_precision")
def test_loss_of_a_model_of_half_precision_is_finite_and_computed_in_single():
    model = compiled()
    assert model.loss.dtype == "float32"
    assert np.isfinite(model.fit(X, Y, epochs=2, verbose=0).history["loss"]).all()
    assert model.predict(X, verbose=0).dtype == "float16"
    saturated = model.evaluate(X * 1e4, 1 - Y, verbose=0)
    assert 1 < saturated < -np.log(1e-7)


# What is refused, and with which words


@pytest.mark.parametrize(
    ("dtype", "refused", "accepted"),
    [
        ("float16", 1e-4, 1e-3),
        ("bfloat16", 1e-3, 1e-2),
        ("float32", 2e-8, 1e-7),
        ("float64", 1e-17, 1e-15),
        (None, 2e-8, 1e-7),
        ("mixed_float16", 1e-4, 1e-3),
        (keras.DTypePolicy("float64"), 1e-17, 1e-15),
    ],
    ids=str,
)
def test_epsilon_must_survive_in_the_dtype(dtype, refused, accepted):
    computed_in = keras.losses.BinaryCrossentropy(dtype=dtype).dtype
    match = (
        rf"^epsilon={refused:g} does nothing in {computed_in}: 1 - epsilon rounds to 1 there, .* "
        r"take at least (0\.0*1|1e-\d+),"
    )
    with pytest.raises(ValueError, match=match) as caught:
        ClippedBinaryCrossentropy(refused, dtype=dtype)
    least = float(re.match(match, str(caught.value))[1])
    assert refused < least <= accepted
    with pytest.raises(ValueError, match="rounds to 1 there"):  # a tenth of it is too little
        ClippedBinaryCrossentropy(least / 10, dtype=dtype)
    for epsilon in (least, accepted):
        losses = ClippedBinaryCrossentropy(epsilon, reduction=None, dtype=dtype)([[1], [0]], [[0], [1]])
        # Near 1 the steps of a dtype are coarse, so there the limit is a rounded one.
        np.testing.assert_allclose(np.asarray(losses, float), -np.log(epsilon), rtol=0.05)


@pytest.mark.parametrize(
    ("epsilon", "error", "message"),
    [
        *(
            (wrong, ValueError, rf"epsilon must lie between 0 and 0\.5, got {wrong}; usual values are 1e-7 to 1e-3")
            for wrong in (0, 0.0, -1e-7, 0.5, 1, np.nan, np.inf, -np.inf)
        ),
        *(
            (wrong, TypeError, re.escape(f"epsilon must be a number, got {wrong!r} of type {type(wrong).__name__}"))
            for wrong in (None, "1e-7", True, 1e-7j, [1e-7], np.array(1e-7))
        ),
    ],
)
def test_rejected_epsilon(epsilon, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        ClippedBinaryCrossentropy(epsilon)


@pytest.mark.parametrize("label_reduction", ["avg", "Mean", "", None, 1, ["mean"]])
def test_rejected_label_reduction(label_reduction):
    with pytest.raises(
        ValueError, match=re.escape(f'label_reduction must be "mean" or "sum", got {label_reduction!r}')
    ):
        ClippedBinaryCrossentropy(label_reduction=label_reduction)


def test_rejected_reduction():
    with pytest.raises(ValueError, match="argument `reduction`"):
        ClippedBinaryCrossentropy(reduction="average")


@pytest.mark.parametrize(
    ("true", "predicted"),
    [
        ((4, 1), (4, 3)),
        ((4, 3), (4, 1)),
        ((1, 3), (4, 3)),
        ((4, 3), (3, 4)),
        ((3,), (4, 3)),
        ((4,), (4,)),
        ((4,), (4, 1)),
        ((4, 3, 1), (4, 3)),
        ((4, 3, 1), (4, 3, 1)),
        ((), ()),
    ],
    ids=str,
)
def test_rejected_shapes(true, predicted):
    message = f"y_true has shape {true} and y_pred has shape {predicted}; both must be the same (batch, n_labels)"
    with pytest.raises(ValueError, match=re.escape(message)):
        ClippedBinaryCrossentropy()(np.ones(true), np.full(predicted, 0.5))


@pytest.mark.parametrize(
    ("y", "n_labels", "came"),
    [(Y[:, :1], 3, "(None, 1)"), (Y, 1, "(None, 3)"), (Y[:, 0], 3, "(None,)"), (Y[:, 0], 1, "(None,)")],
    ids=["one label for three outputs", "three labels for one output", "class indices", "one label for one output"],
)
def test_rejected_shapes_in_fit(y, n_labels, came):
    message = f"y_true has shape {came} and y_pred has shape (None, {n_labels}); both must be the same"
    with pytest.raises(ValueError, match=re.escape(message)):
        compiled(n_labels=n_labels).fit(X, y, verbose=0)


LABEL_SETS = {
    "label sets of equal length": [["sky", "sea"], ["sea", "sun"]],
    "label sets of different length": [["sky"], ["sea", "sun"]],
    "Python sets": [{"sky"}, {"sea", "sun"}],
    "text": np.array([["sky", "sea"], ["sea", "sun"]]),
    "objects": np.array([["sky", "sea"], ["sea", "sun"]], dtype=object),
    "None": None,
}


@pytest.mark.parametrize("y", LABEL_SETS.values(), ids=LABEL_SETS)
def test_label_sets_are_refused(y):
    loss = ClippedBinaryCrossentropy()
    with pytest.raises((TypeError, ValueError), match=r"could not convert string|Cannot convert|unsupported type"):
        loss(y, np.full((2, 2), 0.5))
    if y is not None:
        with pytest.raises(ValueError, match=r"Invalid dtype|Unrecognized data type"):
            compiled(loss, n_labels=2).fit(X[:2], y, verbose=0)


# Configurations and saved models

LOSSES = [
    ClippedBinaryCrossentropy(),
    ClippedBinaryCrossentropy(np.float32(0.25), "sum", None, "named", "float64"),
    ClippedBinaryCrossentropy(0.01, "sum", "mean_with_sample_weight", dtype="bfloat16"),
    ClippedBinaryCrossentropy(0.01, reduction="none", dtype=keras.DTypePolicy("mixed_float16")),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.dtype)
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
    assert other.get_config() == loss.get_config()
    value, expected = other(*SATURATED), loss(*SATURATED)
    assert value.dtype == expected.dtype == loss.dtype
    assert bool(tf.reduce_all(value == expected))


def test_config_says_what_was_asked_for():
    assert LOSSES[1].get_config() == {
        **{"name": "named", "reduction": None, "dtype": "float64"},
        **{"epsilon": 0.25, "label_reduction": "sum"},
    }
    assert keras.losses.serialize(LOSSES[1])["registered_name"] == "mlhelpers>ClippedBinaryCrossentropy"


LOAD = """
import json, sys
import keras
import numpy as np
import mlhelpers.losses
model = keras.saving.load_model(sys.argv[1])
predictions = model.predict(np.load(sys.argv[2]), verbose=0)
print(json.dumps([type(model.loss).__module__, model.loss.get_config(), predictions.tolist()]))
"""


def start(code, *arguments):
    """Run the code in a fresh interpreter."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        **{"cwd": ROOT, "text": True},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE},
    )


def printed(process):
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    return output.strip()


@pytest.fixture(scope="module", autouse=True)
def saved(tmp_path_factory):
    """Save a trained model; a fresh process loads it while the other tests run."""
    folder = tmp_path_factory.mktemp("saved")
    model = compiled(ClippedBinaryCrossentropy(1e-3, "sum", name="clipped", dtype="float64"))
    model.fit(X, Y, verbose=0)
    with warnings.catch_warnings():
        # TensorFlow's variables do not know the `copy` of NumPy 2 yet.
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
        model.save(folder / "model.keras")
    np.save(folder / "X.npy", X)
    process = start(LOAD, folder / "model.keras", folder / "X.npy")
    yield model, folder / "model.keras", process
    process.kill()
    process.communicate()


def test_saved_model_loads_without_custom_objects(saved):
    model, path, _ = saved
    loaded = keras.saving.load_model(path)
    assert type(loaded.loss) is ClippedBinaryCrossentropy
    assert loaded.loss.get_config() == model.loss.get_config()
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_saved_model_loads_without_custom_objects_in_a_fresh_process(saved):
    model, _, process = saved
    module, config, predictions = json.loads(printed(process))
    assert module == "mlhelpers.losses"
    assert config == model.loss.get_config()
    np.testing.assert_allclose(predictions, model.predict(X, verbose=0), rtol=1e-6)


def test_the_class_itself_may_be_given_to_compile():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="sigmoid")])
    model.compile(loss=ClippedBinaryCrossentropy)
    assert np.isfinite(model.evaluate(np.zeros((4, 2)), np.ones((4, 3)), verbose=0))


@pytest.mark.parametrize("dtype", ["bool", "int32"])
def test_rejected_dtypes(dtype):
    with pytest.raises(ValueError, match=f"dtype must be a floating-point type, got '{dtype}'"):
        ClippedBinaryCrossentropy(dtype=dtype)


def test_a_mismatch_that_only_the_running_program_knows_does_not_broadcast():
    loss = ClippedBinaryCrossentropy()
    unknown = tf.TensorSpec((None, None), tf.float32)
    call = tf.function(loss, input_signature=[unknown, unknown])
    same = np.full((4, 3), 0.5, "float32")
    assert np.isclose(float(call(same, same)), np.log(2))
    with pytest.raises(tf.errors.InvalidArgumentError):
        call(same[:, :1], same)


def test_labels_may_be_unknown_where_the_batch_is_known():
    loss, same = ClippedBinaryCrossentropy(), np.full((4, 3), 0.5, "float32")
    for known in (None, 3):
        call = tf.function(loss, input_signature=[tf.TensorSpec((4, None)), tf.TensorSpec((4, known))])
        assert float(call(same, same)) == pytest.approx(np.log(2))
        with pytest.raises(tf.errors.InvalidArgumentError):
            call(same[:, :1], same)


def test_an_unknown_number_of_sides_is_named():
    call = tf.function(ClippedBinaryCrossentropy(), input_signature=[tf.TensorSpec(None), tf.TensorSpec(None)])
    message = (
        "y_true or y_pred has an unknown number of dimensions, expected (batch, n_labels); "
        "set the shape in the input pipeline, as with tf.ensure_shape(y, (None, n_labels))"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        call(np.ones((2, 2), "float32"), np.ones((2, 2), "float32"))
